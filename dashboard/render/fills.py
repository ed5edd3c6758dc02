"""Areas that hardly overlap, as the polygons of one detection: all ranks filled at once instead of one by one."""

import numpy as np
from numpy.typing import NDArray

from dashboard.render import kernels
from dashboard.render.strokes import Marks, Strokes, Window, mark

MOST_RANK = 126
"""Twice of what is wound must fit a byte with its sign."""
OVERLAP = 0.005
"""Share of the filled pixels that may lie in two areas; where more do, every rank is drawn by itself."""


def mark_apart(shapes: Strokes, window: Window, *, hidden: NDArray[np.bool_]) -> Marks:
    """Return what `strokes.mark` draws of areas, in a time that does not grow with the number of ranks.

    Every ring winds as often as its rank says, so that what winds around a pixel is its area's rank. A pixel in two
    areas has the outlines only, which lie there where areas touch.

    Parameters
    ----------
    shapes : areas of ranks up to `MOST_RANK`; others are drawn by `strokes.mark`
    hidden : (shapes,) what is not drawn
    """
    marks = Marks.empty(window)
    seen = shapes.inside(*window.grown(1).bounds) & ~hidden
    if not seen.any():
        return marks
    chosen = np.flatnonzero(seen[shapes.owners])
    if shapes.ranks[seen].max() > MOST_RANK or len(shapes.spots) or not shapes.signs[chosen].all():
        return mark(shapes, window, marks, hidden=hidden)
    ranks, signs = shapes.ranks[shapes.owners[chosen]], shapes.signs[chosen]
    paths, grid = (shapes.x, shapes.y, shapes.starts), (1 / window.sizes[0], -1 / window.sizes[1])
    placed = (*grid, window.col, window.row)
    total, count = (np.zeros(marks.fills.shape, np.int32) for _ in range(2))
    kernels.wind(paths, chosen, (signs * ranks.astype(np.int8)).astype(np.int8), placed, total)
    kernels.wind(paths, chosen, signs, placed, count)
    for turns in (total, count):
        np.cumsum(turns, axis=1, out=turns)
    twice = count > 1
    if twice.sum() > OVERLAP * max(int((count > 0).sum()), 1):
        return mark(shapes, window, marks, hidden=hidden)
    kernels.trace(paths, chosen, ranks, placed, marks.lines)
    marks.fills[:] = np.where(count == 1, total, 0)
    return marks

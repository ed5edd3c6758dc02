"""Very many areas at once, as the polygons of one detection: of those that meet in a pixel the one of greatest rank.

What is seen of a rank does not depend on any lower one. So a picture of all ranks holds every picture of the ranks from
some one on: who hides the lower ones needs no other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import InputError
from dashboard.render import kernels
from dashboard.render.strokes import Strokes, Window

MOST_RANK = 65_535
_AROUND = 1
"""Pixels left of and above a window whose outlines, two pixels wide, reach into it."""


@dataclass(frozen=True, slots=True)
class Areas:
    """Polygons ready to be drawn at any zoom."""

    strokes: Strokes
    rings: NDArray[np.int64]
    """(areas + 1,) where each area's paths begin."""

    @classmethod
    def of(cls, shapes: Strokes) -> "Areas":
        """Return areas of shapes.

        Raises
        ------
        InputError
            If one has points or lines.
        """
        if len(shapes.spots) or not shapes.signs.all():
            raise InputError("A shape is no area; give polygons only.")
        return cls(shapes, np.searchsorted(shapes.owners, np.arange(len(shapes.bounds) + 1)).astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Ranks by score: of two areas the one with the higher score has the greater rank."""

    ranks: NDArray[np.uint16]
    """(areas,) from 1 on."""
    scores: NDArray[np.float64]
    """(ranks + 1,) the highest score of each rank, rising; minus infinity for 0, which stands for nothing."""
    kinds: NDArray[np.uint8]
    """(ranks + 1,) the kind of each rank's areas."""


def ranking(score: NDArray[np.float64], kind: NDArray[np.uint8]) -> Ranking:
    """Return a rank for every score and kind.

    Up to `MOST_RANK` there is one for each score that occurs. Of more, neighbouring scores share one, and a threshold
    between them shows them all.
    """
    if not len(score):
        return Ranking(np.zeros(0, np.uint16), np.array([-np.inf]), np.zeros(1, np.uint8))
    known, step = np.unique(score, return_inverse=True)
    kinds = int(kind.max()) + 1
    most = MOST_RANK // kinds
    if len(np.unique(step * kinds + kind)) > MOST_RANK:
        step, known = step * most // len(known), known[((np.arange(most) + 1) * len(known) - 1) // most]
    pairs, ranks = np.unique(step * kinds + kind, return_inverse=True)
    return Ranking(
        ranks=(ranks + 1).astype(np.uint16),
        scores=np.concatenate([[-np.inf], known[pairs // kinds]]),
        kinds=np.concatenate([[0], pairs % kinds]).astype(np.uint8),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen in every pixel."""

    ranks: NDArray[np.uint16]
    """(y, x), north first; 0 for nothing."""
    outlines: NDArray[np.bool_]
    """(y, x) whether it is the outline that is seen there."""


def seen(areas: Areas, ranks: NDArray[np.uint16], window: Window) -> Seen:
    """Return which area is seen in every pixel of a window: ground, and an outline two pixels wide.

    Each pixel is as in any other window. However small, every area marks a pixel.

    Parameters
    ----------
    ranks : (areas,) of two that meet the greater is seen; 0 is not drawn
    """
    wide = _wide(window)
    lines, ground = (np.zeros((wide.height, wide.width), np.uint16) for _ in range(2))
    shapes = areas.strokes
    chosen = np.flatnonzero(shapes.inside(*wide.grown(1).bounds) & (ranks > 0))
    chosen = chosen[~_dotted(shapes.bounds[chosen], ranks[chosen], wide, lines)]
    if len(chosen):
        paths, grid = (shapes.x, shapes.y, shapes.starts), _grid(wide)
        rings = np.flatnonzero(_among(chosen, len(areas.rings) - 1)[shapes.owners])
        kernels.trace(paths, rings, ranks[shapes.owners[rings]], grid, lines)
        kernels.fill(paths, (chosen, areas.rings, shapes.signs), ranks, grid, ground)
    lines, ground = _doubled(lines), ground[_AROUND:, _AROUND:]
    return Seen(np.maximum(lines, ground), (lines > 0) & (lines >= ground))


def _wide(window: Window) -> Window:
    """Return a window with what reaches into it."""
    width, height = window.width + _AROUND, window.height + _AROUND
    return Window(window.col - _AROUND, window.row - _AROUND, width, height, window.sizes)


def _grid(window: Window) -> tuple[float, float, int, int]:
    return 1 / window.sizes[0], -1 / window.sizes[1], window.col, window.row


def _dotted(
    bounds: NDArray[np.float64], ranks: NDArray[np.uint16], window: Window, out: NDArray[np.uint16]
) -> NDArray[np.bool_]:
    """Mark the areas that lie within one pixel, most of all when all are in sight; return which they are."""
    across, down, col, row = _grid(window)
    left, right = (np.floor(bounds[:, side] * across - col) for side in (0, 2))
    top, bottom = (np.floor(bounds[:, side] * down - row) for side in (3, 1))
    small: NDArray[np.bool_] = (left == right) & (top == bottom)
    inside = small & (left >= 0) & (left < window.width) & (top >= 0) & (top < window.height)
    places = (top[inside] * window.width + left[inside]).astype(np.intp)
    np.maximum.at(out.reshape(-1), places, ranks[inside])
    return small


def _among(chosen: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    found = np.zeros(count, bool)
    found[chosen] = True
    return found


def _doubled(lines: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return lines two pixels wide, without what lies around the window."""
    high = np.maximum(lines[:-1], lines[1:])
    return np.maximum(high[:, :-1], high[:, 1:])

"""Marks that move with the map: what was drawn for the last picture is kept, only what comes into sight is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dashboard.render.strokes import Marks, Window

Draw = Callable[[Window, Marks], Marks]
_WORTH = 0.25
"""Share of the picture that must have been drawn already: below it, drawing anew costs no more than two strips."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Marks and where they lie. Their arrays are shared: never write to them."""

    window: Window
    marks: Marks


def moved(before: Drawn | None, window: Window, draw: Draw) -> Drawn:
    """Return the marks of a window, of which a part may have been drawn before.

    Parameters
    ----------
    before : marks of the same shapes at any place and zoom, or None; not changed
    draw : draws a window's shapes over empty marks

    Returns
    -------
    exactly what drawing the whole window gives: pixels do not depend on the window that they are drawn with
    """
    common = None if before is None else _common(before.window, window)
    if before is None or common is None or common.width * common.height < _WORTH * window.width * window.height:
        return Drawn(window, draw(window, Marks.empty(window)))
    marks = Marks.empty(window)
    _copy(before, Drawn(window, marks), common)
    for strip in _strips(window, common):
        _copy(Drawn(strip, draw(strip, Marks.empty(strip))), Drawn(window, marks), strip)
    return Drawn(window, marks)


def _common(one: Window, other: Window) -> Window | None:
    if one.sizes != other.sizes:
        return None
    left, top = max(one.col, other.col), max(one.row, other.row)
    right = min(one.col + one.width, other.col + other.width)
    bottom = min(one.row + one.height, other.row + other.height)
    return Window(left, top, right - left, bottom - top, one.sizes) if left < right and top < bottom else None


def _strips(whole: Window, held: Window) -> Iterator[Window]:
    """Yield what a window has beyond a rectangle inside it: above, below, left, right."""
    right, bottom = whole.col + whole.width, whole.row + whole.height
    for col, row, until_col, until_row in (
        (whole.col, whole.row, right, held.row),
        (whole.col, held.row + held.height, right, bottom),
        (whole.col, held.row, held.col, held.row + held.height),
        (held.col + held.width, held.row, right, held.row + held.height),
    ):
        if col < until_col and row < until_row:
            yield Window(col, row, until_col - col, until_row - row, whole.sizes)


def _copy(source: Drawn, target: Drawn, part: Window) -> None:
    for name in ("fills", "lines", "spots"):
        old, new = getattr(source.marks, name), getattr(target.marks, name)
        new[_within(part, target.window)] = old[_within(part, source.window)]


def _within(part: Window, whole: Window) -> tuple[slice, slice]:
    row, col = part.row - whole.row, part.col - whole.col
    return np.s_[row : row + part.height, col : col + part.width]

"""Pictures that move with the map: what was drawn before is kept, only what comes into sight is drawn.

Pixels of the world's own grid do not depend on the rectangle that they are drawn with, so a picture pieced together
from an older one and the strips beside it equals the picture drawn anew, for a tenth of the work.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

Planes = tuple[NDArray[Any], ...]
"""Arrays (y, x) of one window, north first."""
WORTH = 0.25
"""Share of the picture that must be there already: below it, drawing anew costs no more than the strips."""


class Grid(Protocol):
    """A rectangle of pixels on the world's own grid; a frozen dataclass."""

    @property
    def col(self) -> float:
        """Of the left pixel, whole."""

    @property
    def row(self) -> float:
        """Of the upper pixel, growing southward, whole."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def sizes(self) -> tuple[float, float]:
        """Width and height of a pixel, Mercator metres."""


W = TypeVar("W", bound=Grid)


@dataclass(frozen=True, slots=True)
class Laid:
    """Planes and where they lie. The arrays are shared: never write to them."""

    window: Any
    """A `Grid`."""
    planes: Planes

    def covers(self, window: Grid) -> bool:
        """Return whether every pixel of a window is in these planes."""
        common = _common(self.window, window)
        return common is not None and (common[2], common[3]) == (window.width, window.height)


def laid(before: Laid | None, window: W, draw: Callable[[W], Planes]) -> Laid:
    """Return the planes of a window, of which a part may have been drawn before.

    Parameters
    ----------
    before : planes of the same things at any place and zoom, or None; not changed
    draw : draws a window's planes, each pixel as it would be in any other window

    Returns
    -------
    exactly what drawing the whole window gives
    """
    common = None if before is None else _common(before.window, window)
    if before is None or common is None or common[2] * common[3] < WORTH * window.width * window.height:
        return Laid(window, draw(window))
    held: Any = replace(window, col=common[0], row=common[1], width=common[2], height=common[3])  # type: ignore[type-var]
    parts = [(held, tuple(plane[_within(held, before.window)] for plane in before.planes))]
    parts += [(strip, draw(strip)) for strip in _strips(window, held)]
    planes = tuple(plane.__class__((window.height, window.width), plane.dtype) for plane in before.planes)
    for part, drawn in parts:
        for plane, new in zip(planes, drawn, strict=True):
            plane[_within(part, window)] = new
    return Laid(window, planes)


def _common(one: Grid, other: Grid) -> tuple[int, int, int, int] | None:
    """Return column, row, width and height of what two windows share; None for nothing."""
    if one.sizes != other.sizes:
        return None
    left, top = max(one.col, other.col), max(one.row, other.row)
    right = min(one.col + one.width, other.col + other.width)
    bottom = min(one.row + one.height, other.row + other.height)
    return (int(left), int(top), int(right - left), int(bottom - top)) if left < right and top < bottom else None


def _strips(whole: W, held: W) -> Iterator[W]:
    """Yield what a window has beyond a rectangle inside it: above, below, left, right."""
    right, bottom = whole.col + whole.width, whole.row + whole.height
    for col, row, until_col, until_row in (
        (whole.col, whole.row, right, held.row),
        (whole.col, held.row + held.height, right, bottom),
        (whole.col, held.row, held.col, held.row + held.height),
        (held.col + held.width, held.row, right, held.row + held.height),
    ):
        if col < until_col and row < until_row:
            sides = {"col": int(col), "row": int(row), "width": int(until_col - col), "height": int(until_row - row)}
            yield replace(whole, **sides)  # type: ignore[type-var]


def _within(part: Grid, whole: Grid) -> tuple[slice, slice]:
    row, col = int(part.row - whole.row), int(part.col - whole.col)
    return slice(row, row + part.height), slice(col, col + part.width)

"""How far beyond the screen layers are drawn once the screen itself is: most pans then find there what they come to."""

from dataclasses import replace
from typing import Any, TypeVar

from dashboard.model.view import Extent
from dashboard.render.panned import Grid

AHEAD, LEAST_AHEAD = 0.35, 0.08
"""Share of the screen that is drawn beyond each of its edges, and that must be left of it before more is drawn."""

W = TypeVar("W", bound=Grid)


def grown(window: W, share: float) -> W:
    """Return a window with a share of itself more on every side."""
    across, down = round(window.width * share), round(window.height * share)
    sides: dict[str, Any] = {
        "col": window.col - across, "row": window.row - down, "width": window.width + 2 * across,
        "height": window.height + 2 * down,
    }  # fmt: skip
    return replace(window, **sides)  # type: ignore[type-var]


def reaches(bounds: tuple[float, float, float, float], extent: Extent) -> bool:
    """Return whether enough of what is drawn within (x0, y0, x1, y1) lies beyond a screen, on every side."""
    x0, y0, x1, y1 = bounds
    across, down = (LEAST_AHEAD * side for side in (extent.x1 - extent.x0, extent.y1 - extent.y0))
    return bool(min(extent.x0 - x0, x1 - extent.x1) >= across and min(extent.y0 - y0, y1 - extent.y1) >= down)

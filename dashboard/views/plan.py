"""Where the map lies on a page: what the style sheets say, in numbers, for whoever has to know before they apply."""

from dataclasses import dataclass

from dashboard.model.view import MERCATOR_LIMIT_M, Extent
from dashboard.plots.ruler import RULER_PX
from dashboard.plots.timeline import lanes_px

BANNER_PX = 22
BAR_PX = 46
LAYERS_PX = 260
INSPECTOR_PX = 360
EDGE_PX = 1
"""Line over the timeline."""
TIMELINE_SHARE = 0.34
"""Of the window's height, at most."""
BESIDE_PX = 1_000
"""Up to this width the panels lie over the map."""
STACKED_PX = 640
"""Up to this width banners and bar take the lines they need, so that only the browser knows where the map lies."""
LEAST_PX = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the page, CSS pixels."""

    left: int
    top: int
    width: int
    height: int


def map_place(width: int, height: int, lanes: int, folded: frozenset[str]) -> Place | None:
    """Return where the map lies in a window; None where only the browser can say.

    Parameters
    ----------
    width, height : of the window, CSS pixels
    lanes : how many the timeline has
    folded : panels that are folded away
    """
    if width <= STACKED_PX:
        return None
    beside = width > BESIDE_PX
    left = LAYERS_PX if beside and "layers" not in folded else 0
    right = INSPECTOR_PX if beside and "inspector" not in folded else 0
    below = 0.0 if "timeline" in folded else min(RULER_PX + lanes_px(lanes) + EDGE_PX, TIMELINE_SHARE * height)
    top = BANNER_PX + BAR_PX
    tall = int(height - top - BANNER_PX - below)
    return Place(left, top, width - left - right, tall) if tall >= LEAST_PX else None


def filled(extent: Extent, width: int, height: int) -> Extent:
    """Return the extent that a map shows when it is told to go to one: all of it, at one scale, about its middle."""
    scale = max((extent.x1 - extent.x0) / width, (extent.y1 - extent.y0) / height)
    if abs((extent.x1 - extent.x0) / width - (extent.y1 - extent.y0) / height) < 1e-9 * scale:
        return extent
    cx, cy = extent.centre
    across, up = scale * width / 2, scale * height / 2
    limit = MERCATOR_LIMIT_M
    return Extent(max(cx - across, -limit), max(cy - up, -limit), min(cx + across, limit), min(cy + up, limit))

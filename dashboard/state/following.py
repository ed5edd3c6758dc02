"""Whether a map is where following has put it. If not, its user has gone somewhere himself, and following ends."""

import time
from collections import deque
from collections.abc import Callable

from dashboard.model.view import Extent, View

LAG_S = 3.0
"""How long the browser may still report a place that following has left since."""
TOLERANCE = 2e-3
"""Share of the map's width by which a reported place may differ from the one that was asked for."""

Size = tuple[int, int]
Box = tuple[float, float, float, float]


class Track:
    """The places and dates where following has put one map."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: deque[tuple[float, Box]] = deque(maxlen=32)
        self._dates: tuple[object, ...] = ()

    def put(self, view: View, size: Size) -> None:
        """Note that a map of this size (width, height in pixels) is sent to the extent and dates of a view."""
        self._dates = dates(view)
        now, extent = self._clock(), view.extent
        self._places.append((now, _box(extent)))
        self._places.append((now, fitted(extent, size)))

    def resized(self, extent: Extent, old: Size, new: Size) -> None:
        """Note that a map at an extent changes its size: it keeps its centre and its scale.

        The extent may be the one it was sent to, not yet the one it made of it: then its scale is that of all of it.
        """
        now = self._clock()
        for shown in (_box(extent), fitted(extent, old)):
            scale = (shown[2] - shown[0]) / old[0]
            self._places.append((now, _around(extent.centre, scale, new)))

    def holds(self, view: View) -> bool:
        """Whether the view's dates are those that were put, and its extent one that was put lately or last."""
        if dates(view) != self._dates:
            return False
        since = self._clock() - LAG_S
        newest = self._places[-1][0] if self._places else 0.0
        return any(at >= min(since, newest) and _same(view.extent, box) for at, box in self._places)


def dates(view: View) -> tuple[object, ...]:
    """Return what following tracks of a view beside the extent."""
    return (view.a, view.b, view.valid_at, view.known_at)


def fitted(extent: Extent, size: Size) -> Box:
    """Return what a map of `size` pixels shows when it is sent to an extent: all of it, in the middle."""
    scale = max((extent.x1 - extent.x0) / size[0], (extent.y1 - extent.y0) / size[1])
    return _around(extent.centre, scale, size)


def _around(centre: tuple[float, float], scale: float, size: Size) -> Box:
    (x, y), half_x, half_y = centre, scale * size[0] / 2, scale * size[1] / 2
    return (x - half_x, y - half_y, x + half_x, y + half_y)


def _box(extent: Extent) -> Box:
    return (extent.x0, extent.y0, extent.x1, extent.y1)


def _same(extent: Extent, box: Box) -> bool:
    allowed = TOLERANCE * (extent.x1 - extent.x0)
    return all(abs(mine - theirs) <= allowed for mine, theirs in zip(_box(extent), box, strict=True))

"""Coverage of a map that is dragged: what was drawn stays while it is true, and a little more is drawn than is seen.

What is shown of a place is exactly what `dashboard.workflows.coverage` says of it at the moment that the picture names.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.coverage import Measure, Scope
from dashboard.render.coverage import classes as shown
from dashboard.render.coverage.footprints import Window
from dashboard.render.panned import Laid, Planes, laid
from dashboard.workflows.ahead import AHEAD, LEAST_AHEAD, grown
from dashboard.workflows.coverage import CoveragePicture, block_of, moment_of, values
from dashboard.workflows.coverage_looks import Looks, looks
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

FRESH = timedelta(minutes=1)
"""Ages are counted from the moment of the picture: after this it is drawn anew."""
_REMEMBERED_PICTURES = 8
"""Of a measure at a zoom: 3 MB each."""


@dataclass(slots=True, eq=False)
class _Held:
    """What was last drawn of one measure at one zoom."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    laid: Laid | None = None
    as_of: datetime | None = None

    def true(self, until: datetime) -> bool:
        """Return whether it may still be shown."""
        return self.as_of is not None and timedelta(0) <= until - self.as_of < FRESH


@dataclass(frozen=True, slots=True)
class _Asked:
    """One measure of some looks."""

    looks: Looks
    scope: Scope
    measure: Measure
    block: int
    until: datetime

    def draw(self, window: Window) -> Planes:
        """Return the classes of every pixel of a window."""
        order = self.inside(window)
        found = values(self.looks, order, self.measure, window, self.until, block=self.block)
        return (shown.classes(self.measure, found, window),)

    def inside(self, window: Window) -> NDArray[np.int64]:
        """Return the looks over a window, oldest first."""
        order = self.looks.chosen(self.scope, self.until)
        return order[self.looks.footprints.inside(*window.bounds)[order]]


_pictures: Remembered[_Held] = Remembered(_REMEMBERED_PICTURES)


def coverage_here(
    workspace: Workspace, scope: Scope, measure: Measure, geobox: GeoBox, now: datetime | None = None
) -> CoveragePicture:
    """Return a picture that covers a screen: the last one of it while that does, the same object then.

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    """
    return _picture(workspace, scope, measure, (Window.of(geobox), 0.0, 0.0), now)


def coverage_around(
    workspace: Workspace, scope: Scope, measure: Measure, geobox: GeoBox, now: datetime | None = None
) -> CoveragePicture:
    """Return a picture that reaches beyond a screen, so that most pans find there what they come to.

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    """
    return _picture(workspace, scope, measure, (Window.of(geobox), LEAST_AHEAD, AHEAD), now)


def forget() -> None:
    """Forget every picture: for measurements."""
    _pictures.clear()


def _picture(
    workspace: Workspace, scope: Scope, measure: Measure, place: tuple[Window, float, float], now: datetime | None
) -> CoveragePicture:
    window, least, ahead = place
    found, until = looks(workspace, scope.known_at), moment_of(scope, now)
    block = block_of(found, scope, measure, window, until)
    held = _pictures.get((found.key, scope, measure, block, window.sizes), _Held)
    with held.lock:  # of two who come together, one draws and the other has it
        fresh = held.true(until)
        as_of = held.as_of if fresh and held.as_of is not None else until
        asked = _Asked(found, scope, measure, block, as_of)
        if not fresh or held.laid is None or not held.laid.covers(grown(window, least)):
            held.laid = laid(held.laid if fresh else None, grown(window, ahead), asked.draw)
            held.as_of = as_of
        drawn = held.laid
    return CoveragePicture(
        measure=measure,
        picture=drawn.planes[0],
        bounds=drawn.window.bounds,
        start=scope.start,
        as_of=as_of,
        count=len(asked.inside(window)),
        block=block,
        handling=found.handling(asked.inside(drawn.window)),
    )

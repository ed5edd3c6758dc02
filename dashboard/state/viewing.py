"""The view of one session and every intent that changes it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import param

from dashboard.geo.mercator import extent_of
from dashboard.model.area import Area
from dashboard.model.coverage import Measure
from dashboard.model.token import decode, encode
from dashboard.model.view import CompareMode, Extent, Layer, Stretch, View

MAX_UNDO = 100
DEFAULT_SCREEN = (1400, 800)
MOST_PX = 32_767
"""Of a side: a page that reports more, or nothing at all, is hidden or wrong."""


class Viewing(param.Parameterized):
    """Owner of the one `View`; equal views raise no event."""

    view = param.ClassSelector(class_=View, allow_None=False, default=View(extent=Extent(-1e7, -1e7, 1e7, 1e7)))
    screen = param.NumericTuple(default=None, length=2, allow_None=True)
    """Map size in CSS pixels (width, height) once the browser has said it; not part of the view."""

    def __init__(self, view: View, **params: Any) -> None:  # noqa: ANN401
        super().__init__(view=view, **params)
        self._past: list[View] = []

    @property
    def width(self) -> int:
        """Width of the map in CSS pixels."""
        return int(self.screen[0]) if self.screen else DEFAULT_SCREEN[0]

    @property
    def size(self) -> tuple[int, int]:
        """Map size in CSS pixels, a common one until the browser has said it."""
        return (int(self.screen[0]), int(self.screen[1])) if self.screen else DEFAULT_SCREEN

    @property
    def token(self) -> str:
        """The view as one URL token."""
        return encode(self.view)

    def open_token(self, token: str) -> None:
        """Show the view of a token; raises `BadTokenError` and changes nothing if it cannot be read."""
        self._set(decode(token))

    def moved(self, extent: Extent) -> None:
        """Follow the map: pan or zoom ended here. Moving is not an undo step."""
        if extent != self.view.extent:
            self.view = replace(self.view, extent=extent)

    def resized(self, width: int, height: int) -> None:
        """Follow the map's size on the page."""
        if (width, height) != self.screen and 0 < width <= MOST_PX and 0 < height <= MOST_PX:
            self.screen = (width, height)

    def go_to(self, extent: Extent) -> None:
        """Move the map somewhere else, undoably."""
        self._set(replace(self.view, extent=extent))

    def go_to_point(self, lon: float, lat: float) -> None:
        """Centre a point on the map at the present scale, or at 5 km across when zoomed far out."""
        now = self.view.extent
        half = min((now.x1 - now.x0) / 2, 4_000.0)
        ratio = (now.y1 - now.y0) / (now.x1 - now.x0)
        spot = extent_of((lon, lat, lon, lat), margin=0.0)
        x, y = spot.centre
        self._set(
            replace(self.view, extent=Extent(x - half, y - half * ratio, x + half, y + half * ratio), pixel=(lon, lat))
        )

    def choose_area(self, area: Area, view: View) -> None:
        """Show another area through the view that the area suggests."""
        extent = extent_of(area.bbox, aspect=self.size[0] / self.size[1])
        self._set(replace(view, extent=extent, folded=self.view.folded))

    def choose(self, *, a: str | None = None, b: str | None = None, polarisation: str | None = None) -> None:
        """Set before, after, or both; what is not given stays."""
        self._set(
            replace(
                self.view,
                a=self.view.a if a is None else a,
                b=self.view.b if b is None else b,
                polarisation=polarisation or self.view.polarisation,
            )
        )

    def exchange(self) -> None:
        """Exchange before and after."""
        self._set(replace(self.view, a=self.view.b, b=self.view.a))

    def compare(self, mode: CompareMode) -> None:
        """Choose how before and after share the map."""
        self._set(replace(self.view, compare=mode))

    def split_at(self, share: float) -> None:
        """Put the swipe line at a share of the width; kept in the view, not an undo step."""
        bounded = min(max(share, 0.0), 1.0)
        if bounded != self.view.split:
            self.view = replace(self.view, split=bounded)

    def stretch(self, stretch: Stretch) -> None:
        """Choose how decibels become brightness."""
        self._set(replace(self.view, stretch=stretch))

    def opacity(self, share: float) -> None:
        """Set the imagery's opacity, 0 to 1."""
        self._set(replace(self.view, opacity=min(max(share, 0.0), 1.0)))

    def show(self, layer: Layer, *, on: bool) -> None:
        """Switch a layer on or off."""
        layers = self.view.layers | {layer} if on else self.view.layers - {layer}
        self._set(replace(self.view, layers=layers))

    def choose_provider(self, provider: str | None) -> None:
        """Choose whose frontline is shown."""
        self._set(replace(self.view, provider=provider))

    def choose_constellations(self, names: tuple[str, ...]) -> None:
        """Restrict the timeline and stepping to some constellations; empty means all."""
        self._set(replace(self.view, constellations=tuple(sorted(names))))

    def choose_period(self, period: tuple[Any, Any] | None) -> None:
        """Set the timeline's window; not an undo step."""
        if period != self.view.period:
            self.view = replace(self.view, period=period)

    def brush(self, period: tuple[datetime, datetime] | None) -> None:
        """Choose the period that the coverage is of; None follows the timeline's window."""
        self._set(replace(self.view, brush=period))

    def choose_measure(self, measure: Measure) -> None:
        """Choose what the coverage layer shows, and show it."""
        self._set(replace(self.view, measure=measure, layers=self.view.layers | {Layer.COVERAGE}))

    def choose_moment(self, moment: datetime | None) -> None:
        """Show fronts and annotations as they were at a moment; None follows B."""
        self._set(replace(self.view, valid_at=moment))

    def play_moment(self, moment: datetime | None) -> None:
        """Go to a moment while time is played; not an undo step."""
        if moment != self.view.valid_at:
            self.view = replace(self.view, valid_at=moment)

    def believe(self, moment: datetime | None, **instead: Any) -> None:  # noqa: ANN401 - fields of the view
        """Show the map as it was known at a moment, with what had arrived by then in place of A or B; None is now."""
        self._set(replace(self.view, known_at=moment, **instead))

    def choose_against(self, provider: str | None) -> None:
        """Choose the provider with which the shown front is compared."""
        self._set(replace(self.view, against=provider))

    def follow(self, view: View) -> None:
        """Take over another's place and dates; what is this session's own stays. Not an undo step."""
        followed = replace(
            self.view, extent=view.extent, a=view.a, b=view.b, valid_at=view.valid_at, known_at=view.known_at
        )
        if followed != self.view:
            self.view = followed

    def inspect(self, lon: float, lat: float) -> None:
        """Ask for the backscatter series at a point."""
        self._set(replace(self.view, pixel=(lon, lat)))

    def fold(self, panel: str) -> None:
        """Fold a panel away, or bring it back."""
        folded = self.view.folded ^ {panel}
        self._set(replace(self.view, folded=folded))

    def undo(self) -> bool:
        """Go back to the view before the last choice; False when there is none."""
        if not self._past:
            return False
        self.view = self._past.pop()
        return True

    def _set(self, view: View) -> None:
        if view != self.view:
            self._past = [*self._past[-(MAX_UNDO - 1) :], self.view]
            self.view = view

"""The timeline panel: ticks, playheads, and clicks that choose A and B."""

from datetime import UTC, datetime, timedelta
from typing import Any

import panel as pn
from bokeh.events import DoubleTap, Tap

from dashboard.model.palette import Theme, tokens
from dashboard.plots.timeline import (
    CHANGES,
    FRONT,
    dress,
    flag_columns,
    front_columns,
    interval_columns,
    lanes,
    lay_lanes,
    tick_columns,
    timeline,
)
from dashboard.state.session import Session
from dashboard.views.layerdata import side_colour

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEFAULT_PERIOD = (_NOW - timedelta(days=90), _NOW)
SNAP_PX = 14
PLAYHEAD_TOLERANCE_S = 1.0


class TimelineView(pn.viewable.Viewer):
    """Draws the reach of the session over time; a click sets B, a shift-click A."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self._names: list[str] = []
        self._fitted: tuple[datetime, datetime] | None = None
        period = session.viewing.view.period or DEFAULT_PERIOD
        self.plot = timeline(period, tokens(theme))
        fig = self.plot.figure
        fig.on_event(Tap, self._tapped)
        fig.on_event(DoubleTap, lambda event: self._go_there(event.x, event.y))
        for letter, head in (("a", self.plot.a), ("b", self.plot.b)):
            head.on_change("location", lambda attr, old, new, letter=letter: self._dragged(letter, new))  # noqa: ARG005
        for name in ("start", "end"):
            fig.x_range.on_change(name, lambda attr, old, new: self._brushed())  # noqa: ARG005 - Bokeh checks the names
        self._pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0)

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the panel."""
        return pn.Column(self._pane, sizing_mode="stretch_width", css_classes=["timeline"], margin=0)

    # From the browser

    def _tapped(self, event: Any) -> None:  # noqa: ANN401 - a Bokeh event
        acq = self._at(event.x, event.y)
        if acq is None:
            return
        if acq.pixels is None:
            self._session.reach.hovered = acq.id
            self._session.notices.tell(f"{acq.id} is known but not ingested: there are no pixels to show.")
        elif (event.modifiers or {}).get("shift"):
            self._session.reach.choose_a(acq)
        else:
            self._session.reach.choose_b(acq)

    def _go_there(self, x: float, y: float) -> None:
        acq = self._at(x, y)
        if acq is not None:
            centre = acq.footprint.centroid
            self._session.viewing.go_to_point(centre.x, centre.y)

    def _at(self, x: float, y: float) -> Any:  # noqa: ANN401 - Acquisition or None
        """Return the acquisition of the lane nearest in time, when it lies within a few pixels of the click."""
        lane = len(self._names) - 1 - round(y)
        if not 0 <= lane < len(self._names):
            return None
        name = self._names[lane]
        among = [acq for acq in self._session.reach.shown if name in (acq.constellation, CHANGES, FRONT)]
        moment = datetime.fromtimestamp(x / 1000.0, UTC)
        nearest = min(among, key=lambda acq: abs(acq.start - moment), default=None)
        fig = self.plot.figure
        reach_ms = SNAP_PX * (fig.x_range.end - fig.x_range.start) / max(self._session.viewing.width, 1)
        near = nearest is not None and abs((nearest.start - moment).total_seconds()) * 1000 <= reach_ms
        return nearest if near else None

    def _dragged(self, letter: str, location: float | None) -> None:
        """Follow a dragged playhead: it snaps to the nearest earlier acquisition."""
        reach = self._session.reach
        current = reach.a if letter == "a" else reach.b
        if location is None or (
            current is not None and abs(current.start.timestamp() - location / 1000.0) < PLAYHEAD_TOLERANCE_S
        ):
            return
        found = reach.snapped(datetime.fromtimestamp(location / 1000.0, UTC))
        (reach.choose_a if letter == "a" else reach.choose_b)(found)

    def _brushed(self) -> None:
        window = self.plot.figure.x_range
        period = (datetime.fromtimestamp(window.start / 1000, UTC), datetime.fromtimestamp(window.end / 1000, UTC))
        if period != self._fitted and period[0] < period[1]:
            self._session.viewing.choose_period(period)

    # To the browser

    def show_reach(self) -> None:
        """Draw the ticks of everything over the map."""
        shown = self._session.reach.shown
        self._lay()
        self._tick()
        if shown and self._session.viewing.view.period is None:
            self._fit(shown[0].start, shown[-1].start)

    def show_changes(self) -> None:
        """Draw the intervals in which changes were first seen."""
        if CHANGES in self._names:
            level = len(self._names) - 1 - self._names.index(CHANGES)
            self.plot.intervals.data = interval_columns(self._session.changing.changes, level)

    def show_fronts(self) -> None:
        """Draw the frontline's area over time, a line a side."""
        self._lay()
        rows = [(row.valid_from, row.side, row.km2) for row in self._session.fronting.series]
        if not rows or FRONT not in self._names:
            self.plot.front.data = {"xs": [], "ys": [], "colour": []}
            return
        stated = {}
        found = self._session.fronting.fronts
        if found is not None and found.after is not None:
            stated = {area.side: area.colour for area in found.after.areas}
        colours = {side: side_colour(side, stated.get(side), tokens(self._theme)) for _, side, _ in rows}
        until = max((acq.start for acq in self._session.reach.shown), default=rows[-1][0])
        level = len(self._names) - 1 - self._names.index(FRONT)
        self.plot.front.data = front_columns(rows, level, colours, until)

    def show_playheads(self) -> None:
        """Put the playheads where A and B are."""
        for head, acq in ((self.plot.a, self._session.reach.a), (self.plot.b, self._session.reach.b)):
            location = None if acq is None else acq.start.timestamp() * 1000.0
            if location != head.location:
                head.location = location
        a, b = (acq.start if acq else None for acq in (self._session.reach.a, self._session.reach.b))
        self.plot.flags.data = flag_columns(a, b, max(len(self._names), 1) - 0.5, tokens(self._theme))
        period = self._session.viewing.view.period
        if period is not None:
            self._set_range(period)

    def retheme(self, theme: Theme) -> None:
        """Change the timeline's colours in place."""
        self._theme = theme
        dress(self.plot, tokens(theme))
        self.show_reach()
        self.show_fronts()

    def _lay(self) -> None:
        names = lanes(self._session.reach.shown, fronts=bool(self._session.fronting.series))
        if names != self._names:
            self._names = names
            lay_lanes(self.plot, names)
            self._tick()
            self.show_playheads()
            self.show_changes()

    def _tick(self) -> None:
        self.plot.ticks.data = tick_columns(self._session.reach.shown, self._names, tokens(self._theme))

    def _fit(self, first: datetime, last: datetime) -> None:
        margin = max((last - first) * 0.03, timedelta(hours=12))
        self._fitted = (first - margin, last + margin)
        self._set_range(self._fitted)

    def _set_range(self, period: tuple[datetime, datetime]) -> None:
        start, end = (moment.timestamp() * 1000.0 for moment in period)
        window = self.plot.figure.x_range
        if (window.start, window.end) != (start, end):
            window.update(start=start, end=end)

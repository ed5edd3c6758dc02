"""The timeline panel: ticks, playheads, and clicks that choose A and B."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import DoubleTap, RangesUpdate, Tap

from dashboard.model.palette import Theme, annotation_colour, tokens
from dashboard.plots.lanes import NOTES, STEP_COLUMNS, front_columns, front_lane, note_columns, step_columns
from dashboard.plots.ruler import ruler
from dashboard.plots.timeline import (
    CHANGES,
    dress,
    flag_columns,
    lanes,
    lay_lanes,
    tick_columns,
    timeline,
)
from dashboard.plots.verdicts import KINDS, bar_columns
from dashboard.state.session import Session
from dashboard.views.layerdata import side_colour
from dashboard.views.mailbox import Mailbox, Message

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEFAULT_PERIOD = (_NOW - timedelta(days=90), _NOW)
SNAP_PX = 14
PLAYHEAD_TOLERANCE_S = 1.0


class TimelineView(pn.viewable.Viewer):
    """Draws the reach of the session over time; a click sets B, a shift-click A."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox) -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        self._names: list[str] = []
        self._last_tap: tuple[float, str | None] = (0.0, None)
        self._brushed: tuple[datetime, datetime] | None = None
        """The period on the ruler: what the page said is not said back to it, for its hand may be further by then."""
        period = session.viewing.view.period or DEFAULT_PERIOD
        self.plot = timeline(period, tokens(theme))
        fig = self.plot.figure
        fig.on_event(Tap, self._tapped)
        fig.on_event(DoubleTap, self._tapped_twice)
        for letter, head in (("a", self.plot.a), ("b", self.plot.b)):
            head.on_change("location", lambda attr, old, new, letter=letter: self._dragged(letter, new))  # noqa: ARG005
        self.plot.valid.on_change("location", lambda attr, old, new: self._moment_dragged(new))  # noqa: ARG005
        fig.on_event(RangesUpdate, self._moved)  # of a hand only: what is set here changes its two ends one by one
        self.ruler = ruler(self.plot, mailbox.source, tokens(theme))
        mailbox.on("brush", self._chose_period)
        stays = {"position": "sticky", "top": "0", "z-index": "2"}  # while the lanes below it scroll
        self._panes = [
            pn.pane.Bokeh(self.ruler.figure, sizing_mode="stretch_width", margin=0, styles=stays),
            pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0),
        ]

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the panel."""
        return pn.Column(*self._panes, sizing_mode="stretch_width", css_classes=["timeline"], margin=0)

    # From the browser

    def _tapped_twice(self, event: Any) -> None:  # noqa: ANN401 - a Bokeh event
        """Go where an acquisition is; two quick clicks at two places are two clicks."""
        x, lane = self._last_tap
        if lane == self._lane(event.y) and abs(event.x - x) <= self._reach_ms:
            self._go_there(event.x, event.y)
        else:
            self._tapped(event)

    def _tapped(self, event: Any) -> None:  # noqa: ANN401 - a Bokeh event
        lane = self._lane(event.y)
        self._last_tap = event.x, lane
        moment = datetime.fromtimestamp(event.x / 1000.0, UTC)
        provider = next((name for name in self._providers if front_lane(name, self._providers) == lane), None)
        if provider is not None:
            self._go_to_step(provider, moment)
            return
        if lane == NOTES:
            self._choose_note(event.x)
            return
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

    @property
    def _providers(self) -> list[str]:
        return list(self._session.fronting.series)

    def _lane(self, y: float) -> str | None:
        lane = len(self._names) - 1 - round(y)
        return self._names[lane] if 0 <= lane < len(self._names) else None

    def _go_to_step(self, provider: str, moment: datetime) -> None:
        """Show a provider's front as it was at the step that was clicked."""
        earlier = [step for step in self._session.fronting.moments(provider) if step <= moment]
        if provider != self._session.fronting.provider:
            self._session.viewing.choose_provider(provider)
        if earlier:
            self._session.viewing.choose_moment(earlier[-1])

    def _choose_note(self, x: float) -> None:
        near = [(abs(at - x), id_) for at, id_ in zip(*(self.plot.notes.data[k] for k in ("x", "id")), strict=True)]
        if near and min(near)[0] <= self._reach_ms:
            self._session.noting.choose(min(near)[1])

    @property
    def _reach_ms(self) -> float:
        window = self.plot.figure.x_range
        return float(SNAP_PX * (window.end - window.start) / max(self._session.viewing.width, 1))

    def _go_there(self, x: float, y: float) -> None:
        acq = self._at(x, y)
        if acq is not None:
            centre = acq.footprint.centroid
            self._session.viewing.go_to_point(centre.x, centre.y)

    def _at(self, x: float, y: float) -> Any:  # noqa: ANN401 - Acquisition or None
        """Return the acquisition of the lane nearest in time, when it lies within a few pixels of the click."""
        name = self._lane(y)
        among = [acq for acq in self._session.reach.shown if name in (acq.constellation, CHANGES)]
        moment = datetime.fromtimestamp(x / 1000.0, UTC)
        nearest = min(among, key=lambda acq: abs(acq.start - moment), default=None)
        near = nearest is not None and abs((nearest.start - moment).total_seconds()) * 1000 <= self._reach_ms
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

    def _moment_dragged(self, location: float | None) -> None:
        now = self._session.viewing.view.valid_at
        if location is None or (now is not None and abs(now.timestamp() - location / 1000) < PLAYHEAD_TOLERANCE_S):
            return
        self._session.viewing.choose_moment(datetime.fromtimestamp(location / 1000.0, UTC))

    def _chose_period(self, message: Message) -> None:
        """Take over the period that was brushed on the ruler."""
        start, end = (datetime.fromtimestamp(float(message[name]) / 1000, UTC) for name in ("start", "end"))
        self._brushed = (start, end) if start < end else None
        self._session.viewing.brush(self._brushed)

    def _moved(self, event: Any) -> None:  # noqa: ANN401 - a Bokeh event
        """Take over the window that somebody panned or zoomed to."""
        if event.x0 < event.x1:
            start, end = (datetime.fromtimestamp(at / 1000, UTC) for at in (event.x0, event.x1))
            self._session.viewing.choose_period((start, end))

    # To the browser

    def show_reach(self) -> None:
        """Draw the ticks of everything over the map."""
        shown = self._session.reach.shown
        self._lay()
        self._tick()
        if shown and self._session.viewing.view.period is None:
            self._fit(shown[0].start, shown[-1].start)

    def show_changes(self) -> None:
        """Draw how many changes of the queue were first seen when, and what reviewers said of them."""
        if CHANGES in self._names:
            level = len(self._names) - 1 - self._names.index(CHANGES)
            lane = self._session.reviewing.lane
            counts = np.array(lane.counts, np.int64).reshape(-1, KINDS)
            self.plot.bars.data = bar_columns(lane.edges, counts, level, tokens(self._theme))

    def show_fronts(self) -> None:
        """Draw every front's area over time, a line a side, with a box a step for its tooltip."""
        self._lay()
        fronting, colours = self._session.fronting, tokens(self._theme)
        stated = dict(self._stated())
        last = max((acq.start for acq in self._session.reach.shown), default=None)
        lines: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": []}
        boxes: dict[str, list[Any]] = {name: [] for name in STEP_COLUMNS}
        for provider, found in fronting.series.items():
            rows = [(row.valid_from, row.side, row.km2) for row in found]
            name = front_lane(provider, self._providers)
            if not rows or name not in self._names:
                continue
            level = len(self._names) - 1 - self._names.index(name)
            until = max(last or rows[-1][0], rows[-1][0])
            by_side = {side: side_colour(side, stated.get(side), colours) for _, side, _ in rows}
            for target, made in ((lines, front_columns(rows, level, by_side, until)),
                                 (boxes, step_columns(provider, rows, level, until))):  # fmt: skip
                for column, values in made.items():
                    target[column] += values
        if lines["xs"] and last is None and self._session.viewing.view.period is None:
            moments = self._session.fronting.moments()
            self._fit(moments[0], moments[-1])
        self.plot.front.data = lines
        self.plot.steps.data = boxes

    def _stated(self) -> list[tuple[str, str]]:
        """Return the sides whose colour the data state."""
        found = self._session.fronting.fronts
        areas = found.after.areas if found is not None and found.after is not None else ()
        forces = [(force.name, force.colour) for force in self._session.noting.forces]
        return [*forces, *((area.side, area.colour) for area in areas if area.colour)]

    def show_notes(self) -> None:
        """Draw a tick an annotation over the map, where it begins to be valid."""
        self._lay()
        if NOTES not in self._names:
            return
        level = len(self._names) - 1 - self._names.index(NOTES)
        colours, forces = tokens(self._theme), self._session.noting.forces
        notes = [
            (
                found.id, found.valid_from, found.title or found.kind.value, f"{found.kind.value} · {found.grade}",
                annotation_colour(found.kind, found.side, forces, colours),
            )
            for found in (revision.annotation for revision in self._session.noting.marks)
        ]  # fmt: skip
        self.plot.notes.data = note_columns(notes, level)

    def show_playheads(self) -> None:
        """Put the playheads where A and B are."""
        a, b = (acq.start if acq else None for acq in (self._session.reach.a, self._session.reach.b))
        valid = self._session.viewing.view.valid_at
        for head, moment in ((self.plot.a, a), (self.plot.b, b), (self.plot.valid, valid)):
            location = None if moment is None else moment.timestamp() * 1000.0
            if location != head.location:
                head.update(location=location, visible=location is not None)
        self.plot.flags.data = flag_columns(a, b, valid, max(len(self._names), 1) - 0.5, tokens(self._theme))
        view = self._session.viewing.view
        if view.brush != self._brushed:
            self._brushed = view.brush
            self.ruler.show(view.brush)
        if view.period is not None:
            self._set_range(view.period)

    def retheme(self, theme: Theme) -> None:
        """Change the timeline's colours in place."""
        self._theme = theme
        dress(self.plot, tokens(theme))
        self.ruler.dress(tokens(theme))
        self.show_reach()
        self.show_changes()
        self.show_fronts()
        self.show_notes()

    def _lay(self) -> None:
        names = lanes(self._session.reach.shown, fronts=self._providers)
        if names != self._names:
            self._names = names
            lay_lanes(self.plot, names)
            self._tick()
            self.show_playheads()
            self.show_changes()
            self.show_fronts()
            self.show_notes()

    def _tick(self) -> None:
        self.plot.ticks.data = tick_columns(self._session.reach.shown, self._names, tokens(self._theme))

    def _fit(self, first: datetime, last: datetime) -> None:
        margin = max((last - first) * 0.03, timedelta(hours=12))
        self._set_range((first - margin, last + margin))

    def _set_range(self, period: tuple[datetime, datetime]) -> None:
        start, end = (moment.timestamp() * 1000.0 for moment in period)
        window = self.plot.figure.x_range
        if (window.start, window.end) != (start, end):
            window.update(start=start, end=end)

"""The one place where a change of state reaches the views. Views never watch; they only know how to show."""

from collections.abc import Callable
from functools import partial
from typing import Any

from dashboard.model.palette import Theme
from dashboard.model.view import CompareMode, Layer, View
from dashboard.state.drawing import Work
from dashboard.state.session import Session
from dashboard.views.background import BackgroundLayers
from dashboard.views.brief import BriefView
from dashboard.views.company import CompanyView
from dashboard.views.coverage import CoverageView
from dashboard.views.frontmap import FrontLayers
from dashboard.views.header import HeaderView
from dashboard.views.inspector import InspectorView
from dashboard.views.layers import LayersView
from dashboard.views.live import LiveView
from dashboard.views.mailbox import Mailbox
from dashboard.views.map import MapView
from dashboard.views.pen import PenView
from dashboard.views.timeline import TimelineView

_DRAWN_BY_LAYER = {
    Layer.FOOTPRINTS: "show_footprints",
    Layer.CHANGES: "show_changes",
}
_FRONT_LAYERS = {Layer.FRONTLINE, Layer.GHOST, Layer.GROUND, Layer.DISPLACEMENT, Layer.DISAGREEMENT}


class Panels:
    """The views of one session, by name."""

    def __init__(self, session: Session, theme: Theme, tiles: str = "") -> None:
        self.mailbox = Mailbox()
        self.mailbox.failed = session.notices.fail
        self.map = MapView(session, theme, self.mailbox, tiles)
        self.pen = PenView(session, theme, self.mailbox)
        self.company = CompanyView(session.company, self.mailbox)
        self.coverage = CoverageView(session, self.map.surface, theme, self.mailbox)
        self.live = LiveView(session, self.map, theme)
        self.map.over += [
            self.coverage.overlay,
            self.live.overlay,
            self.pen.pen,
            self.company.overlay,
            self.company.strip,
        ]
        self.fronts = FrontLayers(session, self.map, theme, self.mailbox)
        self.ground = BackgroundLayers(session, self.map.surface, theme)
        self.timeline = TimelineView(session, theme, self.mailbox)
        self.layers = LayersView(session)
        self.inspector = InspectorView(session, theme, self.mailbox, self.coverage)
        self.header = HeaderView(session)
        self.brief = BriefView(session)


class AfterFrame:
    """Holds back what may wait until the picture is on the screen, so that stepping is as fast as the picture.

    Everything runs at once while no frame is on its way. What is held back runs when the browser has drawn the frame,
    or when there will be none.
    """

    def __init__(self, session: Session, map_: MapView) -> None:
        self._pictures = session.pictures
        self._covering = session.covering
        self._map = map_
        self._waiting: dict[Callable[[], None], None] = {}

    def __call__(self, *shows: Callable[[], None]) -> None:
        """Run each of these now, or once after the frame."""
        self._waiting.update(dict.fromkeys(shows))
        if not self._on_its_way:
            self.flush()

    @property
    def _on_its_way(self) -> bool:
        if self._covering.making:
            return True
        shown = self._pictures.shown
        if not self._map.drawn or shown is None:  # nobody has drawn yet: the first page waits for nothing
            return False
        return self._pictures.pending or self._map.drawn < shown.number

    def flush(self) -> None:
        """Run what was held back."""
        shows, self._waiting = list(self._waiting), {}
        for show in shows:
            show()

    def settled(self) -> None:
        """Run what was held back unless another frame is already on its way."""
        if not self._on_its_way:
            self.flush()


def wire(session: Session, panels: Panels) -> None:
    """Connect every state to the views that show it."""
    map_, timeline, inspector, layers = panels.map, panels.timeline, panels.inspector, panels.layers
    viewing, reach, fronting = session.viewing, session.reach, session.fronting

    after = AfterFrame(session, map_)
    map_.on_drawn = session.covering.on_made = after.settled

    viewing.param.watch(lambda event: _view_changed(panels, after, event.old, event.new), "view")
    map_.stage.param.watch(lambda event: map_.swiped(event.new), "split")
    session.pictures.param.watch(lambda event: map_.show_frame(event.new), "shown")
    _on(session.pictures, "status", lambda: map_.show_status(session.pictures.status),
        lambda: layers.show_status(session.pictures.status), after.settled)  # fmt: skip
    later = partial(_on, through=after)
    later(reach, "everything", timeline.show_reach, inspector.show_reach, layers.show_reach, map_.show_footprints,
          inspector.show_marks, inspector.review.show_head, map_.show_chips, timeline.show_playheads)  # fmt: skip
    later(session.company, "revision", inspector.show_marks, map_.show_chips)
    _on(session.confirming, ["opened", "busy"], inspector.confirm.show)
    _on(reach, "hovered", map_.show_lit, inspector.show_lit)
    fronts, front = panels.fronts, inspector.front
    front.on_screen = lambda: fronts.on_screen
    fronts.on_drawn = front.advance
    later(fronting, ["series", "providers"], timeline.show_fronts, layers.show_fronts)
    later(fronting, "fronts", fronts.show_fronts, front.show, layers.show_fronts)
    _on(fronting, ["frame", "stepped"], fronts.show_fronts)
    later(session.fronttime, ["report", "band", "held", "playing"], fronts.show_movement, front.show)
    _wire_notes(session, panels, later)
    _wire_review(session, panels, later)
    later(session.inspecting, "series", inspector.show_series)
    _wire_coverage(session, panels)
    _on(session.living, "picture", panels.live.show)
    _on(session.living, "status", lambda: panels.layers.show_live(session.living.status))
    _on(session.briefs, ["ready", "failure"], panels.brief.show)
    _on(session.briefs.job, "progress", panels.brief.show)
    _show_everything(session, panels)


def _wire_notes(session: Session, panels: Panels, later: Callable[..., None]) -> None:
    """Connect drawing, annotations and the others with the views that show them."""
    drawing, noting, recording = session.drawing, session.noting, session.recording
    pen, notes, fronts, timeline = panels.pen, panels.inspector.notes, panels.fronts, panels.timeline
    _on(drawing, ["work", "open", "cutting"], pen.show, notes.show_desk, fronts.show_chosen)
    drawing.param.watch(lambda event: _laid(panels, event.old, event.new), "work")
    _on(drawing, ["work", "open"], notes.show_top)
    later(noting, ["listing", "marks"], notes.show_list, timeline.show_notes)
    _on(noting, "chosen", notes.show_desk, notes.show_list, fronts.show_chosen)
    _on(noting, "choices", lambda: panels.inspector.open("Notes"))
    _on(noting, "conflicts", notes.show_top)
    _on(noting, "forces", notes.show_desk)
    _on(recording, "drafts", notes.show_top)
    _on(session.exchanging, ["said", "ready"], notes.show_exchange)
    _on(session.exchanging.job, "progress", notes.show_exchange)
    later(session.overlaying, "overlaid", fronts.show_notes)
    _on(session.company, ["me", "people", "show_cursors", "share_cursor"], panels.company.show)


def _wire_review(session: Session, panels: Panels, later: Callable[..., None]) -> None:
    """Connect detected changes and their review with map, timeline and tab."""
    changing, reviewing, review, map_ = session.changing, session.reviewing, panels.inspector.review, panels.map

    def show_changes() -> None:
        if not (review.dragging and map_.holds(reviewing.threshold)):  # what falls below the slider the page hides
            map_.show_threshold()
            map_.show_changes()

    review.on_released = show_changes
    later(changing, ["changes", "picture", "run"], show_changes)
    later(changing, ["runs", "run_id"], review.show_head)
    later(changing, "relations", review.show_hand)
    _on(changing.job, "progress", review.show_head)
    _on(reviewing, ["run", "sieve", "order", "summary"], review.show_head)
    _on(reviewing, ["listed", "total", "page"], review.show_queue)
    _on(reviewing, "selected", review.follow, map_.show_changes, review.show_queue)
    _on(reviewing, ["selected", "place", "total", "chips", "lines", "reviews"], review.show_hand)
    later(reviewing, "lane", panels.timeline.show_changes)


def _wire_coverage(session: Session, panels: Panels) -> None:
    """Connect coverage with its layer and its tab."""
    covering, shown = session.covering, panels.coverage
    _on(covering, "picture", shown.show_layer)
    _on(covering, "table", shown.show_table)
    _on(covering, "spot", shown.show_spot)
    _on(covering, "status", lambda: panels.layers.show_coverage(covering.status))


def _laid(panels: Panels, before: Work | None, now: Work | None) -> None:
    """Show the form of what comes onto the desk; a vertex more calls nobody back from another tab."""
    if now is not None and (before is None or before.id != now.id):
        panels.inspector.open("Notes")


def _on(
    state: Any,  # noqa: ANN401 - a param object
    names: str | list[str],
    *shows: Callable[[], None],
    through: AfterFrame | None = None,
) -> None:
    """Call every `show` when one of a state's parameters has changed, held back if asked."""

    def show_all(*_: Any) -> None:  # noqa: ANN401 - param's events
        if through is not None:
            through(*shows)
        else:
            for show in shows:
                show()

    state.param.watch(show_all, names)


def _show_everything(session: Session, panels: Panels) -> None:
    panels.map.show_view()
    panels.map.show_frame(session.pictures.shown)
    panels.map.show_status(session.pictures.status)
    panels.layers.show_status(session.pictures.status)
    panels.layers.show_view()
    panels.header.show_view()
    panels.timeline.show_reach()
    panels.timeline.show_fronts()
    panels.timeline.show_playheads()
    panels.layers.show_reach()
    panels.layers.show_fronts()
    panels.inspector.show_reach()
    panels.inspector.show_marks()
    panels.inspector.show_series()
    panels.inspector.review.show()
    panels.inspector.front.show()
    panels.fronts.show_fronts()
    panels.timeline.show_notes()
    panels.ground.show()
    panels.coverage.show_table()


def _view_changed(panels: Panels, after: AfterFrame, old: View, new: View) -> None:
    """Show what a new view changes, and nothing else; the map first."""
    panels.map.show_view()
    panels.ground.show()
    timeline, inspector = panels.timeline, panels.inspector
    if (old.a, old.b) != (new.a, new.b):
        after(timeline.show_playheads, inspector.show_marks, inspector.show_lit, inspector.review.show_for_view)
    if (old.valid_at, old.known_at) != (new.valid_at, new.known_at):
        panels.map.show_chips()
        after(timeline.show_playheads, inspector.front.show, inspector.notes.show_desk)
    if old.extent != new.extent:
        after(panels.fronts.show_chosen)
    if (old.layers ^ new.layers) & _FRONT_LAYERS:
        after(panels.fronts.show_fronts, panels.fronts.show_movement, panels.layers.show_fronts)
    if _covered(old) != _covered(new):
        after(timeline.show_playheads, panels.coverage.show_table, panels.layers.show_view)
    if old.constellations != new.constellations:
        after(timeline.show_reach, inspector.show_reach, panels.map.show_footprints)
    after(
        *(getattr(panels.map, _DRAWN_BY_LAYER[layer]) for layer in old.layers ^ new.layers if layer in _DRAWN_BY_LAYER)
    )
    if _controls(old) != _controls(new):
        after(panels.layers.show_view, panels.header.show_view)


def _covered(view: View) -> tuple[Any, ...]:
    return (view.period, view.brush, view.measure, Layer.COVERAGE in view.layers)


def _controls(view: View) -> tuple[Any, ...]:
    return (view.a, view.b, view.compare, view.polarisation, view.stretch, view.opacity, view.layers)


def swiping(view: View) -> CompareMode:
    """Return the mode that the swipe key leads to."""
    return CompareMode.B if view.compare is CompareMode.SWIPE else CompareMode.SWIPE

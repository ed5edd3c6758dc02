"""The one place where a change of state reaches the views. Views never watch; they only know how to show."""

from collections.abc import Callable
from typing import Any

from dashboard.model.view import CompareMode, Layer, View
from dashboard.state.session import Session
from dashboard.views.background import BackgroundLayers
from dashboard.views.brief import BriefView
from dashboard.views.header import HeaderView
from dashboard.views.inspector import InspectorView
from dashboard.views.layers import LayersView
from dashboard.views.map import MapView
from dashboard.views.timeline import TimelineView

_DRAWN_BY_LAYER = {
    Layer.FOOTPRINTS: "show_footprints",
    Layer.CHANGES: "show_changes",
    Layer.FRONTLINE: "show_fronts",
    Layer.GHOST: "show_fronts",
    Layer.GROUND: "show_fronts",
}


class Panels:
    """The views of one session, by name."""

    def __init__(self, session: Session, theme: Any, tapped: Any) -> None:  # noqa: ANN401
        self.map = MapView(session, theme, tapped)
        self.ground = BackgroundLayers(session, self.map.surface, theme)
        self.timeline = TimelineView(session, theme)
        self.layers = LayersView(session)
        self.inspector = InspectorView(session, theme)
        self.header = HeaderView(session)
        self.brief = BriefView(session)


def wire(session: Session, panels: Panels) -> None:
    """Connect every state to the views that show it."""
    map_, timeline, inspector, layers = panels.map, panels.timeline, panels.inspector, panels.layers
    viewing, reach, changing, fronting = session.viewing, session.reach, session.changing, session.fronting

    viewing.param.watch(lambda event: _view_changed(panels, event.old, event.new), "view")
    map_.stage.param.watch(lambda event: map_.swiped(event.new), "split")
    session.pictures.param.watch(lambda event: map_.show_frame(event.new), "shown")
    _on(session.pictures, "status", lambda: map_.show_status(session.pictures.status),
        lambda: layers.show_status(session.pictures.status))  # fmt: skip
    _on(reach, "everything", timeline.show_reach, inspector.show_reach, layers.show_reach, map_.show_footprints,
        map_.show_chips, timeline.show_playheads)  # fmt: skip
    _on(reach, "hovered", map_.show_lit, inspector.show_lit)
    _on(fronting, ["fronts", "series", "providers"], map_.show_fronts, timeline.show_fronts, inspector.show_fronts,
        layers.show_fronts)  # fmt: skip
    _on(changing, ["changes", "selected", "outcome"], map_.show_changes, timeline.show_changes, inspector.show_changes)
    _on(changing, "progress", inspector.show_progress)
    _on(session.inspecting, "series", inspector.show_series)
    _on(session.briefs, ["progress", "ready", "failure"], panels.brief.show)
    _show_everything(panels)


def _on(state: Any, names: str | list[str], *shows: Callable[[], None]) -> None:  # noqa: ANN401 - a param object
    """Call every `show` when one of a state's parameters has changed."""

    def show_all(*_: Any) -> None:  # noqa: ANN401 - param's events
        for show in shows:
            show()

    state.param.watch(show_all, names)


def _show_everything(panels: Panels) -> None:
    panels.map.show_view()
    panels.layers.show_view()
    panels.header.show_view()
    panels.inspector.show_series()
    panels.inspector.show_fronts()
    panels.ground.show()


def _view_changed(panels: Panels, old: View, new: View) -> None:
    """Show what a new view changes, and nothing else."""
    panels.map.show_view()
    panels.ground.show()
    if (old.a, old.b) != (new.a, new.b):
        panels.timeline.show_playheads()
        panels.inspector.show_marks()
        panels.inspector.show_lit()
        panels.inspector.show_changes()
    if old.period != new.period:
        panels.timeline.show_playheads()
    if old.constellations != new.constellations:
        panels.timeline.show_reach()
        panels.inspector.show_reach()
        panels.map.show_footprints()
    for name in {_DRAWN_BY_LAYER[layer] for layer in old.layers ^ new.layers if layer in _DRAWN_BY_LAYER}:
        getattr(panels.map, name)()
    if _controls(old) != _controls(new):
        panels.layers.show_view()
        panels.header.show_view()


def _controls(view: View) -> tuple[Any, ...]:
    return (view.a, view.b, view.compare, view.polarisation, view.stretch, view.opacity, view.layers)


def swiping(view: View) -> CompareMode:
    """Return the mode that the swipe key leads to."""
    return CompareMode.B if view.compare is CompareMode.SWIPE else CompareMode.SWIPE

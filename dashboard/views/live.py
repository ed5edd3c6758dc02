"""The view of live detection: its layer on the map, and its legend with the slider of the least score."""

from typing import ClassVar

import panel as pn
import param

from dashboard.model.palette import Theme, tokens
from dashboard.plots.live import live_layer, live_picture, live_shades
from dashboard.plots.stepped import SteppedLayer
from dashboard.state.session import Session
from dashboard.views.esm import Component, module, style
from dashboard.views.layerdata import sign_colours
from dashboard.views.livetext import expected, foot, head
from dashboard.views.map import MapView
from dashboard.workflows.detection.live import SCORES, Live


class LiveOverlay(Component):
    """Legend of the layer over the map, and the slider that hides what lies below a score."""

    head = param.String(default="", doc="HTML above the slider; empty while the layer is off.")
    foot = param.String(default="", doc="HTML below it.")
    stops = param.List(default=[], doc="Scores of the slider, rising.")
    expected = param.List(default=[], doc="What is expected at each, in words.")

    _esm = module("models", "live")
    _stylesheets: ClassVar[list[str]] = [style("live")]


class LiveView(pn.viewable.Viewer):
    """Reads the session's live detection."""

    def __init__(self, session: Session, map_: MapView, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._map = map_
        self._theme: Theme = theme
        self.layer: SteppedLayer = live_layer(map_.surface, map_.least)
        self.overlay = LiveOverlay()
        self._drawn: Live | None = None

    def __panel__(self) -> pn.viewable.Viewable:
        """Return what lies over the map."""
        return self.overlay

    def show(self) -> None:
        """Draw the layer, or take it away, with its legend; the legend's words alone when the picture is the same."""
        living = self._session.living
        found, colours = living.picture, tokens(self._theme)
        if found is None:
            self.layer.clear()
            self._drawn = None
            self.overlay.param.update(head="", foot="", stops=[], expected=[])
            return
        if found is not self._drawn:
            self.layer.mean(*live_shades(found.scores, sign_colours(colours), colours.unobserved))
            if self.layer.floor.start != living.floor:
                self.layer.floor.start = living.floor
            screen = self._session.viewing.size
            self.layer.put(live_picture(found.levels, found.bounds, screen), found.bounds)
        self._drawn = found
        stops = [float(score) for score in SCORES[1:]] if found.method else []
        self.overlay.param.update(
            head=head(found, colours),
            foot=foot(found, living.apart),
            stops=stops,
            expected=[expected(found.announced, score) for score in stops],
        )

    def retheme(self, theme: Theme) -> None:
        """Change the colours in place."""
        self._theme, self._drawn = theme, None
        self.show()

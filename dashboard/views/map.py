"""The map: one figure, its frames and its vector layers, each updated alone."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import DoubleTap, Tap
from bokeh.models import ColumnDataSource, CustomJS, Range1d
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import project, to_mercator
from dashboard.model.change import ChangeRun
from dashboard.model.palette import Theme, tokens
from dashboard.model.view import Extent, Layer
from dashboard.plots.changes import Ranked, change_layers
from dashboard.plots.surface import ALL_SCORES, Surface, hover, light, recolour, sift, surface
from dashboard.render.compose import ratio_palette
from dashboard.state.pictures import Doing, Shown, Status
from dashboard.state.session import Session
from dashboard.views.chips import chips, clock, looks
from dashboard.views.layerdata import (
    change_data,
    footprint_data,
    outline_data,
    sign_colours,
)
from dashboard.views.mailbox import Mailbox, Message
from dashboard.views.stage import Stage
from dashboard.workflows.change_overlay import ChangePicture

_CURSOR = """
const now = performance.now();
if (now - (window.nightglassMoved ?? 0) < 30) return;
window.nightglassMoved = now;
window.dispatchEvent(new CustomEvent("nightglass:cursor", {detail: {x: cb_obj.x, y: cb_obj.y}}));
"""
BESIDE_PX = 3
"""How far beside a change a click still means it."""
_GREY = np.arange(256, dtype=np.uint8)
_NOTHING_SHOWN: dict[str, list[Any]] = {
    "number": [0], "a": [-1], "b": [-1], "ratio": [-1], "palette-a": [_GREY], "palette-b": [_GREY], "colours": [[]],
}  # fmt: skip
_CHANGE_TIP = """<div style="font:12px 'Plex Sans', sans-serif"><b>@title</b><br>@facts</div>"""


class MapView(pn.viewable.Viewer):
    """Reads frames and layers from the session; tells it where pans, clicks and the swipe line ended."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox, tiles: str = "") -> None:
        super().__init__()
        self._session = session
        self._theme: Theme = theme
        view = session.viewing.view
        self.surface: Surface = surface(view.extent, tokens(theme), tiles)
        self._transports = {name: _transport(name) for name in ("a", "b", "ratio")}
        self._shown = ColumnDataSource(_NOTHING_SHOWN, name="frame-shown")
        self.front_frame = ColumnDataSource({"stamp": [0]}, name="front-frame")
        """The layers of one front, drawn together by the page: never the line of one day on the ground of another."""
        self._sent: dict[str, tuple[int, NDArray[np.uint8]]] = {}
        self._reported: Extent | None = None
        self._drawn = 0
        self._from = 0.0
        """Least score of the changes that were drawn."""
        self._moves = 0
        self.over: list[pn.viewable.Viewable] = []
        """What else lies over the figure: set before the map is shown."""
        self.on_first_size: Callable[[int], None] = lambda _: None
        """Called with the page's width when the browser first says it; set by the page."""
        self.on_drawn: Callable[[], None] = lambda: None
        """Called when the browser has drawn a frame; set by the wiring."""
        fig = self.surface.figure
        # The callback's arguments also carry the frame sources into the document, where the stage finds them.
        fig.js_on_event(
            "mousemove",
            CustomJS(
                args={**self._transports, "shown": self._shown, "front": self.front_frame, "mailbox": mailbox.source},
                code=_CURSOR,
            ),
        )
        fig.on_event(Tap, lambda event: self._tapped(event.x, event.y))
        fig.on_event(DoubleTap, lambda event: session.tapped_twice(event.x, event.y))
        mailbox.on("viewport", self._viewport)
        mailbox.on("drawn", self._acknowledged)
        hover(self.surface, "changes", _CHANGE_TIP)
        self._least = sift(self.surface, "changes", "least-score")
        self._changes = change_layers(self.surface, self._least, tokens(theme))
        self._pictured: ChangePicture | None = None
        self._hatched: str | None = None
        light(self.surface, "footprints")
        extent = view.extent
        self.stage = Stage(
            extent=[extent.x0, extent.y0, extent.x1, extent.y1], mode=view.compare.value,
            opacity=view.opacity, split=view.split, imagery_on=Layer.IMAGERY in view.layers,
        )  # fmt: skip
        self._pane = pn.pane.Bokeh(fig, sizing_mode="stretch_both", min_height=240, margin=0)

    def __panel__(self) -> pn.viewable.Viewable:
        """Return the figure with the stage over it."""
        return pn.Column(
            self._pane,
            self.stage,
            *self.over,
            sizing_mode="stretch_both",
            styles={"position": "relative"},
            css_classes=["map"],
            margin=0,
        )

    @property
    def least(self) -> Range1d:
        """The least score that is shown, its `start`: the page moves it by itself while a slider is dragged."""
        return self._least

    # From the browser

    def _tapped(self, x: float, y: float) -> None:
        """Take the change under a click in hand; whatever else the click means goes on."""
        session = self._session
        if session.drawing.work is None and Layer.CHANGES in session.viewing.view.layers:
            hit = session.changing.at(x, y, BESIDE_PX * session.metres_per_pixel)
            if hit is not None:
                session.reviewing.pick(hit)
        session.tapped(x, y)

    def _acknowledged(self, message: Message) -> None:
        self._drawn = int(message["number"])
        self.on_drawn()
        self._session.pictures.warm()

    def _viewport(self, message: Message) -> None:
        extent = Extent(*(float(message[key]) for key in ("x0", "y0", "x1", "y1")))
        self._reported = extent
        viewing = self._session.viewing
        with_size = (int(message["width"]), int(message["height"]))
        first = viewing.screen is None
        viewing.resized(*with_size)
        viewing.moved(extent)
        if first:
            self.on_first_size(int(message.get("page", 0) or with_size[0]))

    @property
    def drawn(self) -> int:
        """Number of the last frame that the browser has drawn."""
        return self._drawn

    def swiped(self, split: float) -> None:
        """Take over where the swipe line was left."""
        self._session.viewing.split_at(split)

    # To the browser

    def show_view(self) -> None:
        """Follow the view: extent (unless the browser reported it), mode, opacity, line, chips."""
        view = self._session.viewing.view
        extent = view.extent
        update: dict[str, Any] = {
            "mode": view.compare.value,
            "opacity": view.opacity,
            "split": view.split,
            "imagery_on": Layer.IMAGERY in view.layers,
        }
        if extent != self._reported:
            self._reported = extent
            self._moves += 1  # going twice to one place is two moves: the map may have been dragged between them
            update["extent"] = [extent.x0, extent.y0, extent.x1, extent.y1, self._moves]
        self.stage.param.update(**update)
        self.show_chips()
        pixel = view.pixel
        x, y = to_mercator(*pixel) if pixel else (0.0, 0.0)
        self.surface.put("pixel", pixel, lambda: {"x": [x], "y": [y]})

    def show_chips(self) -> None:
        """Write the corner of A and B, the look arrows and the badge."""
        reach, view = self._session.reach, self._session.viewing.view
        a, b = reach.a, reach.b
        reasons = reach.mismatches
        badge = "Different geometry, differences may not be change: " + "; ".join(reasons) if reasons else ""
        self.stage.param.update(chips=chips(a, b, view), looks=looks(a, b, view), badge=badge, clock=clock(view))

    def show_frame(self, shown: Shown | None) -> None:
        """Send the parts of a frame that the browser does not have yet, then say what belongs together."""
        if shown is None:
            return
        found = shown.imagery
        parts = {"a": found.levels_a, "b": found.levels_b, "ratio": found.ratio}
        stamps = dict.fromkeys(parts, -1)
        for name, levels in parts.items():
            if levels is None:
                continue
            sent = self._sent.get(name)
            if sent is None or sent[1] is not levels:  # the same frame is the same array
                sent = self._sent[name] = (shown.number, levels)
                self._transports[name].data = _part(levels, found.geobox, shown.number)
            stamps[name] = sent[0]
        # Through a source like the frame's parts, so that it arrives after them; palettes travel without pixels.
        self._shown.data = {
            "number": [shown.number], **{name: [stamp] for name, stamp in stamps.items()},
            "palette-a": [found.palette_a], "palette-b": [found.palette_b], "colours": [ratio_palette()],
        }  # fmt: skip

    def show_status(self, status: Status) -> None:
        """Say what the imagery layer is doing."""
        words = {Doing.LOADING: "loading imagery", Doing.READY: ""}
        word = words.get(status.doing, f"{status.doing.value}: {status.why}" if status.why else status.doing.value)
        self.stage.param.update(busy=status.doing is Doing.LOADING, word=word)

    def show_changes(self) -> None:
        """Draw the detected changes and the selected one."""
        changing, layers = self._session.changing, self._session.viewing.view.layers
        # A picture has every change, whatever the threshold.
        self._from = -math.inf if changing.picture is not None else self._session.reviewing.threshold
        shown = changing.changes if Layer.CHANGES in layers else ()
        ids = tuple(change.id for change in shown)
        self.surface.put(
            "changes", (ids, self._theme) if shown else None, lambda: change_data(shown, tokens(self._theme))
        )
        picked = self._session.reviewing.selected
        chosen = [picked] if picked is not None and Layer.CHANGES in layers else []
        key = chosen[0].id if chosen else None
        self.surface.put("selected", key, lambda: outline_data(project(change.geometry) for change in chosen))
        self._show_many(changing.picture if Layer.CHANGES in layers else None)
        self._show_unobserved(changing.run if Layer.CHANGES in layers else None)

    def _show_many(self, picture: ChangePicture | None) -> None:
        """Draw the changes as one picture, where they are too many to be shapes."""
        if picture is self._pictured:
            return
        self._pictured, layer = picture, self._changes.picture
        if picture is None:
            layer.clear()
            return
        found = Ranked(
            ranks=picture.ranks, outlines=picture.outlines, bounds=picture.bounds, scores=picture.ranking.scores,
            signs=picture.ranking.kinds,
        )  # fmt: skip
        layer.put(found, sign_colours(tokens(self._theme)))

    def _show_unobserved(self, run: ChangeRun | None) -> None:
        """Hatch the ground of which the run can say nothing."""
        key = None if run is None or run.unobserved is None else run.id
        if key != self._hatched:
            self._hatched = key
            ground = None if run is None or run.unobserved is None else project(run.unobserved)
            self._changes.hatched(ground)

    def holds(self, score: float) -> bool:
        """Return whether every change with at least a score that belongs on the map is drawn."""
        return score >= self._from

    def show_threshold(self) -> None:
        """Hide the changes below the least score, also before what lies above it has been looked up."""
        start = max(self._session.reviewing.threshold, ALL_SCORES)
        if start != self._least.start:
            self._least.start = start

    def show_footprints(self) -> None:
        """Draw the footprints over the map, and the one that is hovered anywhere."""
        reach = self._session.reach
        shown = reach.shown if Layer.FOOTPRINTS in self._session.viewing.view.layers else ()
        key = tuple(acq.id for acq in shown) or None
        self.surface.put("footprints", key, lambda: footprint_data(shown))
        self.show_lit()

    def show_lit(self) -> None:
        """Outline the acquisition that is hovered on the timeline or in the table."""
        lit = self._session.reach.get(self._session.reach.hovered)
        outlines = [project(lit.footprint)] if lit else []
        self.surface.put("lit", lit and lit.id, lambda: outline_data(outlines, lines=True))

    def retheme(self, theme: Theme) -> None:
        """Change the map's colours in place."""
        self._theme = theme
        recolour(self.surface, tokens(theme))
        self._changes.recolour(tokens(theme))
        self._pictured = None
        self.show_changes()

    def release(self) -> None:
        """Forget the frames that were sent."""
        self._sent.clear()


def _transport(name: str) -> ColumnDataSource:
    columns = ("levels", "x", "y", "dw", "dh", "stamp")
    return ColumnDataSource({column: [] for column in columns}, name=f"frame-{name}")


def _part(levels: NDArray[np.uint8], geobox: GeoBox, stamp: int) -> dict[str, list[Any]]:
    box = geobox.boundingbox
    return {
        "levels": [levels], "x": [box.left], "y": [box.bottom], "dw": [box.right - box.left],
        "dh": [box.top - box.bottom], "stamp": [stamp],
    }  # fmt: skip

"""The fronts on the map: ground, lines with teeth, what moved and where providers differ. Each layer is put alone."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from dashboard.geo.mercator import project
from dashboard.model.palette import Theme, tokens
from dashboard.model.view import Layer
from dashboard.plots.columns import area_columns
from dashboard.plots.notes import LAYERS as NOTE_LAYERS
from dashboard.plots.surface import NOTES, Surface
from dashboard.state.session import Session
from dashboard.views.layerdata import front_layers, ground_data, outline_data, ribbon_data
from dashboard.views.mailbox import Mailbox, Message
from dashboard.views.map import MapView


class FrontLayers:
    """Draws fronts and annotations on the map's figure."""

    def __init__(self, session: Session, map_: MapView, theme: Theme, mailbox: Mailbox) -> None:
        self._session = session
        self._surface: Surface = map_.surface
        self._frame = map_.front_frame
        self._theme: Theme = theme
        self._key: Hashable = None
        self.on_drawn: Callable[[], None] = lambda: None
        """Called when the browser has drawn a front; set by the wiring."""
        self._stamp = self._drawn = 0
        mailbox.on("front-drawn", self._acknowledged)

    @property
    def on_screen(self) -> bool:
        """Whether the browser has drawn the last front it was sent, and no other is being worked out."""
        return self._drawn == self._stamp and not self._session.fronting.busy

    def _acknowledged(self, message: Message) -> None:
        self._drawn = int(message["stamp"])
        self.on_drawn()

    def show_fronts(self) -> None:
        """Draw the front of the moment with its teeth, its ghost at A, and the ground that changed hands."""
        session, colours = self._session, tokens(self._theme)
        view, frame = session.viewing.view, session.fronting.frame
        shown = frozenset(view.layers & {Layer.FRONTLINE, Layer.GHOST})
        key = (id(frame), shown, self._theme)
        if key != self._key:
            self._key = key
            self._stamp += 1
            layers = front_layers(frame, shown, colours)
            columns = {f"{name}:{column}": [v] for name, data in layers.items() for column, v in data.items()}
            self._frame.data = {"stamp": [self._stamp], **columns}
        found, stepped = session.fronting.fronts, session.fronting.stepped
        changes = stepped or (found.changes if found is not None else ())
        wanted = bool(changes) and (bool(stepped) or Layer.GROUND in view.layers) and not session.fronttime.playing
        self._surface.put(
            "ground", (id(changes), self._theme) if wanted else None, lambda: ground_data(changes, colours)
        )

    def show_movement(self) -> None:
        """Draw how far the front moved, and where two providers differ."""
        session, colours = self._session, tokens(self._theme)
        layers = session.viewing.view.layers
        band = session.fronttime.band
        moved = session.fronttime.displacement if Layer.DISPLACEMENT in layers else None
        self._surface.put(
            "ribbon", None if moved is None else (id(moved), self._theme),
            lambda: ribbon_data(moved, colours) if moved else {},
        )  # fmt: skip
        differs = band.band if band is not None and not band.band.is_empty else None
        self._surface.put(
            "band", None if differs is None else id(band), lambda: area_columns([project(differs)] if differs else [])
        )

    def show_notes(self) -> None:
        """Draw the annotations: shapes, or one picture where they are too many."""
        overlaid = self._session.overlaying.overlaid
        for name in NOTE_LAYERS:
            columns = overlaid.columns[name] if overlaid is not None else None
            key = None if columns is None or not any(columns.values()) else id(overlaid)
            self._put(name, key, columns)
        picture = overlaid.picture if overlaid is not None else None
        self._surface.put(NOTES, None if picture is None else id(overlaid), partial(_picture, overlaid))

    def show_chosen(self) -> None:
        """Outline the chosen annotation."""
        picked = self._session.noting.chosen
        shown = picked is not None and not picked.now.removed and self._session.drawing.work is None
        shape = project(picked.now.annotation.geometry) if picked is not None and shown else None
        outline = None if shape is None else shape.buffer(8 * self._session.metres_per_pixel).boundary
        key = (picked.id, picked.now.version, self._session.metres_per_pixel) if picked is not None and shown else None
        self._surface.put("note-chosen", key, lambda: outline_data([outline] if outline else [], lines=True))

    def retheme(self, theme: Theme) -> None:
        """Change the colours in place."""
        self._theme = theme
        self.show_fronts()
        self.show_movement()

    def _put(self, name: str, key: Hashable, data: dict[str, Any] | None) -> None:
        self._surface.put(name, None if data is None else key, partial(dict, data or {}))


def _picture(overlaid: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - Overlaid
    rgba, box = overlaid.picture, overlaid.extent
    height, width = rgba.shape[:2]
    image = rgba[::-1].copy().view("uint32").reshape(height, width)
    return {"image": [image], "x": [box.x0], "y": [box.y0], "dw": [box.x1 - box.x0], "dh": [box.y1 - box.y0]}

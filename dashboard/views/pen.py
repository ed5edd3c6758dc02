"""The drawing tools over the map: shows the desk, hands gestures to it."""

from collections.abc import Callable
from typing import Any, ClassVar

import param

from dashboard.geo.geodesy import area_km2, length_km
from dashboard.geo.mercator import to_mercator
from dashboard.geo.sketches import geometry_of
from dashboard.model.errors import InputError
from dashboard.model.palette import Theme, tokens
from dashboard.model.sketch import Shape, Sketch
from dashboard.state.session import Session
from dashboard.views.esm import Component, module, style
from dashboard.views.layerdata import side_colour
from dashboard.views.mailbox import Mailbox, Message

Parts = list[list[list[list[float]]]]


class Pen(Component):
    """The client half; see assets/esm/pen.js."""

    open = param.Boolean(default=False)
    shape = param.String(default="", doc="Of the drawing on the desk; empty when there is none.")
    adding = param.Boolean(default=False)
    stroke = param.String(default="", doc="What a stroke over the map does: trace or cut; empty for nothing.")
    parts = param.List(default=[], doc="Part > path > vertex > [x, y], Mercator metres.")
    others = param.List(default=[])
    problem = param.String(default="")
    repair = param.String(default="")
    measure = param.String(default="")
    colour = param.String(default="")
    can_undo = param.Boolean(default=False)
    can_redo = param.Boolean(default=False)

    _esm = module("models", "pen")
    _stylesheets: ClassVar[list[str]] = [style("pen")]


class PenView:
    """Connects the tools with the desk."""

    def __init__(self, session: Session, theme: Theme, mailbox: Mailbox) -> None:
        self._session = session
        self._theme: Theme = theme
        self.pen = Pen(colour=tokens(theme).accent)
        drawing = session.drawing
        self._gestures: dict[str, Callable[[Message], Any]] = {
            "begin": lambda m: session.begin_drawing(Shape(m["shape"]), freehand=bool(m.get("freehand"))),
            "finish": lambda _: drawing.finish(),
            "continue": lambda m: drawing.go_on(at_start=bool(m.get("start"))),
            "split": lambda m: drawing.split(*_place(m)),
            "remove": lambda m: drawing.remove(*_place(m)),
            "move": lambda m: drawing.move(*_place(m), *_spot(m), 0.0 if m.get("exact") else float(m["scale"])),
            "insert": lambda m: drawing.insert(*_place(m), *_spot(m), float(m["scale"])),
            "shift": lambda m: drawing.shift(float(m["dx"]), float(m["dy"])),
            "trace": lambda m: drawing.trace(m["path"], float(m["scale"])),
            "cut-start": lambda _: drawing.param.update(cutting=True),
            "cut": lambda m: drawing.cut(m["path"]),
            "join-start": lambda _: session.start_joining(),
            "reverse": lambda _: drawing.reverse(),
            "repair": lambda _: drawing.repair(),
            "undo": lambda _: session.undo(),
            "redo": lambda _: session.redo(),
            "aside": lambda _: session.recording.put_aside(),
            "save": lambda _: session.recording.save(),
        }
        mailbox.on("pen", self._gesture)

    def _gesture(self, message: Message) -> None:
        act = self._gestures.get(str(message.get("op")))
        if act is None:
            return
        try:
            act(message)
        except (InputError, ValueError, KeyError, IndexError) as error:
            self._session.notices.fail(error)

    def show(self) -> None:
        """Show what is on the desk."""
        drawing = self._session.drawing
        work, wrong = drawing.work, drawing.wrong
        flags = {"open": drawing.open, "can_undo": bool(drawing.steps.past), "can_redo": bool(drawing.steps.future)}
        if work is None:
            self.pen.param.update(
                shape="", adding=False, stroke="", parts=[], others=[], problem="", repair="", **flags
            )
            return
        shown = wrong if not work.adding else None
        colours = tokens(self._theme)
        stated = {force.name: force.colour for force in self._session.noting.forces}
        side = work.form.get("side", "")
        self.pen.param.update(
            shape=work.sketch.shape.value, adding=work.adding,
            stroke="cut" if drawing.cutting else "trace" if work.adding and work.freehand else "",
            parts=_mercator(work.sketch), others=[part for _, sketch in work.others for part in _mercator(sketch)],
            problem=shown.reason if shown else "", repair=shown.repair if shown else "", measure=_measure(work.sketch),
            colour=side_colour(side, stated.get(side), colours) if side else colours.accent, **flags,
        )  # fmt: skip

    def retheme(self, theme: Theme) -> None:
        """Change the colours in place."""
        self._theme = theme
        self.show()


def _place(message: Message) -> tuple[int, int, int]:
    return int(message["part"]), int(message["path"]), int(message["index"])


def _spot(message: Message) -> tuple[float, float]:
    return float(message["x"]), float(message["y"])


def _mercator(sketch: Sketch) -> Parts:
    return [[[list(to_mercator(*vertex)) for vertex in path] for path in part] for part in sketch.parts]


def _measure(sketch: Sketch) -> str:
    geometry = geometry_of(sketch)
    if geometry is None or sketch.shape in {Shape.POINT, Shape.TEXT}:
        return ""
    if sketch.shape is Shape.LINE:
        return f"{length_km(geometry):.2f} km · {sketch.vertices} vertices"
    return f"{area_km2(geometry):.3f} km² · {sketch.vertices} vertices"

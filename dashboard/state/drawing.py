"""The drawing on the desk: vertices, form, undo. Nothing here is recorded yet, and nothing here is lost."""

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import param
from shapely.geometry.base import BaseGeometry

from dashboard.geo import sketches
from dashboard.geo.mending import Problem, problem
from dashboard.geo.mercator import to_lonlat, to_mercator
from dashboard.model.annotation import Annotation, Revision
from dashboard.model.errors import InputError
from dashboard.model.sketch import Draft, Path, Shape, Sketch, Vertex
from dashboard.state.steps import Steps
from dashboard.workflows.annotate import Fields, fields_of, first_fields, sketch_of_annotation

SNAP_PX = 10
SAME_PX = 2
ABSORBED = "absorbed"
"""Field of a draft: what was joined to it, ``id=version`` a line."""
FREEHAND_PX = 1.5
"""Tolerance of a freehand line's simplification, pixels on the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What lies on the desk: one annotation in the making."""

    id: str
    base: int
    """Version that the work began from; 0 for something new."""
    sketch: Sketch
    fields: tuple[tuple[str, str], ...]
    adding: bool = True
    """Whether a click on the map adds a vertex."""
    freehand: bool = False
    turned: bool = False
    """Whether the line was turned round to be continued at its start; `finish` turns it back, teeth and all."""
    others: tuple[tuple[str, Sketch], ...] = ()
    """(new id, drawing) of pieces cut off, recorded together with this one."""
    absorbed: tuple[tuple[str, int], ...] = ()
    """(id, version) of annotations joined to this one, taken off the map when it is recorded."""

    @property
    def form(self) -> dict[str, str]:
        """The filled-in texts by name."""
        return dict(self.fields)

    @property
    def upright(self) -> "Work":
        """The same with its line running as it was drawn: which side its teeth point to is a statement."""
        return replace(self, sketch=sketches.reverse(self.sketch), turned=False) if self.turned else self


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one save did: per annotation, what was there before and what is there now."""

    pairs: tuple[tuple[Annotation | None, Annotation | None], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One undoable step: the desk before and after, and what was recorded, if anything was."""

    before: Work | None
    after: Work | None
    recorded: Recorded | None = None


def new_id() -> str:
    """Return an id for something new: its day for people, the rest by chance."""
    return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(6)}"


class Drawing(param.Parameterized):
    """Owner of the desk and of undo; every change of it is one step."""

    work = param.ClassSelector(class_=Work, default=None, allow_None=True)
    open = param.Boolean(default=False)
    """Whether the drawing tools are shown."""
    cutting = param.Boolean(default=False)
    """Whether the next stroke cuts the area."""
    joining = param.Boolean(default=False)
    """Whether the next click chooses what is joined."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: Steps[Step] = Steps()
        self.around: Callable[[Vertex, float], Sequence[BaseGeometry]] = lambda *_: ()
        """Geometries (degrees) within Mercator metres of a vertex, to snap to; set by whoever knows the map."""

    # What is on the desk

    @property
    def wrong(self) -> Problem | None:
        """Why the drawing cannot be recorded as it is."""
        return None if self.work is None else problem(self.work.sketch)

    def put(self, work: Work | None, recorded: Recorded | None = None) -> None:
        """Change the desk, undoably."""
        if work != self.work or recorded is not None:
            self.steps.did(Step(self.work, work, recorded))
            self.show(work)

    def show(self, work: Work | None) -> None:
        """Put a work on the desk that undo or redo leads to."""
        self.param.update(work=work, cutting=False, joining=False)

    # Intents that put something on the desk

    def begin(self, shape: Shape, moment: datetime | None, *, freehand: bool = False, side: str = "") -> None:
        """Put an empty sheet on the desk."""
        fields = first_fields(shape, moment) | {"side": side}
        self.put(
            Work(id=new_id(), base=0, sketch=Sketch(shape), fields=tuple(sorted(fields.items())), freehand=freehand)
        )

    def edit(self, revision: Revision) -> None:
        """Put a recorded annotation on the desk."""
        fields = tuple(sorted(fields_of(revision.annotation).items()))
        sketch = sketch_of_annotation(revision.annotation)
        self.put(Work(id=revision.annotation.id, base=revision.version, sketch=sketch, fields=fields, adding=False))

    def resume(self, draft: Draft) -> None:
        """Take a draft up again."""
        fields = dict(draft.fields)
        joined = (line.rpartition("=") for line in fields.pop(ABSORBED, "").splitlines())
        self.put(
            Work(
                id=draft.id, base=draft.base, sketch=draft.sketch, fields=tuple(sorted(fields.items())), adding=False,
                absorbed=tuple((id_, int(version)) for id_, _, version in joined),
            )
        )  # fmt: skip

    def clear(self) -> None:
        """Take the work off the desk."""
        self.put(None)

    # Intents on vertices; the page gives positions in Mercator metres

    def add(self, x: float, y: float, metres_per_pixel: float) -> None:
        """Add a vertex at the end, snapped to what is near."""
        work = self.work
        if work is None or not work.adding:
            return
        vertex = self._snapped(x, y, metres_per_pixel)
        if _close(work.sketch, vertex, metres_per_pixel):
            return  # the second click of a double click
        sketch = sketches.add(work.sketch, vertex)
        single = sketch.shape in {Shape.POINT, Shape.TEXT}
        self.put(replace(work, sketch=sketch, adding=not single))

    def trace(self, points: list[list[float]], metres_per_pixel: float) -> None:
        """Add a line drawn freehand, simplified."""
        work = self.work
        if work is None or len(points) < 2:
            return
        path: Path = tuple(to_lonlat(float(x), float(y)) for x, y in points)
        sketch = work.sketch
        for vertex in sketches.simplify(path, FREEHAND_PX * metres_per_pixel):
            sketch = sketches.add(sketch, vertex)
        self.put(replace(work, sketch=sketch))

    def move(self, part: int, path: int, index: int, x: float, y: float, metres_per_pixel: float) -> None:
        """Move a vertex."""
        self._sketched(sketches.move, part, path, index, self._snapped(x, y, metres_per_pixel))

    def insert(self, part: int, path: int, index: int, x: float, y: float, metres_per_pixel: float) -> None:
        """Insert a vertex before another."""
        self._sketched(sketches.insert, part, path, index, self._snapped(x, y, metres_per_pixel))

    def remove(self, part: int, path: int, index: int) -> None:
        """Remove a vertex."""
        self._sketched(sketches.remove, part, path, index)

    def back(self) -> None:
        """Remove the vertex that was added last."""
        work = self.work
        if work is not None and work.sketch.vertices:
            part = len(work.sketch.parts) - 1
            path = len(work.sketch.parts[part]) - 1
            self.remove(part, path, len(work.sketch.parts[part][path]) - 1)

    def shift(self, dx: float, dy: float) -> None:
        """Move the whole drawing."""
        self._sketched(sketches.shift, dx, dy)

    def reverse(self) -> None:
        """Turn a line round: its teeth point to the other side."""
        self._sketched(sketches.reverse)

    def go_on(self, *, at_start: bool) -> None:
        """Continue a line at one of its ends."""
        if self.work is not None and self.work.sketch.shape is Shape.LINE:
            work = self.work.upright
            self.put(replace(work, sketch=sketches.resume(work.sketch, at_start), adding=True, turned=at_start))

    def finish(self) -> None:
        """Stop adding vertices; the drawing stays on the desk."""
        if self.work is not None and self.work.adding:
            self.put(replace(self.work.upright, adding=False, freehand=False))

    def split(self, part: int, path: int, index: int) -> None:
        """Cut a line in two at a vertex: the rest becomes an annotation of its own."""
        work = self.work
        if work is not None:
            pieces = sketches.split(work.sketch, part, path, index)
            one, other = (replace(work, sketch=piece, adding=False).upright for piece in pieces)
            self.put(replace(one, others=(*work.others, (new_id(), other.sketch))))

    def cut(self, points: list[list[float]]) -> None:
        """Cut an area along a line drawn across it."""
        work = self.work
        if work is None:
            return
        pieces = sketches.split_area(work.sketch, tuple(to_lonlat(float(x), float(y)) for x, y in points))
        if len(pieces) < 2:
            raise InputError("The line does not cross the area from side to side; draw it right across.")
        others = tuple((new_id(), piece) for piece in pieces[1:])
        self.put(replace(work, sketch=pieces[0], others=(*work.others, *others), freehand=False, adding=False))

    def join(self, other: Revision) -> None:
        """Join another annotation to this one: recorded, it takes the other's place."""
        work = None if self.work is None else self.work.upright
        if work is None or other.annotation.id == work.id:
            return
        sketch = sketches.join(work.sketch, sketch_of_annotation(other.annotation))
        absorbed = (*work.absorbed, (other.annotation.id, other.version))
        self.put(replace(work, sketch=sketch, absorbed=absorbed, adding=False))

    def repair(self) -> None:
        """Do what the drawing's problem suggests."""
        wrong = self.wrong
        if self.work is not None and wrong is not None:
            self.put(replace(self.work, sketch=wrong.repaired, adding=False).upright)

    def fill(self, name: str, text: str) -> None:
        """Fill in a field of the form."""
        if self.work is not None:
            self.put(replace(self.work, fields=tuple(sorted({**self.work.form, name: text}.items()))))

    def _sketched(self, change: Any, *arguments: Any) -> None:  # noqa: ANN401 - a function of geo.sketches
        if self.work is not None:
            self.put(replace(self.work, sketch=change(self.work.sketch, *arguments)))

    def _snapped(self, x: float, y: float, metres_per_pixel: float) -> Vertex:
        vertex, reach = to_lonlat(x, y), SNAP_PX * metres_per_pixel
        return sketches.snap(vertex, self.around(vertex, reach), reach)[0] if reach > 0 else vertex


def _close(sketch: Sketch, vertex: Vertex, metres_per_pixel: float) -> bool:
    """Return whether a vertex lies where the last one was put."""
    path = sketch.parts[-1][-1] if sketch.parts and sketch.parts[-1] else ()
    if not path:
        return False
    (x, y), (last_x, last_y) = to_mercator(*vertex), to_mercator(*path[-1])
    return math.hypot(x - last_x, y - last_y) < SAME_PX * metres_per_pixel


def draft_of(work: Work, author: str, reason: str = "") -> Draft:
    """Return what has to be kept of the work on the desk."""
    joined = "\n".join(f"{id_}={version}" for id_, version in work.absorbed)
    fields = work.form | {ABSORBED: joined} if joined else work.form
    return Draft(
        id=work.id, author=author, updated=datetime.now(UTC), base=work.base, sketch=work.upright.sketch,
        fields=tuple(sorted(fields.items())), reason=reason,
    )  # fmt: skip


def filled(fields: Fields) -> bool:
    """Return whether anything was written into a form beyond what it came with."""
    return any(fields.get(name) for name in ("title", "notes", "sources", "evidence"))

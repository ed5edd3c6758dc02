"""The catalogue's annotations as shapes ready to draw: gathered once, then kept up with the log edit by edit."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

import numpy as np
from numpy.typing import NDArray

from dashboard.catalog.annotations import Drawn
from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.mercator import to_mercator
from dashboard.model.annotation import AnnotationKind
from dashboard.model.sketch import Shape
from dashboard.render.strokes import MAX_RANKS, Marks, Strokes, Window, mark, strokes
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

_MOST_EDITS = 1_000
"""Edits kept beside what was gathered before everything is gathered anew."""
_REMEMBERED = 3
"""Moments: a hundred thousand annotations take 100 MB each."""
_SUBJECT = "annotation:"
_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            AnnotationKind.CONTROL,
            AnnotationKind.NOTE,
            AnnotationKind.DAMAGE,
            AnnotationKind.ROUTE,
            AnnotationKind.OBSTACLE,
            AnnotationKind.POSITION,
            AnnotationKind.FRONTLINE,
        )
    )
}
"""What is drawn first and may be covered."""

_KINDS = {kind.value: kind for kind in AnnotationKind}
_FORMS = {shape.value: shape for shape in Shape}
_KEYS = count()

Style = tuple[AnnotationKind, str]
"""Kind and side: what decides the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Annotations and what draws them."""

    key: int
    """Unlike that of any other, for what is remembered about them."""
    ids: NDArray[np.object_]
    kinds: NDArray[np.object_]
    sides: NDArray[np.object_]
    forms: NDArray[np.object_]
    """`Shape` of each."""
    titles: NDArray[np.object_]
    grades: NDArray[np.object_]
    geometry: NDArray[np.object_]
    """Longitude and latitude in degrees."""
    strokes: Strokes

    def __len__(self) -> int:
        return len(self.ids)

    def none(self) -> "Shapes":
        """Return no shapes."""
        nothing = np.zeros(0, dtype=object)
        empty = strokes(nothing, np.zeros(0, np.uint8))
        rows = dict.fromkeys(("ids", "kinds", "sides", "forms", "titles", "grades", "geometry"), nothing)
        return Shapes(**rows, key=next(_KEYS), strokes=empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is on the map at one moment as known at one moment."""

    styles: tuple[Style, ...]
    """Of rank 1, 2, and so on."""
    base: Shapes
    replaced: NDArray[np.bool_]
    """(base,) which have been edited or removed since."""
    edits: Shapes
    head: int
    """Number of the last event taken into account."""
    edited: frozenset[str]

    def inside(self, bounds: tuple[float, float, float, float]) -> list[tuple[Shapes, NDArray[np.intp]]]:
        """Return what touches a rectangle in Mercator metres, as shapes and positions among them."""
        old = self.base.strokes.inside(*bounds) & ~self.replaced
        new = self.edits.strokes.inside(*bounds)
        return [(self.base, np.flatnonzero(old)), (self.edits, np.flatnonzero(new))]

    def draw(self, window: Window, marks: Marks) -> Marks:
        """Draw everything into a window."""
        mark(self.base.strokes, window, marks, hidden=self.replaced)
        return mark(self.edits.strokes, window, marks)


class _Followed:
    """One moment's annotations, kept up with the log; safe to use from several threads."""

    def __init__(self, query: AnnotationQuery) -> None:
        self._query = query
        self._lock = threading.Lock()
        self._held: Held | None = None

    def now(self, workspace: Workspace) -> Held:
        """Return what is there now."""
        head = workspace.catalog.log.head()[0]
        found = self._held
        if found is not None and found.head == head:
            return found
        with self._lock:  # of two who come first together, one reads and the other waits for it
            if self._held is None or self._held.head != head:
                self._held = self._kept_up(workspace, head)
            return self._held

    def _kept_up(self, workspace: Workspace, head: int) -> Held:
        if self._held is None or not 0 < head - self._held.head <= _MOST_EDITS:
            return _gathered(workspace, self._query, head)
        events = workspace.catalog.log.events(since=self._held.head, limit=_MOST_EDITS)
        new = {event.subject.removeprefix(_SUBJECT) for event in events if event.subject.startswith(_SUBJECT)}
        edited = self._held.edited | new
        drawn = workspace.catalog.annotations.drawn(replace(self._query, ids=tuple(sorted(edited)))) if edited else None
        if len(edited) > _MOST_EDITS or (drawn is not None and not _styles(drawn) <= set(self._held.styles)):
            return _gathered(workspace, self._query, head)
        base = self._held.base
        return replace(
            self._held,
            replaced=np.isin(base.ids, sorted(edited)),
            edits=base.none() if drawn is None else _shapes(drawn, self._held.styles),
            head=head,
            edited=edited,
        )


_followed: Remembered[_Followed] = Remembered(_REMEMBERED)


def held(workspace: Workspace, valid_at: datetime | None, known_at: datetime | None) -> Held:
    """Return the shapes of every annotation valid at a moment, as known at another.

    The first call reads them all; from then on an edit costs what it changed.

    Parameters
    ----------
    valid_at : None means at any time
    known_at : None means now
    """
    query = AnnotationQuery(valid_at=valid_at, known_at=known_at, limit=None)
    followed = _followed.get((str(workspace.catalog.path), query), lambda: _Followed(query))
    return followed.now(workspace)


def _gathered(workspace: Workspace, query: AnnotationQuery, head: int) -> Held:
    # Read after the head: an edit in between is in both, and drawn once, as it will count as edited.
    drawn = workspace.catalog.annotations.drawn(query)
    styles = tuple(sorted(_styles(drawn), key=lambda style: (_ORDER[style[0]], style[1])))
    base = _shapes(drawn, styles)
    return Held(
        styles=styles,
        base=base,
        replaced=np.zeros(len(base), bool),
        edits=base.none(),
        head=head,
        edited=frozenset(),
    )


def _styles(drawn: Drawn) -> set[Style]:
    return {(_KINDS[kind], side) for kind, side in set(zip(drawn.kinds, drawn.sides, strict=True))}


def _shapes(drawn: Drawn, styles: Sequence[Style]) -> Shapes:
    # Past the last rank sides share one: they are still drawn, in the colour of the last.
    ranks = {style: min(rank, MAX_RANKS) for rank, style in enumerate(styles, start=1)}
    kinds = np.array([_KINDS[kind] for kind in drawn.kinds], dtype=object)
    geometry = np.asarray(drawn.geometry, dtype=object)
    numbers = [ranks[kind, side] for kind, side in zip(kinds, drawn.sides, strict=True)]
    return Shapes(
        key=next(_KEYS),
        ids=np.asarray(drawn.ids, dtype=object),
        kinds=kinds,
        sides=np.asarray(drawn.sides, dtype=object),
        forms=np.array([_FORMS[shape] for shape in drawn.shapes], dtype=object),
        titles=np.asarray(drawn.titles, dtype=object),
        grades=np.asarray(drawn.grades, dtype=object),
        geometry=geometry,
        strokes=strokes(geometry, np.array(numbers, np.uint8), metres=to_metres),
    )


def to_metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 2) Mercator metres of (n, 2) degrees."""
    return np.column_stack(to_mercator(points[:, 0], points[:, 1]))

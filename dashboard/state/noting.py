"""Annotations over the map: what is there, the chosen one and its history, the conflicts that wait for a person."""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import param
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.query import AnnotationQuery
from dashboard.geo.front_distance import FrontRelation
from dashboard.geo.mercator import bbox_of, to_mercator
from dashboard.model.annotation import Conflict, Revision
from dashboard.model.errors import NotFoundError
from dashboard.model.view import Layer
from dashboard.state.background import Background, attempt
from dashboard.state.follower import Follower
from dashboard.state.notices import Notices
from dashboard.state.reach import Reach
from dashboard.state.viewing import Viewing
from dashboard.workflows.front_report import related_to
from dashboard.workflows.fronts import fronts_revision
from dashboard.workflows.overlay import near
from dashboard.workflows.workspace import Workspace

PAGE = 10
"""Rows of the list."""
MOST_MEASURED = 5_000
"""Annotations whose distance to the front is measured for a list ordered by it."""
MOST_MARKS = 300
"""Ticks on the timeline."""
MOST_SNAPPED = 50
"""Annotations whose vertices and edges one new vertex may snap to, the nearest first."""
NEAR_PX = 8
"""How far from an annotation a click still means it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list and how long the list is."""

    rows: tuple[Revision, ...] = ()
    related: tuple[FrontRelation | None, ...] = ()
    """Distance to the front valid at each one's date, and whose ground it is; None where no front is known."""
    total: int = 0
    page: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen annotation: its revisions, oldest first, and the edits that contradict it."""

    id: str
    history: tuple[Revision, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def now(self) -> Revision:
        """What is on the map."""
        return self.history[-1]


class Noting(Follower):
    """Follows the view's extent, its two clocks and the catalogue."""

    listing = param.ClassSelector(class_=Listing, default=Listing())
    chosen = param.ClassSelector(class_=Chosen, default=None, allow_None=True)
    choices = param.Integer(default=0)
    """How often somebody chose one: choosing the same again counts, looking it up again does not."""
    conflicts = param.ClassSelector(class_=tuple, default=())
    """Every open `Conflict` there is."""
    marks = param.ClassSelector(class_=tuple, default=())
    """`Revision` over the map, whenever valid, for the timeline's lane."""
    forces = param.ClassSelector(class_=tuple, default=())
    words = param.String(default="")
    """Filter of the list."""
    order = param.Selector(default="recent", objects=["recent", "title", "valid_from", "grade", "kind", "front"])
    within_km = param.Number(default=None, allow_None=True, bounds=(0, None))
    """Only what lies so near the front that was valid when it began."""
    everywhere = param.Boolean(default=False)
    """Whether the list goes beyond the map's extent and the moment."""

    def __init__(
        self, workspace: Workspace, viewing: Viewing, reach: Reach, background: Background, notices: Notices
    ) -> None:
        super().__init__(workspace, viewing, reach, background, notices)
        self._page = 0
        self.light = False
        """Whether to leave the list as it is: while days are played."""
        viewing.param.watch(lambda *_: self.refresh(), "view")
        self.param.watch(lambda *_: self.turn(0), ["words", "order", "everywhere", "within_km"])

    @property
    def moment(self) -> datetime | None:
        """Moment for which annotations are shown: the view's own, else B's."""
        view, b = self._viewing.view, self._reach.b
        return view.valid_at or (b.start if b else None)

    def prime(self) -> None:
        """Look once in the calling thread, so that the page is built with the lane it will have."""
        key = self._asked = self._key()
        self._found(attempt(lambda: self._look(key)))

    def turn(self, page: int) -> None:
        """Show another page of the list."""
        self._page = max(page, 0)
        self.refresh()

    def refresh(self) -> None:
        """Look up the list's page and the chosen one, unless nothing changed since."""
        key = self._key()
        if key == self._asked or self.light:
            return
        self._asked = key
        self._latest.ask(lambda: self._look(key), self._found)

    def _key(self) -> tuple[Any, ...]:
        view = self._viewing.view
        return (
            bbox_of(view.extent), self.moment, view.known_at, self.words, self.order, self.everywhere, self._page,
            self.chosen.id if self.chosen else None, fronts_revision(self._workspace), self.within_km, view.provider,
        )  # fmt: skip

    def _look(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        bbox, moment, known_at, words, order, everywhere, page, chosen, *_ = key
        store = self._workspace.catalog.annotations
        query = AnnotationQuery(
            bbox=None if everywhere else bbox, valid_at=None if everywhere else moment, known_at=known_at,
            text=words, order="recent" if order == "front" else order, limit=PAGE, offset=page * PAGE,
        )  # fmt: skip
        near = order == "front" or self.within_km is not None
        listing = self._nearest(query, page) if near else self._listed(query, page)
        marks = tuple(store.find(AnnotationQuery(bbox=bbox, known_at=known_at, order="valid_from", limit=MOST_MARKS)))
        picked = self._known(chosen, known_at) if chosen else None
        waiting = tuple(store.conflicts()) if known_at is None else ()  # they wait now, not then
        return listing, marks, (chosen, picked), waiting, tuple(store.forces())

    def _nearest(self, query: AnnotationQuery, page: int) -> Listing:
        """Return a page of the list ordered by, or bounded by, the distance to the front: all of it is measured."""
        rows = tuple(self._workspace.catalog.annotations.find(replace(query, limit=MOST_MEASURED, offset=0)))
        pairs = list(zip(rows, self._relations(rows), strict=True))
        if self.within_km is not None:
            pairs = [pair for pair in pairs if pair[1] is not None and pair[1].km <= self.within_km]
        if self.order == "front":
            pairs.sort(key=lambda pair: pair[1].km if pair[1] is not None else float("inf"))
        shown = pairs[page * PAGE : (page + 1) * PAGE]
        return Listing(tuple(row for row, _ in shown), tuple(near for _, near in shown), len(pairs), page)

    def _listed(self, query: AnnotationQuery, page: int) -> Listing:
        store = self._workspace.catalog.annotations
        rows = tuple(store.find(query))
        return Listing(rows, self._relations(rows), store.count(query), page)

    def _relations(self, rows: tuple[Revision, ...]) -> tuple[FrontRelation | None, ...]:
        view = self._viewing.view
        items = [(row.annotation.geometry, row.annotation.valid_from) for row in rows]
        return tuple(related_to(self._workspace, view.provider, items, view.known_at))

    def _found(self, result: Any) -> None:  # noqa: ANN401
        if isinstance(result, Exception):
            self._notices.fail(result)
            return
        listing, marks, (asked, chosen), conflicts, forces = result
        if asked != (self.chosen.id if self.chosen else None):
            chosen = self.chosen  # somebody chose meanwhile: the next look has it
            self.refresh()
        self.param.update(listing=listing, marks=marks, chosen=chosen, conflicts=conflicts, forces=forces)

    def choose(self, id_: str | None) -> None:
        """Choose an annotation on map and list at once, with its history."""
        if id_ is None:
            if self.chosen is not None:
                self.chosen = None
            return
        known_at = self._viewing.view.known_at
        found = self._known(id_, known_at)
        if found is not None:
            self.chosen = found
            self.choices += 1
        else:
            remedy = "list those there are" if known_at is None else "choose a later 'as known at'"
            self._notices.fail(NotFoundError(f"Annotation {id_} is not known; {remedy}."))

    def _known(self, id_: str, known_at: datetime | None) -> Chosen | None:
        store = self._workspace.catalog.annotations
        history = tuple(store.history(id_, known_at=known_at))
        waiting = tuple(store.conflicts(id_)) if known_at is None else ()
        return Chosen(id_, history, waiting) if history else None

    def near(self, x: float, y: float, metres_per_pixel: float) -> Revision | None:
        """Return the annotation under a place (Mercator metres), the nearest first."""
        if not self.shown:
            return None
        view = self._viewing.view
        found = near(self._workspace, view, (x, y), NEAR_PX * metres_per_pixel)
        return self._workspace.catalog.annotations.get(found[0], known_at=view.known_at) if found else None

    def around(self, place: tuple[float, float], reach_m: float, *, but: str = "") -> tuple[BaseGeometry, ...]:
        """Return the annotations (degrees, to the last bit) within Mercator metres of a longitude and latitude."""
        if not self.shown or not all(math.isfinite(each) for each in place):
            return ()
        view = self._viewing.view
        ids = tuple(id_ for id_ in near(self._workspace, view, to_mercator(*place), reach_m) if id_ != but)
        query = AnnotationQuery(ids=ids[:MOST_SNAPPED], known_at=view.known_at)
        return tuple(self._workspace.catalog.annotations.drawn(query).geometry) if ids else ()

    @property
    def shown(self) -> bool:
        """Whether the layer is switched on."""
        return Layer.ANNOTATIONS in self._viewing.view.layers

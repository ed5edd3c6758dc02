"""Annotations in the catalogue: recorded in the log, found by place and by both times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, pairwise
from typing import Any
from uuid import uuid4

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, select

from dashboard.catalog.annotation_body import annotation_in, body_of
from dashboard.catalog.annotation_search import candidates, counted, is_wide, ordered, straddling
from dashboard.catalog.chain import event_of
from dashboard.catalog.codec import micros
from dashboard.catalog.conflicts import RESOLVED, open_versions
from dashboard.catalog.engine import Database
from dashboard.catalog.forces import force_event, forces
from dashboard.catalog.log import EventLog
from dashboard.catalog.query import AnnotationQuery, Box
from dashboard.catalog.revision_rows import Reader, revisions
from dashboard.catalog.revisions import REMOVED, SAVED, SUBJECT
from dashboard.catalog.space import touching
from dashboard.catalog.tables import annotation_revision, conflict, event
from dashboard.model.annotation import Annotation, Conflict, Force, Revision
from dashboard.model.errors import InputError, NotFoundError
from dashboard.model.event import Event, NewEvent

_R = annotation_revision.c
_PARTITION = 2000
_SPARE = 50
"""Rows read beyond a page at first, for those that only the index box lets through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is needed to draw many annotations; row i of every array is one of them."""

    ids: NDArray[np.object_]
    """(n,) str."""
    kinds: NDArray[np.object_]
    """(n,) str: values of `AnnotationKind`."""
    sides: NDArray[np.object_]
    """(n,) str."""
    shapes: NDArray[np.object_]
    """(n,) str: values of `Shape`."""
    titles: NDArray[np.object_]
    """(n,) str."""
    grades: NDArray[np.object_]
    """(n,) str."""
    geometry: NDArray[np.object_]
    """(n,) shapely geometries, longitude and latitude in degrees."""


class Annotations:
    """Repository of annotations: every revision of each, since it was first drawn."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log
        self._reader = Reader()

    def save(
        self, annotation: Annotation, *, author: str, base: int, event_id: str | None = None, note: str = ""
    ) -> Event:
        """Record an annotation, a new one (`base` 0) or an edit of version `base`.

        Parameters
        ----------
        base : version that the author had before their eyes; an edit of another becomes a conflict
        event_id : unique, the same for every attempt to record this edit: a second attempt does nothing
        note : why it was edited

        Returns
        -------
        What was recorded; its `outcome` says whether it is on the map.

        Raises
        ------
        InputError
            If the geometry is not one of the annotation's shape in degrees, or nobody signs.
        NotFoundError
            If it is an edit of something that was never recorded.
        DiskFullError
            If there is no room; nothing is recorded then.
        """
        return self._log.append(_saved(annotation, author, base, note, event_id))

    def save_many(
        self, annotations: Iterable[Annotation], *, author: str, note: str = "",
        bases: Mapping[str, int] | None = None, removed: Mapping[str, int] | None = None,
    ) -> list[Event]:  # fmt: skip
        """Record many annotations and then removals, all or none, in one transaction; see `save` and `remove`.

        Parameters
        ----------
        bases : version that an edited one is based on, by id; without one it is taken for new
        removed : version of each one that is taken off the map, by id
        """
        known, said = bases or {}, {"note": note} if note else {}
        saved = (_saved(one, author, known.get(one.id, 0), note) for one in annotations)
        gone = (_new(REMOVED, SUBJECT + id_, author, base, said, None) for id_, base in (removed or {}).items())
        return self._log.append_many(chain(saved, gone))

    def remove(self, id_: str, *, author: str, base: int, event_id: str | None = None, note: str = "") -> Event:
        """Take an annotation off the map. Its history stays; saving it again brings it back.

        Raises
        ------
        NotFoundError
            If there is none.
        CatalogError
            If `base` is its removal.
        """
        return self._log.append(_new(REMOVED, SUBJECT + id_, author, base, {"note": note} if note else {}, event_id))

    def resolve(
        self, version: int, annotation: Annotation | None, *, author: str, base: int, event_id: str | None = None
    ) -> Event:
        """Decide a conflict: the choice becomes the next revision and the conflict is closed.

        Parameters
        ----------
        version : number of the event in conflict
        annotation : what is right; None keeps what is there
        base : version of what is there, as the person saw it; another one there becomes a conflict again

        Raises
        ------
        NotFoundError
            If no event of this number is in conflict.
        CatalogError
            If the conflict was resolved before.
        InputError
            If the annotation is another one.
        """
        subject = self._subject_of(version)
        if annotation is not None and SUBJECT + annotation.id != subject:
            msg = f"Conflict {version} is on {subject}, not on annotation {annotation.id}; choose a state of that one."
            raise InputError(msg)
        body = {"conflict": version, "choice": None if annotation is None else body_of(annotation)}
        return self._log.append(_new(RESOLVED, subject, author, base, body, event_id))

    def get(self, id_: str, *, known_at: datetime | None = None) -> Revision:
        """Return the present revision of an annotation, or the one at a moment; `removed` says if it is off the map.

        Raises
        ------
        NotFoundError
            If there was none then.
        """
        statement = select(_R.number).where(_R.id == id_).order_by(_R.number.desc()).limit(1)
        if known_at is not None:
            statement = statement.where(_R.known_from <= micros(known_at))
        with self._database.reading() as connection:
            numbers = list(connection.execute(statement).scalars())
            if not numbers:
                then = "" if known_at is None else f" at {known_at.isoformat()}"
                msg = f"No annotation {id_!r} in {self._database.path}{then}; choose another, or a later time."
                raise NotFoundError(msg)
            return self._reader.revisions(connection, numbers)[0]

    def find(self, query: AnnotationQuery | None = None) -> list[Revision]:
        """Return the revisions that match, in the order of the query; of each annotation at most one."""
        query = query or AnnotationQuery()
        with self._database.reading() as connection:
            rows = _page(query, connection, _R.number)
            return self._reader.revisions(connection, [row.number for row in rows])

    def count(self, query: AnnotationQuery | None = None) -> int:
        """Return how many match, whatever the page of the query."""
        query = query or AnnotationQuery()
        with self._database.reading() as connection:
            wide = is_wide(connection, query)
            hits = int(connection.execute(counted(query, wide=wide)).scalar_one())
            if query.bbox is None:
                return hits
            doubtful = connection.execute(straddling(query, query.bbox, wide=wide)).scalars().all()
        return hits - int((~_hits(query.bbox, doubtful)).sum())

    def drawn(self, query: AnnotationQuery | None = None) -> Drawn:
        """Return what matches as arrays for drawing, in the order of the query."""
        query = query or AnnotationQuery()
        with self._database.reading() as connection:
            rows = _page(query, connection, _R.id, _R.kind, _R.side, _R.shape, _R.title, _R.grade, _R.geometry)
        ids, kinds, sides, shapes, titles, grades, wkb = (_array(rows, place) for place in range(7))
        return Drawn(
            ids=ids,
            kinds=kinds,
            sides=sides,
            shapes=shapes,
            titles=titles,
            grades=grades,
            geometry=np.asarray(shapely.from_wkb(wkb), dtype=object),
        )

    def history(self, id_: str, *, known_at: datetime | None = None) -> list[Revision]:
        """Return every revision of an annotation, oldest first, removals among them; none for an unknown one."""
        then = [] if known_at is None else [_R.known_from <= micros(known_at)]
        with self._database.reading() as connection:
            found = revisions(connection, _R.id == id_, *then)
        closed = [replace(one, known_until=after.known_from) for one, after in pairwise(found)]
        return [*closed, *found[-1:]]

    def conflicts(self, id_: str | None = None) -> list[Conflict]:
        """Return the open conflicts, on one annotation or on any, oldest first."""
        with self._database.reading() as connection:
            versions = open_versions(connection, SUBJECT + (id_ or ""))
            rows = connection.execute(select(event).where(event.c.number.in_(versions)).order_by(event.c.number))
            edits = [event_of(row) for row in rows.mappings()]
            bases = {one.version: one for one in revisions(connection, _R.number.in_({edit.base for edit in edits}))}
            ids = [edit.subject.removeprefix(SUBJECT) for edit in edits]
            there = revisions(connection, _R.id.in_(set(ids)), _R.known_until.is_(None))
        present = {one.annotation.id: one for one in there}
        return [_conflict(edit, bases.get(edit.base), present[id_]) for edit, id_ in zip(edits, ids, strict=True)]

    def forces(self) -> list[Force]:
        """Return the forces there are: the two of the exercise first, then others in the order of recording."""
        with self._database.reading() as connection:
            return forces(connection)

    def save_force(self, force: Force, *, author: str) -> Event:
        """Record a force, or another colour of it.

        Raises
        ------
        InputError
            If the name is empty or the colour is not ``#rrggbb``.
        """
        kind, subject, body = force_event(force)
        return self._log.append(_new(kind, subject, author, self._log.version(subject), body))

    def _subject_of(self, version: int) -> str:
        c = conflict.c
        statement = select(c.subject).where(c.version == version, c.subject.startswith(SUBJECT))
        with self._database.reading() as connection:
            subject = connection.execute(statement).scalar()
        if subject is None:
            msg = f"No event {version} in conflict on an annotation; list the open conflicts again."
            raise NotFoundError(msg)
        return str(subject)


def _saved(annotation: Annotation, author: str, base: int, note: str, event_id: str | None = None) -> NewEvent:
    body = body_of(annotation) | ({"note": note} if note else {})
    return _new(SAVED, SUBJECT + annotation.id, author, base, body, event_id)


def _new(kind: str, subject: str, author: str, base: int, body: dict[str, Any], id_: str | None = None) -> NewEvent:
    return NewEvent(id=id_ or uuid4().hex, kind=kind, subject=subject, author=author, base=base, body=body)


def _page(query: AnnotationQuery, connection: Connection, *columns: ColumnElement[Any]) -> Sequence[Row[Any]]:
    """Return the rows on the page of a query, without those that only the index box lets through."""
    statement = candidates(query, *columns, wide=is_wide(connection, query)).order_by(*ordered(query))
    if query.bbox is None:
        page = statement.offset(query.offset).limit(-1 if query.limit is None else query.limit)
        return connection.execute(page).fetchall()
    end = None if query.limit is None else query.offset + query.limit
    found: list[Row[Any]] = []
    with connection.execute(statement) as result:
        for rows in result.partitions(_PARTITION if end is None else min(_PARTITION, end + _SPARE)):
            found += _exact(query.bbox, rows)
            if end is not None and len(found) >= end:
                break  # a walk over much ground reads little more than the page
    return found[query.offset : end]


def _exact(bbox: Box, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    doubtful = [place for place, row in enumerate(rows) if row.doubtful is not None]
    missed = {doubtful[i] for i in np.flatnonzero(~_hits(bbox, [rows[place].doubtful for place in doubtful]))}
    return [row for place, row in enumerate(rows) if place not in missed] if missed else rows


def _hits(bbox: Box, drawings: Sequence[bytes]) -> NDArray[np.bool_]:
    return touching(bbox, shapely.from_wkb(list(drawings))) if drawings else np.zeros(0, dtype=bool)


def _array(rows: Sequence[Row[Any]], place: int) -> NDArray[np.object_]:
    values = np.empty(len(rows), dtype=object)
    values[:] = [row[place] for row in rows]
    return values


def _conflict(edit: Event, base: Revision | None, theirs: Revision) -> Conflict:
    known = base is not None and base.annotation.id == theirs.annotation.id
    return Conflict(
        version=edit.number,
        author=edit.author,
        at=edit.at,
        mine=annotation_in(edit),
        base=base if known else None,
        theirs=theirs,
    )

"""Revisions of annotations as the log makes them: one row, and one box in space and both times, per applied event."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from dashboard.catalog.annotation_body import annotation_in
from dashboard.catalog.codec import days, handling_of, handling_text, micros, moment, packed
from dashboard.catalog.conflicts import RESOLVED
from dashboard.catalog.projection import empty, rows_of
from dashboard.catalog.space import drawn_box
from dashboard.catalog.tables import ANNOTATION_BOX, annotation_box, annotation_revision
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind, Revision
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import Event, Outcome
from dashboard.model.sketch import Shape

SAVED = "annotation.saved"
REMOVED = "annotation.removed"
SUBJECT = "annotation:"
"""What the subject of an event on an annotation begins with; its id follows."""
OPEN = float(2**24)
"""Days since 2000 that stand for no end: beyond every date, and exact in 32 bits."""

_R = annotation_revision.c


def folded(text: str) -> str:
    """Return text as a search compares it: without case, and without the difference between ways to write a letter."""
    return unicodedata.normalize("NFKC", text).casefold()


class Revisions:
    """Projection of every revision of every annotation."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event is on an annotation."""
        return event.kind in {SAVED, REMOVED} or (event.kind == RESOLVED and event.subject.startswith(SUBJECT))

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Make the next revision of each annotation that an applied event is on.

        Raises
        ------
        InputError
            If an event holds no annotation.
        NotFoundError
            If what is to be removed or kept, or what a stale edit is based on, is not there.
        CatalogError
            If something is to be removed that is removed.
        """
        present = _present(connection, [_id(event) for event in events])
        pages = _Pages()
        for event in events:
            there, wanted = present.get(_id(event)), annotation_in(event)
            if there is None and (wanted is None or event.outcome is Outcome.CONFLICT):
                msg = f"There is no annotation {_id(event)} to base this on; save it as a new one (base 0)."
                raise NotFoundError(msg)
            if event.outcome is Outcome.APPLIED:
                present[_id(event)] = pages.turn(there, event, wanted)
        pages.write(connection)

    def clear(self, connection: Connection) -> None:
        """Forget every revision, for a replay."""
        empty(connection, annotation_revision, annotation_box)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return every revision, then every box."""
        yield from (tuple(row) for row in rows_of(connection, annotation_revision, _R.number))
        yield from (tuple(row) for row in rows_of(connection, annotation_box, annotation_box.c.key))


class _Pages:
    """Rows to write: what begins, and what ends with it."""

    def __init__(self) -> None:
        self._new: dict[int, dict[str, Any]] = {}
        self._ended: list[dict[str, Any]] = []

    def turn(self, there: dict[str, Any] | None, event: Event, wanted: Annotation | None) -> dict[str, Any]:
        """End the present revision and return the next; `wanted` None: gone for a removal, as it is for a decision."""
        at = micros(event.at)
        if there is not None:
            if event.kind == REMOVED and there["removed"]:
                msg = f"Annotation {there['id']} is removed already, by event {there['number']}."
                raise CatalogError(msg)
            if there["number"] in self._new:
                self._new[there["number"]]["known_until"] = at
            else:
                self._ended.append({"ended": there["number"], "at": at, "day": days(at)})
        content = {**there, "removed": event.kind == REMOVED or there["removed"]} if there and wanted is None else {}
        if wanted is not None:
            content = {**_columns(wanted), "removed": False}
        made = {"number": event.number, "author": event.author, "known_from": at, "known_until": None}
        title, notes = content["title"], json.loads(content["body"])["notes"]
        words = folded("\n".join((title, content["side"], content["opposing"], event.author, notes)))
        row = {**content, **made, "words": words}
        self._new[event.number] = row
        return row

    def write(self, connection: Connection) -> None:
        if self._ended:
            until = update(annotation_revision).where(_R.number == bindparam("ended"))
            connection.execute(until.values(known_until=bindparam("at")), self._ended)
            c = annotation_box.c
            last = update(annotation_box).where(c.key == bindparam("ended")).values(known_last=bindparam("day"))
            connection.execute(last, self._ended)
        rows = list(self._new.values())
        if rows:
            connection.execute(insert(annotation_revision), rows)
        boxes = _boxes([row for row in rows if not row["removed"]])
        if boxes:
            names: dict[str, Any] = {name: bindparam(name) for name in ANNOTATION_BOX}
            connection.execute(insert(annotation_box).values(names), boxes)


class Reader:
    """Rows to revisions. One that was read before gives the same object: a map that is panned asks ever again.

    Safe to use from several threads: each step on the memory is one operation of the interpreter.
    """

    def __init__(self, remembered: int = 20_000) -> None:
        self._limit = remembered
        self._known: dict[int, Revision] = {}

    def revisions(self, connection: Connection, numbers: Sequence[int]) -> list[Revision]:
        """Return the revisions of these numbers, as they were while they were the present ones."""
        known = self._known
        missing = [number for number in numbers if number not in known]
        found = {number: known[number] for number in numbers if number in known}
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            rows = connection.execute(select(annotation_revision).where(_R.number.in_(chunk))).fetchall()
            found.update((one.version, one) for one in revisions_of(rows))
        if len(known) + len(missing) > self._limit:
            self._known = {}
        if len(missing) <= self._limit:
            self._known.update((number, found[number]) for number in missing)
        return [found[number] for number in numbers]


_CHUNK = 1000


def revisions_of(rows: Sequence[Row[Any]]) -> list[Revision]:
    """Return the revisions of rows, each without an end."""
    geometries = shapely.from_wkb([row.geometry for row in rows])
    return [_revision(row, geometry) for row, geometry in zip(rows, geometries, strict=True)]


def _revision(row: Row[Any], geometry: shapely.geometry.base.BaseGeometry) -> Revision:
    body: dict[str, Any] = json.loads(row.body)
    annotation = Annotation(
        id=row.id,
        kind=AnnotationKind(row.kind),
        shape=Shape(row.shape),
        geometry=geometry,
        title=row.title,
        side=row.side,
        opposing=row.opposing,
        valid_from=moment(row.valid_from),
        valid_to=None if row.valid_to is None else moment(row.valid_to),
        sources=tuple(body["sources"]),
        grade=row.grade,
        notes=body["notes"],
        evidence=tuple(Evidence(EvidenceKind(kind), target) for kind, target in body["evidence"]),
        handling=handling_of(row.handling),
    )
    return Revision(
        annotation=annotation,
        version=row.number,
        author=row.author,
        known_from=moment(row.known_from),
        removed=row.removed,
    )


def _columns(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": annotation.id,
        "kind": annotation.kind.value,
        "shape": annotation.shape.value,
        "side": annotation.side,
        "opposing": annotation.opposing,
        "title": annotation.title,
        "grade": annotation.grade,
        "valid_from": micros(annotation.valid_from),
        "valid_to": None if annotation.valid_to is None else micros(annotation.valid_to),
        "geometry": shapely.to_wkb(annotation.geometry),
        "handling": handling_text(annotation.handling),
        "body": packed(
            {
                "sources": annotation.sources,
                "notes": annotation.notes,
                "evidence": [[link.kind.value, link.id] for link in annotation.evidence],
            }
        ),
    }


def _boxes(rows: list[dict[str, Any]]) -> list[dict[str, float]]:
    geometries = shapely.from_wkb([row["geometry"] for row in rows])
    return [
        {
            "key": row["number"],
            **drawn_box(geometry),
            "valid_first": days(row["valid_from"]),
            "valid_last": OPEN if row["valid_to"] is None else days(row["valid_to"]),
            "known_first": days(row["known_from"]),
            "known_last": OPEN if row["known_until"] is None else days(row["known_until"]),
        }
        for row, geometry in zip(rows, geometries, strict=True)
    ]


def _present(connection: Connection, ids: list[str]) -> dict[str, dict[str, Any]]:
    open_ones = select(annotation_revision).where(_R.id.in_(sorted(set(ids))), _R.known_until.is_(None))
    return {row["id"]: dict(row) for row in connection.execute(open_ones).mappings()}


def _id(event: Event) -> str:
    if not event.subject.startswith(SUBJECT) or event.subject == SUBJECT:
        msg = f"{event.kind} is recorded on {event.subject!r}; give the subject as {SUBJECT}<id>."
        raise InputError(msg)
    return event.subject.removeprefix(SUBJECT)

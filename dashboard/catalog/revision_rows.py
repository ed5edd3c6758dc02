"""Annotation and revision <-> the row of a revision. Nothing is lost: what goes in equals what comes out."""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Row, func, select

from dashboard.catalog.codec import handling_of, handling_text, micros, moment, packed
from dashboard.catalog.space import drawn_box
from dashboard.catalog.tables import annotation_revision
from dashboard.model.annotation import Annotation, AnnotationKind, Evidence, EvidenceKind, Revision
from dashboard.model.sketch import Shape

_R = annotation_revision.c
_COLUMNS = tuple(
    _R[name]
    for name in (
        "number", "id", "kind", "shape", "side", "opposing", "title", "grade", "author", "known_from", "valid_from",
        "valid_to", "removed", "geometry", "handling", "body",
    )
)  # fmt: skip
# Twice as fast as asking the enumeration: a screen is two thousand of these.
_KINDS = {kind.value: kind for kind in AnnotationKind}
_SHAPES = {shape.value: shape for shape in Shape}
_LINKS = {kind.value: kind for kind in EvidenceKind}
_handling_text = lru_cache(maxsize=1024)(handling_text)
_decoded = json.JSONDecoder().decode


class Reader:
    """Numbers to revisions. One that was read before gives the same object: a map that is panned asks ever again.

    Safe to use from several threads: each step on the memory is one operation of the interpreter.
    """

    def __init__(self, remembered: int = 20_000) -> None:
        self._limit = remembered
        self._known: dict[int, Revision] = {}

    def revisions(self, connection: Connection, numbers: Sequence[int]) -> list[Revision]:
        """Return the revisions of these numbers, as they were while they were the present ones."""
        known = self._known
        found = {number: known[number] for number in numbers if number in known}
        missing = [number for number in numbers if number not in found]
        if missing:
            wanted = func.json_each(packed(missing)).table_valued("value")  # one parameter, however many they are
            found.update((one.version, one) for one in revisions(connection, _R.number.in_(select(wanted.c.value))))
        if missing and len(missing) <= self._limit:
            kept = known
            if len(known) + len(missing) > self._limit:  # the older half goes: in place, another thread may be reading
                kept = dict(islice(known.copy().items(), len(known) // 2, None))
            kept.update((number, found[number]) for number in missing)
            self._known = kept
        return [found[number] for number in numbers]


def revisions(connection: Connection, *conditions: ColumnElement[bool]) -> list[Revision]:
    """Return the revisions that meet conditions in the order of the log, each without an end."""
    rows = connection.execute(select(*_COLUMNS).where(*conditions).order_by(_R.number)).fetchall()
    drawings = shapely.from_wkb([row.geometry for row in rows])
    return [_revision(row, drawing) for row, drawing in zip(rows, drawings, strict=True)]


def columns_of(annotation: Annotation) -> dict[str, Any]:
    """Return what a row says about an annotation; who says so since when is the event's.

    Raises
    ------
    InputError
        If the drawing is not in degrees.
    """
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
        **drawn_box(annotation.geometry),
        "geometry": shapely.to_wkb(annotation.geometry),
        "handling": _handling_text(annotation.handling),
        "body": packed(
            {
                "sources": annotation.sources,
                "notes": annotation.notes,
                "evidence": [[link.kind.value, link.id] for link in annotation.evidence],
            }
        ),
    }


@lru_cache(maxsize=10_000)
def _evidence(link: str, target: str) -> Evidence:
    return Evidence(_LINKS[link], target)


def _revision(row: Row[Any], geometry: BaseGeometry) -> Revision:
    (
        number, id_, kind, shape, side, opposing, title, grade, author, known_from, valid_from, valid_to, removed,
        _, handling, text,
    ) = tuple(row)  # fmt: skip
    body: dict[str, Any] = _decoded(text)
    annotation = Annotation(
        id=id_,
        kind=_KINDS[kind],
        shape=_SHAPES[shape],
        geometry=geometry,
        title=title,
        side=side,
        opposing=opposing,
        valid_from=moment(valid_from),
        valid_to=None if valid_to is None else moment(valid_to),
        sources=tuple(body["sources"]),
        grade=grade,
        notes=body["notes"],
        evidence=tuple([_evidence(link, target) for link, target in body["evidence"]]),
        handling=handling_of(handling),
    )
    return Revision(
        annotation=annotation, version=number, author=author, known_from=moment(known_from), removed=removed
    )

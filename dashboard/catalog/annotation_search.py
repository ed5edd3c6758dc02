"""From a question about annotations to SQL: the tree of four dimensions first, exact conditions after it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, null, or_, select, union_all

from dashboard.catalog.codec import days, micros
from dashboard.catalog.query import AnnotationQuery, Box
from dashboard.catalog.revisions import OPEN, folded
from dashboard.catalog.space import search_boxes
from dashboard.catalog.tables import annotation_box, annotation_revision

_R = annotation_revision.c
_ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "recent": (_R.number.desc(),),  # time never runs backwards in the log
    "title": (_R.title.collate("NOCASE"), _R.number),
    "valid_from": (_R.valid_from, _R.number),
    "grade": (_R.grade, _R.number),
    "kind": (_R.kind, _R.number),
}


def ordered(query: AnnotationQuery) -> tuple[ColumnElement[Any], ...]:
    """Return what to order by."""
    return _ORDERS[query.order]


def candidates(query: AnnotationQuery, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the statement for columns of what may match, and last its ``doubtful`` geometry.

    That is NULL where the drawing is certain to touch the box of the query: there is nothing left to look at.
    """
    statement = select(*columns)
    if query.bbox is None:
        return statement.add_columns(null().label("doubtful")).where(*conditions(query))
    inside = _inside(query.bbox, query)
    doubtful = case((inside.c.certain, null()), else_=_R.geometry).label("doubtful")
    return (
        statement.add_columns(doubtful)
        .join_from(inside, annotation_revision, inside.c.key == _R.number)
        .where(*conditions(query))
    )


def conditions(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    """Return the exact conditions on everything but the place."""
    return [_R.removed.is_(False), *_known(query), *_valid(query), *_said(query)]


def _known(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    if query.known_at is None:
        return [_R.known_until.is_(None)]
    at = micros(query.known_at)
    return [_R.known_from <= at, or_(_R.known_until.is_(None), _R.known_until > at)]


def _valid(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.valid_at is not None:
        at = micros(query.valid_at)
        found += [_R.valid_from <= at, or_(_R.valid_to.is_(None), _R.valid_to > at)]
    if query.valid_during is not None:
        first, last = (micros(end) for end in query.valid_during)
        found += [_R.valid_from <= last, or_(_R.valid_to.is_(None), _R.valid_to > first)]
    return found


def _said(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, values in ((_R.kind, [kind.value for kind in query.kinds]), (_R.side, query.sides), (_R.id, query.ids)):
        if values:
            found.append(column.in_(values))
    if query.author is not None:
        found.append(_R.author == query.author)
    return found + [func.instr(_R.words, word) > 0 for word in folded(query.text).split()]


def _inside(bbox: Box, query: AnnotationQuery) -> Subquery:
    parts = [_inside_one(box, query) for box in search_boxes(bbox)]
    if len(parts) == 1:
        return parts[0].subquery()
    both = union_all(*parts).subquery()
    return select(both.c.key, func.max(both.c.certain).label("certain")).group_by(both.c.key).subquery()


def _inside_one(box: Box, query: AnnotationQuery) -> Select[Any]:
    west, south, east, north = box
    c = annotation_box.c
    # The tree's boxes are never smaller than what they stand for: one that lies within the searched box is a hit.
    certain = and_(c.west >= west, c.east <= east, c.south >= south, c.north <= north)
    place = (c.west <= east, c.east >= west, c.south <= north, c.north >= south)
    return select(c.key, certain.label("certain")).where(*place, *_times(query))


def _times(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    c = annotation_box.c
    if query.known_at is None:
        found: list[ColumnElement[bool]] = [c.known_last >= literal(OPEN)]
    else:
        at = days(micros(query.known_at))
        found = [c.known_first <= at, c.known_last >= at]
    if query.valid_at is not None:
        at = days(micros(query.valid_at))
        found += [c.valid_first <= at, c.valid_last >= at]
    if query.valid_during is not None:
        first, last = (days(micros(end)) for end in query.valid_during)
        found += [c.valid_first <= last, c.valid_last >= first]
    return found

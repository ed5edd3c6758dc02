"""From a question about annotations to SQL: the tree of four dimensions first, exact conditions after it."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    case,
    func,
    not_,
    null,
    or_,
    select,
    union,
)

from dashboard.catalog.codec import micros
from dashboard.catalog.query import AnnotationQuery, Box
from dashboard.catalog.revisions import OPEN, folded, tree_time
from dashboard.catalog.space import search_boxes
from dashboard.catalog.tables import annotation_box, annotation_revision

_R = annotation_revision.c
_WALK = 8
"""A look at a row by its number costs about as much as walking over so many."""
_ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "recent": (_R.number.desc(),),  # time never runs backwards in the log
    "title": (_R.title, _R.number),
    "valid_from": (_R.valid_from, _R.number),
    "grade": (_R.grade, _R.number),
    "kind": (_R.kind, _R.number),
}


def ordered(query: AnnotationQuery) -> tuple[ColumnElement[Any], ...]:
    """Return what to order by."""
    return _ORDERS[query.order]


def is_wide(connection: Connection, query: AnnotationQuery) -> bool:
    """Return whether so much lies in the box of a query that walking through everything costs less than the tree."""
    if query.bbox is None:
        return True
    found = select(func.count()).select_from(_keys(query.bbox, query).subquery())
    hits = int(connection.execute(found).scalar_one())
    last = connection.execute(select(func.max(_R.number))).scalar()
    return last is not None and hits * _WALK > last


def candidates(query: AnnotationQuery, *columns: ColumnElement[Any], wide: bool, listed: bool = True) -> Select[Any]:
    """Return the statement for columns of what may match, and last its ``doubtful`` geometry.

    That is NULL where the drawing is certain to touch the box of the query: there is nothing left to look at.

    Parameters
    ----------
    wide : see `is_wide`
    listed : whether the hits are wanted in the order of the query; an index of that order may then be walked
    """
    said = [not_(_R.removed), *_known(query, listed=listed), *_valid(query), *_said(query)]
    if query.bbox is None:
        return select(*columns, null().label("doubtful")).where(*said)
    boxes = search_boxes(query.bbox)
    doubtful = case((or_(*(_within(box) for box in boxes)), null()), else_=_R.geometry).label("doubtful")
    place = or_(*(_meets(_R, box) for box in boxes)) if wide else _R.number.in_(_keys(query.bbox, query))
    return select(*columns, doubtful).where(place, *said)


def counted(query: AnnotationQuery, *, wide: bool) -> Select[Any]:
    """Return the statement for how many may match."""
    plain = AnnotationQuery(order=query.order, limit=query.limit, offset=query.offset)
    return select(func.count()).select_from(candidates(query, wide=wide, listed=query == plain).subquery())


def straddling(query: AnnotationQuery, box: Box, *, wide: bool) -> Select[Any]:
    """Return the statement for the geometries that may match and are not certain to touch the box."""
    certain = or_(*(_within(one) for one in search_boxes(box)))
    return candidates(query, wide=wide, listed=False).where(not_(certain))


def _known(query: AnnotationQuery, *, listed: bool) -> list[ColumnElement[bool]]:
    if query.known_at is None:
        # The sum hides the indices of orders: walking one, each row would be looked up out of order.
        return [(_R.known_until if listed else _R.known_until + 0).is_(None)]
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


def _keys(bbox: Box, query: AnnotationQuery) -> Select[Any] | CompoundSelect[Any]:
    """Return the numbers that the tree has in a box, at the times of a query."""
    c = annotation_box.c
    found = [select(c.key).where(_meets(c, box), *_times(query)) for box in search_boxes(bbox)]
    return found[0] if len(found) == 1 else union(*found)


def _meets(c: Any, box: Box) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of a table, or of a tree
    west, south, east, north = box
    return and_(c.west <= east, c.east >= west, c.south <= north, c.north >= south)


def _within(box: Box) -> ColumnElement[bool]:
    west, south, east, north = box
    return and_(_R.west >= west, _R.east <= east, _R.south >= south, _R.north <= north)


def _times(query: AnnotationQuery) -> list[ColumnElement[bool]]:
    c = annotation_box.c
    if query.known_at is None:
        found: list[ColumnElement[bool]] = [c.known_last >= OPEN]
    else:
        at = tree_time(micros(query.known_at))
        found = [c.known_first <= at, c.known_last >= at]
    if query.valid_at is not None:
        at = tree_time(micros(query.valid_at))
        found += [c.valid_first <= at, c.valid_last >= at]
    if query.valid_during is not None:
        first, last = (tree_time(micros(end)) for end in query.valid_during)
        found += [c.valid_first <= last, c.valid_last >= first]
    return found

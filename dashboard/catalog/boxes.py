"""The R*Trees over place and time: one row per record, found in logarithmic time."""

from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    TableClause,
    bindparam,
    exists,
    insert,
    or_,
    select,
    union,
)

from dashboard.catalog.codec import days
from dashboard.catalog.query import Box
from dashboard.catalog.space import index_box, search_boxes
from dashboard.catalog.tables import BOX


def inside(
    tree: TableClause, key: Column[int], bbox: Box, period: tuple[int, int] | None, *, walk: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a record may lie in a box and a period (microseconds); true for few others.

    Parameters
    ----------
    key : the record's key
    walk : look up the box of each record met, rather than list the records in the box: for a reader who walks the
        records in some order and soon has enough
    """
    found = [_inside_one(tree, box, period) for box in search_boxes(bbox)]
    if walk:
        return or_(*(exists(one.where(tree.c.key == key)) for one in found))
    return key.in_(found[0] if len(found) == 1 else union(*found))


def within(tree: TableClause, bbox: Box) -> Subquery:
    """Return the keys of the records that may lie in a box."""
    found = [_inside_one(tree, box, None) for box in search_boxes(bbox)]
    return (found[0] if len(found) == 1 else union(*found)).subquery()


def box_row(span: tuple[int, int, int], geometry: BaseGeometry) -> dict[str, float]:
    """Return the tree's row of a record: `span` is its key and its first and last microsecond."""
    key, first, last = span
    return {"key": key, **index_box(geometry), "first": days(first), "last": days(last)}


def put_boxes(connection: Connection, tree: TableClause, rows: list[dict[str, float]]) -> None:
    """Record or move the boxes of records."""
    if rows:
        # The tree rounds each lower bound down and each upper bound up to 32 bits: it never loses a record.
        connection.execute(insert(tree).prefix_with("OR REPLACE").values({name: bindparam(name) for name in BOX}), rows)


def _inside_one(tree: TableClause, box: Box, period: tuple[int, int] | None) -> Select[Any]:
    west, south, east, north = box
    c = tree.c
    found = select(c.key).where(c.west <= east, c.east >= west, c.south <= north, c.north >= south)
    if period is None:
        return found
    return found.where(c.first <= days(period[1]), c.last >= days(period[0]))

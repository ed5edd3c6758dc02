"""Acquisitions in the catalogue: add them, find them."""

from collections.abc import Iterable
from itertools import count, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from dashboard.catalog.boxes import box_row, inside, put_boxes, within
from dashboard.catalog.codec import micros
from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.query import AcquisitionQuery
from dashboard.catalog.records import COLUMNS, Reader, row_of
from dashboard.catalog.space import is_wide, touching
from dashboard.catalog.tables import acquisition, acquisition_box
from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import CatalogError, NotFoundError
from dashboard.model.stack import mismatches

_BATCH = 1000
_DENSE = 4
"""How much more than a fair guess a walk must spare: what there is in a box may all be old."""


class Acquisitions:
    """Repository of acquisitions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = Reader()

    def add(self, acq: Acquisition, *, replace: bool = False) -> bool:
        """Record an acquisition and return whether anything was written; see `add_many`."""
        return self.add_many([acq], replace=replace) > 0

    def add_many(self, acquisitions: Iterable[Acquisition], *, replace: bool = False) -> int:
        """Record acquisitions, all or none, and return how many were new or changed.

        Recording the same acquisition again writes nothing.

        Raises
        ------
        CatalogError
            If an id is taken by a record with other content and `replace` is False.
        InputError
            If an acquisition cannot be recorded as it is.
        """
        written = 0
        with self._database.writing() as connection:
            waiting = iter(acquisitions)
            while batch := list(islice(waiting, _BATCH)):
                written += _write(connection, batch, replace=replace)
            if written:
                count_write(connection, [Kind.ACQUISITIONS])
        return written

    def get(self, id_: str) -> Acquisition:
        """Return the acquisition of an id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        found = self._first(acquisition.c.id == id_)
        if found is None:
            msg = f"No acquisition {id_!r} in {self._database.path}; ingest it, or take an id from the timeline."
            raise NotFoundError(msg)
        return found

    def by_product(self, sha256: str) -> Acquisition | None:
        """Return the acquisition that came from a product with this hash, or None."""
        return self._first(acquisition.c.product_sha256 == sha256)

    def find(self, query: AcquisitionQuery | None = None) -> list[Acquisition]:
        """Return the acquisitions that match, in order of start, then id."""
        query = query or AcquisitionQuery()
        found: list[Acquisition] = []
        with self._database.reading() as connection:
            walk = _walks(connection, query)
            order = _latest_first(walk=walk), acquisition.c.id.desc()
            statement = select(*COLUMNS).where(*_conditions(query, walk=walk)).order_by(*order)
            with connection.execute(statement) as result:
                for rows in result.partitions(_BATCH):
                    found += _exact(self._reader.acquisitions(rows), query)
                    if query.limit is not None and len(found) >= query.limit:
                        break  # a wide query reads little more than it returns
        return found[: query.limit][::-1]

    def forget(self) -> None:
        """Drop the records held in memory for the next query: what a measurement of a first query does."""
        self._reader = Reader()

    def constellations(self) -> list[str]:
        """Return the constellations there are, in order of name."""
        statement = select(acquisition.c.constellation).distinct().order_by(acquisition.c.constellation)
        with self._database.reading() as connection:
            return list(connection.execute(statement).scalars())

    def count(self) -> int:
        """Return how many acquisitions there are."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(acquisition)).scalar_one()

    def _first(self, condition: ColumnElement[bool]) -> Acquisition | None:
        statement = select(*COLUMNS).where(condition).order_by(acquisition.c.key).limit(1)
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return self._reader.acquisitions(rows)[0] if rows else None


def _walks(connection: Connection, query: AcquisitionQuery) -> bool:
    """Return whether to go back in time until enough is found, rather than to list a place and sort what is there.

    The walk meets `limit * all / there` records before it has enough, the list all that are `there`.
    """
    if query.limit is None or query.bbox is None or is_wide(query.bbox):
        return query.limit is not None
    there = connection.execute(select(func.count()).select_from(within(acquisition_box, query.bbox))).scalar_one()
    # Keys are given in turn and none is ever taken back: the greatest is the number of records.
    every = connection.execute(select(func.coalesce(func.max(acquisition.c.key), 0))).scalar_one()
    return bool(there * there > _DENSE * query.limit * every)


def _latest_first(*, walk: bool) -> ColumnElement[int]:
    # In a small box the walk would pass over everything else there is, so there the sum hides the index of times.
    return (acquisition.c.start if walk else acquisition.c.start + 0).desc()


def _exact(found: list[Acquisition], query: AcquisitionQuery) -> list[Acquisition]:
    """Drop what only the index box and the stack's columns let through."""
    if query.bbox is not None and found:
        hits = touching(query.bbox, [acq.footprint for acq in found])
        found = [acq for acq, hit in zip(found, hits, strict=True) if hit]
    anchor = query.stack_with
    return found if anchor is None else [acq for acq in found if not mismatches(anchor, acq)]


def _conditions(query: AcquisitionQuery, *, walk: bool) -> list[ColumnElement[bool]]:
    period = None if query.period is None else (micros(query.period[0]), micros(query.period[1]))
    conditions: list[ColumnElement[bool]] = []
    if query.bbox is not None:
        conditions.append(inside(acquisition_box, acquisition.c.key, query.bbox, period, walk=walk))
    if period is not None:
        conditions.append(acquisition.c.start.between(*period))
    if query.constellations:
        conditions.append(acquisition.c.constellation.in_(query.constellations))
    if query.with_pixels is not None:
        conditions.append(acquisition.c.has_pixels.is_(query.with_pixels))
    if query.stack_with is not None:
        conditions.append(_may_stack(query.stack_with))
    return conditions


def _may_stack(anchor: Acquisition) -> ColumnElement[bool]:
    """Return what the columns can say about one stack; `mismatches` has the last word."""
    same = [
        acquisition.c.constellation == anchor.constellation,
        acquisition.c.mode.is_not_distinct_from(anchor.mode),
        acquisition.c.look.is_not_distinct_from(anchor.look),
        acquisition.c.pass_direction.is_not_distinct_from(anchor.pass_direction),
    ]
    if anchor.track is not None:
        same.append(or_(acquisition.c.track == anchor.track, acquisition.c.track.is_(None)))
    return and_(*same)


def _write(connection: Connection, batch: list[Acquisition], *, replace: bool) -> int:
    changed = _changed(connection, batch, replace=replace)
    c = acquisition.c
    taken = connection.execute(select(c.id, c.key).where(c.id.in_([acq.id for acq in changed])))
    keys: dict[str, int] = {row.id: row.key for row in taken}
    # Keys are ours to give: the write lock is held and nothing is ever deleted.
    unused = count(connection.execute(select(func.coalesce(func.max(c.key), 0) + 1)).scalar_one())
    new: list[dict[str, Any]] = []
    boxes: list[dict[str, float]] = []
    for acq in changed:
        row = row_of(acq)
        key = keys.get(acq.id)
        if key is None:
            key = next(unused)
            new.append({"key": key, **row})
        else:
            connection.execute(update(acquisition).where(c.key == key).values(row))
        boxes.append(box_row((key, row["start"], row["start"]), acq.footprint))
    if new:
        connection.execute(insert(acquisition), new)
    put_boxes(connection, acquisition_box, boxes)
    return len(changed)


def _changed(connection: Connection, batch: list[Acquisition], *, replace: bool) -> list[Acquisition]:
    """Return those of a batch that are not recorded just so; the last of one id when replacing."""
    ids = list({acq.id for acq in batch})
    known = Reader().acquisitions(connection.execute(select(*COLUMNS).where(acquisition.c.id.in_(ids))).fetchall())
    recorded = {acq.id: acq for acq in known}
    changed: dict[str, Acquisition] = {}
    for acq in batch:
        there = changed.get(acq.id, recorded.get(acq.id))
        if there == acq:
            continue
        if there is not None and not replace:
            msg = f"{acq.id} is recorded with other content; nothing was written. Replace it on purpose, or leave it."
            raise CatalogError(msg)
        changed[acq.id] = acq
    return [acq for acq in changed.values() if recorded.get(acq.id) != acq]

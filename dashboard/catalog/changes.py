"""Change detection runs and what they found."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select

from dashboard.catalog.boxes import box_row, inside, put_boxes
from dashboard.catalog.change_columns import Columns, columns_of
from dashboard.catalog.change_rows import change_row, changes_of, run_of, run_row
from dashboard.catalog.codec import micros
from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.query import ChangeQuery
from dashboard.catalog.space import touching
from dashboard.catalog.tables import change_box, change_run, detected_change
from dashboard.model.change import ChangeRun, DetectedChange
from dashboard.model.errors import CatalogError, InputError, NotFoundError

_AT_ONCE = 10_000
"""Ids in one statement: SQLite takes no more than 32,766 values."""


class Changes:
    """Repository of detection runs and detected changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_run(self, run: ChangeRun, changes: Sequence[DetectedChange]) -> bool:
        """Record a run with everything it found, all or none, and return whether anything was written.

        Recording the same run with the same changes again writes nothing.

        Raises
        ------
        CatalogError
            If the run's id, or the id of a change, is taken by other content.
        InputError
            If a change belongs to another run or has no ground.
        """
        for change in changes:
            if change.run_id != run.id:
                msg = f"Change {change.id} belongs to run {change.run_id}, not {run.id}; record it with its own run."
                raise InputError(msg)
        with self._database.writing() as connection:
            if _recorded(connection, run, changes):
                return False
            key = connection.execute(insert(change_run).returning(change_run.c.key).values(run_row(run))).scalar_one()
            _write(connection, key, changes)
            count_write(connection, [Kind.CHANGES])
        return True

    def runs(self) -> list[ChangeRun]:
        """Return every run, in order of creation."""
        statement = select(change_run).order_by(change_run.c.created, change_run.c.key)
        with self._database.reading() as connection:
            return [run_of(row) for row in connection.execute(statement)]

    def run(self, id_: str) -> ChangeRun:
        """Return the run of an id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(change_run).where(change_run.c.id == id_)).one_or_none()
        if row is None:
            msg = f"No detection run {id_!r} in {self._database.path}; list them and choose another."
            raise NotFoundError(msg)
        return run_of(row)

    def find(self, query: ChangeQuery | None = None) -> list[DetectedChange]:
        """Return the changes that match: earliest first, the strongest of one time first."""
        query = query or ChangeQuery()
        statement = _changes().where(*_conditions(query))
        c = detected_change.c
        statement = statement.order_by(c.before, func.abs(c.magnitude_db).desc(), c.id)
        if query.bbox is None:
            statement = statement.limit(query.limit)
        with self._database.reading() as connection:
            found = changes_of(connection.execute(statement).fetchall())
        if query.bbox is not None and found:
            hits = touching(query.bbox, [change.geometry for change in found])
            found = [change for change, hit in zip(found, hits, strict=True) if hit]
        return found[: query.limit]

    def columns(self, run_id: str) -> Columns:
        """Return what a queue is made from, of every change of a run; none for an unknown run."""
        c = detected_change.c
        names = (
            c.id, c.score, c.confidence, c.area_m2, c.magnitude_db, c.after, c.before, c.sign, c.status, c.geometry,
        )  # fmt: skip
        statement = select(*names).join(change_run).where(change_run.c.id == run_id).order_by(c.key)
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return columns_of(rows)

    def get_many(self, ids: Sequence[str]) -> list[DetectedChange]:
        """Return the changes of ids, in the order of the ids.

        Raises
        ------
        NotFoundError
            If there is none for one of them.
        """
        with self._database.reading() as connection:
            known = {change.id: change for change in _known(connection, ids)}
        missing = next((id_ for id_ in ids if id_ not in known), None)
        if missing is not None:
            msg = f"No detected change {missing!r} in {self._database.path}; list them again."
            raise NotFoundError(msg)
        return [known[id_] for id_ in ids]

    def get(self, id_: str) -> DetectedChange:
        """Return the change of an id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as connection:
            found = connection.execute(_changes().where(detected_change.c.id == id_)).fetchall()
        if not found:
            msg = f"No detected change {id_!r} in {self._database.path}; run the detection again or choose another."
            raise NotFoundError(msg)
        return changes_of(found)[0]


def _changes() -> Select[Any]:
    return select(detected_change, change_run.c.id.label("run_id")).join(change_run)


def _conditions(query: ChangeQuery) -> list[ColumnElement[bool]]:
    period = None if query.period is None else (micros(query.period[0]), micros(query.period[1]))
    conditions: list[ColumnElement[bool]] = []
    if query.bbox is not None:
        conditions.append(inside(change_box, detected_change.c.key, query.bbox, period))
    if period is not None:
        conditions += [detected_change.c.after <= period[1], detected_change.c.before >= period[0]]
    if query.run_id is not None:
        conditions.append(change_run.c.id == query.run_id)
    if query.min_score is not None:
        conditions.append(detected_change.c.score >= query.min_score)
    return conditions


def _recorded(connection: Connection, run: ChangeRun, changes: Sequence[DetectedChange]) -> bool:
    """Return whether a run is recorded just so; refuse if something else has its id or one of its changes'."""
    row = connection.execute(select(change_run).where(change_run.c.id == run.id)).one_or_none()
    ids = [change.id for change in changes]
    known = _known(connection, ids)
    if row is None and not known and len(set(ids)) == len(ids):
        return False
    if row is not None and run_of(row) == run and _same(connection, row.key, known, changes):
        return True
    msg = (
        f"Run {run.id}, or a change in it, is recorded with other content; nothing was written. Give the run a new id."
    )
    raise CatalogError(msg)


def _known(connection: Connection, ids: Sequence[str]) -> list[DetectedChange]:
    rows: list[Row[Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = detected_change.c.id.in_(ids[start : start + _AT_ONCE])
        rows += connection.execute(_changes().where(some)).fetchall()
    return changes_of(rows)


def _same(connection: Connection, key: int, known: Sequence[DetectedChange], changes: Sequence[DetectedChange]) -> bool:
    total = select(func.count()).select_from(detected_change).where(detected_change.c.run == key)
    if connection.execute(total).scalar_one() != len(changes):
        return False
    return {change.id: change for change in known} == {change.id: change for change in changes}


def _write(connection: Connection, run: int, changes: Sequence[DetectedChange]) -> None:
    unused = connection.execute(select(func.coalesce(func.max(detected_change.c.key), 0) + 1)).scalar_one()
    rows = [{"key": unused + i, "run": run, **change_row(change)} for i, change in enumerate(changes)]
    if rows:
        connection.execute(insert(detected_change), rows)
    spans = ((row["key"], row["after"], row["before"]) for row in rows)
    boxes = [box_row(span, change.geometry) for span, change in zip(spans, changes, strict=True)]
    put_boxes(connection, change_box, boxes)

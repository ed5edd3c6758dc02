"""Does the log hold, and is what is derived from it what it says?"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from dashboard.catalog.chain import Walk
from dashboard.catalog.engine import Database
from dashboard.catalog.projection import Projection, follow
from dashboard.catalog.schema import bring_up_to_date
from dashboard.catalog.tables import event
from dashboard.model.errors import CatalogError
from dashboard.model.progress import CancelToken, Progress, Report

BATCH = 1000
"""Events that are written, or read again, at a time."""


def batches(connection: Connection) -> Iterator[Sequence[RowMapping]]:
    """Return the rows of the log in their order, `BATCH` at a time."""
    number = 0
    while True:
        statement = select(event).where(event.c.number > number).order_by(event.c.number).limit(BATCH)
        rows = connection.execute(statement).mappings().fetchall()
        if not rows:
            return
        yield rows
        number = rows[-1]["number"]


def verify(
    connection: Connection, projections: Sequence[Projection], report: Report, cancel: CancelToken | None
) -> int:
    """Walk the chain, replay it beside the catalogue and compare; return how many events there are.

    Raises
    ------
    CatalogError
        Naming the first event that is broken, or whose derived row differs.
    CancelledError
        If `cancel` asks for it.

    Notes
    -----
    The replay lives in memory: a file would leave the catalogue's content behind on another disk.
    """
    total = connection.execute(select(func.count()).select_from(event)).scalar_one()
    shadow = Database(Path(":memory:"))
    try:
        bring_up_to_date(shadow)
        with shadow.writing() as replayed:
            walk = Walk()
            for rows in batches(connection):
                _check(cancel)
                follow(projections, replayed, [walk.step(row) for row in rows])
                report(Progress(0.9 * walk.number / max(total, walk.number), f"event {walk.number:,} of {total:,}"))
            for projection in projections:
                _check(cancel)
                _compare(projection, connection, replayed)
    finally:
        shadow.close()
    report(Progress(1.0, f"{walk.number:,} events hold"))
    return walk.number


def _compare(projection: Projection, connection: Connection, replayed: Connection) -> None:
    for there, derived in zip_longest(projection.state(connection), projection.state(replayed)):
        if there != derived:
            row: tuple[Any, ...] = derived if there is None else there
            msg = (
                f"What the catalogue derived from its log differs from a replay at {row[0]!r} "
                f"({type(projection).__name__}); the log itself holds: replay it to make the rest again."
            )
            raise CatalogError(msg)


def _check(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.check()

"""Connections to the catalogue file: one place for every pragma, transaction and driver error."""

import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any

import sqlcipher3
from sqlalchemy import Connection, Engine, create_engine, event, func, select, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from dashboard.catalog.tables import revision
from dashboard.model.errors import CatalogError, DiskFullError, NightglassError, ResourceError

OLDEST_SQLITE = (3, 51, 3)
"""SQLite before it can corrupt a write-ahead log that two connections reset at once (3.7.0 to 3.51.2)."""

BUSY_TIMEOUT_MS = 10_000
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",  # first: the others may have to wait for another process
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


_ALL = 1
"""Key of the row of `revision` that counts every write."""


class Kind(IntEnum):
    """What was written; the value is the key of the row of `revision` that counts it."""

    ACQUISITIONS = 2
    FRONTLINES = 3
    ANNOTATIONS = 4
    """And the forces that colour them."""
    CHANGES = 5
    REVIEWS = 6
    PLACES = 7
    """Areas and outlines."""


SQLITE_VERSION: str = sqlcipher3.sqlite_version
"""Of the library that the catalogue runs on."""


def check_sqlite(version: str = SQLITE_VERSION) -> None:
    """Refuse an SQLite that may corrupt the catalogue.

    Raises
    ------
    ResourceError
        If `version` is before 3.51.3.
    """
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if found < OLDEST_SQLITE:
        limit = ".".join(str(part) for part in OLDEST_SQLITE)
        msg = (
            f"SQLite {version} is before {limit} and may corrupt a database in WAL mode; "
            "install a newer sqlcipher3 wheel (pip install --upgrade sqlcipher3)."
        )
        raise ResourceError(msg)


class Database:
    """One catalogue file and its pool of connections; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        check_sqlite()
        self.path = path
        self._reader = _engine(path)
        self._writer = self._reader.execution_options(immediate=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one unchanging state of the catalogue."""
        with _translated(self.path), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the one connection that may write now; commit at the end, roll back on any error."""
        with _translated(self.path), self._writer.begin() as connection:
            yield connection

    @property
    def revision(self) -> int:
        """A number that grows with every write, also of other threads and processes."""
        return self._count(_ALL)

    def revision_of(self, *kinds: Kind) -> int:
        """Return a number that grows with every write of any of these kinds."""
        return self._count(*kinds)

    def _count(self, *keys: int) -> int:
        with self.reading() as connection:
            total = select(func.sum(revision.c.number)).where(revision.c.key.in_(keys))
            return int(connection.execute(total).scalar_one())

    def close(self) -> None:
        """Close the pooled connections; the last one folds the write-ahead log into the file."""
        self._reader.dispose()


def count_write(connection: Connection, kinds: Collection[Kind]) -> None:
    """Make `Database.revision` and that of these kinds grow: called in every transaction that changed something."""
    counted = revision.c.key.in_([_ALL, *kinds])
    connection.execute(update(revision).where(counted).values(number=revision.c.number + 1))


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlcipher3.dbapi2,
        connect_args={"isolation_level": None},  # the driver begins nothing by itself: `_begin` does
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver has no types
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        _patiently(cursor, pragma)
    cursor.close()


def _patiently(cursor: Any, pragma: str) -> None:  # noqa: ANN401 - the driver has no types
    # Two processes that both set a new file to WAL mode: SQLite tells one of them at once that it is locked, without
    # waiting as it was told to.
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute(pragma)
        except sqlcipher3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    # A write lock taken at the first write, not at the start, could fail where no waiting helps (SQLITE_BUSY_SNAPSHOT).
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _named(error, path) from error


def _named(error: DBAPIError, path: Path) -> NightglassError:
    text = str(error.orig)
    if "disk is full" in text:
        return DiskFullError(f"No room on the disk of {path}; nothing was written. Free some space and try again.")
    if "locked" in text or "busy" in text:
        return ResourceError(
            f"{path} stayed locked by another process for {BUSY_TIMEOUT_MS / 1000:g} s; nothing was written. Try again."
        )
    if "readonly" in text or "unable to open" in text:
        return ResourceError(f"{path} cannot be opened for writing; check the permissions of the file and its folder.")
    return CatalogError(f"{path} refused the request: {text}. Check the file with `nightglass doctor`.")

"""Copies of a catalogue file, on the driver itself: a snapshot under load, its verification, its one-file form."""

import errno
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.engine import check_sqlite
from dashboard.catalog.schema import HEAD
from dashboard.model.errors import CatalogError, DiskFullError, NightglassError, NotFoundError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report

PAGES_PER_STEP = 1024
"""4 MB between two looks at the cancel token."""
_STEPS_PER_LOOK = 200_000
"""Instructions of SQLite's machine, about a millisecond, between two looks at the cancel token."""


def copied(source: Path, to: Path, named: Path, report: Report, cancel: CancelToken | None) -> str:
    """Copy one moment of a catalogue into a new file, which errors call `named`; return its schema version.

    Raises
    ------
    NotFoundError
        If there is no `source`.
    CatalogError
        If it is no catalogue, or one of a newer Nightglass.
    """
    check_sqlite()
    check_there(source)

    def step(_status: int, remaining: int, total: int) -> None:
        report(Progress(1.0 - remaining / max(total, 1), "copying"))
        _look(cancel)

    _look(cancel)
    # The last one to close a file folds its log in, and throws away a log that it cannot read: not for us to do.
    # Without a log there is nothing to fold, and who only reads would leave an empty one.
    mode = "ro" if source.with_name(f"{source.name}-wal").exists() else "rw"
    with translated(source), closing(_connection(source, mode)) as origin, closing(_connection(to, "rwc")) as copy:
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):  # a file that has no name yet is synced once, whole
            copy.execute(f"PRAGMA {pragma}")
        # One transaction around all steps: otherwise each commit of a writer would make the copy begin again.
        origin.execute("BEGIN")
        schema = _schema(origin, source)
        with translated(named):
            origin.backup(copy, pages=PAGES_PER_STEP, progress=step)
        origin.execute("ROLLBACK")
    return schema


def check_there(source: Path) -> None:
    """Refuse a file that is not there.

    Raises
    ------
    NotFoundError
        If there is no `source`.
    """
    if not source.is_file():
        raise NotFoundError(f"There is no file {source}; give the path of a catalogue or a backup.")


def verified(path: Path, schema: str, report: Report, cancel: CancelToken | None) -> tuple[int | None, str]:
    """Check a copy from end to end and leave it as one file; return its (number of events, last hash).

    Raises
    ------
    CatalogError
        If its pages, its indices or its chain of events are broken.
    """
    report(Progress(0.0, "checking the pages"))
    broken = problems(path, cancel)
    if broken:
        raise CatalogError(
            f"What was to be copied is damaged: {broken}. Nothing was written. "
            "Keep the file as it is, and go back to a good backup with `nightglass restore`."
        )
    if schema != HEAD:  # an older one is kept as it is: opening it would make it a newer one
        _in_one_file(path)
        return None, ""

    def chain(progress: Progress) -> None:
        report(Progress(0.3 + 0.7 * progress.done, progress.text))

    with Catalog.open(path) as catalog:
        catalog.log.verify(chain, cancel)
        number, digest = catalog.log.head()
    _in_one_file(path)
    return number, digest


def problems(path: Path, cancel: CancelToken | None = None) -> str:
    """Return the first thing that SQLite's own check finds wrong with a file; empty for nothing."""

    def stop() -> bool:
        return cancel is not None and cancel.cancelled

    with translated(path), closing(_connection(path, "rw")) as connection:
        connection.set_progress_handler(stop, _STEPS_PER_LOOK)
        try:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            foreign = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlcipher3.Error:
            _look(cancel)
            raise
    if found != "ok":
        return " ".join(found.split())
    return "" if foreign is None else f"row {foreign[1]} of table {foreign[0]} points at nothing in {foreign[2]}"


def ready_for_writers(path: Path) -> None:
    """Set a copy to the WAL mode, which a catalogue is used in: processes that open it at once need not agree on it."""
    with translated(path), closing(_connection(path, "rw")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def in_use(path: Path) -> str:
    """Return the words for a catalogue that somebody has open."""
    return f"{path} is in use; stop `nightglass serve` and whatever else has it open, and try again."


def _in_one_file(path: Path) -> None:
    # Leaving the WAL mode needs the file for oneself: who has it open in that mode holds a lock on it all the time.
    with closing(_connection(path, "rw", timeout=0.0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of the driver and of the system into ours, about `path`."""
    try:
        yield
    except sqlcipher3.Error as error:
        raise _named(str(error), path) from error
    except OSError as error:
        if isinstance(error, NightglassError):
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise _named("disk is full" if full else f"unable to open: {error.strerror}", path) from error


def _named(text: str, path: Path) -> NightglassError:
    if "disk is full" in text:
        return DiskFullError(f"No room on the disk of {path}; nothing was left there. Free some space and try again.")
    if "locked" in text or "busy" in text:
        return ResourceError(in_use(path))
    if "readonly" in text or "unable to open" in text:
        return ResourceError(f"{path} cannot be used ({text}); check the permissions of the file and its folder.")
    return CatalogError(
        f"{path} cannot be read as a catalogue: {text}. Give a Nightglass catalogue or a backup of one."
    )


def _schema(connection: Any, path: Path) -> str:  # noqa: ANN401 - the driver has no types
    tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "revision", "acquisition"} <= tables:
        raise CatalogError(f"{path} is no Nightglass catalogue; give the path of one, or of a backup of one.")
    found = str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    if found > HEAD:
        raise CatalogError(f"{path} has schema {found}; this Nightglass knows schemas up to {HEAD}. Update Nightglass.")
    return found


def _connection(path: Path, mode: str, timeout: float = 10.0) -> Any:  # noqa: ANN401 - the driver has no types
    name = f"{path.absolute().as_uri()}?mode={mode}"  # never creates what should be there
    return sqlcipher3.connect(name, uri=True, timeout=timeout, isolation_level=None)


def _look(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.check()

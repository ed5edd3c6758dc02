"""Backup and restore of the catalogue file: consistent under load, verified before it is named, nothing half."""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psutil

from dashboard.catalog.copying import check_there, copied, in_use, ready_for_writers, translated, verified
from dashboard.model.errors import InputError, ResourceError
from dashboard.model.progress import CancelToken, Progress, Report, silent

LOCK_BYTES = (0x4000_0000, 512)
"""Offset and length of the bytes of a database file on which every SQLite holds its locks."""
_FOLDERS_ARE_NOT_SYNCED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What network shares and sticks say to a sync of a folder, which they have no need or no way of."""
_GONE = b"This catalogue was replaced by `nightglass restore`.".ljust(100, b"\0")
"""Written over the header of a file that has no name any more: whoever still opens it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A verified copy of a catalogue."""

    path: Path
    bytes: int
    schema: str
    """Schema version of the catalogue in it."""
    events: int | None
    """Events of its log, every one of them checked; None for a schema older than this Nightglass writes."""
    head: str
    """Hash of the last event, hexadecimal; empty where `events` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    path: Path
    """The catalogue, now as it is in the backup."""
    backup: Backup
    """What was verified and put there."""
    kept: Path | None
    """The catalogue that was there before, byte for byte, with its write-ahead log beside it if it was not closed; None
    when there was none."""


def backup(
    catalog_path: Path, to: Path, *, force: bool = False, report: Report = silent, cancel: CancelToken | None = None
) -> Backup:
    """Copy the catalogue as it is at this moment, while others go on writing, and verify the copy.

    Parameters
    ----------
    catalog_path : the catalogue; it is only read
    to : file to write; the pixels of the archive are not in it
    force : replace `to` if it exists

    Raises
    ------
    NotFoundError
        If there is no catalogue.
    InputError
        If `to` exists, is a folder, or is the catalogue itself.
    CatalogError
        If the file is no catalogue, or the copy's integrity or chain of events is broken.
    ResourceError
        If the disk is full or the folder cannot be written; nothing is left there.
    CancelledError
        If `cancel` was set; nothing is left there.

    Notes
    -----
    SQLite's online backup inside one read transaction: writers are not held up, and do not make it begin again.
    """
    _check_target(catalog_path, to, force=force)
    with _part(to) as part:
        schema = copied(catalog_path, part, to, _share(report, 0.0, 0.5), cancel)
        events, head = verified(part, schema, _share(report, 0.5, 1.0), cancel)
        made = Backup(path=to, bytes=part.stat().st_size, schema=schema, events=events, head=head)
        _check_target(catalog_path, to, force=force)  # again: it took a while
        _publish(part, to)
    return made


def restore(from_: Path, catalog_path: Path, *, report: Report = silent, cancel: CancelToken | None = None) -> Restored:
    """Put a verified backup in the place of the catalogue and keep what was there beside it.

    Parameters
    ----------
    from_ : a backup; it is only read
    catalog_path : where the catalogue is, or will be; a damaged one may be there

    Raises
    ------
    NotFoundError
        If there is no backup.
    InputError
        If `from_` is the catalogue itself.
    CatalogError
        If the backup is no catalogue, is of a newer Nightglass, or is damaged; the catalogue stays as it was.
    ResourceError
        If the catalogue is open anywhere, or there is no room; the catalogue stays as it was.
    """
    catalog_path = catalog_path.resolve()  # where a link leads, not the link, is exchanged
    if _same(from_, catalog_path):
        raise InputError(f"{from_} is the catalogue itself; give the path of a backup.")
    check_there(from_)
    with translated(catalog_path):
        catalog_path.parent.mkdir(parents=True, exist_ok=True)
    with _part(catalog_path) as part:
        schema = copied(from_, part, catalog_path, _share(report, 0.0, 0.4), cancel)
        events, head = verified(part, schema, _share(report, 0.4, 0.9), cancel)
        ready_for_writers(part)
        found = Backup(path=from_, bytes=part.stat().st_size, schema=schema, events=events, head=head)
        kept = _exchange(part, catalog_path)
    report(Progress(1.0, "restored"))
    return Restored(path=catalog_path, backup=found, kept=kept)


def _exchange(part: Path, catalog_path: Path) -> Path | None:
    """Rename `part` to the catalogue; return where the file that was there is kept."""
    kept = catalog_path.with_name(f"{catalog_path.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    with translated(catalog_path):
        if not catalog_path.exists():
            _set_aside_journals(catalog_path, kept)
            _publish(part, catalog_path)
            return None
        with _alone(catalog_path) as held:
            shutil.copymode(catalog_path, part)
            _keep(held, catalog_path, kept)
            # A catalogue that was not closed has its last events there; SQLite itself is not asked to fold them in, for
            # it throws away what it cannot read.
            _set_aside_journals(catalog_path, kept)
            _publish(part, catalog_path)
            # A process that opened the old file a moment ago waits for our lock. It must not write a log beside the
            # new file, which has the same name: that log would be read as the new file's.
            os.pwrite(held.fileno(), _GONE, 0)
    return kept


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """Hold the locks of an SQLite file, so that no process can begin to use it; give the file.

    Every process that has a file open in WAL mode holds one of them. Closing another handle of the file would release
    ours: POSIX locks belong to the process, which is also why this process is asked in another way.
    """
    if any(Path(opened.path) == path for opened in psutil.Process().open_files()):
        raise ResourceError(in_use(path))
    with path.open("r+b", buffering=0) as held:
        start, length = LOCK_BYTES
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except BlockingIOError as error:
            raise ResourceError(in_use(path)) from error
        yield held


def _keep(held: IO[bytes], path: Path, kept: Path) -> None:
    with _part(kept) as part:
        with part.open("xb") as copy:
            shutil.copyfileobj(held, copy, 1 << 20)
        shutil.copymode(path, part)
        _publish(part, kept)


def _set_aside_journals(catalog_path: Path, kept: Path) -> None:
    """Keep what a killed process, or a vanished catalogue, left: beside the new file it would be taken for its own."""
    for suffix in ("-wal", "-journal"):
        left = catalog_path.with_name(catalog_path.name + suffix)
        if left.exists():
            left.rename(kept.with_name(kept.name + suffix))
    catalog_path.with_name(catalog_path.name + "-shm").unlink(missing_ok=True)  # an index of the log; holds no data


def _check_target(catalog_path: Path, to: Path, *, force: bool) -> None:
    if _same(catalog_path, to):
        raise InputError(f"{to} is the catalogue itself; give another file.")
    if to.is_dir():
        raise InputError(f"{to} is a folder; give the file to write, such as {to / 'nightglass-backup.sqlite'}.")
    if to.exists() and not force:
        raise InputError(f"{to} exists; give another file, or --force to replace it.")
    if not to.absolute().parent.is_dir():
        raise InputError(f"The folder {to.absolute().parent} does not exist; create it or give another file.")


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


@contextmanager
def _part(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write under; whatever still has it at the end is removed."""
    part = target.absolute().with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with translated(target):
            yield part
    finally:
        for name in (part.name, f"{part.name}-wal", f"{part.name}-shm", f"{part.name}-journal"):
            part.with_name(name).unlink(missing_ok=True)


def _publish(part: Path, to: Path) -> None:
    """Give a finished file its name; both are on the disk when it returns."""
    _fsync(part)
    part.replace(to)
    try:
        _fsync(to.absolute().parent)
    except OSError as error:
        if error.errno not in _FOLDERS_ARE_NOT_SYNCED:
            raise


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _share(report: Report, begin: float, end: float) -> Report:
    """Return a report for the part of the work between two shares of the whole."""

    def part(progress: Progress) -> None:
        report(Progress(begin + (end - begin) * progress.done, progress.text))

    return part

"""What could not be taken in, moved aside with its reason: never deleted, and nothing overwritten."""

import errno
import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from dashboard.model.dtg import iso
from dashboard.model.errors import InputError, ResourceError

REASON = ".reason.txt"


def check_quarantine(folder: Path, watched: Path) -> None:
    """Make the folder and raise unless things can be moved into it from the watched one.

    Raises
    ------
    InputError
        If it is the watched folder itself or lies on another disk: moving there would mean copying and deleting.
    ResourceError
        If it cannot be made.
    """
    if folder == watched or watched.is_relative_to(folder):
        raise InputError(f"{folder} holds the watched folder; give a folder of its own for what fails.")
    if folder.is_relative_to(watched) and folder.parent != watched:
        raise InputError(f"{folder} lies too deep inside {watched}; put the quarantine directly into it, or outside.")
    try:
        disk = watched.stat().st_dev  # first: a share that is away for a while must not be made anew
        folder.mkdir(parents=True, exist_ok=True)
        same_disk = folder.stat().st_dev == disk
    except OSError as error:
        raise ResourceError(
            f"{folder} cannot be made ({error.strerror}); check the path and its permissions."
        ) from error
    if not same_disk:
        raise InputError(f"{folder} is on another disk than {watched}; give a folder on the same one.")


def quarantine(path: Path, folder: Path, reason: str, within: Path | None = None) -> Path:
    """Move a file or folder into quarantine, with ``<name>.reason.txt`` beside it, and return where it is now.

    Parameters
    ----------
    path : to be moved
    folder : of the quarantine
    reason : one line for people
    within : part of the path to keep below the quarantine, for a file out of a folder

    Raises
    ------
    ResourceError
        If it cannot be moved; then it is where it was.
    """
    home = folder if within is None else folder / within
    try:
        home.mkdir(parents=True, exist_ok=True)
        target = _free(home, path)
        _write(target.with_name(target.name + REASON), f"{path}\n{iso(datetime.now(UTC))}\n{reason}\n")
        path.rename(target)
    except OSError as error:
        what = "the disk is full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else error.strerror
        msg = f"{path} cannot be moved to {folder} ({what}); check the permissions of both folders."
        raise ResourceError(msg) from error
    _sync(home)
    return target


def _free(home: Path, path: Path) -> Path:
    """Return a name that nothing has; the reason of this very file is the rest of a move that was cut short."""
    for number in count(1):
        target = home / (path.name if number == 1 else f"{path.name}.{number}")
        if not os.path.lexists(target) and _is_free_or_ours(target.with_name(target.name + REASON), path):
            return target
    raise AssertionError  # pragma: no cover - count does not end


def _is_free_or_ours(reason: Path, path: Path) -> bool:
    if not os.path.lexists(reason):
        return True
    first = reason.read_bytes().partition(b"\n")[0] if reason.is_file() else b""
    return first == os.fsencode(path)


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

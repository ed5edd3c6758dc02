"""Folders in which archives are unpacked: gone when nobody reads from them any more, or with the next one."""

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

PREFIX = "nightglass-unpacked-"
YOUNG_S = 60.0
"""A folder as young as this may not be locked by its owner yet."""


class Scratch:
    """A private folder, locked while it lives; removed with this object, or by the next `sweep` after a kill."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._end = weakref.finalize(self, _remove, self.folder, descriptor)

    def remove(self) -> None:
        """Remove the folder now."""
        self._end()


def sweep() -> int:
    """Remove folders whose processes are gone; return how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_ours(folder) and _unlocked(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def is_inside(path: Path) -> bool:
    """Whether a path lies in an unpacked archive."""
    return any(parent.name.startswith(PREFIX) for parent in path.parents)


def _is_ours(folder: Path) -> bool:
    try:
        facts = folder.lstat()
    except OSError:
        return False
    old = time.time() - facts.st_mtime > YOUNG_S
    return old and folder.is_dir() and not folder.is_symlink() and facts.st_uid == os.getuid()


def _unlocked(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(folder: Path, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(descriptor)

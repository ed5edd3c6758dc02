"""What lies in a watched folder: loose files and folders, each with a signature that tells whether it still grows."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.model.errors import ResourceError

ARRIVING = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download", ".aria2", ".incomplete")
"""Ends of names that programs give to files while they copy them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A loose file, or a folder with all that is in it: what is taken in at once."""

    path: Path
    signature: str
    """Of the names, sizes and times of modification of its files; equal as long as nothing changes."""
    is_folder: bool
    arriving: bool
    """Whether a name inside says that a program is still writing."""

    @property
    def name(self) -> str:
        """Name inside the watched folder."""
        return self.path.name


def units(folder: Path, leave: frozenset[Path]) -> list[Unit]:
    """Return what lies in a folder, side-cars first, then in order of names.

    Hidden entries, links and what vanishes meanwhile are left out.

    Parameters
    ----------
    folder : watched
    leave : paths inside it that are not looked at

    Raises
    ------
    ResourceError
        If the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as found:
            paths = [Path(entry.path) for entry in found if not entry.name.startswith(".") and not entry.is_symlink()]
    except OSError as error:
        msg = f"{folder} cannot be listed ({error.strerror}); check that it is there and may be read."
        raise ResourceError(msg) from error
    seen = [unit for path in paths if path not in leave and (unit := _unit(path)) is not None]
    return sorted(seen, key=lambda unit: (unit.is_folder, unit.path.suffix.lower() != ".json", unit.name))


def loose_signature(found: list[Unit]) -> str:
    """Return one signature of all loose files: it changes when a side-car arrives."""
    return _digest(f"{unit.name}\0{unit.signature}" for unit in found if not unit.is_folder)


def _unit(path: Path) -> Unit | None:
    try:
        if not path.is_dir():
            return Unit(path, _of_file(path), False, _is_arriving(path.name)) if path.is_file() else None
        files = sorted(_files(path))
        if not files:
            return None
        signature = _digest(f"{name}\0{_of_file(path / name)}" for name in files)
        return Unit(path, signature, True, any(_is_arriving(name) for name in files))
    except FileNotFoundError:
        return None  # it vanished between two calls: the next look will not see it
    except OSError as error:
        return Unit(path, f"unreadable: {error.strerror}", path.is_dir(), False)


def _files(folder: Path) -> Iterator[str]:
    """Give the paths of all files below a folder, relative to it; what cannot be listed raises."""

    def refuse(error: OSError) -> None:
        raise error

    for root, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            yield os.path.relpath(os.path.join(root, name), folder)  # noqa: PTH118 - a Path per file is slow


def _of_file(path: Path) -> str:
    facts = path.lstat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _is_arriving(name: str) -> bool:
    return name.lower().endswith(ARRIVING)


def _digest(parts: Iterator[str]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode("utf-8", "surrogateescape") + b"\n")
    return whole.hexdigest()

"""What an archive may hold: names that stay inside, and sizes that a product can have."""

import re
import unicodedata
from pathlib import PurePosixPath

from dashboard.model.errors import DamagedProductError

MOST_ENTRIES = 20_000
MOST_BYTES = 64 * 2**30
"""Of everything together, unpacked."""
MOST_BYTES_EACH = 32 * 2**30
MOST_RATIO = 250
"""Unpacked over packed, beyond `SMALL_BYTES`: deflate reaches 1,000 on zeros alone."""
SMALL_BYTES = 16 * 2**20
MOST_DEPTH = 32
"""Folders in folders."""
MOST_NAME_BYTES = 255
DRIVE = re.compile(r"[A-Za-z]:")


class Names:
    """Names of one archive so far: each stands for one file, on every file system."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._entries = 0

    def file(self, name: str) -> PurePosixPath:
        """Return the place of an entry below the folder that the archive is unpacked into.

        Raises
        ------
        DamagedProductError
            If the name leaves that folder, or collides with an earlier one, be it in case only.
        """
        path = self.folder(name, entry=True)
        if not path.parts:
            raise self._refused(name, "has no name")
        key = _key(path)
        if key in self._files or key in self._folders:
            raise self._refused(name, "comes twice, or differs from another entry in case only")
        self._files.add(key)
        return path

    def folder(self, name: str, *, entry: bool = False) -> PurePosixPath:
        """Return the place of a folder; with `entry`, of a file whose folders are noted."""
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            msg = f"{self._archive} holds more than {MOST_ENTRIES:,} entries; unpack it and give the folder."
            raise DamagedProductError(msg)
        path = self._inside(name)
        folders = path.parents if entry else (path, *path.parents)
        for folder in folders:
            if _key(folder) in self._files:
                raise self._refused(name, "is a folder and a file at once")
            if folder.parts:
                self._folders.add(_key(folder))
        return path

    def _inside(self, name: str) -> PurePosixPath:
        why = _fault(name)
        path = PurePosixPath(*(part for part in name.split("/") if part not in {"", "."}))
        if why is None and len(path.parts) > MOST_DEPTH:
            why = f"lies {len(path.parts)} folders deep; the limit is {MOST_DEPTH}"
        if why is None and any(len(part.encode("utf-8", "replace")) > MOST_NAME_BYTES for part in path.parts):
            why = f"is longer than {MOST_NAME_BYTES} bytes"
        if why is not None:
            raise self._refused(name, why)
        return path

    def _refused(self, name: str, why: str) -> DamagedProductError:
        msg = f"{self._archive}: the entry {name[:80]!r} {why}; nothing of the archive is read."
        return DamagedProductError(msg)


class Sizes:
    """Bytes of one archive so far."""

    def __init__(self, archive: str, packed: int) -> None:
        self._archive = archive
        self._packed = packed
        self.total = 0

    def add(self, name: str, size: int) -> None:
        """Count an entry, before a byte of it is unpacked.

        Raises
        ------
        DamagedProductError
            If it, or all of them, are larger than a product can be, or packed too tightly to be pixels.
        """
        self.total += size
        if size < 0 or size > MOST_BYTES_EACH:
            self._refuse(name, f"has {size:,} bytes; the limit is {MOST_BYTES_EACH:,}")
        if self.total > MOST_BYTES:
            self._refuse(name, f"makes {self.total:,} bytes in all; the limit is {MOST_BYTES:,}")
        if self.total > max(SMALL_BYTES, MOST_RATIO * self._packed):
            self._refuse(name, f"makes {self.total:,} bytes of {self._packed:,}, more than {MOST_RATIO} times as many")

    def _refuse(self, name: str, why: str) -> None:
        msg = f"{self._archive}: the entry {name[:80]!r} {why}. Unpack it by hand if that is meant."
        raise DamagedProductError(msg)


def _fault(name: str) -> str | None:
    """Return what is wrong with a name, or None."""
    if "\0" in name or "\\" in name or any(unicodedata.category(char) == "Cc" for char in name):
        return "has a backslash or a control character in its name"
    if name.startswith("/") or DRIVE.match(name):
        return "has an absolute path"
    return "leaves the archive with .." if ".." in name.split("/") else None


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()

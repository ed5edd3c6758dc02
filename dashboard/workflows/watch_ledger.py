"""What a watch has done: one line per outcome, on the disk before the next is begun, read again after a restart."""

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dashboard.model.errors import CatalogError, DiskFullError, ResourceError
from dashboard.sources.values import safe_id

FOLDER = "watch"
"""Below the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outcome."""

    name: str
    """Of the file or folder inside the watched one."""
    signature: str
    """That it had."""
    outcome: str
    """``taken in``, ``passed over``, ``waiting`` or ``quarantined``."""
    at: float
    """Seconds since 1970, UTC."""
    ids: tuple[str, ...] = ()
    """Acquisitions that came of it; of a table with many, the first."""
    message: str = ""


class Ledger:
    """Append-only memory of one watched folder; held by one watch at a time."""

    def __init__(self, workspace: Path, watched: Path) -> None:
        """Open the ledger of a folder in a workspace.

        Raises
        ------
        CatalogError
            If another watch of this folder is running.
        ResourceError
            If it cannot be written.
        """
        digest = hashlib.sha256(os.fsencode(watched)).hexdigest()[:12]
        self.path = workspace / FOLDER / f"{safe_id(watched.name) or 'folder'}-{digest}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("a+b")
        except OSError as error:
            raise ResourceError(
                f"{self.path} cannot be written ({error.strerror}); check the data directory."
            ) from error
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._stream.close()
            raise CatalogError(f"{watched} is watched already by another process; end that one first.") from error
        self.lines = self._read()

    def last(self, name: str) -> Line | None:
        """Return the last outcome of a file or folder, or None."""
        return self.lines.get(name)

    def add(self, line: Line) -> None:
        """Record an outcome, on the disk when this returns.

        Raises
        ------
        DiskFullError
            If there is no room for it.
        """
        text = json.dumps(asdict(line)) + "\n"
        try:
            self._stream.write(text.encode())
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise DiskFullError(f"{self.path} cannot be written ({error.strerror}); free some space.") from error
        self.lines[line.name] = line

    def close(self) -> None:
        """Let another watch have it."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> dict[str, Line]:
        """Return the last line of each name; a line that a kill cut short is ended, so that the next is its own."""
        self._stream.seek(0)
        content = self._stream.read()
        if content and not content.endswith(b"\n"):
            self._stream.write(b"\n")
            self._stream.flush()
        found = [line for text in content.splitlines() if (line := _line(text)) is not None]
        return {line.name: line for line in found}


def _line(text: bytes) -> Line | None:
    try:
        content: dict[str, Any] = json.loads(text)
        return Line(**{**content, "ids": tuple(content["ids"])})
    except (ValueError, TypeError, KeyError):
        return None

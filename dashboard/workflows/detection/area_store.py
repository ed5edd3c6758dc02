"""What an area run has already done: a file for each piece, whole or not there, believed only when its hash holds.

A file is a line of two hashes, of the job it belongs to and of all that follows, then NumPy's own container without
pickles. So a piece of another question, of other pixels or of another version, a torn one and a changed one are
recognised, and made again.
"""

import fcntl
import hashlib
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.model.errors import CancelledError, ResourceError
from dashboard.model.progress import CancelToken
from dashboard.raster.scratch import publish, scratch

STOPPED = "Cancelled; nothing was recorded. What was done is kept, and the same run goes on from there."
_LOCK = "running"
_STOP = "stop"
_FACTS = "facts"
_HASH = 64
_TRIES, _PAUSE_S = 20, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One finished piece of a run."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """What JSON can hold."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """No objects in them."""


@dataclass(frozen=True, slots=True)
class Store:
    """The finished pieces of one job, in one folder; small to send, and the same to every process that sees it."""

    folder: Path
    key: str
    """SHA-256 of everything the pieces follow from."""

    def get(self, name: str) -> Piece | None:
        """Return a piece, or None if it is not there or not what it should be; then its file is removed."""
        path = self._path(name)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        head, body = raw[: 2 * _HASH + 1], raw[2 * _HASH + 1 :]
        if head == self._head(body):
            with suppress(ValueError, KeyError, zipfile.BadZipFile):
                return _unpacked(body)
        path.unlink(missing_ok=True)
        return None

    def put(self, name: str, piece: Piece) -> None:
        """Keep a piece: the file appears whole, and survives a power cut from then on.

        Raises
        ------
        DiskFullError
            If there is no room.
        """
        path = self._path(name)
        body = _packed(piece)
        with scratch(path, len(body)) as folder:
            part = folder / path.name
            part.write_bytes(self._head(body) + body)
            publish(part, path)

    def names(self) -> set[str]:
        """Return the names of the pieces that seem to be there."""
        return {path.stem for path in self.folder.glob("*.piece")}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from the same job.

        Raises
        ------
        ResourceError
            If one is at it, or the folder cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"{self.folder} cannot be written ({error.strerror}); give a data directory that can."
            raise ResourceError(msg) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                msg = f"The same area run is under way in another process ({self.folder}); wait for it or stop it."
                raise ResourceError(msg) from error
            (self.folder / _STOP).unlink(missing_ok=True)
            yield
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Ask every worker on this job to stop at its next check."""
        with suppress(FileNotFoundError):
            (self.folder / _STOP).touch()

    def clear(self) -> None:
        """Remove everything; the folders above as well when nothing else is in them."""
        for _ in range(_TRIES):  # a worker that nobody waits for any more may still be leaving a piece
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(_PAUSE_S)
        with suppress(OSError):
            self.folder.parent.rmdir()
            self.folder.parent.parent.rmdir()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.piece"

    def _head(self, body: bytes) -> bytes:
        digest = hashlib.sha256(self.key.encode() + body).hexdigest()
        return f"{hashlib.sha256(self.key.encode()).hexdigest()}{digest}\n".encode()


class Stopped(CancelToken):
    """A cancel token for workers: set by a file, so it reaches every process that sees the folder."""

    __slots__ = ("_flag",)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._flag = store.folder / _STOP

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for, or the job is no more."""
        return self._event.is_set() or self._flag.exists() or not self._flag.parent.exists()

    def check(self) -> None:
        """Raise if a stop was asked for.

        Raises
        ------
        CancelledError
            If so.
        ResourceError
            If the folder is not there: this process does not see it, or the run is over.
        """
        if not self._flag.parent.exists():
            what = f"{self._flag.parent} is not there for a worker"
            raise ResourceError(f"{what}: workers must see the data directory under the same path as the dashboard.")
        if self.cancelled:
            raise CancelledError(STOPPED)


def _packed(piece: Piece) -> bytes:
    buffer = io.BytesIO()
    facts = np.frombuffer(json.dumps(piece.facts, sort_keys=True).encode(), np.uint8)
    np.savez(buffer, allow_pickle=False, **{_FACTS: facts, **piece.arrays})
    return buffer.getvalue()


def _unpacked(body: bytes) -> Piece:
    with np.load(io.BytesIO(body), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    return Piece(facts=json.loads(arrays.pop(_FACTS).tobytes()), arrays=arrays)

"""The process in which products are taken apart: what a damaged file does to a decoder stays in here.

It answers one question at a time over a pipe and lives until the pipe closes. Its memory is limited, so that a file
which announces terabytes ends as an error and not as a full machine.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from dashboard.model.errors import DamagedProductError, NightglassError
from dashboard.sources.product import Found, Given, NotRead, OpenPower, Product, Reader

MEMORY_BYTES = 2 * 2**30
"""On top of what the libraries take."""
GDAL_CACHE_MB = 256
UNFORESEEN = "in a way that its reader does not foresee"
"""Part of the message when a reader let an error of a library through."""


@dataclass(frozen=True, slots=True)
class Distant:
    """Stands for pixels that are on the other side of the pipe."""

    handle: int
    shape: tuple[int, int]
    affine: tuple[float, ...]
    crs: str
    polarisations: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """What one process is holding."""

    readers: dict[str, Reader]
    running: Iterator[Found] | None = None
    name: str = ""
    held: dict[int, OpenPower] = field(default_factory=dict)
    count: int = 0


def serve(pipe: Connection, readers: dict[str, Reader]) -> None:
    """Answer until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches both processes: the parent decides
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # decoders print what they think of damaged files; the error says what matters
    _limit_memory()
    work = _Work(readers)
    # Statistics and places of an .aux.xml beside a picture are nobody's product: they would move it unseen.
    with rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE_MB, GDAL_PAM_ENABLED="NO"):
        while True:
            try:
                question, *arguments = pipe.recv()
            except EOFError:
                return
            pipe.send(_answer(work, question, arguments))


def _answer(work: _Work, question: str, arguments: list[Any]) -> tuple[Any, ...]:
    try:
        return _ANSWERS[question](work, *arguments)
    except NightglassError as error:
        return ("error", type(error).__name__, str(error))
    except MemoryError:
        limit = f"{MEMORY_BYTES / 2**30:.0f} GB"
        msg = f"{work.name} needs more than {limit} of memory to be read; it is damaged or absurdly large."
        return ("error", DamagedProductError.__name__, msg)
    except Exception as error:  # noqa: BLE001  the last line of defence: no traceback reaches a user
        msg = f"{work.name} is damaged {UNFORESEEN} ({type(error).__name__}: {str(error)[:200]}). Fetch it again."
        return ("error", DamagedProductError.__name__, msg)


def _read(work: _Work, reader: str, path: Path, given: Given) -> tuple[Any, ...]:
    work.name = path.name
    work.running = work.readers[reader].read(path, given)
    return ("ready",)


def _next(work: _Work) -> tuple[Any, ...]:
    if work.running is None:
        return ("end",)
    try:
        found = next(work.running, None)
    except BaseException:
        work.running = None
        raise
    if found is None:
        work.running = None
        return ("end",)
    if isinstance(found, NotRead):
        _bare(found.error)
    if not isinstance(found, Product) or found.power is None:
        return ("found", found)
    work.count += 1
    work.held[work.count] = found.power
    box = found.power.geobox
    affine = tuple(float(v) for v in tuple(box.affine)[:6])
    rows, cols = (int(side) for side in box.shape)
    distant = Distant(work.count, (rows, cols), affine, str(box.crs), tuple(found.power.polarisations))
    return ("found", replace(found, power=None), distant)


def _bare(error: Exception | None) -> None:
    """Strip an error of what led to it: causes of other libraries do not all travel, and the text says what matters."""
    if error is not None:
        error.__cause__ = error.__context__ = error.__traceback__ = None


def _pixels(work: _Work, handle: int, polarisation: str, rows: slice, cols: slice) -> tuple[Any, ...]:
    power = work.held[handle].read(polarisation, rows, cols)
    return ("pixels", np.ascontiguousarray(power, dtype=np.float32))


def _close(work: _Work, handle: int) -> tuple[Any, ...]:
    work.held[handle].close()
    return ("ready",)


def _drop(work: _Work, handles: list[int]) -> tuple[Any, ...]:
    for handle in handles:
        power = work.held.pop(handle, None)
        if power is not None:
            power.close()
    return ("ready",)


def _stop(work: _Work) -> tuple[Any, ...]:
    """Abandon a read that nobody follows to its end."""
    running, work.running = work.running, None
    if running is not None and hasattr(running, "close"):
        running.close()
    return ("ready",)


_ANSWERS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "read": _read,
    "next": _next,
    "pixels": _pixels,
    "close": _close,
    "drop": _drop,
    "stop": _stop,
}


def _limit_memory() -> None:
    """Limit what the process may take on its own account; files mapped for reading do not count."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY_BYTES, used + MEMORY_BYTES))

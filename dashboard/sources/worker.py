"""Readers of vendor formats run in a process of their own, which is replaced when it dies, hangs or swells.

Decoders of containers are large programs in C. A file that makes one of them fail must cost one product, not the
session: so the file is opened over there, and only metadata and windows of power come back.
"""

import contextlib
import multiprocessing
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model import errors
from dashboard.model.errors import DamagedProductError, NightglassError
from dashboard.sources.product import Found, Given, Product, Reader
from dashboard.sources.worker_process import Distant, serve

PATIENCE_S = 20.0
"""For one answer, on top of the time that reading the product's bytes once can take."""
SLOW_BYTES_S = 25e6
START_S = 120.0
"""To come up and load the libraries on a busy machine."""
MOST_FILES = 20_000
"""Looked at to judge the size of a product."""


class Worker:
    """One process that reads for us; safe to use from several threads, which take turns."""

    def __init__(self, readers: dict[str, Reader]) -> None:
        self._readers = readers
        self._lock = threading.RLock()
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self._life = 0
        self._gone: list[int] = []

    def read(self, reader: str, path: Path, given: Given) -> Iterator[Found]:
        """Yield what a reader finds; pixels are fetched as they are asked for.

        Raises
        ------
        NightglassError
            What the reader raised; `DamagedProductError` if the process died or hung over the product.
        """
        life, taken = self._begin(reader, path, given), 0
        try:
            while True:
                with self._lock:
                    self._bury()
                    if (
                        self._life != life
                    ):  # the pixels of what it gave killed it: what comes after them is still wanted
                        life = self._begin(reader, path, given, past=taken)
                    kind, *rest = self._ask("next", product=path)
                if kind == "end":
                    return
                taken += 1
                yield self._taken(rest, path)
        except GeneratorExit:
            with self._lock, contextlib.suppress(NightglassError):
                if self._life == life:
                    self._ask("stop", product=path)
            raise

    def end(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            if self._pipe is not None:
                self._pipe.close()
            if self._process is not None:
                self._process.kill()
                self._process.join()
                self._process.close()
            self._pipe = self._process = None
            self._life += 1
            self._gone.clear()

    def pixels(self, power: "DistantPower", polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return a window of power."""
        with self._lock:
            self._alive(power)
            handle = power.distant.handle
            _, values = self._ask("pixels", handle, polarisation, rows, cols, product=power.product)
        found: NDArray[np.float32] = values
        return found

    def close(self, power: "DistantPower") -> None:
        """Close the files of a product; nothing to do when its process is gone, which is no fault of the product."""
        with self._lock:
            self._bury()
            if power.life == self._life:
                with contextlib.suppress(DamagedProductError):
                    self._ask("close", power.distant.handle, product=power.product)

    def forget(self, life: int, handle: int) -> None:
        """Note that nobody holds some pixels any more; the process is told with the next question."""
        if life == self._life:
            self._gone.append(handle)

    def _begin(self, reader: str, path: Path, given: Given, past: int = 0) -> int:
        """Have a product read from its beginning, or past what was taken before; return the life that reads it."""
        with self._lock:
            self._bury()
            self._ask("read", reader, path, given, product=path)
            for _ in range(past):
                _, *rest = self._ask("next", product=path)
                if len(rest) == 2:
                    self._gone.append(rest[1].handle)
            return self._life

    def _bury(self) -> None:
        """Clear away a process that died between two questions: neither product is to blame."""
        if self._process is not None and self._process.exitcode is not None:
            self.end()

    def _taken(self, rest: list[Any], product: Path) -> Found:
        if len(rest) == 1:
            plain: Found = rest[0]
            return plain
        found: Product
        found, distant = rest
        power = DistantPower(self, self._life, distant, product)
        weakref.finalize(power, self.forget, self._life, distant.handle)
        return replace(found, power=power)

    def _alive(self, power: "DistantPower") -> None:
        if power.life != self._life:
            raise _died(power.product.name, "was replaced; read the product again")

    def _ask(self, question: str, *arguments: Any, product: Path) -> tuple[Any, ...]:  # noqa: ANN401
        """Send one question and return its answer; the process is replaced if none comes."""
        try:
            pipe = self._started()
            if self._gone:
                handles, self._gone = self._gone, []
                pipe.send(("drop", handles))
                self._answer(pipe, product)
            pipe.send((question, *arguments))
            answer = self._answer(pipe, product)
        except (EOFError, OSError) as error:
            code = self._exit_code()
            self.end()
            raise _died(product.name, f"ended ({code})") from error
        if answer[0] == "error":
            raise _known(*answer[1:])
        return answer

    def _answer(self, pipe: Connection, product: Path, patience: float | None = None) -> tuple[Any, ...]:
        """Wait for an answer: the usual time at first, then as long as the product's bytes may take."""
        waited = PATIENCE_S if patience is None else patience
        if not pipe.poll(waited):
            more = _bytes_near(product) / SLOW_BYTES_S
            if not pipe.poll(more):
                self.end()
                raise _died(product.name, f"gave no answer for {waited + more:.0f} s")
        answer: tuple[Any, ...] = pipe.recv()
        return answer

    def _started(self) -> Connection:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=serve, args=(theirs, self._readers), name="product reader", daemon=True
            )
            try:
                self._process.start()
            except BaseException:
                self._pipe = self._process = None  # a half-made process must not be asked
                raise
            theirs.close()  # or the end of the process would never be seen as the end of the pipe
            self._pipe.send(("drop", []))
            self._answer(self._pipe, Path("the first product"), START_S)
        return self._pipe

    def _exit_code(self) -> str:
        if self._process is None:
            return "unknown"
        self._process.join(1.0)
        code = self._process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


class DistantPower:
    """An `OpenPower` whose files are open in the worker."""

    def __init__(self, worker: Worker, life: int, distant: Distant, product: Path) -> None:
        self.life = life
        self.distant = distant
        self.product = product
        self._worker = worker
        self._box = GeoBox(distant.shape, Affine(*distant.affine), distant.crs)

    @property
    def geobox(self) -> GeoBox:
        """Grid of the pixels, north up."""
        return self._box

    @property
    def polarisations(self) -> tuple[str, ...]:
        """What can be read, in the order of the product."""
        return self.distant.polarisations

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        """Return (y, x) linear power of a window, NaN where there is no data."""
        return self._worker.pixels(self, polarisation, rows, cols)

    def close(self) -> None:
        """Close the files over there; reading again opens them again."""
        self._worker.close(self)


def _died(name: str, how: str) -> DamagedProductError:
    msg = (
        f"{name}: the process that read it {how}. The product is damaged or hostile; fetch it again from its provider."
    )
    return DamagedProductError(msg)


def _known(name: str, text: str) -> NightglassError:
    kind = getattr(errors, name, DamagedProductError)
    error = kind(text)
    return error if isinstance(error, NightglassError) else DamagedProductError(text)


def _bytes_near(path: Path) -> int:
    """Return about how many bytes the product has: what lies in its folder and below."""
    total = path.stat().st_size if path.is_file() else 0
    folder = path if path.is_dir() else path.parent
    for seen, file in enumerate(folder.rglob("*")):
        if seen > MOST_FILES:
            break
        with contextlib.suppress(OSError):
            total += file.stat(follow_symlinks=False).st_size
    return total

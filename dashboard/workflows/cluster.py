"""Workers for work that is larger than one process: embedded by default, or those of a Dask scheduler elsewhere.

The embedded ones are one process for each core of this machine. They listen on loopback alone, serve no page, write no
log and are gone when the work is. Another scheduler's workers must see the data directory under the same path: pixels
are read where they lie, and results are files beside them; what travels is a question and a word of when it is done.
"""

import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError as Abandoned
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from typing import TypeVar, cast

import dask
import psutil
from distributed import Client, Future, LocalCluster, wait
from distributed.scheduler import KilledWorker

from dashboard.model.errors import InputError, ResourceError
from dashboard.model.host import check_scheduler
from dashboard.model.progress import CancelToken

LOOPBACK = "127.0.0.1"
CONNECT_S = 10.0
"""A scheduler that has not answered by then is not there."""
ALONE_S = 30.0
"""A scheduler without any worker for this long is of no use; workers that died are back sooner."""
WORKER_BYTES = 1.5e9
"""That one worker may come to hold."""
MEMORY_SHARE = 0.6
"""Of this machine's memory that all of one's own workers together may take."""
_POLL_S = 0.2
_CLOSE_S = 10.0
_AHEAD = 2
"""Pieces of work handed out for each thread: the next one waits at the worker when the last is done."""
_QUIET = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.low-level-log-length": 10,
}
"""No routes but the protocol's own; nothing is kept in workers, so nothing is to be spilled. Messages hold the pieces
of work themselves: the last ten of them stay in every log, not the last thousand."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers that are there."""

    client: Client
    address: str
    """Of the scheduler."""
    threads: int
    """That work at the same time."""


@contextmanager
def crew(address: str = "", *, processes: int | None = None) -> Iterator[Crew]:
    """Give workers for the time of a ``with`` block.

    Parameters
    ----------
    address
        Of a scheduler, ``tcp://host:port``; empty for workers of one's own on this machine.
    processes
        Of one's own workers; unless told one for each core, as far as memory goes.

    Raises
    ------
    InputError
        If the address is none.
    ResourceError
        If the scheduler does not answer, or has no workers; the text names it.
    """
    if address.strip():
        with _elsewhere(_checked(address)) as found:
            yield found
    else:
        with _embedded(processes or _fitting()) as found:
            yield found


def each(
    workers: Crew, work: Callable[[Item], Result], items: Iterable[Item], *, cancel: CancelToken | None = None
) -> Iterator[tuple[Item, Result]]:
    """Do a piece of work on every item and give the results as they come, in any order.

    Few pieces are handed out at a time, so a cancelled run has little to wait for and a long list costs nothing. A
    piece whose worker dies is given to another one; the third time it is taken for the reason.

    Parameters
    ----------
    workers
        Who does it.
    work
        A function of a module, reached by name in the workers; what it takes and returns is small and picklable.
    items
        One piece each.
    cancel
        Looked at several times a second. Work in hand is abandoned, not interrupted.

    Raises
    ------
    NightglassError
        What the work raised.
    CancelledError
        If `cancel` was set.
    ResourceError
        If workers keep dying over one piece, or all of them or the scheduler are gone.
    """
    left, running, watch = iter(items), dict[Future, Item](), _Watch(workers)
    try:
        while True:
            wanted = workers.threads * _AHEAD - len(running)
            running |= {workers.client.submit(work, item, pure=False): item for item in islice(left, wanted)}
            if not running:
                return
            if cancel is not None:
                cancel.check()
            for future in watch.finished(running):
                yield running.pop(future), cast("Result", _result(workers, future))
    finally:
        if running and workers.client.status == "running":
            with suppress(OSError, TimeoutError):
                workers.client.cancel(list(running), force=True)


class _Watch:
    """Waits for work, and notices when nobody is left to do it."""

    def __init__(self, workers: Crew) -> None:
        self._workers = workers
        self._manned = time.monotonic()

    def finished(self, running: Iterable[Future]) -> list[Future]:
        with suppress(TimeoutError), self._workers.client.as_current():
            return list(wait(list(running), timeout=_POLL_S, return_when="FIRST_COMPLETED").done)
        now = time.monotonic()
        if self._present():
            self._manned = now
        elif now - self._manned > ALONE_S:
            said = f"The scheduler {self._workers.address} has had no workers for {ALONE_S:.0f} s"
            raise ResourceError(f"{said}; start some and run the same again: it goes on where it stopped.")
        return []

    def _present(self) -> bool:
        if self._workers.client.status not in {"running", "connecting"}:
            return False
        try:
            return bool(self._workers.client.nthreads())
        except (OSError, TimeoutError):
            return False


def _result(workers: Crew, future: Future) -> object:
    try:
        return future.result()
    except KilledWorker as error:
        said = f"Workers ended {error.allowed_failures + 1} times over one piece of work"
        raise ResourceError(f"{said}, most likely for want of memory; free some, or work on a smaller area.") from error
    except Abandoned as error:
        said = f"The scheduler {workers.address} is gone"
        raise ResourceError(f"{said}; start it and run the same again: it goes on where it stopped.") from error


def _fitting() -> int:
    """Return how many workers there are cores and memory for; on one machine always the same."""
    room = int(MEMORY_SHARE * psutil.virtual_memory().total / WORKER_BYTES)
    return max(1, min(os.cpu_count() or 1, room))


def _checked(address: str) -> str:
    try:
        return check_scheduler(address)
    except ValueError as error:
        raise InputError(f"{error}, or leave it empty to work on this machine.") from error


@contextmanager
def _elsewhere(address: str) -> Iterator[Crew]:
    remedy = "start it, or leave the setting dask_scheduler empty to work on this machine"
    try:
        with dask.config.set(_QUIET):
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        msg = f"The Dask scheduler {address} does not answer within {CONNECT_S:.0f} s; {remedy}."
        raise ResourceError(msg) from error
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT_S)
        except (OSError, TimeoutError) as error:
            start = f"start one with: dask worker {address}"
            raise ResourceError(f"The Dask scheduler {address} has no workers; {start}, or {remedy}.") from error
        yield Crew(client, address, sum(client.nthreads().values()))
    finally:
        client.close(timeout=_CLOSE_S)


@contextmanager
def _embedded(processes: int) -> Iterator[Crew]:
    with (
        tempfile.TemporaryDirectory(prefix="nightglass-workers-", ignore_cleanup_errors=True) as folder,
        dask.config.set(_QUIET),  # for all of it: a worker that is replaced opens new connections
    ):
        with _without_interrupts():
            cluster = LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                host=LOOPBACK,
                dashboard_address=f"{LOOPBACK}:0",  # the protocol's server needs a port of its own: any that is free
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
                memory_limit=0,
                local_directory=folder,
            )
        try:
            with Client(cluster, set_as_default=False, timeout=CONNECT_S) as client:
                yield Crew(client, cluster.scheduler_address, processes)
        finally:
            cluster.close(timeout=_CLOSE_S)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl+C back for the time of a block, and for good from threads and processes that begin in it.

    The key reaches every process of a terminal. Only the one that started the workers decides what it means; it gets
    what was held back when the block ends.
    """
    resource_tracker.ensure_running()  # or the first process to start would start it, and let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

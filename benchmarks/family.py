"""Memory of this process and of all that it started, over time: what a promise about all of them is held to.

Resident pages (RSS) of processes that share some are counted more than once in a sum; proportional ones (PSS) are not.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil


class Sample(NamedTuple):
    """Memory at one moment, GB."""

    at: float
    """Seconds."""
    rss: float
    pss: float
    own: float
    """Pages of this process alone that no file backs: nobody else's coming and going changes them, as it does PSS."""
    worker: float
    """RSS of the largest worker."""


@dataclass(slots=True)
class Memory:
    """Memory of a family of processes over time."""

    samples: list[Sample] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for the time of a ``with`` block."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _watch(self, done: threading.Event) -> None:
        own, start = psutil.Process(), time.perf_counter()
        while not done.wait(0.2):
            sizes = [_sizes(own.pid)]
            for child in own.children(recursive=True):
                with suppress(OSError):  # it may have ended meanwhile
                    sizes.append(_sizes(child.pid))
            rss, pss = (sum(each[at] for each in sizes) for at in (0, 1))
            workers = [each[0] for each in sizes[1:]]
            self.samples.append(Sample(time.perf_counter() - start, rss, pss, sizes[0][2], max(workers, default=0.0)))

    def peak(self, what: str, first: float = 0.0, last: float = float("inf")) -> float:
        """Return the highest of `rss`, `pss`, `own` or `worker` between two moments, GB."""
        return max((getattr(each, what) for each in self.samples if first <= each.at <= last), default=0.0)


def _sizes(pid: int) -> tuple[float, float, float]:
    """Return RSS, PSS and anonymous pages of a process, GB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    known = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    rss, pss, own = (int(known[name]) * 1024 / 1e9 for name in ("Rss", "Pss", "Anonymous"))
    return rss, pss, own

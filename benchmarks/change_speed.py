"""Promise: the energy of change of 60 dates, two polarisations, 1000 x 1000 pixels at 400 Mpx dates a second or more.

A pixel of a date counts once, its two polarisations together. Speckle of 4.4 looks in float32, no file read; median of
three runs after one that compiles. *With its reference*: the common mode and the scene's variances are measured, too,
as on a screen; *given its reference*, as in a tile. Gaps: a tenth of all values is missing, anywhere. The t-test is the
published one without its filter, what the peers compute as well. Extra memory is the most resident at any time less
what was there before, sampled every 2 ms. In brackets is what the processors' own time allows on all cores, an upper
end: a machine that does nothing else comes near it. Where the two differ much, the machine was busy.

Peers, same arrays, same machine: the published t-test (ln, means, variances, largest of polarisations) written in
xarray and in numpy. `nd`, the only compiled peer for long stacks, does not install with today's Cython.

Run: ``python -m benchmarks.change_speed``
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import xarray as xr

from benchmarks.table import Row, show
from dashboard.change.energy import Options, change_tstat, placebo_energies, reference
from dashboard.change.energy.stacks import asked
from dashboard.change.periods import Periods
from dashboard.change.pwtt import ENL, t_and_freedom

DATES, PLANES, SIDE, AFTER = 60, ("VV", "VH"), 1000, 5
WORK = DATES * SIDE * SIDE / 1e6
"""Mpx dates of one run."""
_LIMIT = 0.4
_CORES = os.cpu_count() or 1


def stack(gaps: float = 0.0) -> xr.DataArray:
    """Return quiet speckle."""
    rng = np.random.default_rng(1)
    power = np.empty((DATES, len(PLANES), SIDE, SIDE), np.float32)
    for date in power:
        date[:] = rng.standard_gamma(4.4, date.shape, np.float32) / np.float32(4.4)
        if gaps:
            date[rng.random(date.shape, np.float32) < gaps] = np.nan
    times = np.datetime64("2023-01-02", "ns") + np.arange(DATES) * np.timedelta64(6, "D")
    coords = {
        "time": times, "polarisation": list(PLANES),
        "y": 5e6 - 20.0 * np.arange(SIDE), "x": 3e5 + 20.0 * np.arange(SIDE),
    }  # fmt: skip
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


def periods(data: xr.DataArray) -> Periods:
    """Return the last dates as those after, all others as those before."""
    times = data["time"].values
    return Periods(before=(times[0], times[-AFTER - 1]), after=(times[-AFTER], times[-1]))


def in_xarray(data: xr.DataArray) -> xr.DataArray:
    """Restate the t-test as its users write it."""
    logs = np.log(data)
    before, after = logs[:-AFTER], logs[-AFTER:]
    n1, n2 = before.count("time"), after.count("time")
    error = before.var("time", ddof=1) / n1 + after.var("time", ddof=1) / n2
    return (abs(after.mean("time") - before.mean("time")) / np.sqrt(error)).max("polarisation")


def in_numpy(power: np.ndarray) -> np.ndarray:
    """Restate it without names and without care for gaps."""
    logs = np.log(power)
    before, after = logs[:-AFTER], logs[-AFTER:]
    error = before.var(axis=0, ddof=1) / before.shape[0] + after.var(axis=0, ddof=1) / AFTER
    return (abs(after.mean(axis=0) - before.mean(axis=0)) / np.sqrt(error)).max(axis=0)


def timed(work: Callable[[], object], repeats: int = 3) -> tuple[float, float, float]:
    """Return the medians of the seconds taken and of those of processors, and the most extra memory in bytes."""
    seconds, busy, extra = [], [], []
    for _ in range(repeats):
        with _Watched() as watched:
            start, at_work = time.perf_counter(), time.process_time()
            work()
            seconds.append(time.perf_counter() - start)
            busy.append(time.process_time() - at_work)
        extra.append(watched.most)
    return float(np.median(seconds)), float(np.median(busy)), float(max(extra))


class _Watched:
    """The most that a process's resident memory rises while inside."""

    def __enter__(self) -> "_Watched":
        self._process, self._done = psutil.Process(), threading.Event()
        self._start, self.most = self._process.memory_info().rss, 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.002):
            self.most = max(self.most, self._process.memory_info().rss - self._start)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def run(_folder: Path | None = None) -> list[Row]:
    """Measure everything on one stack, then the energy on one with gaps."""
    data = stack()
    when, size = periods(data), data.nbytes
    compiled(data)
    beside, plain = timed(lambda: in_xarray(data)), timed(lambda: in_numpy(data.values))
    peer = f"xarray {WORK / beside[0]:.0f}, numpy {WORK / plain[0]:.0f}"
    known = reference([data], when)
    whole = timed(lambda: change_tstat([data], when))
    tile = timed(lambda: change_tstat([data], when, reference=known))
    dates = asked([data], when)[0]
    core, lee = (timed(lambda looks=looks: t_and_freedom(dates, "welch", _CORES, looks)) for looks in (0.0, ENL))
    rows = [
        _speed("energy, with its reference", whole, ">= 400", peer),
        _speed("energy, given its reference", tile, ">= 400", peer),
        _speed("published t-test, no filter", core, ">= 800", peer),
        _speed("published t-test, Lee filter", lee, "", ""),
        Row(
            promise="energy, extra memory", figure=f"{whole[2] / size:.2f} of the input", target=f"<= {_LIMIT}",
            peer=f"xarray {beside[2] / size:.2f}",
        ),
        *pseudo_events(data, when, tile[0]),
    ]  # fmt: skip
    holed = stack(0.1)
    return [*rows, _speed("energy, with its reference, gaps", timed(lambda: change_tstat([holed], when)), "", "")]


def pseudo_events(data: xr.DataArray, when: Periods, question: float) -> list[Row]:
    """Measure all pseudo-events beside as many runs of the question itself."""
    known, count = reference([data], when), 0

    def work() -> None:
        nonlocal count
        count = sum(1 for _ in placebo_energies([data], when, reference=known))

    taken, _, extra = timed(work)
    return [
        Row(
            promise=f"{count} pseudo-events", figure=f"{taken:.2f} s, {taken / question:.1f} x the question", target="",
            peer=f"{count} questions {count * question:.1f} s", note=f"pseudo-events: {extra / data.nbytes:.2f} of the "
            "input as extra memory; the peer is the question itself, asked so many times",
        )
    ]  # fmt: skip


def compiled(data: xr.DataArray) -> None:
    """Let every kernel be compiled, or read from its cache."""
    small, when = data[..., :80, :80], periods(data)
    known = reference([small], when)
    change_tstat([small], when, reference=known, options=Options())
    list(placebo_energies([small], when, reference=known, most=2))
    for looks in (0.0, ENL):
        t_and_freedom(asked([small], when)[0], "welch", 2, looks)


def _speed(promise: str, taken: tuple[float, float, float], target: str, peer: str) -> Row:
    """Give a speed, and in brackets the one that the cores' own time allows."""
    figure = f"{WORK / taken[0]:.0f} ({_CORES * WORK / taken[1]:.0f}) Mpx dates/s"
    return Row(promise=promise, figure=figure, target=target, peer=peer)


def main() -> None:
    """Measure and print."""
    rows = run()
    size = f"{DATES} dates x {len(PLANES)} polarisations x {SIDE} x {SIDE} pixels"
    show(f"Change in {size}, load average {os.getloadavg()[0]:.1f} at the end", rows)


if __name__ == "__main__":
    main()

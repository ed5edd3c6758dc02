"""Promise: the very acquisition that a change began with, of a pixel and of an object; the speed of dating and of CCD.

*Exact date* (D1): steps of 3 and 5 dB (VV; 0.7 times as many dB in VH) put into objects of 2 to 5 pixels a side, at
the 14th, 16th, 18th and 20th of 22 dates, on four real bursts and on simulated speckle of 9 looks; once all of one
sign, once with a quarter of an object's pixels of the other. A pixel is dated by `change_point` without its gate, an
object by `object_dates` from the pixels that really changed. Peers on the same arrays: the sequential omnibus test
(first date found at 1 %; looks measured on the stack) and the rule "first of two consecutive looks with a z above
2.576 against the looks before the event", in numpy; the latter is told when the event was, which dating is not.
*Interval*: share of objects whose 95 % interval holds the date.
*Speed*: 60 dual-polarised dates of 1000 x 1000 pixels. *CCD* (F4): 5 x 5 pixels, one pair of 1000 x 1000.

Run: ``python -m benchmarks.change_dates``; the real bursts are read beside the project, in ``../shared/data``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy import ndimage

from benchmarks import california
from benchmarks.table import Row, show
from dashboard.change.coherence import coherence
from dashboard.change.energy import Options, Reference, reference
from dashboard.change.omnibus import sequential_omnibus
from dashboard.change.periods import Periods
from dashboard.change.points import change_point, object_dates
from dashboard.change.points.scene import measured

STARTS = range(13, 20, 2)
Z = 2.576
NOTE = "exact acquisition; peers: sequential omnibus / first of two consecutive z > 2.576, told when the event was"
TITLES = {"pixel": "date of a pixel", "object": "date of an object", "held": "95 % interval"}
PIXEL = {3: ">= 83 %", 5: ">= 96 %"}
OBJECT = {3: ">= 88 %", 5: ">= 98 %"}


@dataclass(frozen=True, slots=True)
class Injected:
    """A stack with known changes."""

    stack: xr.DataArray
    labels: np.ndarray
    start: int
    """Index of the first changed date."""

    @property
    def inside(self) -> np.ndarray:
        """(y, x) where it changed."""
        return self.labels > 0

    def known(self) -> Reference:
        """What the scene says, from the dates before and after."""
        times = self.stack.time.values
        before, after = (times[0], times[self.start - 1]), (times[self.start], times[-1])
        return reference([self.stack], Periods(before=before, after=after), Options())


def simulated(seed: int, looks: float = 9.0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    power = (0.05 * rng.standard_gamma(looks, (22, 2, 100, 100)) / looks).astype(np.float32)
    times = np.datetime64("2022-01-01", "ns") + (12 * np.arange(22)).astype("timedelta64[D]")
    coords = {"time": times, "polarisation": list(california.POLARISATIONS)}
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


def injected(stack: xr.DataArray, start: int, db: float, flips: float, seed: int) -> Injected:
    """Return a copy with a step in 81 objects of 2 to 5 pixels a side, a tenth of the ground; gaps lie between them."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(stack.shape[2:], np.int32)
    for number, (row, column) in enumerate(np.ndindex(9, 9), start=1):
        (height, width), (down, right) = rng.integers(2, 6, 2), rng.integers(0, 5, 2)
        top, left = 10 * row + 5 + down, 10 * column + 5 + right
        labels[top : top + height, left : left + width] = number
    sign = np.where(rng.random(labels.shape) < flips, -1.0, 1.0) * (labels > 0)
    values = stack.values.copy()
    for band, part in enumerate((1.0, 0.7)):
        values[start:, band] *= (10 ** (part * db * sign / 10)).astype(np.float32)
    values.flags.writeable = False
    return Injected(stack.copy(data=values), labels, start)


def by_omnibus(case: Injected) -> np.ndarray:
    """Return whether the sequential omnibus test's first date is the right one, of every changed pixel."""
    logs = np.log(case.stack.values)
    spread = np.median(np.var(np.diff(logs, axis=0), axis=0) / 2, axis=(1, 2))
    looks = dict(zip(california.POLARISATIONS, (float(1 / v + 0.5) for v in spread), strict=True))
    found = sequential_omnibus(case.stack, looks, far=0.01)["date"].values[0]
    return found[case.inside] == case.start


def by_consecutive_z(case: Injected) -> np.ndarray:
    """Return whether the first of two consecutive large deviations from the looks before is the right date."""
    logs = np.log(case.stack.values)
    before = logs[: case.start]
    z = np.abs(logs - before.mean(axis=0)) / before.std(axis=0, ddof=1)
    large = z.max(axis=1) > Z
    large[: case.start] = False
    twice = large[:-1] & large[1:]
    return (np.where(twice.any(axis=0), twice.argmax(axis=0), -1) == case.start)[case.inside]


def dated(stacks: list[xr.DataArray], db: float, flips: float) -> dict[str, float]:
    """Return the share of exact dates of all methods, and of intervals that hold the date."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("pixel", "object", "held", "omnibus", "z")}
    for number, stack in enumerate(stacks):
        for start in STARTS:
            case = injected(stack, start, db, flips, 100 * number + start)
            times, known = case.stack.time.values, case.known()
            index = change_point(case.stack, reference=known, most=1, gate=0.0)["index"].values[0]
            objects = object_dates([case.stack], case.labels, reference=known)
            found["pixel"].append(index[case.inside] == start)
            found["object"].append(np.array([one.before == times[start] for one in objects]))
            found["held"].append(np.array([one.low < times[start] <= one.high for one in objects]))
            found["omnibus"].append(by_omnibus(case))
            found["z"].append(by_consecutive_z(case))
    return {name: float(np.concatenate(parts).mean()) for name, parts in found.items()}


def dates(name: str, stacks: list[xr.DataArray]) -> list[Row]:
    rows = []
    for db in (3, 5):
        for flips in (0.0, 0.25):
            share = dated(stacks, db, flips)
            what = f"{name}, {db} dB, {'25 % flips' if flips else 'one sign'}"
            peer = f"{share['omnibus']:.0%} / {share['z']:.0%}"
            figures = (("pixel", PIXEL[db], peer), ("object", OBJECT[db], ""), ("held", ">= 95 %", ""))
            rows += [
                Row(promise=f"{TITLES[key]}: {what}", figure=f"{share[key]:.1%}", target=target, peer=peers, note=NOTE)
                for key, target, peers in figures
            ]
    return rows


def timed(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the median seconds of a call by the clock and of all cores together, after one that compiles."""
    call()
    taken = []
    for _ in range(repeats):
        start, worked = time.perf_counter(), time.process_time()
        call()
        taken.append((time.perf_counter() - start, time.process_time() - worked))
    clock, cores = np.median(taken, axis=0)
    return float(clock), float(cores)


def speed() -> Row:
    rng = np.random.default_rng(0)
    power = rng.standard_gamma(9.0, (60, 2, 1000, 1000), dtype=np.float32)
    power *= np.float32(0.05 / 9)
    times = np.datetime64("2022-01-01", "ns") + (6 * np.arange(60)).astype("timedelta64[D]")
    coords = {"time": times, "polarisation": list(california.POLARISATIONS)}
    stack = xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)
    known = measured(stack, Options())
    ours, cores = timed(lambda: change_point(stack, reference=known, most=1), 5)
    crop = stack[:, :, :250, :250]
    peer = timed(lambda: in_numpy(crop.values), 1)[0] * 16
    return Row(
        promise="change point of 60 dual-pol dates, smoothed",
        figure=f"{60 / ours:.0f} Mpx dates/s ({60 / cores:.0f} a core)",
        target=">= 280",
        peer=f"{60 / peer:.0f} Mpx dates/s",
        note="speed: median, and per second of one core; peers: the same in numpy and scipy",
    )


def in_numpy(power: np.ndarray) -> np.ndarray:
    """Scan every instant in plain numpy: the same energy, smoothed, and its highest instant."""
    logs = np.log(power)
    n = len(logs)
    sums, squares = logs.cumsum(axis=0), ((logs - logs.mean(axis=0)) ** 2).sum(axis=0)
    k = np.arange(1, n).reshape(-1, 1, 1, 1)
    between = (sums[:-1] - k / n * sums[-1]) ** 2 * n / (k * (n - k))
    base = 7 * np.median(squares / (n - 1)) + squares
    energy = ((n + 7) * np.log(base / (base - between))).sum(axis=1)
    return ndimage.gaussian_filter(energy, (0, 1, 1), truncate=3).argmax(axis=0)


def ccd() -> Row:
    rng = np.random.default_rng(0)
    parts = rng.standard_normal((2, 1000, 1000, 2), dtype=np.float32).view(np.complex64)[..., 0]
    a, b = parts[0], (0.7 * parts[0] + np.sqrt(0.51, dtype=np.float32) * parts[1]).astype(np.complex64)
    first, second = (xr.DataArray(image, dims=("y", "x")) for image in (a, b))
    ours, cores = timed(lambda: coherence(first, second, 5), 15)
    peer, _ = timed(lambda: coherence_in_scipy(a, b), 3)
    return Row(
        promise="coherence, 5 x 5, one pair of 1 Mpx",
        figure=f"{1e3 * ours:.1f} ms ({1e3 * cores:.1f} of one core)",
        target="<= 6 ms",
        peer=f"{1e3 * peer:.0f} ms",
    )


def coherence_in_scipy(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    product = a * b.conj()
    real, imaginary, one, two = (
        ndimage.uniform_filter(part, 5, mode="constant")
        for part in (product.real, product.imag, np.abs(a) ** 2, np.abs(b) ** 2)
    )
    return np.hypot(real, imaginary) / np.sqrt(one * two)


def run(_scratch: Path) -> list[Row]:
    """Measure the dates on what is there, and both speeds."""
    real = [stack for _, stack in sorted(california.bursts().items())]
    rows = dates("speckle", [simulated(seed) for seed in range(4)])
    if real:
        rows += dates("real land", real)
    else:
        rows.append(
            Row(promise="date: real land", figure="", target="", peer="", note=f"no stack at {california.STACK}")
        )
    return [*rows, speed(), ccd()]


def main() -> None:
    show("When it changed, and coherence", run(Path()))


if __name__ == "__main__":
    main()

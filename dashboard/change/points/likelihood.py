"""How likely every instant is to be that of an object's change, given all its looks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import Options
from dashboard.change.points import kernels
from dashboard.change.points.scene import Scene

SPREADS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Variances that the steps inside an object may have, in those of one look; each as likely as the other beforehand."""

Indices = NDArray[np.int64]
Energies = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """The looks of one stack at the pixels of some objects, as running sums."""

    sums: kernels.Real
    counts: kernels.Counts
    squares: kernels.Real
    splits: Indices
    prior: tuple[float, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Looked:
    """Some objects with everything that was looked at in them."""

    offsets: Indices
    series: tuple[Series, ...]
    seen: NDArray[np.bool_]
    """(object, instant)."""
    share: float
    """Pixels that speak as one."""

    def likelihood(self, other: Indices) -> Energies:
        """Return (object, instant + 1): twice the log likelihood of a changed stretch from each instant to `other`.

        Against that of no change, and with the sizes of the steps averaged over: every series has one of its own, so
        a plain maximum would favour instants at which many of them can be fitted to noise.
        """
        shape = self.seen.shape[0], self.seen.shape[1] + 1
        total = np.zeros((len(SPREADS), *shape))
        for one in self.series:
            ratio, worth, rows = compared(one, self.offsets, other, shape)
            mean = worth / np.maximum(rows, 1.0)[:, None]
            for at, spread in enumerate(SPREADS):
                gain = mean * spread
                total[at] += (ratio * gain / (1.0 + gain) - rows[:, None] * np.log1p(gain)) / self.share
        highest = total.max(axis=0)
        return np.asarray(highest + 2.0 * np.log(np.exp((total - highest) / 2.0).mean(axis=0)))


def gather(
    stacks: Sequence[xr.DataArray],
    found: Sequence[Scene],
    members: Indices,
    offsets: Indices,
    instants: NDArray[np.datetime64],
    options: Options,
) -> Looked:
    """Return what all stacks say about some objects, whose pixel numbers and offsets are given."""
    series = []
    seen = np.zeros((offsets.size - 1, instants.size), bool)
    for stack, scene in zip(stacks, found, strict=True):
        dates, bands = stack.shape[:2]
        power = np.asarray(stack.values, np.float32).view()
        power.flags.writeable = False  # kernels are compiled for that alone
        sums = np.empty((members.size, bands, dates + 1), np.float32)
        counts, squares = np.empty(sums.shape, np.int16), np.empty(sums.shape[:2], np.float32)
        kernels.running(power, members, (scene.field, scene.low, scene.weight), sums, counts, squares)
        times = np.asarray(stack.time.values)
        splits = np.append(np.searchsorted(times, instants), dates)
        looked = np.logical_or.reduceat((np.diff(counts, axis=2) > 0).any(axis=1), offsets[:-1], axis=0)
        seen[:, np.searchsorted(instants, times)] |= looked
        series.append(Series(sums, counts, squares, splits, (options.prior_dof, scene.variance)))
    return Looked(offsets, tuple(series), seen, max(1.0, options.smooth_px**2))


def compared(
    one: Series, offsets: Indices, other: Indices, shape: tuple[int, int]
) -> tuple[Energies, Energies, NDArray[np.float64]]:
    """Return twice the log likelihood ratio and the worth in looks, (object, instant + 1), and (object,) the series."""
    ratio, worth, rows = np.zeros(shape), np.zeros(shape), np.zeros(shape[0])
    kernels.profile(one.sums, one.counts, one.squares, offsets, one.splits, other, one.prior, ratio, worth, rows)
    return ratio, worth, rows

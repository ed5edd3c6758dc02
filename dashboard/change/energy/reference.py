"""What the whole scene says, measured once and given to every tile, so that tiles equal the whole."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy.common import CommonMode, common_mode, in_threads
from dashboard.change.energy.options import FEWEST_BEFORE, Options
from dashboard.change.energy.stacks import Asked, asked, in_power, map_coordinates
from dashboard.change.energy.strips import Series
from dashboard.change.periods import Periods
from dashboard.model.errors import InputError

Real = NDArray[np.float32]

_SAMPLE = 20_000
"""Pixels of a scene, equally spread, that its variances and strata are taken from."""
_FEWEST_FREE = 2
"""Degrees of freedom below which a pixel's variance is no measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the whole scene says about its quiet state. Small and picklable: it travels to every tile."""

    common: tuple[CommonMode, ...]
    """One for each stack."""
    variance: tuple[NDArray[np.float32], ...]
    """(polarisation,) for each stack: median over the scene of a pixel's variance in time, of ln power."""
    brightness_edges: tuple[float, float] = (0.0, 0.0)
    """Terciles of the mean ln power before, between the strata."""
    variability_edges: tuple[float, float] = (0.0, 0.0)
    """Terciles of ln(variance / scene's variance), between the strata."""

    def only(self, index: int) -> "Reference":
        """Return what concerns one stack, as if it were asked about alone."""
        return replace(self, common=(self.common[index],), variance=(self.variance[index],))


def reference(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    options: Options = Options(),  # noqa: B008 -- frozen
    *,
    threads: int | None = None,
) -> Reference:
    """Measure what a scene shares and how much its pixels vary, from the scene itself or a fair sample of it.

    The common mode is relative, so a coarse copy of the area serves as well. Variances and strata are those of the
    grid given: a coarse copy averages speckle away. Take those from blocks at full resolution, and `merged`.

    Parameters
    ----------
    stacks
        (time, polarisation, y, x) as `change_tstat` takes them, one array a stack on one grid.
    periods
        When the ground was as before, and when it may have changed.
    options
        The same that the statistic is given.
    threads
        How many to use; None for as many as there are cores.

    Raises
    ------
    InputError
        If a stack has other dimensions or its times do not rise.
    GridMismatchError
        If the stacks do not share a grid.
    """
    threads = threads or os.cpu_count() or 1
    dates = asked(stacks, periods)
    common = tuple(common_mode(each, options, threads) for each in dates)
    variance, levels, spreads = [], [], []
    for each, mode in zip(dates, common, strict=True):
        level, spread = level_and_variance(_sampled_moments(each, mode, threads))
        scale = _median(spread)
        variance.append(scale)
        levels.append(level)
        spreads.append(np.log(spread / scale[:, None, None]))
    return Reference(
        common=common,
        variance=tuple(variance),
        brightness_edges=_terciles(mean_of(levels)),
        variability_edges=_terciles(mean_of(spreads)),
    )


def level_and_variance(moments: Real) -> tuple[Real, Real]:
    """Return the mean ln power before and the variance about both means (polarisation, y, x), NaN where unknown."""
    free = moments[:, 0] + moments[:, 1] - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where((free >= _FEWEST_FREE) & (moments[:, 4] > 0), moments[:, 4] / free, np.float32(np.nan))
    return np.where(moments[:, 0] >= FEWEST_BEFORE, moments[:, 2], np.float32(np.nan)), variance


def mean_of(parts: Sequence[Real]) -> Real:
    """Return the mean (y, x) over stacks and polarisations of what is known, NaN where nothing is."""
    together = np.concatenate(parts)
    known = np.isfinite(together)
    with np.errstate(invalid="ignore"):
        total = np.where(known, together, np.float32(0)).sum(axis=0)
        return np.asarray(total / known.sum(axis=0, dtype=np.float32), np.float32)


def _median(values: Real) -> Real:
    """Median over the scene of each polarisation, 1 where nothing is known: then no pixel is judged by it."""
    known = [plane[np.isfinite(plane)] for plane in values]
    return np.array([np.median(plane) if plane.size else 1.0 for plane in known], np.float32)


def _terciles(values: Real) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 0.0
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    return float(low), float(high)


def merged(common: Reference, samples: Sequence[Reference]) -> Reference:
    """Return the common mode of one reference with the variances and strata of samples: the median of each.

    Raises
    ------
    InputError
        If there is no sample.
    """
    if not samples:
        raise InputError("No sample of the variances was given; measure one block at full resolution at least.")
    variance = tuple(
        np.nanmedian([each.variance[at] for each in samples], axis=0).astype(np.float32)
        for at in range(len(common.variance))
    )
    brightness, variability = (
        np.median([getattr(each, name) for each in samples], axis=0)
        for name in ("brightness_edges", "variability_edges")
    )
    return replace(
        common,
        variance=variance,
        brightness_edges=(float(brightness[0]), float(brightness[1])),
        variability_edges=(float(variability[0]), float(variability[1])),
    )


def log_series(stack: xr.DataArray, reference: Reference, index: int = 0) -> NDArray[np.float32]:
    """Return ln power (time, polarisation, y, x) with the common mode of stack `index` out; NaN where not observed.

    Of amplitudes it is that of their squares, as if their scale were 1.
    """
    power = in_power(stack.values)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where((power >= np.finfo(np.float32).tiny) & (power < np.inf), np.log(power), np.float32(np.nan))
    return np.asarray(logs - fitting(reference, index, stack).on(*map_coordinates(stack)), np.float32)


def fitting(reference: Reference, index: int, stack: xr.DataArray) -> CommonMode:
    """Return the common mode of a stack, reordered to its dates and polarisations.

    Raises
    ------
    InputError
        If the reference was measured on fewer stacks, dates or polarisations.
    """
    if index >= len(reference.common):
        raise InputError(
            f"The reference knows {len(reference.common)} stacks, not number {index + 1}; measure it anew."
        )
    common = reference.common[index]
    times = np.asarray(stack["time"].values, "datetime64[ns]")
    names = [str(name) for name in stack["polarisation"].values]
    missing = [name for name in names if name not in common.polarisations]
    absent = ~np.isin(times, common.times)
    if missing or absent.any():
        what = f"polarisations {missing}" if missing else f"date {times[absent][0]}"
        raise InputError(
            f"The reference does not know the stack's {what}; measure it on the stacks that are asked about."
        )
    dates = np.searchsorted(common.times, times)
    planes = [common.polarisations.index(name) for name in names]
    return replace(common, times=times, polarisations=tuple(names), values=common.values[dates][:, planes])


def variance_of(reference: Reference, index: int, stack: Asked) -> NDArray[np.float32]:
    """Return the scene's variance of each polarisation of a stack, all of which it knows."""
    planes = [reference.common[index].polarisations.index(name) for name in stack.polarisations]
    return np.asarray(reference.variance[index], np.float32)[planes]


def _sampled_moments(stack: Asked, mode: CommonMode, threads: int) -> Real:
    """Moments of every n-th row and column, each thread its share of the rows: most of the time goes into fetching."""
    step = max(1, int(np.sqrt(stack.y.size * stack.x.size / _SAMPLE)))
    rows, cols = (np.arange(min(step // 2, at.size // 2), at.size, step) for at in (stack.y, stack.x))
    shares = np.array_split(rows, min(threads, rows.size))
    found: list[Real] = [np.empty((0,), np.float32) for _ in shares]
    across = slice(int(cols[0]), None, step)

    def work(number: int) -> None:
        share = shares[number]
        down = slice(int(share[0]), int(share[-1]) + 1, step)
        part = replace(stack, values=stack.values[:, :, down, across], y=stack.y[down], x=stack.x[across])
        found[number] = Series.of(part, mode).all_moments()

    in_threads(work, range(len(shares)), threads)
    return np.concatenate(found, axis=2)

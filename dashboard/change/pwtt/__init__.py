"""The pixel-wise t-test of Ballinger (PWTT), as published: for comparison with what others have measured by it.

It is not the default: on quiet real ground it announces more than it should and finds less than `change_tstat`.
"""

import os
from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from dashboard.change.energy.stacks import Asked, asked
from dashboard.change.energy.strips import each_strip
from dashboard.change.periods import Periods
from dashboard.change.pwtt import kernels
from dashboard.change.pwtt.discs import disc_mean, focal_median
from dashboard.model.errors import GridMismatchError, InputError

ENL = 5.0
"""Looks that the published Lee filter assumes, whatever the product has."""
THRESHOLD = 3.3
"""Of the statistic, above which the published maps call ground damaged."""
MEDIAN_M, DISCS_M = 10.0, (50.0, 100.0, 150.0)
"""Radii of the median and of the discs that the statistic is averaged over, metres."""
_ORBITS, _VARIANCES = ("stouffer", "max"), ("welch", "pooled")


def pwtt(
    stacks: Sequence[xr.DataArray],
    periods: Periods,
    *,
    orbits: Literal["stouffer", "max"] = "stouffer",
    variance: Literal["welch", "pooled"] = "welch",
    footprints: NDArray[np.bool_] | None = None,
    threads: int | None = None,
) -> xr.Dataset:
    """Return the published statistic of two periods.

    Each date is filtered by Lee's 3 x 3 filter with 5 looks. Of each stack and polarisation, |t| of ln power before
    and after is taken; stacks are combined for each polarisation by sum(sqrt(df) |t|) / sqrt(sum(df)) or by the
    largest; of polarisations the largest counts. That is `t`. The `statistic` is a median of radius 10 m of it,
    averaged with its means over discs of 50, 100 and 150 m.

    Parameters
    ----------
    stacks
        (time, polarisation, y, x) linear power, one array a track, on one grid in metres; NaN where not observed.
    periods
        When the ground was as before, and when it may have changed.
    orbits
        ``stouffer`` as in the package, ``max`` as in the paper.
    variance
        ``welch`` (the package; two looks after at least) or ``pooled`` (the paper; one). Both need three before.
    footprints
        (y, x) where there are buildings; other ground is left out before the discs. None for everywhere.
    threads
        How many to use; None for as many as there are cores.

    Returns
    -------
    xr.Dataset
        ``statistic`` and ``t`` (y, x) float32, NaN where not judged, and ``p_value`` (y, x) float64 as published:
        4 (1 - Phi(t)), at most 1. It is far too small where little is known (6 % of quiet pixels are below 0.01).

    Raises
    ------
    InputError
        If a choice is unknown, a stack has other dimensions, or its times do not rise.
    GridMismatchError
        If the stacks, or the footprints, do not share a grid.

    References
    ----------
    O. Ballinger, "Open access battle damage detection via pixel-wise t-test on Sentinel-1 imagery", 2024.
    """
    for said, known in ((orbits, _ORBITS), (variance, _VARIANCES)):
        if said not in known:
            raise InputError(f"'{said}' is no choice of PWTT; take one of {', '.join(known)}.")
    dates = asked(stacks, periods)
    shape = dates[0].y.size, dates[0].x.size
    if footprints is not None and footprints.shape != shape:
        raise GridMismatchError(f"The footprints have {footprints.shape} pixels and the stacks {shape}; use one grid.")
    threads = threads or os.cpu_count() or 1
    parts = [t_and_freedom(each, variance, threads) for each in dates]
    t = _largest(dates, parts, orbits)
    if footprints is not None:
        t = np.where(footprints, t, np.float32(np.nan))
    coords = {name: stacks[0][name] for name in ("y", "x") if name in stacks[0].coords}
    return xr.Dataset(
        {
            "statistic": (("y", "x"), spread(t, _pixel_m(dates[0]))),
            "t": (("y", "x"), t),
            "p_value": (("y", "x"), np.minimum(4.0 * special.ndtr(-t.astype(np.float64)), 1.0)),
        },
        coords=coords,
    )


def t_and_freedom(stack: Asked, variance: str, threads: int, looks: float = ENL) -> NDArray[np.float32]:
    """Return (polarisation, 2, y, x): |t| and its degrees of freedom, NaN where not judged. No filter for 0 looks."""
    power = stack.power
    dates = np.concatenate([stack.before, stack.after])
    out = np.empty((power.shape[1], 2, *power.shape[2:]), np.float32)

    def work(rows: slice) -> None:
        part = np.empty((out.shape[0], 2, rows.stop - rows.start, out.shape[3]), np.float32)
        span = rows.start, rows.stop
        given = power, span, dates, stack.before.size, variance == "welch"
        if looks > 0.0:
            kernels.filtered_t_of(*given, looks, part)
        else:
            kernels.t_of(*given, part)
        out[:, :, rows] = part

    each_strip(power.shape[2], work, threads)
    return out


def spread(t: NDArray[np.float32], pixel_m: float) -> NDArray[np.float32]:
    """Return the mean of the median of |t| and of its means over three discs, of what is known; NaN where t is."""
    middle = focal_median(t, round(MEDIAN_M / pixel_m))
    layers = [middle, *(disc_mean(middle, radius / pixel_m) for radius in DISCS_M)]
    return np.where(np.isfinite(t), np.mean(layers, axis=0), np.float32(np.nan)).astype(np.float32)


def _largest(dates: Sequence[Asked], parts: Sequence[NDArray[np.float32]], orbits: str) -> NDArray[np.float32]:
    """The largest over polarisations of what the stacks say together."""
    names = dict.fromkeys(name for each in dates for name in each.polarisations)
    found = np.full(parts[0].shape[2:], np.nan, np.float32)
    for name in names:
        own = [
            part[each.polarisations.index(name)]
            for each, part in zip(dates, parts, strict=True)
            if name in each.polarisations
        ]
        found = np.fmax(found, _together(np.stack(own), orbits))
    return found


def _together(own: NDArray[np.float32], orbits: str) -> NDArray[np.float32]:
    """Combine stacks (stack, 2, y, x)."""
    t, free = own[:, 0], own[:, 1]
    if orbits == "max":
        return np.asarray(np.fmax.reduce(t, axis=0), np.float32)
    known = np.isfinite(t) & np.isfinite(free)
    weight = np.where(known, free, np.float32(0))
    total = (np.sqrt(weight) * np.where(known, t, np.float32(0))).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / np.sqrt(weight.sum(axis=0)), np.float32)


def _pixel_m(stack: Asked) -> float:
    """Width of a pixel in units of the grid; 1 for a single one."""
    return float(abs(stack.x[-1] - stack.x[0]) / (stack.x.size - 1)) if stack.x.size > 1 else 1.0

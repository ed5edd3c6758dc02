"""What the whole scene says, laid out for the kernels: the common mode along every column, and the variance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy import CommonMode, Options, Reference
from dashboard.change.energy.reference import fitting
from dashboard.change.energy.stacks import DIMS, map_coordinates
from dashboard.model.errors import InputError

_SAMPLE = 100_000
"""Pixels, evenly spread, that medians are taken from when no reference is given."""
_LEAST_VARIANCE = 1e-8
"""Keeps a scene without any variation from dividing by nothing."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One stack's common mode and variance on one grid."""

    field: NDArray[np.float32]
    """(time, polarisation, node row, x) in nepers."""
    low: NDArray[np.int64]
    """(y,) the node row at or above each row of the grid."""
    weight: NDArray[np.float32]
    """(y,) weight of the node row after it."""
    variance: NDArray[np.float64]
    """(polarisation,)."""


def scenes(stacks: Sequence[xr.DataArray], reference: Reference | None, options: Options) -> tuple[Scene, ...]:
    """Return the scene of every stack, measured on the stacks themselves where no reference is given.

    Raises
    ------
    InputError
        If a stack's dimensions, times or number of looks cannot be used, or the reference is of other stacks.
    """
    found = []
    for index, stack in enumerate(stacks):
        checked(stack)
        known = measured(stack, options) if reference is None else reference
        common = fitting(known, 0 if reference is None else index, stack)
        planes = [known.common[0 if reference is None else index].polarisations.index(n) for n in common.polarisations]
        variance = known.variance[0 if reference is None else index][planes]
        found.append(_scene(common, np.asarray(variance, np.float64), stack))
    return tuple(found)


def checked(stack: xr.DataArray) -> None:
    """Refuse a stack that cannot be scanned.

    Raises
    ------
    InputError
        If its dimensions are others than (time, polarisation, y, x), or its times do not rise.
    """
    if stack.dims != DIMS:
        raise InputError(f"A stack has the dimensions {stack.dims}; it needs {DIMS}: transpose it.")
    times = np.asarray(stack["time"].values, "datetime64[ns]")
    if not times.size or not (np.diff(times) > np.timedelta64(0)).all():
        raise InputError("The times of a stack do not rise strictly; sort its dates and merge those of one pass.")
    if times.size > np.iinfo(np.int16).max:
        raise InputError(f"A stack has {times.size} dates; at most {np.iinfo(np.int16).max} are taken: ask for fewer.")


def measured(stack: xr.DataArray, options: Options) -> Reference:
    """Measure the common mode and the variance over all dates of one stack, most of which is taken as unchanged."""
    y, x = map_coordinates(stack)
    step = max(1, int(np.sqrt(y.size * x.size / _SAMPLE)))
    power = stack.values[:, :, step // 2 :: step, step // 2 :: step]
    power = power.reshape(*power.shape[:2], -1)
    logs = np.log(np.where((power > 0) & np.isfinite(power), power, np.nan).astype(np.float64))
    count = np.isfinite(logs).sum(axis=0)
    shift = np.zeros(logs.shape[:2])
    if options.common_mode:
        apart = logs - _over(np.nansum(logs, axis=0), count)
        shift = np.array([[_median(plane) for plane in date] for date in apart])
    logs = logs - shift[:, :, None]
    spread = _over(np.nansum((logs - _over(np.nansum(logs, axis=0), count)) ** 2, axis=0), count - 1)
    names = tuple(str(name) for name in stack["polarisation"].values)
    mode = CommonMode(
        times=np.asarray(stack["time"].values, "datetime64[ns]"),
        polarisations=names,
        values=shift[:, :, None, None].astype(np.float32),
        y=y.mean(keepdims=True),
        x=x.mean(keepdims=True),
    )
    variance = np.array([_median(np.where(n > 2, s, np.nan)) for s, n in zip(spread, count, strict=True)], np.float32)
    return Reference(common=(mode,), variance=(variance,))


def _over(total: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(values: NDArray[np.float64]) -> float:
    """Median of what is there; 0 of nothing."""
    there = values[np.isfinite(values)]
    return float(np.median(there)) if there.size else 0.0


def _scene(common: CommonMode, variance: NDArray[np.float64], stack: xr.DataArray) -> Scene:
    y, x = map_coordinates(stack)
    field = np.ascontiguousarray(common.on(common.y, x), np.float32)
    nodes = np.arange(common.y.size, dtype=np.float64)
    up = common.y[0] <= common.y[-1]
    place = np.interp(y, common.y if up else common.y[::-1], nodes if up else nodes[::-1])
    low = np.clip(place.astype(np.int64), 0, max(nodes.size - 2, 0))
    usable = np.where(np.isfinite(variance), variance, 0.0)
    return Scene(field, low, (place - low).astype(np.float32), np.maximum(usable, _LEAST_VARIANCE))

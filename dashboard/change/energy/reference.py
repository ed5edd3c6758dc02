"""What the whole scene says, measured once and given to every tile, so that tiles equal the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from dashboard.change.energy.options import Options
from dashboard.change.energy.stacks import Asked, asked, map_coordinates
from dashboard.change.periods import Periods
from dashboard.model.errors import InputError

_SAMPLE = 250_000
"""Pixels of a scene, equally spread, that its medians are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonMode:
    """How much brighter than usual one stack was on each date, on a coarse grid."""

    times: NDArray[np.datetime64]
    """(time,) of the stack, all dates."""
    polarisations: tuple[str, ...]
    values: NDArray[np.float32]
    """(time, polarisation, row, column) in nepers of power (natural logarithm), finite."""
    y: NDArray[np.float64]
    """(row,) map coordinates of the nodes."""
    x: NDArray[np.float64]
    """(column,) map coordinates of the nodes."""

    def on(self, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the common mode (time, polarisation, y, x) on a grid: bilinear between nodes, constant beyond."""
        rows, down = _between(self.y, y)
        columns, right = _between(self.x, x)
        at_rows = self.values[:, :, rows[0]] * (1 - down)[:, None] + self.values[:, :, rows[1]] * down[:, None]
        return np.asarray(at_rows[..., columns[0]] * (1 - right) + at_rows[..., columns[1]] * right, np.float32)


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


def reference(stacks: Sequence[xr.DataArray], periods: Periods, options: Options = Options()) -> Reference:  # noqa: B008
    """Measure what a scene shares and how much its pixels vary, from the scene itself or a fair sample of it.

    The common mode is relative, so a coarse copy of the area serves as well. Variances and strata are those of the
    grid given: a coarse copy averages speckle away. Take those from blocks at full resolution, and `merged`.
    """
    from dashboard.change.energy import plain  # noqa: PLC0415

    return plain.reference(stacks, asked(stacks, periods), options)


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
    """Return ln power (time, polarisation, y, x) with the common mode of stack `index` out; NaN where not observed."""
    power = stack.values
    valid = (power > 0) & np.isfinite(power)
    logs = np.log(np.where(valid, power, np.nan), dtype=np.float32)
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


def _between(
    nodes: NDArray[np.float64], at: NDArray[np.float64]
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]:
    """The nodes on both sides of each position and the weight of the second."""
    if nodes.size == 1:
        zeros = np.zeros(at.size, np.int64)
        return (zeros, zeros), np.zeros(at.size, np.float32)
    place = np.interp(at, *_rising(nodes))
    low = np.clip(place.astype(np.int64), 0, nodes.size - 2)
    return (low, low + 1), (place - low).astype(np.float32)


def _rising(nodes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    numbers = np.arange(nodes.size, dtype=np.float64)
    return (nodes, numbers) if nodes[0] < nodes[-1] else (nodes[::-1], numbers[::-1])


def sampled(stack: Asked) -> Asked:
    """The same dates on every n-th row and column."""
    step = max(1, int(np.sqrt(stack.power.shape[2] * stack.power.shape[3] / _SAMPLE)))
    return replace(stack, power=stack.power[:, :, step // 2 :: step, step // 2 :: step])

"""The statistic in plain numpy: what the compiled kernels are held to."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.change.energy.options import FEWEST_BEFORE, HALO_PX, Options
from dashboard.change.energy.reference import CommonMode, Reference, log_series, sampled
from dashboard.change.energy.stacks import Asked, map_coordinates

Real = NDArray[np.float64]


def logs(power: NDArray[np.float32]) -> Real:
    """Ln of positive finite power, else NaN."""
    valid = (power > 0) & np.isfinite(power)
    return np.log(np.where(valid, power, np.nan).astype(np.float64))


def reference(stacks: Sequence[xr.DataArray], asked: Sequence[Asked], options: Options) -> Reference:
    common, variance, bright, variable = [], [], [], []
    for stack, each in zip(stacks, asked, strict=True):
        small = sampled(each)
        y, x = map_coordinates(stack)
        series = logs(small.power)
        with np.errstate(all="ignore"):
            usual = _mean(series[each.before])
            shift = (
                np.nanmedian((series - usual).reshape(*series.shape[:2], -1), axis=2) if options.common_mode else 0.0
            )
            shift = np.nan_to_num(np.broadcast_to(shift, series.shape[:2]))
            series = series - shift[:, :, None, None]
            total = moments(series, each.before, each.after)
            spread = within(total) / np.where(total[0] + total[1] > 3, total[0] + total[1] - 2, np.nan)
            level = np.nanmedian(spread.reshape(spread.shape[0], -1), axis=1)
        common.append(
            CommonMode(
                times=each.times,
                polarisations=each.polarisations,
                values=shift[:, :, None, None].astype(np.float32),
                y=y.mean(keepdims=True),
                x=x.mean(keepdims=True),
            )  # fmt: skip
        )
        variance.append(level.astype(np.float32))
        bright.append(usual)
        variable.append(np.log(spread / level[:, None, None]))
    edges = [np.nanquantile(_average(v), [1 / 3, 2 / 3]) for v in (bright, variable)]
    return Reference(
        common=tuple(common), variance=tuple(variance),
        brightness_edges=tuple(map(float, edges[0])), variability_edges=tuple(map(float, edges[1])),
    )  # fmt: skip


def _mean(series: Real) -> Real:
    count = np.isfinite(series).sum(axis=0)
    return np.nansum(series, axis=0) / np.where(count > 0, count, np.nan)


def _average(parts: Sequence[Real]) -> Real:
    return _mean(np.concatenate(parts))


def moments(series: Real, before: NDArray[np.int64], after: NDArray[np.int64]) -> tuple[Real, ...]:
    """Counts, means and sums of squares about them: (n1, n2, m1, m2, q1, q2), each (polarisation, y, x)."""
    found = []
    for dates in (before, after):
        part = series[dates]
        mean = _mean(part)
        found.append((np.isfinite(part).sum(axis=0).astype(np.float64), mean, np.nansum((part - mean) ** 2, axis=0)))
    (n1, m1, q1), (n2, m2, q2) = found
    return n1, n2, m1, m2, q1, q2


def within(total: tuple[Real, ...]) -> Real:
    return total[4] + total[5]


def normalised_t2(total: tuple[Real, ...], variance: NDArray[np.float32], options: Options) -> Real:
    """Moderated t squared over its mean under no change, NaN where there are too few looks."""
    n1, n2, m1, m2, *_ = total
    free = n1 + n2 - 2
    nu = options.prior_dof + free
    with np.errstate(all="ignore"):
        moderate = (options.prior_dof * variance[:, None, None] + within(total)) / nu
        t2 = (m2 - m1) ** 2 / (moderate * (1 / n1 + 1 / n2))
        expected = np.where(nu > 2, nu / (nu - 2), np.nan)
        return np.where((n1 >= FEWEST_BEFORE) & (n2 >= 1), t2 / expected, np.nan)


def smoothed(energy: Real, options: Options) -> NDArray[np.float32]:
    known = np.isfinite(energy)
    if not options.smooth_px:
        return energy.astype(np.float32)
    radius, sigma = HALO_PX(options), options.smooth_px
    blur = [
        ndimage.gaussian_filter(a, sigma, mode="constant", radius=radius)
        for a in (np.where(known, energy, 0.0), known.astype(np.float64))
    ]
    with np.errstate(all="ignore"):
        return np.where(known, blur[0] / blur[1], np.nan).astype(np.float32)


def change_tstat(
    stacks: Sequence[xr.DataArray], asked: Sequence[Asked], reference: Reference, options: Options
) -> xr.Dataset:
    names = list(dict.fromkeys(name for each in asked for name in each.polarisations))
    shape = asked[0].power.shape[2:]
    parts, looks = [], np.zeros((2, *shape))
    step, weight = np.zeros((len(names), *shape)), np.zeros((len(names), *shape))
    for index, (stack, each) in enumerate(zip(stacks, asked, strict=True)):
        total = moments(log_series(stack, reference, index).astype(np.float64), each.before, each.after)
        parts.append(normalised_t2(total, reference.variance[index], options))
        n1, n2, m1, m2, *_ = total
        looks += np.stack([n1.max(axis=0), n2.max(axis=0)])
        for plane, name in enumerate(each.polarisations):
            with np.errstate(all="ignore"):
                w = np.where((n1[plane] > 0) & (n2[plane] > 0), n1[plane] * n2[plane] / (n1[plane] + n2[plane]), 0.0)
            at = names.index(name)
            step[at] += np.where(w > 0, w * (m2[plane] - m1[plane]), 0.0)
            weight[at] += w
    with np.errstate(all="ignore"):
        decibels = np.where(weight > 0, step / weight * (10 / np.log(10)), np.nan).astype(np.float32)
    coords = {name: stacks[0][name] for name in ("y", "x") if name in stacks[0].coords}
    return xr.Dataset(
        {
            "energy": (("y", "x"), smoothed(_average(parts), options)),
            "step_db": (("polarisation", "y", "x"), decibels),
            "looks_before": (("y", "x"), looks[0].astype(np.int16)),
            "looks_after": (("y", "x"), looks[1].astype(np.int16)),
            "stack_energy": (("stack", "y", "x"), np.stack([smoothed(_mean(p), options) for p in parts])),
        },
        coords={"polarisation": names, **coords},
    )


def placebo_energies(
    stacks: Sequence[xr.DataArray],
    asked: Sequence[Asked],
    windows: Sequence[tuple[slice | None, ...]],
    reference: Reference,
    options: Options,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    series = [log_series(stack, reference, index).astype(np.float64) for index, stack in enumerate(stacks)]
    for number, window in enumerate(windows):
        parts = []
        for index, (each, part) in enumerate(zip(asked, window, strict=True)):
            if part is None:
                continue
            rest = np.delete(each.before, part)
            total = moments(series[index], rest, each.before[part])
            parts.append(normalised_t2(total, reference.variance[index], options))
        yield number, smoothed(_average(parts), options)


def stratum(
    stacks: Sequence[xr.DataArray], asked: Sequence[Asked], reference: Reference, options: Options
) -> NDArray[np.uint8]:
    bright, variable = [], []
    for index, (stack, each) in enumerate(zip(stacks, asked, strict=True)):
        total = moments(log_series(stack, reference, index).astype(np.float64), each.before, each.after)
        with np.errstate(all="ignore"):
            free = np.where(total[0] + total[1] > 3, total[0] + total[1] - 2, np.nan)
            bright.append(total[2])
            variable.append(np.log(within(total) / free / reference.variance[index][:, None, None]))
    a, b = (
        np.digitize(np.nan_to_num(_average(v)), edges)
        for v, edges in ((bright, reference.brightness_edges), (variable, reference.variability_edges))
    )
    return (3 * a + b).astype(np.uint8)

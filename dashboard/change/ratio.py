"""The ratio of two looks and how surprising it is when nothing changed: an exact F test, pixel by pixel."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from dashboard.change import kernels
from dashboard.change.periods import Periods
from dashboard.change.ratio_law import checked, law_table, tables_of
from dashboard.model.errors import GridMismatchError, InputError

_SAMPLE = 60_000
"""Pixels, equally spread, that a common mode is the median of."""


def log_ratio(
    before: xr.DataArray, after: xr.DataArray, *, looks_before: float, looks_after: float, common_mode_db: float = 0.0
) -> xr.Dataset:
    """Return the log ratio of two power images and its exact two-sided p-value.

    Where the mean backscatter did not change and both looks are fully developed speckle, `after / before` follows
    the F law with ``2 looks_after`` and ``2 looks_before`` degrees of freedom, whatever the backscatter is: gamma
    speckle divides out of its own mean. The p-value is twice the smaller tail, so it is uniform under no change.

    Parameters
    ----------
    before, after
        (y, x) linear power on one grid; NaN, zero or negative where not observed.
    looks_before, looks_after
        Equivalent number of looks of one pixel, above 0; need not be whole.
    common_mode_db
        Change that the whole scene shares, taken out of the ratio first.

    Returns
    -------
    xr.Dataset
        ``ratio_db`` (y, x) float32, ``10 log10(after / before) - common_mode_db``; ``p_value`` (y, x) float64. Both
        are NaN where either look is missing.

    Raises
    ------
    GridMismatchError
        If the two shapes differ.
    InputError
        If a number of looks is not positive.

    References
    ----------
    R. Touzi, A. Lopes, P. Bousquet, "A statistical and geometrical edge detector for SAR images", IEEE Trans.
    Geosci. Remote Sens. 26(6), 1988: the law of the ratio of two gamma means.
    """
    if before.shape != after.shape:
        raise GridMismatchError(f"Before is {before.shape} pixels and after is {after.shape}; read both on one grid.")
    table, ends = law_table(*checked(looks_before, looks_after))
    ratio_db = np.empty(before.shape, np.float32)
    p_value = np.empty(before.shape, np.float64)
    gain = 10.0 ** (common_mode_db / 10.0)
    kernels.log_ratio(_flat(before), _flat(after), gain, table, ends, ratio_db.reshape(-1), p_value.reshape(-1))
    dims = before.dims
    return xr.Dataset(
        {
            "ratio_db": (dims, ratio_db, {"units": "dB", "long_name": "10 log10(after / before)"}),
            "p_value": (dims, p_value, {"long_name": "two-sided p-value of no change"}),
        },
        coords=before.coords,
    )


def log_ratio_means(
    stack: xr.DataArray,
    periods: Periods,
    looks_per_date: float | Mapping[str, float],
    *,
    common_mode_db: xr.DataArray | None = None,
) -> xr.Dataset:
    """Return the log ratio of a pixel's mean after to its mean before and its exact two-sided p-value.

    The mean of n independent looks at unchanged ground is Gamma(n looks), so the ratio of the two means follows
    F(2 n_after looks, 2 n_before looks): no approximation at any number of dates. Dates are counted pixel by pixel,
    for each polarisation, and each pixel is judged by the law of its own two counts.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) linear power; NaN, zero, negative or infinite where not observed.
    periods
        Which dates are before and after; the others are left out.
    looks_per_date
        Equivalent number of looks of one date: one number, or one for each polarisation.
    common_mode_db
        (time, polarisation) what the whole scene shares on each date, taken out first: see `common_mode`. None takes
        nothing out.

    Returns
    -------
    xr.Dataset
        (polarisation, y, x): ``ratio_db`` float32, ``p_value`` float64, both NaN without a look before and one after;
        ``dates_before`` and ``dates_after`` int16. (y, x): ``p_any`` float64, the smallest p-value of the
        polarisations corrected for their number (Sidak), uniform under no change where they are independent.

    Raises
    ------
    InputError
        If the stack has no dates in a period, or a number of looks is not positive or not given.
    GridMismatchError
        If the common mode is not that of the stack's dates and polarisations.

    References
    ----------
    As `log_ratio`.
    """
    before, after = periods.split(stack["time"].values)
    if not (before.any() and after.any()):
        raise InputError(f"The stack has {before.sum()} dates before and {after.sum()} after; it needs one of each.")
    times, pols, rows, columns = stack.shape
    gain = np.ones((times, pols))
    if common_mode_db is not None:
        if common_mode_db.shape != gain.shape:
            raise GridMismatchError(f"The common mode is {common_mode_db.shape}; the stack has {times} dates x {pols}.")
        gain = 10.0 ** (common_mode_db.values.astype(np.float64) / 10.0)
    sums, counts = np.zeros((2, pols, rows * columns)), np.zeros((2, pols, rows * columns), np.int16)
    power = np.ascontiguousarray(stack.values, np.float32).reshape(times, pols, -1)
    kernels.period_sums(power, (after.astype(np.int8) - ~(before | after)).astype(np.int8), gain, sums, counts)
    ratio, p_value = np.empty((pols, rows * columns), np.float32), np.empty((pols, rows * columns))
    for p, looks in enumerate(_looks_of(stack, looks_per_date)):
        tables = tables_of(counts[:, p], looks)
        kernels.ratio_of_sums(sums[:, p], counts[:, p], *tables, ratio[p], p_value[p])
    return _means(stack, ratio, p_value, counts)


def common_mode(stack: xr.DataArray, periods: Periods) -> xr.DataArray:
    """Return by how many dB each date of both periods is brighter than the mean of those before, all pixels considered.

    The median over the scene of a pixel's log power, less that pixel's mean over all dates of both periods; every
    date is treated alike, so that nothing but what is shared is left. Dates of neither period and dates without any
    look have 0. Most of the scene must be unchanged.

    Parameters
    ----------
    stack
        (time, polarisation, y, x) linear power.

    Returns
    -------
    xr.DataArray
        (time, polarisation) float64 in dB, mean 0 over the dates before.
    """
    before, after = periods.split(stack["time"].values)
    used = before | after
    values = np.zeros(stack.shape[:2])
    for p in range(stack.shape[1]):
        flat = stack.values[used, p].reshape(int(used.sum()), -1)
        sample = flat[:, :: max(1, flat.shape[1] // _SAMPLE)].astype(np.float64)
        seen = (sample > 0.0) & np.isfinite(sample)
        log = np.log(np.where(seen, sample, 1.0))
        level = log.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        values[used, p] = [
            np.median((each - level)[where]) if where.any() else 0.0 for each, where in zip(log, seen, strict=True)
        ]
        values[used, p] -= values[before, p].mean() if before.any() else 0.0
    dims = stack.dims[:2]
    return xr.DataArray(
        values * (10.0 / np.log(10.0)), dims=dims, coords={d: stack[d] for d in dims if d in stack.coords}
    )


def ratio_db(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``10 log10(after / before)`` of linear power, NaN unless both are positive and finite.

    Raises
    ------
    GridMismatchError
        If the two shapes differ.
    """
    if before.shape != after.shape:
        raise GridMismatchError(f"Before is {before.shape} pixels and after is {after.shape}; read both on one grid.")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.float32(10.0) * np.log10(after / before)
    return np.where((before > 0) & (after > 0) & np.isfinite(ratio), ratio, np.float32(np.nan))


def thresholds(far: float, looks_before: float, looks_after: float) -> tuple[float, float]:
    """Return the log ratios in dB below and above which a pixel counts as changed.

    Half of the false-alarm rate `far` lies in each tail; for unequal looks the two are not symmetric.

    Raises
    ------
    InputError
        If `far` is not between 0 and 1 or a number of looks is not positive.
    """
    if not 0.0 < far < 1.0:
        raise InputError(f"The false-alarm rate is {far:g}; give a share above 0 and below 1, such as 0.001.")
    before, after = checked(looks_before, looks_after)
    law = stats.f(2.0 * after, 2.0 * before)
    return 10.0 * float(np.log10(law.ppf(far / 2.0))), 10.0 * float(np.log10(law.isf(far / 2.0)))


def p_values(ratio_db: NDArray[np.floating], *, looks_before: float, looks_after: float) -> NDArray[np.float64]:
    """Return the two-sided p-values of log ratios in dB, NaN for NaN: the same table as `log_ratio`."""
    table, (start, stop) = law_table(*checked(looks_before, looks_after))
    x = np.asarray(ratio_db, np.float64) * (np.log(10.0) / 10.0)
    steps = table.size - 1
    position = (x - start) * (steps / (stop - start))
    known = np.where(np.isfinite(position), position, 0.0)
    k = np.clip(known.astype(np.int64), 0, steps - 1)
    log_p = table[k] + (known - k) * (table[k + 1] - table[k])
    return np.where(np.isfinite(position), np.exp(np.minimum(log_p, 0.0)), np.nan)


def _flat(power: xr.DataArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(power.values, np.float32).reshape(-1)


def _looks_of(stack: xr.DataArray, looks: float | Mapping[str, float]) -> tuple[float, ...]:
    names = [str(name) for name in stack["polarisation"].values] if "polarisation" in stack.coords else []
    if isinstance(looks, Mapping):
        missing = [name for name in names if name not in looks]
        if missing or not names:
            raise InputError(
                f"Looks are given for {', '.join(looks)}; give them for {', '.join(missing or names)} too."
            )
        each = [float(looks[name]) for name in names]
    else:
        each = [float(looks)] * stack.shape[1]
    return tuple(checked(one, one)[0] for one in each)


def _means(
    stack: xr.DataArray, ratio: NDArray[np.float32], p_value: NDArray[np.float64], counts: NDArray[np.int16]
) -> xr.Dataset:
    tested = np.isfinite(p_value).sum(axis=0)
    least = np.where(tested > 0, np.where(np.isnan(p_value), 1.0, p_value).min(axis=0), np.nan)
    with np.errstate(divide="ignore"):
        p_any = -np.expm1(np.maximum(tested, 1) * np.log1p(-np.minimum(least, 1.0)))
    dims, shape = stack.dims[1:], stack.shape[1:]
    return xr.Dataset(
        {
            "ratio_db": (dims, ratio.reshape(shape), {"units": "dB", "long_name": "10 log10(mean after / before)"}),
            "p_value": (dims, p_value.reshape(shape), {"long_name": "two-sided p-value of no change"}),
            "dates_before": (dims, counts[0].reshape(shape)),
            "dates_after": (dims, counts[1].reshape(shape)),
            "p_any": (dims[1:], p_any.reshape(shape[1:]), {"long_name": "p-value of no change in any polarisation"}),
        },
        coords={name: each for name, each in stack.coords.items() if stack.dims[0] not in each.dims},
    )

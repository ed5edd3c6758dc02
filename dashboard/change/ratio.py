"""The ratio of two looks and how surprising it is when nothing changed: an exact F test, pixel by pixel."""

from functools import lru_cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special, stats

from dashboard.change import kernels
from dashboard.model.errors import GridMismatchError, InputError

_STEPS = 1 << 17
"""Steps of the p-value table: interpolating ln p in them is within 1e-6 of the exact law."""
_SMALLEST = 1e-290
"""Tail probability at which the table ends, just above what a double can hold."""
_WIDEST = 28.0
"""Natural log ratio at which the table ends at the latest: 121 dB."""


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
    table, ends = _table(*_checked(looks_before, looks_after))
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
    before, after = _checked(looks_before, looks_after)
    law = stats.f(2.0 * after, 2.0 * before)
    return 10.0 * float(np.log10(law.ppf(far / 2.0))), 10.0 * float(np.log10(law.isf(far / 2.0)))


def p_values(ratio_db: NDArray[np.floating], *, looks_before: float, looks_after: float) -> NDArray[np.float64]:
    """Return the two-sided p-values of log ratios in dB, NaN for NaN: the same table as `log_ratio`."""
    table, (start, stop) = _table(*_checked(looks_before, looks_after))
    x = np.asarray(ratio_db, np.float64) * (np.log(10.0) / 10.0)
    position = (x - start) * (_STEPS / (stop - start))
    known = np.where(np.isfinite(position), position, 0.0)
    k = np.clip(known.astype(np.int64), 0, _STEPS - 1)
    log_p = table[k] + (known - k) * (table[k + 1] - table[k])
    return np.where(np.isfinite(position), np.exp(np.minimum(log_p, 0.0)), np.nan)


def _checked(looks_before: float, looks_after: float) -> tuple[float, float]:
    for name, looks in (("before", looks_before), ("after", looks_after)):
        if not 0.0 < looks < np.inf:
            raise InputError(f"The number of looks {name} is {looks:g}; it must be above 0 and finite.")
    return float(looks_before), float(looks_after)


def _flat(power: xr.DataArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(power.values, np.float32).reshape(-1)


@lru_cache(maxsize=16)
def _table(looks_before: float, looks_after: float) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Ln of the two-sided p-value at equal steps of ln ratio, with the kink at the median on a step of its own.

    P(r <= x) = I_u(La, Lb) with u = La x / (La x + Lb), the regularised incomplete beta function.
    """
    half = special.betaincinv(looks_after, looks_before, 0.5)
    middle = float(np.log(half / (1.0 - half) * looks_before / looks_after))
    coarse = np.linspace(-_WIDEST, _WIDEST, 4097)
    held = np.abs(coarse[_smaller_tail(middle + coarse, looks_before, looks_after) > _SMALLEST])
    x = middle + float(held.max()) * np.linspace(-1.0, 1.0, _STEPS + 1)
    tail = np.maximum(_smaller_tail(x, looks_before, looks_after), np.finfo(np.float64).tiny)
    return np.log(2.0 * tail), (float(x[0]), float(x[-1]))


def _smaller_tail(x: NDArray[np.float64], looks_before: float, looks_after: float) -> NDArray[np.float64]:
    """The smaller of P(ln r <= x) and P(ln r >= x)."""
    odds = looks_after * np.exp(x) / looks_before
    below = special.betainc(looks_after, looks_before, odds / (1.0 + odds))
    above = special.betainc(looks_before, looks_after, 1.0 / (1.0 + odds))
    return np.asarray(np.minimum(below, above), np.float64)

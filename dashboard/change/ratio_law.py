"""The law of the ratio of two gamma means under no change, tabulated: no distribution function is called per pixel."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from dashboard.model.errors import InputError

_STEPS = 1 << 17
"""Steps of the p-value table: interpolating ln p in them is within 1e-6 of the exact law."""
_SMALLEST = 1e-290
"""Tail probability at which the table ends, just above what a double can hold."""
_WIDEST = 28.0
"""Natural log ratio at which the table ends at the latest: 121 dB."""
_SHORT_STEPS = 1 << 13
"""Steps of the tables of means, one for each pair of counts: within 3e-5 of the exact law."""
_SHORT_SMALLEST = 1e-40
"""Tail probability at which these end; beyond it the tail is prolonged as a power of the ratio, which it is."""


def checked(looks_before: float, looks_after: float) -> tuple[float, float]:
    """Return two numbers of looks that the law can be tabulated for.

    Raises
    ------
    InputError
        If one is not positive or not finite.
    """
    for name, looks in (("before", looks_before), ("after", looks_after)):
        if not 0.0 < looks < np.inf:
            raise InputError(f"The number of looks {name} is {looks:g}; it must be above 0 and finite.")
    return float(looks_before), float(looks_after)


def tables_of(
    counts: NDArray[np.int16], looks: float
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Return the table of each pair of counts that occurs: row of each pair (-1 without), ends and ln p of each row."""
    most = int(counts.max(initial=0)) + 1
    pairs = np.bincount(counts[0].astype(np.int64) * most + counts[1], minlength=most * most).reshape(most, most)
    row = np.full((most, most), -1, np.int32)
    found = [(int(a), int(b)) for a, b in zip(*np.nonzero(pairs), strict=True) if a > 0 and b > 0]
    tables = [short_table(a * looks, b * looks) for a, b in found]
    for k, pair in enumerate(found):
        row[pair] = k
    if not tables:
        return row, np.zeros((1, 2)), np.zeros((1, 2))
    return row, np.array([ends for _, ends in tables]), np.stack([log_p for log_p, _ in tables])


@lru_cache(maxsize=16)
def law_table(looks_before: float, looks_after: float) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return ln p at equal steps of ln(after / before), and the two ends."""
    return _tabulated(looks_before, looks_after, _STEPS, _SMALLEST)


@lru_cache(maxsize=512)
def short_table(looks_before: float, looks_after: float) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return the same with fewer steps: one is needed for each pair of counts."""
    return _tabulated(looks_before, looks_after, _SHORT_STEPS, _SHORT_SMALLEST)


def _tabulated(
    looks_before: float, looks_after: float, steps: int, smallest: float
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Ln of the two-sided p-value at equal steps of ln ratio, with the kink at the median on a step of its own.

    P(r <= x) = I_u(La, Lb) with u = La x / (La x + Lb), the regularised incomplete beta function.
    """
    half = special.betaincinv(looks_after, looks_before, 0.5)
    middle = float(np.log(half / (1.0 - half) * looks_before / looks_after))
    coarse = np.linspace(-_WIDEST, _WIDEST, 4097)
    held = np.abs(coarse[_smaller_tail(middle + coarse, looks_before, looks_after) > smallest])
    x = middle + float(held.max()) * np.linspace(-1.0, 1.0, steps + 1)
    tail = np.maximum(_smaller_tail(x, looks_before, looks_after), np.finfo(np.float64).tiny)
    return np.log(2.0 * tail), (float(x[0]), float(x[-1]))


def _smaller_tail(x: NDArray[np.float64], looks_before: float, looks_after: float) -> NDArray[np.float64]:
    """The smaller of P(ln r <= x) and P(ln r >= x)."""
    odds = looks_after * np.exp(x) / looks_before
    below = special.betainc(looks_after, looks_before, odds / (1.0 + odds))
    above = special.betainc(looks_before, looks_after, 1.0 / (1.0 + odds))
    return np.asarray(np.minimum(below, above), np.float64)

"""Compiled logarithms of a stack and their sums, row by row. Private to this room; callers check shapes and types.

All are single-threaded and release the interpreter lock. A stack comes as it is stored, float32 power or uint16
amplitude; ln power is `exponent` (1 or 2) times ln of that. The bits of a float32 need no table for their logarithm:
the exponent is in the bits, the mantissa goes through a polynomial. Time is the outer and pixels are the inner loop,
over at most five arrays at once: with more, the compiler gives up proving that they do not overlap, and computes one
number at a time. Sums that belong together therefore lie in one array, `TILE` apart, which it sees.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.fetch.kernels import fetch_row

F = np.float32
Row = NDArray[np.float32]
Stored = NDArray[Any]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_ROOT_HALF = np.int32(0x3F3504F3)
"""Bits of the square root of 1/2: mantissas are counted from there, so that the polynomial is centred on 1."""
_MANTISSA = np.int32(0x007FFFFF)
_SMALLEST, _INFINITE = np.int32(0x00800000), np.int32(0x7F800000)
_LN2 = F(0.6931471805599453)
_Q0, _Q1, _Q2, _Q3 = F(0.99999981), F(-0.50000667), F(0.33336182), F(-0.24959342)
_Q4, _Q5, _Q6, _Q7 = F(0.19873051), F(-0.17333486), F(0.16419964), F(-0.10102142)
"""ln(1 + f) / f between the roots of 1/2 and 2, fitted to 3e-8 of the logarithm."""
_ROOM = 1 << 18
"""Numbers that the buffers of a tile may hold together: 1 MB, what a core has for itself."""
TILE = 1024
"""Pixels of a tile whose sums stay in a core's nearest cache; the rows of a tile are long enough to read fast."""
_ONCE, _TWICE = np.uint64(TILE), np.uint64(2 * TILE)
_TRIED = 4
"""Dates among which a pixel's first look is sought, to sum about it; sums about 0 are as right and a little coarser."""


@jit
def ln(bits: np.int32) -> np.float32:
    """Natural logarithm of a positive normal float32, within 5e-7."""
    u = np.int32(bits - _ROOT_HALF)
    f = np.int32(np.int32(u & _MANTISSA) + _ROOT_HALF).view(np.float32) - F(1.0)
    g = f * f
    high = (_Q7 * f + _Q6) * g + (_Q5 * f + _Q4)
    low = (_Q3 * f + _Q2) * g + (_Q1 * f + _Q0)
    return F(np.int32(u >> np.int32(23))) * _LN2 + f * (high * (g * g) + low)


@jit
def ln_row(values: Stored, exponent: np.float32, mode: Row, slope: Row, weight: np.float32, out: Row) -> None:
    """Give ln power - (mode + weight * slope), NaN where not observed: not positive, subnormal, infinite or NaN."""
    for i in range(out.size):
        bits = F(values[i]).view(np.int32)
        seen = (bits >= _SMALLEST) & (bits < _INFINITE)
        out[i] = exponent * ln(bits) - (mode[i] + weight * slope[i]) if seen else F(np.nan)


@jit
def _first_row(values: Stored, exponent: np.float32, mode: Row, slope: Row, weight: np.float32, first: Row) -> int:
    """Fill in what `ln_row` gives where `first` is NaN; return how many still are."""
    missing = 0
    for i in range(first.size):
        bits = F(values[i]).view(np.int32)
        seen = (bits >= _SMALLEST) & (bits < _INFINITE)
        new = exponent * ln(bits) - (mode[i] + weight * slope[i]) if seen else F(np.nan)
        old = first[i]
        now = old if old == old else new  # noqa: PLR0124 -- not NaN, and vectorised
        first[i] = now
        missing += now != now  # noqa: PLR0124
    return missing


@jit
def _sum_row(  # noqa: PLR0913, PLR0917 -- as `ln_row`
    values: Stored, exponent: np.float32, mode: Row, slope: Row, weight: np.float32, first: Row, sums: Row
) -> None:
    """Add to the sums, `TILE` apart: the count, ln power less `first`, and its square."""
    for i in range(first.size):
        bits = F(values[i]).view(np.int32)
        seen = (bits >= _SMALLEST) & (bits < _INFINITE)
        off = exponent * ln(bits) - (mode[i] + weight * slope[i]) - first[i]
        off = off if seen else F(0.0)
        at = np.uint64(i)  # without a sign: what could count from the end is not vectorised
        sums[at] += F(1.0) if seen else F(0.0)
        sums[at + _ONCE] += off
        sums[at + _TWICE] += off * off


@jit
def sum_dates(  # noqa: PLR0913, PLR0917 -- as `ln_row`
    stack: NDArray[Any],
    place: tuple[int, int, int, int],
    dates: NDArray[np.int64],
    first_after: int,
    exponent: np.float32,
    mode: Row,
    slope: Row,
    weight: np.float32,
    first: Row,
    sums: Row,
) -> None:
    """Sum the dates before into sums[0] and those from `first_after` on into sums[1], about `first`, a look of each.

    `place` is (polarisation, row, first column, one past the last) in the stack (time, polarisation, y, x); one row
    of `mode` and `slope` for each date, or one for all.
    """
    p, y, x0, x1 = place
    n, last = x1 - x0, mode.shape[0] - 1
    first[:] = F(np.nan)
    for k in range(min(_TRIED, dates.size)):
        own, m = stack[dates[k], p, y, x0:x1], min(k, last)
        if _first_row(own, exponent, mode[m, :n], slope[m, :n], weight, first[:n]) == 0:
            break
    for i in range(n):
        first[i] = first[i] if first[i] == first[i] else F(0.0)
    sums[:] = F(0.0)
    for k in range(dates.size):
        own, m = stack[dates[k], p, y, x0:x1], min(k, last)
        if k + 1 < dates.size:
            fetch_row(stack[dates[k + 1], p, y, x0:x1])
        _sum_row(own, exponent, mode[m, :n], slope[m, :n], weight, first[:n], sums[0 if k < first_after else 1])


@jit
def mean_row(sums: Row, first: Row, count: Row, mean: Row) -> None:
    """Give the counts and the means of `sum_dates`, NaN where nothing was seen."""
    for i in range(mean.size):
        at = np.uint64(i)
        count[i] = sums[at]
        mean[i] = first[i] + sums[at + _ONCE] / sums[at]


@jit
def about_row(sums: Row, total: Row) -> None:
    """Add the squares of `sum_dates` about their own mean."""
    for i in range(total.size):
        at = np.uint64(i)
        n, s = sums[at], sums[at + _ONCE]
        total[i] += max(sums[at + _TWICE] - s * s / n, F(0.0)) if n > F(0.0) else F(0.0)


@jit
def count_row(values: Row, total: Row, count: Row) -> None:
    """Add the values that are numbers."""
    for i in range(values.size):
        value = values[i]
        seen = value == value  # noqa: PLR0124 -- not NaN, and vectorised
        total[i] += value if seen else F(0.0)
        count[i] += F(1.0) if seen else F(0.0)


@jit
def square_row(values: Row, mean: Row, total: Row) -> None:
    """Add the squares about the mean."""
    for i in range(values.size):
        off = values[i] - mean[i]
        total[i] += off * off if off == off else F(0.0)  # noqa: PLR0124


@jit
def divide_row(total: Row, by: Row) -> None:
    """Divide in place; 0 / 0 is NaN."""
    for i in range(total.size):
        total[i] /= by[i]


@jit
def across(mode: Row, low: NDArray[np.int64], weight: Row, out: Row) -> None:
    """Interpolate one row of nodes linearly to pixels."""
    last = mode.size - 1
    for i in range(out.size):
        a = mode[low[i]]
        out[i] = a + weight[i] * (mode[min(low[i] + 1, last)] - a)


@jit
def tile_width(dates: int) -> int:
    """Pixels of a tile whose logarithms and common mode stay near the core."""
    return max(64, min(1024, _ROOM // (3 * max(dates, 1)) // 64 * 64))


@jit
def band_modes(mode: Row, row: int, low: NDArray[np.int64], weight: Row, at: Row, slope: Row) -> None:
    """Lay out the common mode (dates, pixels) at a row of nodes, and how it changes to the next."""
    below, n = min(row + 1, mode.shape[1] - 1), low.size
    for k in range(mode.shape[0]):
        across(mode[k, row], low, weight, at[k, :n])
        across(mode[k, below], low, weight, slope[k, :n])
        for i in range(n):
            slope[k, i] -= at[k, i]

"""Compiled inner loops of the energy. Private to this room; callers check shapes and types.

All are single-threaded and release the interpreter lock. Power comes as the bits of float32 (`int32`), so that its
logarithm needs no table: the exponent is in the bits, the mantissa goes through a polynomial. Time is the outer and
pixels are the inner loop, over at most four arrays at once: with more, the compiler gives up proving that they do not
overlap, and computes one number at a time.
"""

import numba
import numpy as np
from numpy.typing import NDArray

F = np.float32
Row = NDArray[np.float32]
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
def ln_row(bits: NDArray[np.int32], mode: Row, slope: Row, weight: np.float32, out: Row) -> None:
    """Give ln power - (mode + weight * slope), NaN where not observed: not positive, subnormal, infinite or NaN."""
    for i in range(out.size):
        value = bits[i]
        seen = (value >= _SMALLEST) & (value < _INFINITE)
        out[i] = ln(value) - (mode[i] + weight * slope[i]) if seen else F(np.nan)


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


@jit
def _row_moments(logs: Row, first_after: int, n: int, work: Row) -> None:
    """Give the counts, means and squares (5, n) of one row's logarithms (dates, n)."""
    work[:] = F(0.0)
    for k in range(logs.shape[0]):
        side = 0 if k < first_after else 1
        count_row(logs[k, :n], work[2 + side, :n], work[side, :n])
    divide_row(work[2, :n], work[0, :n])
    divide_row(work[3, :n], work[1, :n])
    for k in range(logs.shape[0]):
        square_row(logs[k, :n], work[2 if k < first_after else 3, :n], work[4, :n])


@jit
def moments(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    bits: NDArray[np.int32],
    top: int,
    dates: NDArray[np.int64],
    first_after: int,
    mode: NDArray[np.float32],
    rows: tuple[NDArray[np.int64], NDArray[np.float32]],
    columns: tuple[NDArray[np.int64], NDArray[np.float32]],
    out: NDArray[np.float32],
) -> None:
    """Fill out[polarisation] = (count, count, mean, mean, squares about both) before and after, (5, y, x).

    `bits` is (time, polarisation, y, x) and `out` its rows from `top` on; `mode` is (polarisation, dates, node row,
    node column); `dates` are those before, then from `first_after` on those after. All slices below are in order in
    memory, which the compiler must see: otherwise it computes one number at a time.
    """
    width = tile_width(dates.size)
    logs = np.empty((dates.size, width), np.float32)
    at, slope = np.empty_like(logs), np.empty_like(logs)
    work = np.empty((5, width), np.float32)
    for p in range(bits.shape[1]):
        for x0 in range(0, bits.shape[3], width):
            x1 = min(x0 + width, bits.shape[3])
            n, band = x1 - x0, -1
            for y in range(out.shape[2]):
                if rows[0][y] != band:
                    band = rows[0][y]
                    band_modes(mode[p], band, columns[0][x0:x1], columns[1][x0:x1], at, slope)
                for k in range(dates.size):
                    ln_row(bits[dates[k], p, top + y, x0:x1], at[k, :n], slope[k, :n], rows[1][y], logs[k, :n])
                _row_moments(logs, first_after, n, work)
                for j in range(5):
                    out[p, j, y, x0:x1] = work[j, :n]


@jit
def _weigh(before: Row, after: Row, weight: Row) -> None:
    """Weight of a difference of two means: n1 n2 / (n1 + n2), 0 where either is missing."""
    for i in range(weight.size):
        a, b = before[i], after[i]
        weight[i] = a * b / (a + b) if a * b > F(0.0) else F(0.0)


@jit
def _step(mean_before: Row, mean_after: Row, out: Row) -> None:
    for i in range(out.size):
        off = mean_after[i] - mean_before[i]
        out[i] = off if off == off else F(0.0)  # noqa: PLR0124


@jit
def _add_product(a: Row, b: Row, total: Row) -> None:
    for i in range(total.size):
        total[i] += a[i] * b[i]


@jit
def _add(a: Row, total: Row) -> None:
    for i in range(total.size):
        total[i] += a[i]


@jit
def _between(step: Row, weight: Row) -> None:
    """Make it step^2 weight: the squares between the two means."""
    for i in range(step.size):
        step[i] = step[i] * step[i] * weight[i]


@jit
def _freedom(before: Row, after: Row, prior_dof: np.float32, fewest: np.float32, out: Row) -> None:
    """Degrees of freedom less 2, NaN where there are too few looks to judge."""
    for i in range(out.size):
        free = prior_dof + before[i] + after[i] - F(4.0)
        enough = (before[i] >= fewest) & (after[i] >= F(1.0)) & (free > F(0.0))
        out[i] = free if enough else F(np.nan)


@jit
def _moderate(between: Row, free: Row, squares: Row, prior: np.float32) -> None:
    """Make it moderated t^2 over its mean under no change."""
    for i in range(between.size):
        between[i] = between[i] * free[i] / (prior + squares[i])


@jit
def add_energy(
    part: NDArray[np.float32],
    prior: tuple[float, float],
    variance: NDArray[np.float32],
    sums: NDArray[np.float32],
    steps: NDArray[np.float32],
) -> None:
    """Add the energies of `moments`: sums = (energy, count) (2, y, x), steps[p] = (weighted step, weight).

    `prior` is (its degrees of freedom, fewest looks before).
    t^2 is step^2 weight nu / (d0 s0^2 + squares) with nu = d0 + n - 2; its mean under no change is nu / (nu - 2).
    """
    weight = np.empty(part.shape[3], np.float32)
    step, free = np.empty_like(weight), np.empty_like(weight)
    for p in range(part.shape[0]):
        held = F(prior[0]) * variance[p]
        for y in range(part.shape[2]):
            before, after = part[p, 0, y], part[p, 1, y]
            _weigh(before, after, weight)
            _step(part[p, 2, y], part[p, 3, y], step)
            _add_product(step, weight, steps[p, 0, y])
            _add(weight, steps[p, 1, y])
            _between(step, weight)
            _freedom(before, after, F(prior[0]), F(prior[1]), free)
            _moderate(step, free, part[p, 4, y], held)
            count_row(step, sums[0, y], sums[1, y])


@jit
def _spread(values: Row, tap: np.float32, total: Row, share: Row) -> None:
    for i in range(values.size):
        value = values[i]
        seen = value == value  # noqa: PLR0124
        total[i] += tap * value if seen else F(0.0)
        share[i] += tap if seen else F(0.0)


@jit
def _shifted(values: Row, tap: np.float32, total: Row) -> None:
    for i in range(total.size):
        total[i] += tap * values[i]


@jit
def _ratio(total: Row, share: Row, centre: Row, out: Row) -> None:
    for i in range(out.size):
        out[i] = total[i] / share[i] if centre[i] == centre[i] else F(np.nan)


@jit
def smooth(energy: NDArray[np.float32], taps: NDArray[np.float32], y0: int, out: NDArray[np.float32]) -> None:
    """Give rows from y0 of the energy weighted by taps (of odd number) down and across, over what is a number."""
    reach, width = taps.size // 2, energy.shape[1]
    down = np.zeros((2, width + 2 * reach), np.float32)
    over = np.empty((2, width), np.float32)
    for y in range(out.shape[0]):
        down[:] = F(0.0)
        over[:] = F(0.0)
        for k in range(taps.size):
            at = y0 + y + k - reach
            if 0 <= at < energy.shape[0]:
                _spread(energy[at], taps[k], down[0, reach : reach + width], down[1, reach : reach + width])
        for k in range(taps.size):
            _shifted(down[0, k : k + width], taps[k], over[0])
            _shifted(down[1, k : k + width], taps[k], over[1])
        _ratio(over[0], over[1], energy[y0 + y], out[y])

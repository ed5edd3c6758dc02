"""Compiled Lee filter and t of ln power. Private to this room; callers check shapes and types."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.logs.kernels import (
    TILE,
    F,
    about_row,
    count_row,
    divide_row,
    ln_row,
    mean_row,
    square_row,
    sum_dates,
)

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@jit
def _add_seen(power: Row, total: Row, squares: Row, count: Row) -> None:
    for i in range(power.size):
        value = power[i]
        seen = (value > F(0.0)) & (value < F(np.inf))
        total[i] += value if seen else F(0.0)
        squares[i] += value * value if seen else F(0.0)
        count[i] += F(1.0) if seen else F(0.0)


@jit
def _across(down: Row, out: Row) -> None:
    """Sum three neighbours; `down` has one more at each end."""
    for i in range(out.size):
        out[i] = down[i] + down[i + 1] + down[i + 2]


@jit
def _variance(mean: Row, squares: Row, count: Row) -> None:
    """Make squares the variance about the mean."""
    for i in range(mean.size):
        squares[i] = squares[i] / count[i] - mean[i] * mean[i]


@jit
def _lee(power: Row, mean: Row, variance: Row, looks: np.float32) -> None:
    """Make the mean the filtered value: drawn to the pixel as far as the box varies by more than speckle."""
    for i in range(power.size):
        m, v = mean[i], variance[i]
        share = (v - m * m / looks) / (F(1.0) + F(1.0) / looks) / v
        share = share if share > F(0.0) else F(0.0)
        mean[i] = m + share * (power[i] - m)


@jit
def lee_row(power: Row, y: int, looks: np.float32, work: Row) -> None:
    """Give in work[3, 1:-1] one filtered row of a picture (y, x); a box at a border or a gap is what is seen of it."""
    width = power.shape[1]
    work[:3] = F(0.0)
    for at in range(max(y - 1, 0), min(y + 2, power.shape[0])):
        _add_seen(power[at], work[0, 1 : width + 1], work[1, 1 : width + 1], work[2, 1 : width + 1])
    for k in range(3):
        _across(work[k], work[3 + k, :width])
    divide_row(work[3, :width], work[5, :width])
    _variance(work[3, :width], work[4, :width], work[5, :width])
    _lee(power[y], work[3, :width], work[4, :width], looks)


@jit
def _welch(squares_before: Row, squares_after: Row, before: Row, after: Row) -> None:
    """Make the squares the squared error of the difference, and the second its degrees of freedom."""
    for i in range(before.size):
        n1, n2 = before[i], after[i]
        a = squares_before[i] / ((n1 - F(1.0)) * n1)
        b = squares_after[i] / ((n2 - F(1.0)) * n2)
        known = (n1 >= F(3.0)) & (n2 >= F(2.0))
        squares_before[i] = a + b if known else F(np.nan)
        squares_after[i] = (a + b) * (a + b) / (a * a / (n1 - F(1.0)) + b * b / (n2 - F(1.0)))


@jit
def _pooled(squares_before: Row, squares_after: Row, before: Row, after: Row) -> None:
    """Make the squares the squared error of the difference, and the second its degrees of freedom."""
    for i in range(before.size):
        n1, n2 = before[i], after[i]
        free = n1 + n2 - F(2.0)
        known = (n1 >= F(3.0)) & (n2 >= F(1.0))
        error = (squares_before[i] + squares_after[i]) / free * (F(1.0) / n1 + F(1.0) / n2)
        squares_before[i] = error if known else F(np.nan)
        squares_after[i] = free


@jit
def _t(mean_before: Row, mean_after: Row, error: Row, out: Row) -> None:
    for i in range(out.size):
        out[i] = abs(mean_after[i] - mean_before[i]) / np.sqrt(error[i])


@jit
def _tested(n: int, welch: bool, work: Row) -> None:  # noqa: FBT001
    """Turn work = (count, mean, squares) before and after, each pair side by side, into t (4) and its freedom (5)."""
    if welch:
        _welch(work[4, :n], work[5, :n], work[0, :n], work[1, :n])
    else:
        _pooled(work[4, :n], work[5, :n], work[0, :n], work[1, :n])
    _t(work[2, :n], work[3, :n], work[4, :n], work[4, :n])


@jit
def _row_moments(logs: Row, first_after: int, work: Row) -> None:
    """Give counts, means and squares of one row's logarithms (dates, n)."""
    n = logs.shape[1]
    work[:] = F(0.0)
    for k in range(logs.shape[0]):
        side = 0 if k < first_after else 1
        count_row(logs[k], work[2 + side, :n], work[side, :n])
    divide_row(work[2, :n], work[0, :n])
    divide_row(work[3, :n], work[1, :n])
    for k in range(logs.shape[0]):
        side = 0 if k < first_after else 1
        square_row(logs[k], work[2 + side, :n], work[4 + side, :n])


@jit
def t_of(
    power: NDArray[np.float32],
    span: tuple[int, int],
    dates: NDArray[np.int64],
    first_after: int,
    welch: bool,  # noqa: FBT001
    out: NDArray[np.float32],
) -> None:
    """Fill out (polarisation, 2, y, x) with the size of t and its degrees of freedom, for rows from span[0].

    `power` is (time, polarisation, y, x).
    """
    none, first = np.zeros((1, TILE), np.float32), np.empty(TILE, np.float32)
    sums, work = np.empty((2, 3 * TILE), np.float32), np.empty((6, TILE), np.float32)
    for p in range(power.shape[1]):
        for y in range(span[0], span[1]):
            for x0 in range(0, power.shape[3], TILE):
                x1 = min(x0 + TILE, power.shape[3])
                n = x1 - x0
                sum_dates(power, (p, y, x0, x1), dates, first_after, F(1.0), none, none, F(0.0), first, sums)
                work[4:] = F(0.0)
                for side in range(2):
                    mean_row(sums[side], first[:n], work[side, :n], work[2 + side, :n])
                    about_row(sums[side], work[4 + side, :n])
                _tested(n, welch, work)
                out[p, 0, y - span[0], x0:x1] = work[4, :n]
                out[p, 1, y - span[0], x0:x1] = work[5, :n]


@jit
def filtered_t_of(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    power: NDArray[np.float32],
    span: tuple[int, int],
    dates: NDArray[np.int64],
    first_after: int,
    welch: bool,  # noqa: FBT001
    looks: float,
    out: NDArray[np.float32],
) -> None:
    """As `t_of`, each date first filtered by Lee's 3 x 3 filter for so many looks."""
    size = power.shape[3]
    logs, none = np.empty((dates.size, size), np.float32), np.zeros(size, np.float32)
    work, box = np.empty((6, size), np.float32), np.empty((6, size + 2), np.float32)
    for p in range(power.shape[1]):
        for y in range(span[0], span[1]):
            for k in range(dates.size):
                lee_row(power[dates[k], p], y, F(looks), box)
                row = box[3, :size]
                _keep_gaps(power[dates[k], p, y], row)
                ln_row(row, F(1.0), none, none, F(0.0), logs[k])
            _row_moments(logs, first_after, work)
            _tested(size, welch, work)
            out[p, :, y - span[0]] = work[4:]


@jit
def _keep_gaps(power: Row, filtered: Row) -> None:
    for i in range(filtered.size):
        value = power[i]
        filtered[i] = filtered[i] if (value > F(0.0)) & (value < F(np.inf)) else F(np.nan)

"""Compiled Lee filter and t of ln power. Private to this room; callers check shapes and types."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.kernels import F, count_row, divide_row, ln_row, square_row, tile_width

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
def _row_t(logs: Row, first_after: int, n: int, welch: bool, work: Row) -> None:  # noqa: FBT001
    """Give in work[4] the size of t of one row's logarithms (dates, n), in work[5] its degrees of freedom."""
    work[:] = F(0.0)
    for k in range(logs.shape[0]):
        side = 0 if k < first_after else 1
        count_row(logs[k, :n], work[2 + side, :n], work[side, :n])
    divide_row(work[2, :n], work[0, :n])
    divide_row(work[3, :n], work[1, :n])
    for k in range(logs.shape[0]):
        side = 0 if k < first_after else 1
        square_row(logs[k, :n], work[2 + side, :n], work[4 + side, :n])
    if welch:
        _welch(work[4, :n], work[5, :n], work[0, :n], work[1, :n])
    else:
        _pooled(work[4, :n], work[5, :n], work[0, :n], work[1, :n])
    _t(work[2, :n], work[3, :n], work[4, :n], work[4, :n])


@jit
def t_of(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    power: NDArray[np.float32],
    span: tuple[int, int],
    dates: NDArray[np.int64],
    first_after: int,
    welch: bool,  # noqa: FBT001
    looks: float,
    out: NDArray[np.float32],
) -> None:
    """Fill out (polarisation, 2, y, x) with the size of t and its degrees of freedom, for rows from span[0].

    `power` is (time, polarisation, y, x). With `looks` above 0 each date is first filtered by Lee's 3 x 3 filter.
    """
    size = power.shape[3]
    width = tile_width(dates.size) if looks <= 0.0 else size
    logs, none = np.empty((dates.size, width), np.float32), np.zeros(width, np.float32)
    work, box = np.empty((6, width), np.float32), np.empty((6, size + 2), np.float32)
    for p in range(power.shape[1]):
        for y in range(span[0], span[1]):
            for x0 in range(0, size, width):
                x1 = min(x0 + width, size)
                n = x1 - x0
                for k in range(dates.size):
                    if looks > 0.0:
                        lee_row(power[dates[k], p], y, F(looks), box)
                        row = box[3, :n]
                        _keep_gaps(power[dates[k], p, y], row)
                    else:
                        row = power[dates[k], p, y, x0:x1]
                    ln_row(row.view(np.int32), none[:n], none[:n], F(0.0), logs[k, :n])
                _row_t(logs, first_after, n, welch, work)
                out[p, 0, y - span[0], x0:x1] = work[4, :n]
                out[p, 1, y - span[0], x0:x1] = work[5, :n]


@jit
def _keep_gaps(power: Row, filtered: Row) -> None:
    for i in range(filtered.size):
        value = power[i]
        filtered[i] = filtered[i] if (value > F(0.0)) & (value < F(np.inf)) else F(np.nan)

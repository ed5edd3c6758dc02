"""Compiled medians of what the cells of a scene did on each date. Private to this room; callers check shapes."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.kernels import F, count_row, divide_row, ln_row

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_BINS, _EACH, _LOWEST = 160, F(20.0), F(-4.0)
"""Classes of 1/20 neper (0.2 dB) from -4 to 4 in which residuals are counted; the median is interpolated inside one."""


@jit
def _residual_row(values: Row, usual: Row) -> None:
    for i in range(values.size):
        values[i] -= usual[i]


@jit
def _median(values: Row, counts: NDArray[np.int64], fewest: int) -> np.float32:
    """Median of the values that are numbers, NaN where they are too few."""
    counts[:] = 0
    seen = 0
    for value in values:
        if value == value:  # noqa: PLR0124 -- not NaN
            counts[min(max(int((value - _LOWEST) * _EACH), 0), _BINS - 1)] += 1
            seen += 1
    if seen < max(fewest, 1):
        return F(np.nan)
    below, half = 0, 0.5 * seen
    for at in range(_BINS):
        if below + counts[at] >= half:
            return F(_LOWEST + (at + (half - below) / counts[at]) / _EACH)
        below += counts[at]
    return F(np.nan)


@jit
def cells(
    bits: NDArray[np.int32],
    before: NDArray[np.bool_],
    row: tuple[int, int],
    edges: NDArray[np.int64],
    most_each_way: int,
    out: NDArray[np.float32],
) -> None:
    """Fill out (time, polarisation, cell) = median over a cell's pixels of ln power less its own mean before.

    `row` is the first and one past the last row of pixels of a row of cells, `edges` where its cells begin and end.
    At most so many pixels each way are taken of a cell, equally spread; a quarter of them must be seen.
    """
    times, planes = bits.shape[:2]
    size = most_each_way * most_each_way
    picked = np.empty(size, np.int32)
    none = np.zeros(size, np.float32)
    values = np.empty((times, size), np.float32)
    usual, seen = np.empty(size, np.float32), np.empty(size, np.float32)
    counts = np.empty(_BINS, np.int64)
    for cell in range(edges.size - 1):
        down = (row[1] - row[0] + most_each_way - 1) // most_each_way
        right = (edges[cell + 1] - edges[cell] + most_each_way - 1) // most_each_way
        for p in range(planes):
            usual[:] = F(0.0)
            seen[:] = F(0.0)
            n = 0
            for t in range(times):
                n = 0
                for y in range(row[0] + down // 2, row[1], down):
                    for x in range(edges[cell] + right // 2, edges[cell + 1], right):
                        picked[n] = bits[t, p, y, x]
                        n += 1
                ln_row(picked[:n], none[:n], none[:n], F(0.0), values[t, :n])
                if before[t]:
                    count_row(values[t, :n], usual[:n], seen[:n])
            divide_row(usual[:n], seen[:n])
            for t in range(times):
                _residual_row(values[t, :n], usual[:n])
                out[t, p, cell] = _median(values[t, :n], counts, n // 4)

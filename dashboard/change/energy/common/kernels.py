"""Compiled medians of what the cells of a scene did on each date. Private to this room; callers check shapes."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.kernels import F, divide_row, ln_row

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_BINS, _EACH, _LOWEST = 160, F(20.0), F(-4.0)
"""Classes of 1/20 neper (0.2 dB) from -4 to 4 in which residuals are counted."""

_TURNS, _SETTLED = 10, F(0.0005)
"""Most turns of means and medians where pixels lack dates, and the change (nepers) at which they have settled."""


@jit
def _class(value: np.float32) -> int:
    return min(max(int((value - _LOWEST) * _EACH), 0), _BINS - 1)


@jit
def _median(values: Row, usual: Row, counts: NDArray[np.int64], held: Row, fewest: int) -> np.float32:
    """Lower median of values less usual, of those that are numbers: by its class first, then exactly within that."""
    counts[:] = 0
    seen = 0
    for i in range(values.size):
        value = values[i] - usual[i]
        if value == value:  # noqa: PLR0124 -- not NaN
            counts[_class(value)] += 1
            seen += 1
    if seen < max(fewest, 1):
        return F(np.nan)
    at, rank = 0, (seen + 1) // 2
    while rank > counts[at]:
        rank -= counts[at]
        at += 1
    n = 0
    for i in range(values.size):
        value = values[i] - usual[i]
        if value == value and _class(value) == at:  # noqa: PLR0124
            held[n] = value
            n += 1
    return _ranked(held[:n], rank)


@jit
def _ranked(values: Row, rank: int) -> np.float32:
    """The value of a rank counted from 1; a few values are put in order."""
    for i in range(rank):
        least = i
        for j in range(i + 1, values.size):
            if values[j] < values[least]:
                least = j
        values[i], values[least] = values[least], values[i]
    return values[rank - 1]


@jit
def _usual(values: Row, before: NDArray[np.bool_], shift: Row, usual: Row, seen: Row) -> bool:
    """Mean of each pixel over the dates before, the shifts of the dates out; whether any lacks any of them."""
    usual[:] = F(0.0)
    seen[:] = F(0.0)
    dates = 0
    for t in range(values.shape[0]):
        if before[t]:
            _count_shifted(values[t], shift[t], usual, seen)
            dates += 1
    divide_row(usual, seen)
    return seen.size > 0 and seen.min() < dates


@jit
def _count_shifted(values: Row, shift: np.float32, total: Row, count: Row) -> None:
    for i in range(values.size):
        value = values[i] - shift
        seen = value == value  # noqa: PLR0124
        total[i] += value if seen else F(0.0)
        count[i] += F(1.0) if seen else F(0.0)


@jit
def _shifts(values: Row, before: NDArray[np.bool_], counts: NDArray[np.int64], work: Row, out: Row) -> None:
    """Give the medians of the dates. With gaps, means and medians are taken in turn until they agree."""
    usual, seen = work[0], work[1]
    shift = np.zeros(values.shape[0], np.float32)
    for _ in range(_TURNS):
        gaps = _usual(values, before, shift, usual, seen)
        moved = F(0.0)
        for t in range(values.shape[0]):
            out[t] = _median(values[t], usual, counts, work[2], usual.size // 4)
            if np.isfinite(out[t]):
                moved = max(moved, abs(out[t] - shift[t]))
                shift[t] = out[t]
        if not gaps or moved < _SETTLED:
            return


@jit
def cells(
    bits: NDArray[np.int32],
    before: NDArray[np.bool_],
    row: tuple[int, int],
    edges: NDArray[np.int64],
    most_each_way: int,
    out: NDArray[np.float32],
) -> None:
    """Fill out (cell, polarisation, time): medians over a cell's pixels of ln power less its own mean before.

    `row` is the first and one past the last row of pixels of a row of cells, `edges` where its cells begin and end.
    At most so many pixels each way are taken of a cell, equally spread; a quarter of them must be seen.
    """
    times, planes = bits.shape[:2]
    size = most_each_way * most_each_way
    picked = np.empty(size, np.int32)
    none = np.zeros(size, np.float32)
    values, work = np.empty((times, size), np.float32), np.empty((3, size), np.float32)
    counts = np.empty(_BINS, np.int64)
    for cell in range(edges.size - 1):
        down = (row[1] - row[0] + most_each_way - 1) // most_each_way
        right = (edges[cell + 1] - edges[cell] + most_each_way - 1) // most_each_way
        for p in range(planes):
            n = 0
            for t in range(times):
                n = 0
                for y in range(row[0] + down // 2, row[1], down):
                    for x in range(edges[cell] + right // 2, edges[cell + 1], right):
                        picked[n] = bits[t, p, y, x]
                        n += 1
                ln_row(picked[:n], none[:n], none[:n], F(0.0), values[t, :n])
            _shifts(values[:, :n], before, counts, work[:, :n], out[cell, p])

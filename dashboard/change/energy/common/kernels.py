"""Compiled medians of what the cells of a scene did on each date. Private to this room; callers check shapes."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.kernels import F, divide_row, ln_row

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_BINS, _EACH, _LOWEST = 64, F(8.0), F(-4.0)
"""Classes of 1/8 neper (0.5 dB) from -4 to 4 in which residuals are counted."""

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
def _usual(values: Row, cell: int, before: NDArray[np.bool_], shift: Row, work: Row) -> bool:
    """Give each pixel's mean over the dates before, their shifts out; return whether any pixel lacks any of them."""
    usual, seen = work[0], work[1]
    usual[:] = F(0.0)
    seen[:] = F(0.0)
    dates = 0
    for t in range(values.shape[0]):
        if before[t]:
            _count_shifted(values[t, cell], shift[t], usual, seen)
            dates += 1
    divide_row(usual, seen)
    return seen.min() < dates


@jit
def _count_shifted(values: Row, shift: np.float32, total: Row, count: Row) -> None:
    for i in range(values.size):
        value = values[i] - shift
        seen = value == value  # noqa: PLR0124
        total[i] += value if seen else F(0.0)
        count[i] += F(1.0) if seen else F(0.0)


@jit
def _shifts(values: Row, cell: int, before: NDArray[np.bool_], counts: NDArray[np.int64], work: Row, out: Row) -> None:
    """Give the medians of the dates. With gaps, means and medians are taken in turn until they agree."""
    shift = np.zeros(values.shape[0], np.float32)
    for _ in range(_TURNS):
        gaps = _usual(values, cell, before, shift, work)
        moved = F(0.0)
        for t in range(values.shape[0]):
            out[t] = _median(values[t, cell], work[0], counts, work[2], values.shape[2] // 4)
            if np.isfinite(out[t]):
                moved = max(moved, abs(out[t] - shift[t]))
                shift[t] = out[t]
        if not gaps or moved < _SETTLED:
            return


@jit
def _pick(bits: NDArray[np.int32], columns: NDArray[np.uint64], out: NDArray[np.int32]) -> None:
    for i in range(columns.size):
        out[i] = bits[columns[i]]


@jit
def cells(
    bits: NDArray[np.int32],
    before: NDArray[np.bool_],
    rows: NDArray[np.int64],
    columns: NDArray[np.uint64],
    out: NDArray[np.float32],
) -> None:
    """Fill out (cell, polarisation, time): medians over a cell's pixels of ln power less its own mean before.

    The cells lie in one row: `rows` are the rows of pixels taken of each, `columns` as many columns for each cell, one
    cell after the other. A quarter of the pixels must be seen. Whole rows are read at once, as memory likes it.
    """
    each = columns.size // out.shape[0]
    picked, logs = np.empty(columns.size, np.int32), np.empty(columns.size, np.float32)
    none = np.zeros(columns.size, np.float32)
    values = np.empty((bits.shape[0], out.shape[0], rows.size * each), np.float32)
    work = np.empty((3, rows.size * each), np.float32)
    counts = np.empty(_BINS, np.int64)
    for p in range(bits.shape[1]):
        for t in range(bits.shape[0]):
            for r in range(rows.size):
                _pick(bits[t, p, rows[r]], columns, picked)
                ln_row(picked, none, none, F(0.0), logs)
                for cell in range(out.shape[0]):
                    values[t, cell, r * each : (r + 1) * each] = logs[cell * each : (cell + 1) * each]
        for cell in range(out.shape[0]):
            _shifts(values, cell, before, counts, work, out[cell, p])

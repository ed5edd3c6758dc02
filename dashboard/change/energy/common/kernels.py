"""Compiled medians of what the cells of a scene did on each date. Private to this room; callers check shapes."""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.kernels import F, divide_row, ln_row

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})

_FARTHEST, _HALVINGS = F(4.0), 17
"""Nepers (17 dB) beyond which no median lies, and halvings of the interval: 6e-5 nepers remain."""
_TURNS, _SETTLED = 10, F(0.0005)
"""Most turns of means and medians where pixels lack dates, and the change (nepers) at which they have settled."""


@jit
def _below(values: Row, limit: np.float32) -> int:
    """How many values are below a limit; none of those that are NaN."""
    n = np.int32(0)
    for i in range(values.size):
        n = np.int32(n + np.int32(values[i] < limit))
    return n


@jit
def _median(values: Row, usual: Row, held: Row, fewest: int) -> np.float32:
    """Lower median of values less usual, of those that are numbers; NaN where they are too few.

    Halving an interval and counting what lies below is faster for a hundred values than putting them in order: the
    count is vectorised and nothing is guessed wrongly.
    """
    for i in range(values.size):
        held[i] = values[i] - usual[i]
    seen = _below(held, F(np.inf))
    if seen < max(fewest, 1):
        return F(np.nan)
    rank = (seen + 1) // 2
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(_HALVINGS):
        middle = F(0.5) * (low + high)
        if _below(held, middle) >= rank:
            high = middle
        else:
            low = middle
    return F(0.5) * (low + high)


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
def _shifts(values: Row, cell: int, before: NDArray[np.bool_], work: Row, out: Row) -> None:
    """Give the medians of the dates. With gaps, means and medians are taken in turn until they agree."""
    shift = np.zeros(values.shape[0], np.float32)
    for _ in range(_TURNS):
        gaps = _usual(values, cell, before, shift, work)
        moved = F(0.0)
        for t in range(values.shape[0]):
            out[t] = _median(values[t, cell], work[0], work[2], values.shape[2] // 4)
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
    for p in range(bits.shape[1]):
        for t in range(bits.shape[0]):
            for r in range(rows.size):
                _pick(bits[t, p, rows[r]], columns, picked)
                ln_row(picked, none, none, F(0.0), logs)
                for cell in range(out.shape[0]):
                    values[t, cell, r * each : (r + 1) * each] = logs[cell * each : (cell + 1) * each]
        for cell in range(out.shape[0]):
            _shifts(values, cell, before, work, out[cell, p])

"""Compiled levels of what the cells of a scene did on each date. Private to this room; callers check shapes."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.fetch.kernels import fetch_row
from dashboard.change.energy.logs.kernels import F, divide_row, ln_row

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
summing = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})

_FARTHEST, _HALVINGS = F(4.0), 8
"""Nepers (17 dB) beyond which no level lies, and halvings of the interval: 0.016 nepers remain to the median."""
_CLIPPED, _PULLS = F(0.5), 4
"""Nepers (2.2 dB) to which a pixel's difference to the level counts, and steps towards where these balance."""
_TURNS, _SETTLED = 8, F(0.001)
"""Most turns of means and levels where pixels lack dates, and the change (nepers) at which they have settled."""


@summing
def _below(values: Row, limit: np.float32) -> np.float32:
    """How many values are below a limit; none of those that are NaN. Counted in the width of the values themselves."""
    n = F(0.0)
    for i in range(values.size):
        n += F(1.0) if values[i] < limit else F(0.0)
    return n


@summing
def _pull(values: Row, at: np.float32) -> np.float32:
    """Sum of the differences to a value, each held to `_CLIPPED`, of those that are numbers."""
    total = F(0.0)
    for i in range(values.size):
        off = values[i] - at
        held = min(max(off, -_CLIPPED), _CLIPPED)
        total += held if off == off else F(0.0)  # noqa: PLR0124
    return total


@jit
def _level(values: Row, usual: Row, held: Row, fewest: int) -> np.float32:
    """Robust mean of values less usual, of those that are numbers; NaN where they are too few.

    It begins near the median, found by halving an interval and counting what lies below: the compiler counts many at a
    time. A median of a hundred values moves in steps, which the mean of the differences, each held to a few
    decibels, does not; it is as hard to carry away and less noisy (P. J. Huber, 1964).
    """
    for i in range(values.size):
        held[i] = values[i] - usual[i]
    seen = _below(held, F(np.inf))
    if seen < F(max(fewest, 1)):
        return F(np.nan)
    half = F(0.5) * seen
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(_HALVINGS):
        middle = F(0.5) * (low + high)
        if _below(held, middle) >= half:
            high = middle
        else:
            low = middle
    level = F(0.5) * (low + high)
    for _ in range(_PULLS):
        level += _pull(held, level) / seen
    return level


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
    return bool(seen.min() < dates)


@jit
def _count_shifted(values: Row, shift: np.float32, total: Row, count: Row) -> None:
    for i in range(values.size):
        value = values[i] - shift
        seen = value == value  # noqa: PLR0124
        total[i] += value if seen else F(0.0)
        count[i] += F(1.0) if seen else F(0.0)


@jit
def _shifts(values: Row, cell: int, before: NDArray[np.bool_], work: Row, out: Row) -> None:
    """Give the levels of the dates. With gaps, pixels' means and dates' levels are taken in turn until they agree."""
    shift = np.zeros(values.shape[0], np.float32)
    for _ in range(_TURNS):
        gaps = _usual(values, cell, before, shift, work)
        moved = F(0.0)
        for t in range(values.shape[0]):
            out[t] = _level(values[t, cell], work[0], work[2], values.shape[2] // 4)
            if np.isfinite(out[t]):
                moved = max(moved, abs(out[t] - shift[t]))
                shift[t] = out[t]
        if not gaps or moved < _SETTLED:
            return


@jit
def _pick(row: NDArray[Any], columns: NDArray[np.uint64], out: NDArray[Any]) -> None:
    for i in range(columns.size):
        out[i] = row[columns[i]]


@jit
def cells(
    stack: NDArray[Any],
    exponent: float,
    before: NDArray[np.bool_],
    rows: NDArray[np.int64],
    columns: NDArray[np.uint64],
    out: NDArray[np.float32],
) -> None:
    """Fill out (cell, polarisation, time) with levels: robust means of ln power less the pixels' own means before.

    The cells lie in one row: `rows` are the rows of pixels taken of each, `columns` as many columns for each cell, one
    cell after the other. A quarter of the pixels must be seen. Whole rows are read at once, as memory likes it.
    """
    each = columns.size // out.shape[0]
    picked, logs = np.empty(columns.size, stack.dtype), np.empty(columns.size, np.float32)
    none = np.zeros(columns.size, np.float32)
    values = np.empty((stack.shape[0], out.shape[0], rows.size * each), np.float32)
    work = np.empty((3, rows.size * each), np.float32)
    for p in range(stack.shape[1]):
        for t in range(stack.shape[0]):
            for r in range(rows.size):
                if r + 1 < rows.size:
                    fetch_row(stack[t, p, rows[r + 1]])
                elif t + 1 < stack.shape[0]:
                    fetch_row(stack[t + 1, p, rows[0]])
                _pick(stack[t, p, rows[r]], columns, picked)
                ln_row(picked, F(exponent), none, none, F(0.0), logs)
                for cell in range(out.shape[0]):
                    values[t, cell, r * each : (r + 1) * each] = logs[cell * each : (cell + 1) * each]
        for cell in range(out.shape[0]):
            _shifts(values, cell, before, work, out[cell, p])

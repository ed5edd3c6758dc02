"""Compiled energies of many pseudo-events from running sums. Private to this room; callers check shapes."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.fetch.kernels import fetch_row
from dashboard.change.energy.logs.kernels import F, band_modes, count_row, divide_row, ln_row, square_row, tile_width

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@jit
def _centre(values: Row, mean: Row) -> None:
    for i in range(values.size):
        values[i] -= mean[i]


@jit
def _enter(values: Row, sign: np.float32, total: Row, count: Row) -> None:
    """A date enters the window (1) or leaves it (-1)."""
    for i in range(values.size):
        value = values[i]
        seen = value == value  # noqa: PLR0124 -- not NaN
        total[i] += sign * value if seen else F(0.0)
        count[i] += sign if seen else F(0.0)


@jit
def _squares_between(total: Row, inside: Row, count: Row, fewest: np.float32, out: Row) -> None:
    """Squares between the means inside and outside the window: S^2 n / (n2 (n - n2)), S about the mean of all."""
    for i in range(out.size):
        n2, n = inside[i], count[i]
        enough = (n2 >= F(0.5)) & (n - n2 >= fewest - F(0.5))
        out[i] = total[i] * total[i] * n / (n2 * (n - n2)) if enough else F(np.nan)


@jit
def _moderate(between: Row, squares: Row, count: Row, prior_dof: np.float32, variance: np.float32) -> None:
    """Make it moderated t^2 over its mean; the squares within are all less those between."""
    for i in range(between.size):
        b = between[i]
        free = prior_dof + count[i] - F(4.0)
        within = max(squares[i] - b, F(0.0))
        between[i] = b * free / (prior_dof * variance + within) if free > F(0.0) else F(np.nan)


@jit
def _gather(energy: Row, total: Row, count: NDArray[np.uint8]) -> None:
    for i in range(energy.size):
        value = energy[i]
        seen = value == value  # noqa: PLR0124
        total[i] += value if seen else F(0.0)
        count[i] += np.uint8(1) if seen else np.uint8(0)


@jit
def _about_mean(logs: Row, n: int, work: Row) -> None:
    """Make logarithms (dates, n) relative to their mean; work = (mean, count, squares)."""
    work[:] = F(0.0)
    for k in range(logs.shape[0]):
        count_row(logs[k, :n], work[0, :n], work[1, :n])
    divide_row(work[0, :n], work[1, :n])
    for k in range(logs.shape[0]):
        square_row(logs[k, :n], work[0, :n], work[2, :n])
        _centre(logs[k, :n], work[0, :n])


@jit
def _slide(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    logs: Row,
    spans: NDArray[np.int64],
    prior: tuple[float, float],
    variance: np.float32,
    work: Row,
    place: tuple[int, int, int],
    sums: Row,
    counts: NDArray[np.uint8],
) -> None:
    """Move the window over the dates of one row; work = (., count, squares, sum inside, count inside, energy)."""
    y, x0, x1 = place
    n, first, last = x1 - x0, 0, 0
    total, inside, count, energy = work[3, :n], work[4, :n], work[1, :n], work[5, :n]
    for w in range(spans.shape[0]):
        while last < spans[w, 1]:
            _enter(logs[last, :n], F(1.0), total, inside)
            last += 1
        while first < spans[w, 0]:
            _enter(logs[first, :n], F(-1.0), total, inside)
            first += 1
        _squares_between(total, inside, count, F(prior[1]), energy)
        _moderate(energy, work[2, :n], count, F(prior[0]), variance)
        _gather(energy, sums[w, y, x0:x1], counts[w, y, x0:x1])


@jit
def windows(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    stack: NDArray[Any],
    exponent: float,
    span: tuple[int, int, int],
    dates: NDArray[np.int64],
    spans: NDArray[np.int64],
    mode: NDArray[np.float32],
    rows: tuple[NDArray[np.int64], NDArray[np.float32]],
    columns: tuple[NDArray[np.int64], NDArray[np.float32]],
    prior: tuple[float, float],
    variance: NDArray[np.float32],
    sums: NDArray[np.float32],
    counts: NDArray[np.uint8],
) -> None:
    """Add to sums and counts (window, y, x) the energies of `spans` (window, 2): first date and one past the last.

    Logarithms and their sums about the mean of all dates are made once. A window that begins later than the one before
    takes its sums over: the dates that leave are taken out and those that enter are put in. `span` is the first row of
    the strip, one past its last, and how far `stack` lies above; `prior` is (its degrees of freedom, fewest looks
    outside a window).
    """
    width = tile_width(dates.size)
    logs = np.empty((dates.size, width), np.float32)
    at, slope = np.empty_like(logs), np.empty_like(logs)
    work = np.empty((6, width), np.float32)
    for p in range(stack.shape[1]):
        for x0 in range(0, stack.shape[3], width):
            x1 = min(x0 + width, stack.shape[3])
            n, band = x1 - x0, -1
            for y in range(span[0], span[1]):
                if rows[0][y] != band:
                    band = rows[0][y]
                    band_modes(mode[p], band, columns[0][x0:x1], columns[1][x0:x1], at, slope)
                for k in range(dates.size):
                    own = stack[dates[k], p, y - span[2], x0:x1]
                    if k + 1 < dates.size:
                        fetch_row(stack[dates[k + 1], p, y - span[2], x0:x1])
                    ln_row(own, F(exponent), at[k, :n], slope[k, :n], rows[1][y], logs[k, :n])
                _about_mean(logs, n, work)
                _slide(logs, spans, prior, variance[p], work, (y, x0, x1), sums, counts)

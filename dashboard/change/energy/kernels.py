"""Compiled inner loops of the energy. Private to this room; callers check shapes and types.

All are single-threaded and release the interpreter lock. How they are written so that many numbers are computed at a
time is said in `logs.kernels`.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.energy.logs.kernels import TILE, F, about_row, band_modes, count_row, mean_row, sum_dates

Row = NDArray[np.float32]
jit = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@jit
def moments(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    stack: NDArray[Any],
    exponent: float,
    top: int,
    dates: NDArray[np.int64],
    first_after: int,
    mode: NDArray[np.float32],
    rows: tuple[NDArray[np.int64], NDArray[np.float32]],
    columns: tuple[NDArray[np.int64], NDArray[np.float32]],
    out: NDArray[np.float32],
) -> None:
    """Fill out[polarisation] = (count, count, mean, mean, squares about both) before and after, (5, y, x).

    `stack` is (time, polarisation, y, x) and `out` its rows from `top` on; `mode` is (polarisation, dates, node row,
    node column); `dates` are those before, then from `first_after` on those after. All slices below are in order in
    memory, which the compiler must see: otherwise it computes one number at a time.
    """
    at, first = np.empty((dates.size, TILE), np.float32), np.empty(TILE, np.float32)
    slope, sums = np.empty_like(at), np.empty((2, 3 * TILE), np.float32)
    for p in range(stack.shape[1]):
        for x0 in range(0, stack.shape[3], TILE):
            x1 = min(x0 + TILE, stack.shape[3])
            n, band = x1 - x0, -1
            for y in range(out.shape[2]):
                if rows[0][y] != band:
                    band = rows[0][y]
                    band_modes(mode[p], band, columns[0][x0:x1], columns[1][x0:x1], at, slope)
                place = (p, top + y, x0, x1)
                sum_dates(stack, place, dates, first_after, F(exponent), at, slope, rows[1][y], first, sums)
                for side in range(2):
                    mean_row(sums[side], first[:n], out[p, side, y, x0:x1], out[p, 2 + side, y, x0:x1])
                out[p, 4, y, x0:x1] = F(0.0)
                about_row(sums[0], out[p, 4, y, x0:x1])
                about_row(sums[1], out[p, 4, y, x0:x1])


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
def _mean_of(total: Row, count: Row, out: Row) -> None:
    """0 / 0 is NaN."""
    for i in range(out.size):
        out[i] = total[i] / count[i]


@jit
def _add_level(before: Row, mean: Row, fewest: np.float32, total: Row, count: Row) -> None:
    for i in range(total.size):
        known = before[i] >= fewest
        total[i] += mean[i] if known else F(0.0)
        count[i] += F(1.0) if known else F(0.0)


@jit
def _larger(one: Row, most: Row) -> None:
    for i in range(most.size):
        most[i] = max(one[i], most[i])


@jit
def _add_larger(one: Row, other: Row, total: NDArray[np.int16]) -> None:
    for i in range(total.size):
        total[i] += np.int16(max(one[i], other[i]))


@jit
def add_energy(  # noqa: PLR0913, PLR0917 -- a kernel takes its arrays as they are
    part: NDArray[np.float32],
    top: int,
    prior: tuple[float, float],
    variance: NDArray[np.float32],
    planes: NDArray[np.int64],
    own: NDArray[np.float32],
    sums: NDArray[np.float32],
    steps: NDArray[np.float32],
    looks: NDArray[np.int16],
) -> None:
    """Give the energy of `moments` in rows from `top` of own (y, x), and add it to what all stacks together say.

    That is sums = (energy, how many, mean ln power before, how many) (4, y, x), steps[planes[p]] = (weighted step,
    weight) (2, y, x) and looks (2, y, x) before and after, of the polarisation with the most. `prior` is (its degrees
    of freedom, fewest looks before).
    t^2 is step^2 weight nu / (d0 s0^2 + squares) with nu = d0 + n - 2; its mean under no change is nu / (nu - 2).
    """
    weight, step, free, total, count = np.empty((5, part.shape[3]), np.float32)
    last = part.shape[0] - 1
    for y in range(part.shape[2]):
        total[:] = F(0.0)
        count[:] = F(0.0)
        for p in range(part.shape[0]):
            before, after = part[p, 0, y], part[p, 1, y]
            _weigh(before, after, weight)
            _add_level(before, part[p, 2, y], F(prior[1]), sums[2, top + y], sums[3, top + y])
            _step(part[p, 2, y], part[p, 3, y], step)
            _add_product(step, weight, steps[planes[p], 0, top + y])
            _add(weight, steps[planes[p], 1, top + y])
            _between(step, weight)
            _freedom(before, after, F(prior[0]), F(prior[1]), free)
            _moderate(step, free, part[p, 4, y], F(prior[0]) * variance[p])
            count_row(step, total, count)
        _mean_of(total, count, own[top + y])
        _add(total, sums[0, top + y])
        _add(count, sums[1, top + y])
        for side in range(2):
            most = part[0, side, y]
            for p in range(1, last):
                _larger(part[p, side, y], most)
            _add_larger(most, part[last, side, y], looks[side, top + y])


@jit
def mean_rows(total: NDArray[np.float32], count: NDArray[np.float32], rows: tuple[int, int], out: Row) -> None:
    """Fill rows of out (y, x) with a total over its count, NaN where that is 0."""
    for y in range(rows[0], rows[1]):
        _mean_of(total[y], count[y], out[y])


@jit
def mean_steps(steps: NDArray[np.float32], rows: tuple[int, int], scale: float, out: NDArray[np.float32]) -> None:
    """Fill rows of out (polarisation, y, x) with the weighted steps over their weights, times a scale."""
    for p in range(out.shape[0]):
        for y in range(rows[0], rows[1]):
            _mean_of(steps[p, 0, y], steps[p, 1, y], out[p, y])
            for i in range(out.shape[2]):
                out[p, y, i] *= F(scale)


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

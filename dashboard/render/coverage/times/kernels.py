"""Compiled inner loops of when ground was looked at: last, and with which gap. Private to this package."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.render.coverage.kernels import Grid, Outlines, rows_of

jit = numba.njit(nogil=True, cache=True, error_model="numpy")

NEVER = np.int32(2**31 - 1)
"""The time of the last look where there was none."""
ONCE = np.int32(-1)
"""The longest gap where there was one look at most."""
BLOCK = 16
"""Pixels a side of the blocks whose unwritten pixels `newest` counts."""


@jit
def newest(
    shapes: Outlines, order: NDArray[np.int64], grid: Grid, latitudes: NDArray[np.float64], out: NDArray[np.int32]
) -> None:
    """Write to `out` (height, width), which holds -1, the place in `order` of the first footprint over each pixel.

    Every pixel is written once: `free` leads from any column to the next one that is not written yet, and a footprint
    over blocks that are all written is passed over.
    """
    free, todo = _unwritten(grid)
    starts, cuts = np.empty(grid.height + 3, np.int64), np.empty(4096, np.int32)
    for place in range(order.size):
        if not _open(shapes, order[place], grid, todo):
            continue
        rows = rows_of(shapes, order[place], grid, latitudes, starts, cuts)
        cuts = rows.cuts
        for r in range(rows.height):
            row = rows.top + r
            for pair in range(rows.starts[r], rows.starts[r + 1] - 1, 2):
                _fill(out[row], free[row], todo[row // BLOCK], (rows.cuts[pair], rows.cuts[pair + 1]), place)


@jit
def _unwritten(grid: Grid) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    free = np.empty((grid.height, grid.width + 1), np.int32)
    todo = np.zeros((grid.height // BLOCK + 1, grid.width // BLOCK + 1), np.int32)
    for row in range(grid.height):
        for column in range(grid.width):
            free[row, column] = column
            todo[row // BLOCK, column // BLOCK] += 1
        free[row, grid.width] = grid.width
    return free, todo


@jit
def _open(shapes: Outlines, one: int, grid: Grid, todo: NDArray[np.int32]) -> bool:
    """Return whether a block that a footprint's box touches has a pixel that is not written yet."""
    west, south, east, north = shapes.boxes[one]
    left = min(max(math.floor((west - grid.west) / grid.step), 0), grid.width - 1) // BLOCK
    right = min(max(math.floor((east - grid.west) / grid.step), 0), grid.width - 1) // BLOCK
    top = min(max(math.floor((grid.north - north) / grid.size), 0), grid.height - 1) // BLOCK
    bottom = min(max(math.floor((grid.north - south) / grid.size), 0), grid.height - 1) // BLOCK
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            if todo[row, column] > 0:
                return True
    return False


@jit
def _fill(
    out: NDArray[np.int32], free: NDArray[np.int32], todo: NDArray[np.int32], span: tuple[int, int], value: int
) -> None:
    """Write a value to the columns of a span that are not written yet."""
    column = _next(free, span[0])
    while column < span[1]:
        out[column] = value
        todo[column // BLOCK] -= 1
        free[column] = column + 1
        column = _next(free, column + 1)


@jit
def _next(free: NDArray[np.int32], column: int) -> int:
    found = column
    while free[found] != found:
        found = free[found]
    while free[column] != found and column != found:
        free[column], column = found, free[column]
    return found


@jit
def gaps(
    shapes: Outlines, order: NDArray[np.int64], times: NDArray[np.int32], grid: Grid,
    latitudes: NDArray[np.float64], state: NDArray[np.int32],
) -> None:  # fmt: skip
    """Follow the longest time between looks in ``state[0]`` and the time of the last look in ``state[1]``.

    Parameters
    ----------
    order : footprints, oldest first
    times : (order,) when each look began, 0 or more
    state : (2, height, width), `ONCE` and `NEVER`: no gap and no look yet
    """
    starts, cuts = np.empty(grid.height + 3, np.int64), np.empty(4096, np.int32)
    for place in range(order.size):
        rows = rows_of(shapes, order[place], grid, latitudes, starts, cuts)
        cuts = rows.cuts
        for r in range(rows.height):
            for pair in range(rows.starts[r], rows.starts[r + 1] - 1, 2):
                first, until = rows.cuts[pair], rows.cuts[pair + 1]
                row = rows.top + r
                _follow(state[0, row, first:until], state[1, row, first:until], times[place])


@jit
def _follow(gap: NDArray[np.int32], last: NDArray[np.int32], time: np.int32) -> None:
    # Without a branch, several pixels at a time: after `NEVER` the difference is below 0, and no gap.
    for column in range(gap.size):
        gap[column] = max(gap[column], np.int32(time - last[column]))
        last[column] = time

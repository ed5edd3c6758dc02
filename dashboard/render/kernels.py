"""Compiled inner loops of pictures: table look-ups. Private to this room; callers check shapes and types.

All are single-threaded and release the interpreter lock, so that any number of Python threads may run them at once:
numba's default threading layer aborts the process when parallel kernels are entered by two threads together.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

jit = numba.njit(nogil=True, cache=True, error_model="numpy")


@jit
def look_up(values: NDArray[Any], table: NDArray[Any], out: NDArray[Any]) -> None:
    """out[i] = table[values[i]] over flat arrays."""
    for i in range(values.size):
        out[i] = table[values[i]]


@jit
def look_up_both(
    a: NDArray[np.uint8],
    b: NDArray[np.uint8],
    tables: NDArray[np.uint32],
    out: NDArray[np.uint32],
) -> None:
    """out[i] = tables[0, a[i]] | tables[1, b[i]] where both were observed, else 0."""
    for i in range(a.size):
        x, y = a[i], b[i]
        out[i] = tables[0, x] | tables[1, y] if x != 0 and y != 0 else np.uint32(0)


@jit
def difference_levels(
    a: NDArray[np.uint16],
    b: NDArray[np.uint16],
    logarithm: NDArray[np.float32],
    offset: np.float32,
    out: NDArray[np.uint8],
) -> None:
    """out[i] = clip(logarithm[b] - logarithm[a] + offset, 1, 255) rounded down, 0 where either is 0."""
    for i in range(a.size):
        x, y = a[i], b[i]
        level = logarithm[y] - logarithm[x] + offset
        level = min(max(level, np.float32(1.0)), np.float32(255.0))
        out[i] = np.uint8(level) if x != 0 and y != 0 else np.uint8(0)


@jit
def count_levels(levels: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """Count every byte; four tables in turn keep equal neighbours from waiting for each other."""
    partial = np.zeros((4, 256), np.int64)
    whole = levels.size - levels.size % 4
    for i in range(0, whole, 4):
        partial[0, levels[i]] += 1
        partial[1, levels[i + 1]] += 1
        partial[2, levels[i + 2]] += 1
        partial[3, levels[i + 3]] += 1
    for i in range(whole, levels.size):
        partial[0, levels[i]] += 1
    for k in range(256):
        counts[k] = partial[0, k] + partial[1, k] + partial[2, k] + partial[3, k]


@jit
def trace(
    paths: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    chosen: NDArray[np.int64],
    ranks: NDArray[np.uint8],
    grid: tuple[float, float, int, int],
    out: NDArray[np.uint8],
) -> None:
    """Mark the pixels that lines run through with the greatest rank; a line without length marks one pixel.

    Pixels follow from whole coordinates, never from clipped ones: a part of a picture equals that part of the whole.
    """
    x, y, starts = paths
    for i in range(chosen.size):
        first, last = starts[chosen[i]], starts[chosen[i] + 1]
        u0, v0 = x[first] * grid[0] - grid[2], y[first] * grid[1] - grid[3]
        for k in range(first + 1, last):
            u1, v1 = x[k] * grid[0] - grid[2], y[k] * grid[1] - grid[3]
            _segment(u0, v0, u1, v1, ranks[i], out)
            u0, v0 = u1, v1


@numba.njit(nogil=True, cache=True, error_model="numpy", inline="never")
def _segment(u0: float, v0: float, u1: float, v1: float, rank: int, out: NDArray[np.uint8]) -> None:
    rows, cols = out.shape
    if max(u0, u1) < 0 or min(u0, u1) >= cols or max(v0, v1) < 0 or min(v0, v1) >= rows:
        return
    if abs(u1 - u0) >= abs(v1 - v0):
        _march(u0, v0, u1, v1, rank, out)
    else:
        _march(v0, u0, v1, u1, rank, out.T)


@numba.njit(nogil=True, cache=True, error_model="numpy", inline="never")
def _march(u0: float, v0: float, u1: float, v1: float, rank: int, out: NDArray[np.uint8]) -> None:
    """Go along columns, at most one row a column; always from the lower end, so that direction does not matter."""
    if u1 < u0:
        u0, v0, u1, v1 = u1, v1, u0, v0
    rows, cols = out.shape
    slope = (v1 - v0) / (u1 - u0) if u1 > u0 else 0.0
    for col in range(int(max(np.floor(u0), 0.0)), int(min(np.floor(u1), cols - 1.0)) + 1):
        row = int(np.floor(v0 + (min(max(col + 0.5, u0), u1) - u0) * slope))
        if 0 <= row < rows and out[row, col] < rank:
            out[row, col] = rank


@jit
def wind(
    paths: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    chosen: NDArray[np.int64],
    signs: NDArray[np.int8],
    grid: tuple[float, float, int, int],
    turns: NDArray[np.int32],
) -> None:
    """Add how often rings wind around pixel centres, as differences from each pixel to its left neighbour."""
    x, y, starts = paths
    rows, cols = turns.shape
    for i in range(chosen.size):
        first, last = starts[chosen[i]], starts[chosen[i] + 1]
        u0, v0 = x[first] * grid[0] - grid[2], y[first] * grid[1] - grid[3]
        for k in range(first + 1, last):
            u1, v1 = x[k] * grid[0] - grid[2], y[k] * grid[1] - grid[3]
            low, high = (v0, v1) if v0 < v1 else (v1, v0)
            top, bottom = max(np.ceil(low - 0.5), 0.0), min(np.ceil(high - 0.5), float(rows))
            if top < bottom and min(u0, u1) < cols:
                turn = signs[i] if v1 > v0 else -signs[i]
                slope = (u1 - u0) / (v1 - v0)
                for row in range(int(top), int(bottom)):
                    col = np.ceil(u0 + (row + 0.5 - v0) * slope - 0.5)
                    if col < cols:
                        turns[row, int(max(col, 0.0))] += turn
            u0, v0 = u1, v1


@jit
def fill(
    paths: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    areas: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]],
    ranks: NDArray[np.uint16],
    grid: tuple[float, float, int, int],
    out: NDArray[np.uint16],
) -> None:
    """Mark the pixels whose centres lie in areas with the greatest rank, one area after the other.

    `areas` are the chosen ones, the first path of every area and one past the last, and the factor of every path that
    makes outsides wind once and holes back.
    """
    chosen, rings, _ = areas
    begins, cuts = np.zeros(out.shape[0] + 2, np.int64), np.empty(1024, np.int64)
    for i in range(chosen.size):
        span = (rings[chosen[i]], rings[chosen[i] + 1])
        top, bottom = _cut(paths, areas[2], span, grid, (out.shape[1], False), (begins, cuts))
        for row in range(top, bottom):
            begins[row + 2] += begins[row + 1]
        if top < bottom and begins[bottom + 1] > cuts.size:
            cuts = np.empty(2 * begins[bottom + 1], np.int64)
        _cut(paths, areas[2], span, grid, (out.shape[1], True), (begins, cuts))
        for row in range(top, bottom):
            _sweep(cuts[begins[row] : begins[row + 1]], ranks[chosen[i]], out[row])
        begins[top : bottom + 2] = 0


@numba.njit(nogil=True, cache=True, error_model="numpy", inline="never")
def _cut(
    paths: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
    signs: NDArray[np.int8],
    span: tuple[int, int],
    grid: tuple[float, float, int, int],
    how: tuple[int, bool],
    memory: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[int, int]:
    """Count where each row cuts an area's edges, two places ahead of it, or write the cuts; return first and end row.

    A cut is four times the first column whose centre lies east of it, and 1 more than how the edge winds.
    """
    x, y, starts = paths
    cols, write = how
    begins, cuts = memory
    first, end = begins.size - 2, 0
    for path in range(span[0], span[1]):
        u0, v0 = x[starts[path]] * grid[0] - grid[2], y[starts[path]] * grid[1] - grid[3]
        for k in range(starts[path] + 1, starts[path + 1]):
            u1, v1 = x[k] * grid[0] - grid[2], y[k] * grid[1] - grid[3]
            low, high = (v0, v1) if v0 < v1 else (v1, v0)
            top, bottom = int(max(np.ceil(low - 0.5), 0.0)), int(min(np.ceil(high - 0.5), float(begins.size - 2)))
            if top < bottom and min(u0, u1) < cols:
                first, end = min(first, top), max(end, bottom)
                turn = signs[path] if v1 > v0 else -signs[path]
                slope = (u1 - u0) / (v1 - v0)
                for row in range(top, bottom):
                    if write:
                        col = min(max(np.ceil(u0 + (row + 0.5 - v0) * slope - 0.5), 0.0), float(cols))
                        cuts[begins[row + 1]] = int(col) * 4 + turn + 1
                        begins[row + 1] += 1
                    else:
                        begins[row + 2] += 1
            u0, v0 = u1, v1
    return first, end


@numba.njit(nogil=True, cache=True, error_model="numpy", inline="never")
def _sweep(cuts: NDArray[np.int64], rank: int, out: NDArray[np.uint16]) -> None:
    """Mark what of one row lies between cuts that wind around it; two cuts are nearly all there ever are."""
    for at in range(1, cuts.size):
        value, to = cuts[at], at
        while to > 0 and cuts[to - 1] > value:
            cuts[to] = cuts[to - 1]
            to -= 1
        cuts[to] = value
    turns = 0
    for at in range(cuts.size):
        turns += cuts[at] % 4 - 1
        if turns != 0:
            end = cuts[at + 1] // 4 if at + 1 < cuts.size else out.size  # what lies beyond the edge was not cut
            for col in range(cuts[at] // 4, end):
                out[col] = max(out[col], rank)


@jit
def flood(turns: NDArray[np.int32], rank: int, out: NDArray[np.uint8]) -> None:
    """Mark every pixel that is wound around with a rank, and leave the differences at zero for the next."""
    rows, cols = out.shape
    for row in range(rows):
        total = 0
        for col in range(cols):
            total += turns[row, col]
            turns[row, col] = 0
            if total != 0:
                out[row, col] = rank


@jit
def paint(
    over: NDArray[np.uint8],
    under: NDArray[np.uint8],
    tables: NDArray[np.uint32],
    out: NDArray[np.uint32],
) -> None:
    """out[i] = tables[1, over[i]] where there is something, else tables[0, under[i]]."""
    for i in range(over.size):
        out[i] = tables[1, over[i]] if over[i] != 0 else tables[0, under[i]]

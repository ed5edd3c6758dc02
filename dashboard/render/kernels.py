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

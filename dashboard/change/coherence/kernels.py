"""Compiled moving sums of two complex images. Private to this package; callers check shapes and values.

Single-threaded and without the interpreter lock. Sums over a window are made anew for every pixel, first along the row
and then across a ring of rows: running totals would carry the rounding of every bright target on to the rest.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float32]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def products(a: Real, b: Real, out: Real) -> None:
    """Set out (5, x) to the real and imaginary part of a b*, the two powers, and 1 where both looks are there.

    Rows of `a` and `b` hold real and imaginary part in turn.
    """
    real, imaginary, first, second, there = out[0], out[1], out[2], out[3], out[4]
    for x in range(there.size):
        ar, ai, br, bi = a[2 * x], a[2 * x + 1], b[2 * x], b[2 * x + 1]
        p, q = ar * ar + ai * ai, br * br + bi * bi
        both = p + q < np.float32(np.inf)
        real[x] = ar * br + ai * bi if both else np.float32(0.0)
        imaginary[x] = ai * br - ar * bi if both else np.float32(0.0)
        first[x] = p if both else np.float32(0.0)
        second[x] = q if both else np.float32(0.0)
        there[x] = np.float32(1.0) if both else np.float32(0.0)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def along(values: Real, reach: int, padded: Real, out: Real) -> None:
    """Set `out` to sums over 2 reach + 1 neighbours, nothing beyond the ends."""
    width = values.size
    padded[reach : reach + width] = values
    out[:] = values
    for j in range(reach):
        one, two = padded[j : j + width], padded[2 * reach - j : 2 * reach - j + width]
        for x in range(width):
            out[x] += one[x] + two[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def ratio(sums: Real, there: Real, fewest: float, equal: bool, out: Real) -> None:  # noqa: FBT001 -- a kernel
    """Set `out` to the coherence from window sums; NaN where the middle look or too many others are missing."""
    real, imaginary, first, second, count = sums[0], sums[1], sums[2], sums[3], sums[4]
    for x in range(out.size):
        size = np.sqrt(real[x] * real[x] + imaginary[x] * imaginary[x])
        total = np.float32(0.5) * (first[x] + second[x]) if equal else np.sqrt(first[x]) * np.sqrt(second[x])
        usable = total > np.float32(0.0) and there[x] > np.float32(0.0) and count[x] >= np.float32(fewest)
        out[x] = min(size / total, np.float32(1.0)) if usable else np.float32(np.nan)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def coherence(  # noqa: PLR0913, PLR0917 -- a kernel takes its outputs as they are
    a: Real,
    b: Real,
    reach: tuple[int, int],
    fewest: float,
    equal: bool,  # noqa: FBT001
    rows: tuple[int, int],
    out: Real,
) -> None:
    """Fill some rows of the coherence over windows of 2 reach + 1 rows and columns."""
    height, width = out.shape
    size = 2 * reach[0] + 1
    ring, there = np.zeros((size, 5, width), np.float32), np.zeros((size, width), np.float32)
    row, padded = np.empty((5, width), np.float32), np.zeros(width + 2 * reach[1], np.float32)
    sums = np.empty((5, width), np.float32)
    for y in range(rows[0] - reach[0], rows[1] + reach[0]):
        slot = y % size
        if 0 <= y < height:
            products(a[y], b[y], row)
            there[slot] = row[4]
            for n in range(5):
                along(row[n], reach[1], padded, ring[slot, n])
        else:
            ring[slot] = 0.0
        middle = y - reach[0]
        if middle < rows[0]:
            continue
        for n in range(5):
            total = sums[n]
            total[:] = ring[0, n]
            for j in range(1, size):
                add(ring[j, n], total)
        ratio(sums, there[middle % size], fewest, equal, out[middle])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def add(values: Real, total: Real) -> None:
    """Add values to a total."""
    for x in range(total.size):
        total[x] += values[x]

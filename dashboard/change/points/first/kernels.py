"""Compiled search for the likeliest instant of every pixel. Private; callers check shapes and values.

A block of pixels is done row by row: the profile of each row over all instants is smoothed along the row and kept in
a ring of as many rows as the Gaussian is wide, so that memory is a few rows whatever the block.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.points.scan.kernels import (
    Real,
    Scene,
    Whole,
    profile_of_all,
    profile_of_some,
    sums_of_all,
    sums_of_some,
)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def row_profile(
    power: Real,
    scene: Scene,
    place: tuple[int, int],
    gaps: bool,  # noqa: FBT001
    out: Real,
    known: Real,
) -> bool:
    """Fill the profile (instant, pixel) of part of a row, 0 where a pixel has too few looks, and whether it has.

    Return whether looks are missing; `gaps` is what is expected, from the row before.
    """
    dates, bands, width = power.shape[0], power.shape[1], known.size
    sums = np.empty((bands, dates + 1, width), np.float32)
    squares = np.empty((bands, width), np.float32)
    if not gaps:
        for b in range(bands):
            sums_of_all(power, scene, b, place, sums[b], squares[b])
        if not np.isnan(squares).any():
            profile_of_all(scene, sums, squares, out)
            known[:] = 1.0
            return False
    counts = np.empty((dates + 1, width), np.float32)
    sums_of_some(power, scene, place, counts, sums, squares)
    profile_of_some(scene, counts, sums, squares, out)
    fewest = dates
    for x in range(width):
        known[x] = np.float32(1.0 if counts[dates, x] >= 3 else 0.0)
        fewest = min(fewest, int(counts[dates, x]))
    return bool(fewest < dates)


@numba.njit(nogil=True, cache=True, error_model="numpy")
def along(values: Real, taps: Real, padded: Real, out: Real) -> None:
    """Set `out` to a row smoothed by symmetric taps, nothing beyond its ends."""
    reach, width = taps.size // 2, values.size
    padded[reach : reach + width] = values
    for x in range(width):
        out[x] = taps[reach] * values[x]
    for j in range(reach):
        one, two, tap = padded[j : j + width], padded[2 * reach - j : 2 * reach - j + width], taps[j]
        for x in range(width):
            out[x] += tap * (one[x] + two[x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def across(ring: Real, taps: Real, middle: int, out: Real) -> None:
    """Set `out` to the rows of a ring smoothed by symmetric taps about the one at `middle`."""
    reach, size = taps.size // 2, taps.size
    centre = ring[middle % size]
    for x in range(out.size):
        out[x] = taps[reach] * centre[x]
    for j in range(reach):
        one, two, tap = ring[(middle + j - reach) % size], ring[(middle + reach - j) % size], taps[j]
        for x in range(out.size):
            out[x] += tap * (one[x] + two[x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def search(  # noqa: PLR0913, PLR0917 -- a kernel takes its outputs as they are
    power: Real,
    scene: Scene,
    taps: Real,
    block: tuple[int, int, int, int],
    limits: tuple[float, float],
    index: Whole,
    energy: Real,
) -> None:
    """Fill a block (top, bottom, left, right) of the first changed date, its lowest and highest likely one, and energy.

    `index` is (3, y, x), -1 where the energy is below the gate; `energy` (y, x), NaN with fewer than three looks.
    `limits` are the gate and how far below the best instant a likely one may lie.
    """
    top, bottom, left, right = block
    instants, rows, columns = power.shape[0] - 1, power.shape[2], power.shape[3]
    size, reach = taps.size, taps.size // 2
    start, stop = max(0, left - reach), min(columns, right + reach)
    width = stop - start
    raw, smooth = np.empty((instants, width), np.float32), np.empty((instants, width), np.float32)
    ring = np.zeros((instants, size, width), np.float32)
    known, there = np.zeros((size, width), np.float32), np.zeros((size, width), np.float32)
    padded, norm = np.zeros(width + 2 * reach, np.float32), np.empty(width, np.float32)
    best, at = np.empty(width, np.float32), np.empty(width, np.int32)
    ends, holes = np.empty((2, width), np.int32), np.zeros(size, np.bool_)
    gaps = False
    for y in range(top - reach, bottom + reach):
        slot = y % size
        if 0 <= y < rows:
            gaps = row_profile(power, scene, (y, start), gaps, raw, there[slot])
            holes[slot] = gaps
            for k in range(instants):
                along(raw[k], taps, padded, ring[k, slot])
            along(there[slot], taps, padded, known[slot])
        else:
            ring[:, slot] = 0.0
            known[slot] = 0.0
        middle = y - reach
        if middle < top:
            continue
        across(known, taps, middle, norm)
        best[:] = np.float32(-1.0)
        at[:] = 0
        for k in range(instants):
            across(ring[k], taps, middle, smooth[k])
            higher(smooth[k], np.int32(k), best, at)
        spans(smooth, best, norm, limits[1], ends)
        for x in range(left, right):
            i = x - start
            index[:, middle, x] = -1
            energy[middle, x] = best[i] / norm[i] if there[middle % size, i] > 0 else np.float32(np.nan)
            if energy[middle, x] >= limits[0]:
                index[0, middle, x] = at[i] + 1
                index[1, middle, x], index[2, middle, x] = ends[0, i] + 1, ends[1, i] + 1
                onward(power, (middle, x), holes[middle % size], index[:, middle, x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def spans(smooth: Real, best: Real, norm: Real, limit: float, ends: NDArray[np.int32]) -> None:
    """Set `ends` (2, pixel) to the first and last instant that is nearly as high as the best."""
    floor = best - np.float32(limit) * norm
    ends[0], ends[1] = np.int32(smooth.shape[0]), np.int32(-1)
    for k in range(smooth.shape[0]):
        within(smooth[k], floor, np.int32(k), ends[0], ends[1])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def within(values: Real, floor: Real, k: int, first: NDArray[np.int32], last: NDArray[np.int32]) -> None:
    """Take an instant into the span of those pixels where it is high enough."""
    for x in range(values.size):
        high = values[x] >= floor[x]
        first[x] = min(first[x], k) if high else first[x]
        last[x] = k if high else last[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def higher(values: Real, k: int, best: Real, at: NDArray[np.int32]) -> None:
    """Keep the highest value so far of every pixel, and where it was."""
    for x in range(values.size):
        is_higher = values[x] > best[x]
        best[x] = values[x] if is_higher else best[x]
        at[x] = k if is_higher else at[x]


@numba.njit(nogil=True, cache=True, error_model="numpy")
def mark(values: Real, best: int, floor: float, out: Whole) -> None:
    """Set the best date and the first and last one above `floor`; instant k lies before date k + 1."""
    first, last = best, best
    for k in range(values.size):
        if values[k] >= floor:
            first = min(first, k)
            last = max(last, k)
    out[0], out[1], out[2] = best + 1, first + 1, last + 1


@numba.njit(nogil=True, cache=True, error_model="numpy")
def onward(power: Real, place: tuple[int, int], gaps: bool, dates: Whole) -> None:  # noqa: FBT001 -- a kernel
    """Move dates on to the next look that is there: a step before a missing look is one before the next."""
    y, x = place
    for i in range(dates.size if gaps else 0):
        for t in range(dates[i], power.shape[0]):
            there = True
            for b in range(power.shape[1]):
                there = there and power[t, b, y, x] > 0.0 and power[t, b, y, x] < np.inf
            if there:
                dates[i] = t
                break

"""Compiled restarts between the changes already found. Private; callers check shapes and values.

Only pixels that changed are visited. Each has the profile of one more step, given its own changes; those neighbours
help whose changes are the same, since their segments are too.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from dashboard.change.points.first.kernels import mark, onward
from dashboard.change.points.kernels import ln
from dashboard.change.points.scan.kernels import Real, Scene, Whole, sums_of_row

MANY = 8
"""Where more than one in so many pixels of a row changed, its sums are made for the whole row at once."""


@numba.njit(nogil=True, cache=True, error_model="numpy")
def pixel_sums(power: Real, scene: Scene, place: tuple[int, int], sums: Real, squares: Real, counts: Real) -> None:
    """Fill running sums, squares (polarisation, time + 1) and counts (time + 1) of one pixel's log series."""
    y, x = place
    field, above, w = scene[0], scene[1][y], scene[2][y]
    below = min(above + 1, field.shape[2] - 1)
    dates, bands = power.shape[0], power.shape[1]
    first = np.zeros(bands, np.float32)
    sums[:, 0] = 0.0
    squares[:, 0] = 0.0
    counts[0] = 0.0
    for t in range(dates):
        there = True
        for b in range(bands):
            there = there and power[t, b, y, x] > 0.0 and power[t, b, y, x] < np.inf
        counts[t + 1] = counts[t] + (1.0 if there else 0.0)
        for b in range(bands):
            z = np.float32(0.0)
            if there:
                shared = field[t, b, above, x] * (np.float32(1.0) - w) + field[t, b, below, x] * w
                z = np.float32(ln(power[t, b, y, x]) - shared)
                if counts[t] == 0:
                    first[b] = z
                z -= first[b]
            sums[b, t + 1] = sums[b, t] + z
            squares[b, t + 1] = squares[b, t] + z * z


@numba.njit(nogil=True, cache=True, error_model="numpy")
def edges_of(points: Whole, without: int, dates: int, edges: NDArray[np.int64]) -> int:
    """Fill the ends of the segments between changes but the one left out; return how many segments there are."""
    edges[0] = 0
    many = 0
    for j in range(points.size):
        if points[j] >= 0 and j != without:
            many += 1
            edges[many] = points[j]
    edges[many + 1] = dates
    return many + 1


@numba.njit(nogil=True, cache=True, error_model="numpy")
def segment_profile(  # noqa: PLR0913, PLR0917 -- a kernel takes its sums and its output as they are
    scene: Scene, sums: Real, squares: Real, counts: Real, edges: NDArray[np.int64], within: tuple[int, int], out: Real
) -> None:
    """Set ``out[k - 1]`` to twice the log likelihood ratio of one more step before date k, 0 where there is none.

    `edges` end the segments, of which those from ``within[0]`` to before ``within[1]`` are searched.
    """
    bands, dates = sums.shape[0], sums.shape[1] - 1
    out[:] = 0.0
    n = counts[dates]
    for b in range(bands):
        floor = np.float32(scene[4] * scene[3][b])
        base = floor
        for s in range(edges.size - 1):
            low, high = edges[s], edges[s + 1]
            many = max(counts[high] - counts[low], np.float32(1.0))
            total = sums[b, high] - sums[b, low]
            base += max(squares[b, high] - squares[b, low] - total * total / many, np.float32(0.0))
        level = ln(base)
        for s in range(within[0], within[1]):
            low, high = edges[s], edges[s + 1]
            length = counts[high] - counts[low]
            mean = (sums[b, high] - sums[b, low]) / max(length, np.float32(1.0))
            looks, values, found = counts[low + 1 : high], sums[b, low + 1 : high], out[low : high - 1]
            for k in range(found.size):
                many = looks[k] - counts[low]
                worth = many * (length - many) / max(length, np.float32(1.0))
                gap = values[k] - sums[b, low] - many * mean
                gain = gap * gap / worth if worth > 0.0 else np.float32(0.0)
                found[k] += (np.float32(scene[4]) + n) * (level - ln(max(base - gain, floor)))


@numba.njit(nogil=True, cache=True, error_model="numpy")
def row_segments(  # noqa: PLR0913, PLR0917 -- as above
    power: Real, scene: Scene, points: Whole, y: int, left: int, without: int, active: NDArray[np.bool_], out: Real
) -> None:
    """Fill the profile (pixel, instant) of the active pixels of part of a row, and which are active.

    Without `without` (-1), a pixel is active that has as many changes as any may have by now, and everything is
    searched; else one with two changes or more that has this one, and only what lies between its neighbours.
    """
    bands, dates = power.shape[1], power.shape[0]
    sums, squares = np.empty((bands, dates + 1), np.float32), np.empty((bands, dates + 1), np.float32)
    counts, edges = np.empty(dates + 1, np.float32), np.empty(points.shape[0] + 2, np.int64)
    for i in range(active.size):
        changes = points[:, y, left + i]
        if without < 0:
            active[i] = changes[-1] >= 0
        else:
            active[i] = changes.size > 1 and changes[1] >= 0 and changes[without] >= 0
        if not active[i]:
            continue
        pixel_sums(power, scene, (y, left + i), sums, squares, counts)
        many = edges_of(changes, without, dates, edges)
        within = (0, many) if without < 0 else (without, without + 1)
        segment_profile(scene, sums, squares, counts, edges[: many + 1], within, out[i])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def further(  # noqa: PLR0913, PLR0917 -- as above
    power: Real,
    scene: Scene,
    taps: Real,
    points: Whole,
    without: int,
    block: tuple[int, int, int, int],
    limits: tuple[float, float],
    index: Whole,
    energy: Real,
) -> None:
    """Fill a block of one more change of each active pixel, given those in `points` (change, y, x).

    See `row_segments` for `without`, and `dashboard.change.points.first.kernels.search` for the rest.
    """
    top, bottom, left, right = block
    instants, rows, columns = power.shape[0] - 1, power.shape[2], power.shape[3]
    size, reach = taps.size, taps.size // 2
    start, stop = max(0, left - reach), min(columns, right + reach)
    width = stop - start
    ring = np.zeros((size, width, instants), np.float32)
    active = np.zeros((size, width), np.bool_)
    smooth = np.empty(instants, np.float32)
    for y in range(top - reach, bottom + reach):
        slot = y % size
        active[slot] = False
        if 0 <= y < rows:
            row_segments(power, scene, points, y, start, without, active[slot], ring[slot])
        middle = y - reach
        if middle < top:
            continue
        for x in range(left, right):
            if active[middle % size, x - start]:
                weight = gathered(ring, active, points, taps, (middle, x, start), smooth)
                best = int(np.argmax(smooth))
                energy[middle, x] = smooth[best] / weight
                if energy[middle, x] >= limits[0]:
                    mark(smooth, best, smooth[best] - limits[1] * weight, index[:, middle, x])
                    onward(power, (middle, x), True, index[:, middle, x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def gathered(
    ring: Real, active: NDArray[np.bool_], points: Whole, taps: Real, place: tuple[int, int, int], out: Real
) -> np.float32:
    """Set `out` to the weighted sum of the profiles of a pixel and of its like neighbours; return the weights' sum."""
    y, x, start = place
    size, reach = taps.size, taps.size // 2
    out[:] = 0.0
    weight = np.float32(0.0)
    for j in range(-reach, reach + 1):
        row = (y + j) % size
        for i in range(max(-reach, start - x), min(reach + 1, active.shape[1] + start - x)):
            if not active[row, x + i - start]:
                continue
            same = True
            for c in range(points.shape[0]):
                same = same and points[c, y + j, x + i] == points[c, y, x]
            if same:
                tap = taps[j + reach] * taps[i + reach]
                weight += tap
                values = ring[row, x + i - start]
                for k in range(out.size):
                    out[k] += tap * values[k]
    return weight


@numba.njit(nogil=True, cache=True, error_model="numpy")
def steps(power: Real, scene: Scene, points: Whole, block: tuple[int, int, int, int], out: Real) -> None:
    """Fill the step (change, polarisation, y, x) in dB between the means of the segments beside each change."""
    top, bottom, left, right = block
    bands, dates, width = power.shape[1], power.shape[0], right - left
    one, all_squares = np.empty((bands, dates + 1), np.float32), np.empty((bands, dates + 1), np.float32)
    count, edges = np.empty(dates + 1, np.float32), np.empty(points.shape[0] + 2, np.int64)
    sums, squares = np.empty((bands, dates + 1, width), np.float32), np.empty((bands, width), np.float32)
    counts = np.empty((dates + 1, width), np.float32)
    for y in range(top, bottom):
        changed = 0
        for x in range(left, right):
            out[:, :, y, x] = np.nan
            changed += points[0, y, x] >= 0
        whole = changed * MANY > width
        if whole:
            sums_of_row(power, scene, (y, left), counts, sums, squares)
        for x in range(left, right):
            if points[0, y, x] < 0:
                continue
            many = edges_of(points[:, y, x], -1, dates, edges)
            if whole:
                pixel_steps(counts[:, x - left], sums[:, :, x - left], edges[: many + 1], out[:, :, y, x])
            else:
                pixel_sums(power, scene, (y, x), one, all_squares, count)
                pixel_steps(count, one, edges[: many + 1], out[:, :, y, x])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def pixel_steps(counts: Real, sums: Real, edges: NDArray[np.int64], out: Real) -> None:
    """Fill the steps (change, polarisation) of one pixel, where looks lie on both sides."""
    for j in range(edges.size - 2):
        a, b, c = edges[j], edges[j + 1], edges[j + 2]
        before, after = counts[b] - counts[a], counts[c] - counts[b]
        if before >= 1 and after >= 1:
            for band in range(sums.shape[0]):
                gap = (sums[band, c] - sums[band, b]) / after - (sums[band, b] - sums[band, a]) / before
                out[j, band] = gap * np.float32(4.342944819032518)

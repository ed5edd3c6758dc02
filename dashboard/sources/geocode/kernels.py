"""The two loops over pixels: blocks of looks into one pixel, and pixels of the image into pixels of the map."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def multilook(power: NDArray[np.float32], down: int, across: int, out: NDArray[np.float32]) -> None:
    """Write the mean of the valid pixels of blocks of ``down`` x ``across``; NaN where fewer than half are valid."""
    rows, cols = power.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            count = 0
            for y in range(i * down, min((i + 1) * down, rows)):
                for x in range(j * across, min((j + 1) * across, cols)):
                    value = power[y, x]
                    if not math.isnan(value):
                        total += value
                        count += 1
            out[i, j] = total / count if count * 2 >= down * across else np.nan


@njit(cache=True, nogil=True)
def onto_map(
    power: NDArray[np.float32],
    place: tuple[NDArray[np.float64], NDArray[np.float64], int],
    samples: int,
    out: NDArray[np.float32],
) -> None:
    """Write the mean power of the image under each pixel of the map.

    Each map pixel is probed at ``samples`` x ``samples`` points; each point takes the image pixel that it lies in, so
    an image pixel counts by the area that it shares with the map pixel, and the total power is kept.

    Parameters
    ----------
    power : (y, x) part of the image
    place : rows and columns of that part at every ``step``-th corner of the map's pixels, and ``step``; NaN: not seen
    samples : points per side
    out : (y, x) of the map
    """
    rows, cols, step = place
    steps = step * samples
    total = np.empty(out.shape[1], np.float64)
    count = np.empty(out.shape[1], np.int64)
    for i in range(out.shape[0]):
        total[:] = 0.0
        count[:] = 0
        for p in range(samples):
            y = (i + (p + 0.5) / samples) / step
            k = int(y)
            v = y - k
            for m in range((out.shape[1] + step - 1) // step):
                # Between two corners the position moves evenly: two additions a probe.
                r = rows[k, m] * (1 - v) + rows[k + 1, m] * v
                c = cols[k, m] * (1 - v) + cols[k + 1, m] * v
                down = (rows[k, m + 1] * (1 - v) + rows[k + 1, m + 1] * v - r) / steps
                across = (cols[k, m + 1] * (1 - v) + cols[k + 1, m + 1] * v - c) / steps
                if not math.isnan(r + c + down + across):
                    part = slice(m * step, min((m + 1) * step, out.shape[1]))
                    _probe(power, (r, c, down, across), samples, total[part], count[part])
        for j in range(out.shape[1]):
            out[i, j] = total[j] / count[j] if count[j] * 2 >= samples * samples else np.nan


@njit(cache=True, nogil=True)
def _probe(
    power: NDArray[np.float32],
    line: tuple[float, float, float, float],
    samples: int,
    total: NDArray[np.float64],
    count: NDArray[np.int64],
) -> None:
    """Add what lies under a row of probes: it starts at (row, column) and moves on by (down, across)."""
    r, c, down, across = line
    height, width = power.shape
    r += 0.5 + 0.5 * down  # half a pixel more, so that cutting off the fraction rounds
    c += 0.5 + 0.5 * across
    for j in range(total.size):
        for _ in range(samples):
            if 0.0 <= r < height and 0.0 <= c < width:
                value = power[int(r), int(c)]
                if not math.isnan(value):
                    total[j] += value
                    count[j] += 1
            r += down
            c += across

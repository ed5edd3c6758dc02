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
    height, width = power.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            count = 0
            for p in range(samples):
                y = (i + (p + 0.5) / samples) / step
                k = int(y)
                v = y - k
                for q in range(samples):
                    x = (j + (q + 0.5) / samples) / step
                    m = int(x)
                    u = x - m
                    r = (rows[k, m] * (1 - u) + rows[k, m + 1] * u) * (1 - v) + (
                        rows[k + 1, m] * (1 - u) + rows[k + 1, m + 1] * u
                    ) * v
                    c = (cols[k, m] * (1 - u) + cols[k, m + 1] * u) * (1 - v) + (
                        cols[k + 1, m] * (1 - u) + cols[k + 1, m + 1] * u
                    ) * v
                    if math.isnan(r) or math.isnan(c):
                        continue
                    a = math.floor(r + 0.5)
                    b = math.floor(c + 0.5)
                    if 0 <= a < height and 0 <= b < width:
                        value = power[a, b]
                        if not math.isnan(value):
                            total += value
                            count += 1
            out[i, j] = total / count if count * 2 >= samples * samples else np.nan

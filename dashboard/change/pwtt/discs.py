"""Means over discs and medians over squares, of what is known."""

import numpy as np
from numpy.typing import NDArray


def disc_mean(values: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Return the mean of the numbers within a radius in pixels, NaN where there is none.

    Each row of a disc is a difference of two running sums, so that a large disc costs as many steps as it has rows.
    """
    known = np.isfinite(values)
    total, count = (_disc_sum(each, radius) for each in (np.where(known, values, 0.0), known.astype(np.float64)))
    with np.errstate(invalid="ignore"):
        return np.where(count > 0.5, total / count, np.nan).astype(np.float32)


def focal_median(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Return the median of the numbers in a square of 2 radius + 1 pixels, NaN where the pixel itself is none."""
    if radius < 1:
        return values
    height, width = values.shape
    padded = np.pad(values, radius, constant_values=np.nan)
    shifts = range(2 * radius + 1)
    near = np.stack([padded[y : y + height, x : x + width] for y in shifts for x in shifts])
    near.sort(axis=0)  # NaN last
    count = np.isfinite(near).sum(axis=0)
    pair = [np.take_along_axis(near, np.maximum(at, 0)[None], axis=0)[0] for at in ((count - 1) // 2, count // 2)]
    middle = 0.5 * (pair[0] + pair[1])
    return np.where(np.isfinite(values), middle, np.nan).astype(np.float32)


def _disc_sum(values: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    height, width = values.shape
    sums = np.zeros((height, width + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    out = np.zeros((height, width))
    columns = np.arange(width)
    for dy in range(-int(radius), int(radius) + 1):
        half = int(np.sqrt(radius * radius - dy * dy))
        rows, there = slice(max(0, -dy), height - max(0, dy)), slice(max(0, dy), height - max(0, -dy))
        if rows.start >= rows.stop:
            continue
        left, right = np.maximum(columns - half, 0), np.minimum(columns + half + 1, width)
        out[rows] += sums[there][:, right] - sums[there][:, left]
    return out

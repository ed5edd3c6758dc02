"""From the ground to the image for sensors that only know the way from the image to the ground."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Forward = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]

ITERATIONS = 12
GOOD_PX = 1e-3
"""A step smaller than this ends the search."""
BEYOND = 0.5
"""Positions are followed this share of the image's size beyond its edges: a fitted model runs wild farther out."""


def by_newton(
    forward: Forward, shape: tuple[int, int], lon: Floats, lat: Floats, heights: Floats
) -> tuple[Floats, Floats]:
    """Return the (rows, columns) that `forward` sends to ground points, by Newton's method from an affine guess.

    Parameters
    ----------
    forward : (rows, columns, heights) -> (longitude, latitude)
    shape : (rows, columns) of the image
    lon, lat, heights : any one shape; degrees and metres

    Returns
    -------
    float64 positions; NaN where the search left the image or did not settle
    """
    lon, lat, heights = (np.asarray(a, np.float64) for a in np.broadcast_arrays(lon, lat, heights))
    rows, cols, middle = _guess(forward, shape, lon, lat, heights)
    step = np.full(lon.shape, np.inf)
    low, high = _limits(shape)
    for _ in range(ITERATIONS):
        down, right = _newton_step(forward, (rows, cols, heights), (lon, lat), middle)
        rows = np.clip(rows + down, low[0], high[0])
        cols = np.clip(cols + right, low[1], high[1])
        step = np.maximum(np.abs(down), np.abs(right))
        if np.nanmax(step, initial=0.0) < GOOD_PX:
            break
    inside = (rows > low[0]) & (rows < high[0]) & (cols > low[1]) & (cols < high[1])
    good = inside & (step < 10 * GOOD_PX)
    return np.where(good, rows, np.nan), np.where(good, cols, np.nan)


def around(lon: Floats, middle: float) -> Floats:
    """Return longitudes as differences from `middle`, -180 to 180: continuous over the antimeridian."""
    return np.mod(lon - middle + 180.0, 360.0) - 180.0


def _limits(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    sides = np.array(shape, np.float64)
    return -BEYOND * sides - 2.0, (1.0 + BEYOND) * sides + 2.0


def _guess(
    forward: Forward, shape: tuple[int, int], lon: Floats, lat: Floats, heights: Floats
) -> tuple[Floats, Floats, float]:
    """Return positions by the affine map that fits nine points of the image best."""
    some = np.meshgrid(*(np.linspace(0, side - 1, 3) for side in shape), indexing="ij")
    rows, cols = (axis.ravel() for axis in some)
    level = float(np.nanmean(heights)) if heights.size else 0.0
    at_lon, at_lat = forward(rows, cols, np.full(9, level))
    middle = float(at_lon[4])
    known = np.stack([np.ones(9), around(at_lon, middle), at_lat - at_lat[4]], axis=1)
    fit, *_ = np.linalg.lstsq(known, np.stack([rows, cols], axis=1), rcond=None)
    east, north = around(lon, middle), lat - at_lat[4]
    low, high = _limits(shape)
    found = [fit[0, k] + fit[1, k] * east + fit[2, k] * north for k in (0, 1)]
    return np.clip(found[0], low[0], high[0]), np.clip(found[1], low[1], high[1]), middle


def _newton_step(
    forward: Forward, at: tuple[Floats, Floats, Floats], wanted: tuple[Floats, Floats], middle: float
) -> tuple[Floats, Floats]:
    """Return how far to go down and right, from differences over one pixel."""
    rows, cols, heights = at
    lon, lat = forward(rows, cols, heights)
    lon_down, lat_down = forward(rows + 1.0, cols, heights)
    lon_right, lat_right = forward(rows, cols + 1.0, heights)
    a, b = around(lon_down - lon, 0.0), around(lon_right - lon, 0.0)
    c, d = lat_down - lat, lat_right - lat
    east, north = around(wanted[0], middle) - around(lon, middle), wanted[1] - lat
    determinant = a * d - b * c
    with np.errstate(divide="ignore", invalid="ignore"):
        return (d * east - b * north) / determinant, (a * north - c * east) / determinant

"""RPCs and control points fitted to a known geometry, as processors put them into their products."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

Floats = NDArray[np.float64]
ToImage = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
ToGround = Callable[[Floats, Floats], tuple[Floats, Floats]]

REACH_M = 500.0
"""RPCs hold this far above and below the scene."""
KNOTS = 9
ONE = (1.0, *(0.0,) * 19)


def fit_rpc(to_image: ToImage, bounds: tuple[float, float, float, float], height_m: float) -> RPC:
    """Return the cubic polynomials (with denominators of one) that follow `to_image` over a piece of ground.

    Parameters
    ----------
    to_image : (longitude, latitude, height) -> (row, column), the centre of the first pixel at (0, 0)
    bounds : (west, south, east, north), degrees
    height_m : of the ground, above the ellipsoid
    """
    west, south, east, north = bounds
    middle = np.array([(west + east) / 2, (south + north) / 2, height_m])
    half = np.array([(east - west) / 2, (north - south) / 2, REACH_M])
    x, y, z = (a.ravel() for a in np.meshgrid(*[np.linspace(-1, 1, KNOTS)] * 3, indexing="ij"))
    places = middle[:, None] + half[:, None] * np.stack([x, y, z])
    found = to_image(places[0], places[1], places[2])
    terms = _terms(y, x, z)
    offsets = [float((v.max() + v.min()) / 2) for v in found]
    scales = [float((v.max() - v.min()) / 2) for v in found]
    fits = [np.linalg.lstsq(terms, (v - o) / s, rcond=None)[0] for v, o, s in zip(found, offsets, scales, strict=True)]
    return RPC(
        line_off=offsets[0], samp_off=offsets[1], line_scale=scales[0], samp_scale=scales[1],
        long_off=float(middle[0]), lat_off=float(middle[1]), height_off=height_m,
        long_scale=float(half[0]), lat_scale=float(half[1]), height_scale=REACH_M,
        line_num_coeff=fits[0].tolist(), samp_num_coeff=fits[1].tolist(),
        line_den_coeff=list(ONE), samp_den_coeff=list(ONE), err_bias=-1.0, err_rand=-1.0,
    )  # fmt: skip


def control_points(
    to_ground: ToGround, shape: tuple[int, int], height_m: float, count: int = 10
) -> list[GroundControlPoint]:
    """Return `count` x `count` control points; rasterio counts from the corner of the first pixel."""
    rows, cols = (np.linspace(0, side - 1, count) for side in shape)
    r, c = (a.ravel() for a in np.meshgrid(rows, cols, indexing="ij"))
    lon, lat = to_ground(r, c)
    return [
        GroundControlPoint(row=float(a) + 0.5, col=float(b) + 0.5, x=float(x), y=float(y), z=height_m)
        for a, b, x, y in zip(r, c, lon, lat, strict=True)
    ]


def _terms(lat: Floats, lon: Floats, height: Floats) -> Floats:
    """Return the terms in the order of RPC00B."""
    p, m, h = lat, lon, height
    return np.stack(
        [
            np.ones_like(p), m, p, h, m * p, m * h, p * h, m * m, p * p, h * h,
            p * m * h, m**3, m * p * p, m * h * h, m * m * p, p**3, p * h * h, m * m * h, p * p * h, h**3,
        ],
        axis=-1,
    )  # fmt: skip

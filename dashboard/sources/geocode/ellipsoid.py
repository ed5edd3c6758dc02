"""WGS 84: between longitude, latitude, height and earth-centred metres."""

import numpy as np
from numpy.typing import NDArray

from dashboard.sources.transformers import between

Floats = NDArray[np.float64]

ECEF, GEODETIC = "EPSG:4978", "EPSG:4979"


def to_ecef(lon: Floats, lat: Floats, height: Floats) -> Floats:
    """Return earth-centred positions, shape (..., 3), metres."""
    x, y, z = np.broadcast_arrays(lon, lat, height)
    return np.stack(between(ECEF, GEODETIC).transform(x, y, z, direction="INVERSE"), axis=-1)


def from_ecef(position: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (longitude, latitude, ellipsoidal height) of positions of shape (..., 3): degrees and metres."""
    lon, lat, height = between(ECEF, GEODETIC).transform(position[..., 0], position[..., 1], position[..., 2])
    return lon, lat, height

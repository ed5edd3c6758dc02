"""WGS 84: between longitude, latitude, height and earth-centred metres."""

import threading

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

Floats = NDArray[np.float64]

_local = threading.local()
"""A transformer serves one thread."""


def to_ecef(lon: Floats, lat: Floats, height: Floats) -> Floats:
    """Return earth-centred positions, shape (..., 3), metres."""
    x, y, z = np.broadcast_arrays(lon, lat, height)
    return np.stack(_transformer().transform(x, y, z, direction="INVERSE"), axis=-1)


def from_ecef(position: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (longitude, latitude, ellipsoidal height) of positions of shape (..., 3): degrees and metres."""
    lon, lat, height = _transformer().transform(position[..., 0], position[..., 1], position[..., 2])
    return lon, lat, height


def _transformer() -> Transformer:
    if not hasattr(_local, "transformer"):
        _local.transformer = Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    found: Transformer = _local.transformer
    return found

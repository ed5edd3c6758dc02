"""What every product in radar or camera geometry must know: where its pixels are."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

Floats = NDArray[np.float64]

GEOD = Geod(ellps="WGS84")


class Sensor(Protocol):
    """Between pixels and the ground. The CENTRE of the first pixel is (0, 0); positions are floats."""

    kind: str
    """``gcp``, ``rpc`` or ``sensor``: goes into `Geocoding`."""
    shape: tuple[int, int]
    """(rows, columns) of the image."""
    height_m: float
    """Ellipsoidal height of the scene as the product states it: used where no terrain is given."""
    error_m: float | None
    """Position error that the product or its documents state for ground at the right height, metres."""
    basis: str
    """Where the error comes from."""

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) in degrees of pixel positions on ground of the given heights."""

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points; NaN where the image cannot show them."""


def centre(sensor: Sensor) -> tuple[float, float]:
    """Return the longitude and latitude of the middle of the image."""
    rows, cols = ((side - 1) / 2 for side in sensor.shape)
    lon, lat = sensor.to_ground(np.array([rows]), np.array([cols]), np.array([sensor.height_m]))
    return float(lon[0]), float(lat[0])


def ground_spacing(sensor: Sensor) -> tuple[float, float]:
    """Return the distance on the ground between rows and between columns in the middle of the image, metres."""
    row, col = ((side - 1) / 2 for side in sensor.shape)
    half = [max(0.5, min(50.0, side / 4)) for side in sensor.shape]
    rows = np.array([row - half[0], row + half[0], row, row])
    cols = np.array([col, col, col - half[1], col + half[1]])
    lon, lat = sensor.to_ground(rows, cols, np.full(4, sensor.height_m))
    _, _, metres = GEOD.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])
    return float(metres[0]) / (2 * half[0]), float(metres[1]) / (2 * half[1])


def shift_per_metre(sensor: Sensor) -> float:
    """Return by how many metres the middle of the image moves on the ground for each metre of height."""
    row, col = ((side - 1) / 2 for side in sensor.shape)
    heights = sensor.height_m + np.array([-50.0, 50.0])
    lon, lat = sensor.to_ground(np.full(2, row), np.full(2, col), heights)
    _, _, metres = GEOD.inv(lon[0], lat[0], lon[1], lat[1])
    return float(metres) / 100.0


def outline(sensor: Sensor, points: int = 33) -> tuple[Floats, Floats]:
    """Return rows and columns along the outer edge of the image, clockwise and open, `points` to a side."""
    rows, cols = (np.linspace(-0.5, side - 0.5, points) for side in sensor.shape)
    top, bottom = np.full(points - 1, rows[0]), np.full(points - 1, rows[-1])
    left, right = np.full(points - 1, cols[0]), np.full(points - 1, cols[-1])
    return (
        np.concatenate([top, rows[:-1], bottom, rows[:0:-1]]),
        np.concatenate([cols[:-1], right, cols[:0:-1], left]),
    )

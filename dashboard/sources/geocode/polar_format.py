"""Polar-format images: a pixel is a range and a range rate, seen from one point of the orbit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

from dashboard.model.errors import DamagedProductError
from dashboard.sources.geocode.ellipsoid import from_ecef, to_ecef
from dashboard.sources.geocode.inverse import around, by_newton
from dashboard.sources.geocode.sensor import Floats

REACH_DEG = 0.5
"""Ground is searched this far around the reference point."""
SIDE = 2001
"""Steps across that ground in which the search counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aperture:
    """The moment and the frame to which a polar-format image refers."""

    place: Floats
    """Of the antenna at the centre of the aperture, earth-centred metres, shape (3,)."""
    velocity: Floats
    """Metres per second, shape (3,)."""
    angle: float
    """Polar angle there, radians."""
    angle_rate: float
    """Radians per second."""
    scale: float
    """Spatial frequency scale factor there."""
    scale_rate: float
    """Its change per radian of polar angle."""

    def __post_init__(self) -> None:
        numbers = [*self.place, *self.velocity, self.angle, self.angle_rate, self.scale, self.scale_rate]
        radius, speed = float(np.linalg.norm(self.place)), float(np.linalg.norm(self.velocity))
        if not np.isfinite(numbers).all() or not (6.4e6 < radius < 1e7 and 1e3 < speed < 1e4):
            raise DamagedProductError("The aperture of the polar-format image lies in no low orbit; it is damaged.")
        if not (1e-5 < abs(self.angle_rate) < 1.0 and 0.1 < self.scale < 10.0):
            raise DamagedProductError("The polar angles of the image do not change as an orbit's do; it is damaged.")


def aperture_at(time_s: float, place: Floats, velocity: Floats, angle: Polynomial, scale: Polynomial) -> Aperture:
    """Return the aperture at a time of the polynomials: polar angle over time, scale factor over polar angle."""
    theta = float(angle(time_s))
    return Aperture(
        place=place, velocity=velocity, angle=theta, angle_rate=float(angle.deriv()(time_s)),
        scale=float(scale(theta)), scale_rate=float(scale.deriv()(theta)),
    )  # fmt: skip


class PolarFormat:
    """A `Sensor` by range and range rate, as in the SICD projection of polar-format images."""

    kind = "sensor"

    def __init__(
        self,
        aperture: Aperture,
        reference: Floats,
        origin: tuple[float, float],
        spacing_m: tuple[float, float],
        shape: tuple[int, int],
        *,
        basis: str = "",
    ) -> None:
        """Keep the frame.

        Parameters
        ----------
        aperture : where the radar was
        reference : the scene's reference point, earth-centred metres, shape (3,)
        origin : (row, column) of the reference point
        spacing_m : between rows (along the flight) and between columns (away from the radar), in the slant plane
        shape : (rows, columns)
        basis : of the stated error
        """
        self.shape = shape
        self.error_m: float | None = None
        self.basis = basis
        lon, lat, height = from_ecef(reference)
        self.height_m = float(height)
        self._middle = float(lon), float(lat)
        self._aperture = aperture
        self._origin = origin
        self._spacing = spacing_m
        self._range, self._rate = self._seen(reference)

    def to_image(self, lon: Floats, lat: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (rows, columns) of ground points."""
        place = to_ecef(np.asarray(lon, np.float64), np.asarray(lat, np.float64), np.asarray(heights, np.float64))
        distance, rate = self._seen(place)
        a = self._aperture
        along = (distance - self._range) / a.scale
        across = (rate - self._rate - a.scale_rate * along * a.angle_rate) / (a.scale * a.angle_rate)
        away = along * np.cos(a.angle) - across * np.sin(a.angle)
        aside = along * np.sin(a.angle) + across * np.cos(a.angle)
        return self._origin[0] + aside / self._spacing[0], self._origin[1] + away / self._spacing[1]

    def to_ground(self, rows: Floats, cols: Floats, heights: Floats) -> tuple[Floats, Floats]:
        """Return (longitude, latitude) of pixel positions on ground of the given heights."""
        lon, lat = self._middle
        widen = 1.0 / max(0.05, np.cos(np.radians(lat)))

        def at(y: Floats, x: Floats) -> tuple[Floats, Floats]:
            half = (SIDE - 1) / 2
            return lon + (x - half) / half * REACH_DEG * widen, lat + (y - half) / half * REACH_DEG

        def forward(y: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
            found_rows, found_cols = self.to_image(*at(y, x), z)
            return found_cols / 1e6, found_rows / 1e6  # small numbers that never wrap stand in for degrees

        search: Callable[..., tuple[Floats, Floats]] = by_newton
        y, x = search(forward, (SIDE, SIDE), np.asarray(cols) / 1e6, np.asarray(rows) / 1e6, heights)
        found_lon, found_lat = at(y, x)
        return around(found_lon, 0.0), found_lat

    def _seen(self, place: Floats) -> tuple[Floats, Floats]:
        """Return the distance from the antenna and how fast it changes."""
        away = self._aperture.place - place
        distance = np.linalg.norm(away, axis=-1)
        return distance, (away @ self._aperture.velocity) / distance

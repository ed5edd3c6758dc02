"""How the radar saw the ground, from the orbit: direction, incidence, and the height that a pixel's place implies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.sources.geocode.direction import abeam, look_azimuth
from dashboard.sources.geocode.doppler import OrbitPath
from dashboard.sources.geocode.ellipsoid import to_ecef
from dashboard.sources.geocode.sensor import Floats

LOWEST_M, HIGHEST_M = -500.0, 9000.0
COLUMNS = 5
"""At which the line of sight is solved; between them it bends slowly."""

Ground = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""(rows, columns) -> (longitude, latitude)."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How the radar looked at the ground, by column; straight between the columns given."""

    cols: Floats
    azimuth_deg: Floats
    """Continuous, not folded at 360."""
    incidence_deg: Floats

    def at(self, cols: Floats) -> tuple[Floats, Floats]:
        """Return (azimuth, incidence) in degrees at columns."""
        return np.interp(cols, self.cols, self.azimuth_deg), np.interp(cols, self.cols, self.incidence_deg)


def sight_of(orbit: OrbitPath | None, ground: Ground, shape: tuple[int, int], height_m: float) -> Sight | None:
    """Return the line of sight along the line half way down; None where the orbit does not reach."""
    if orbit is None:
        return None
    cols = np.linspace(0.0, shape[1] - 1.0, COLUMNS)
    lon, lat = ground(np.full(COLUMNS, (shape[0] - 1) / 2), cols)
    looks = [seen(orbit, (float(x), float(y)), height_m) for x, y in zip(lon, lat, strict=True)]
    whole = [look for look in looks if look is not None]
    if len(whole) < COLUMNS:
        return None
    azimuth, incidence = np.array(whole).T
    return Sight(cols, np.unwrap(azimuth, period=360.0), np.clip(incidence, 1.0, 89.0))


def seen(orbit: OrbitPath, place: tuple[float, float], height_m: float = 0.0) -> tuple[float, float] | None:
    """Return (look azimuth, incidence) in degrees of a place (lon, lat); None where the orbit does not reach it."""
    t = abeam(orbit, place, height_m)
    if t is None:
        return None
    position = orbit.position(np.array(t))
    up = up_at(place)
    sight = position - ecef(place, height_m)
    cosine = float(sight @ up / np.linalg.norm(sight))
    return look_azimuth(position, place), float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def implied_height(orbit: OrbitPath | None, place: tuple[float, float], range_m: float | None) -> float | None:
    """Return the height at which a place (lon, lat) lies at a slant range from the orbit; None where none does.

    Where a processor puts a pixel depends on the height that it assumed, which no field of the product states. The
    pixel's slant range gives it away: along the vertical, the distance to the platform is a quadratic.
    """
    t = None if orbit is None else abeam(orbit, place)
    if orbit is None or t is None or range_m is None:
        return None
    away = ecef(place, 0.0) - orbit.position(np.array(t))
    along = float(away @ up_at(place))
    square = along**2 - float(away @ away) + range_m**2
    if square < 0:
        return None
    height = -along - float(np.sqrt(square))
    return height if LOWEST_M <= height <= HIGHEST_M else None


def ecef(place: tuple[float, float], height_m: float) -> Floats:
    """Return a place's earth-centred position, metres, shape (3,)."""
    return to_ecef(np.array(place[0]), np.array(place[1]), np.array(height_m))


def up_at(place: tuple[float, float]) -> Floats:
    """Return the ellipsoid's normal at a place (lon, lat)."""
    lon, lat = np.radians(place)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

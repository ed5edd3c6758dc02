"""Directions on the ground and of the flight, from the orbit."""

import math

import numpy as np

from dashboard.model.acquisition import PassDirection
from dashboard.sources.geocode.doppler import OrbitPath
from dashboard.sources.geocode.ellipsoid import to_ecef
from dashboard.sources.geocode.sensor import Floats

SEARCH_STEPS = 512


def look_azimuth(position: Floats, place: tuple[float, float]) -> float:
    """Return the direction on the ground in which a radar looks, degrees clockwise from true north.

    Parameters
    ----------
    position : of the platform, earth-centred, earth-fixed metres, shape (3,)
    place : longitude and latitude of what it looks at, degrees
    """
    lon, lat = (math.radians(v) for v in place)
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    north = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])
    sight = _ecef(place, 0.0) - position
    return math.degrees(math.atan2(float(sight @ east), float(sight @ north))) % 360.0


def pass_of(velocity: Floats) -> PassDirection:
    """Return whether a platform with an earth-fixed velocity (x, y, z) flies north or south."""
    return PassDirection.ASCENDING if velocity[2] > 0 else PassDirection.DESCENDING


def abeam(orbit: OrbitPath, place: tuple[float, float], height_m: float = 0.0) -> float | None:
    """Return when the orbit is nearest to a place (lon, lat), on the orbit's clock; None outside its states.

    The distance is least where its rate, and with it the Doppler shift, is zero.
    """
    target = _ecef(place, height_m)
    low, high = orbit.span
    for _ in range(4):
        times = np.linspace(low, high, SEARCH_STEPS)
        nearest = int(np.argmin(np.linalg.norm(orbit.position(times) - target, axis=-1)))
        if nearest in {0, SEARCH_STEPS - 1}:
            return None
        low, high = float(times[nearest - 1]), float(times[nearest + 1])
    return (low + high) / 2


def _ecef(place: tuple[float, float], height_m: float) -> Floats:
    found: Floats = to_ecef(np.array([place[0]]), np.array([place[1]]), np.array([height_m]))[0]
    return found

"""Which way a platform flew and looked, from where it was and what it imaged."""

import math

import numpy as np

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.sources.geocode.ellipsoid import from_ecef, to_ecef
from dashboard.sources.geocode.sensor import Floats


def look_azimuth(position: Floats, place: tuple[float, float]) -> float:
    """Return the direction on the ground in which the radar looked, degrees clockwise from true north, 0 to 360.

    Parameters
    ----------
    position : of the platform, earth-centred metres, shape (3,)
    place : longitude and latitude of what it looked at, degrees
    """
    east, north, _ = _local(*place)
    away = _at(*place) - np.asarray(position, np.float64)
    return math.degrees(math.atan2(float(away @ east), float(away @ north))) % 360.0


def pass_of(position: Floats, velocity: Floats) -> PassDirection:
    """Return whether a platform moved northwards or southwards.

    Parameters
    ----------
    position, velocity : earth-centred, earth-fixed metres and metres per second, shape (3,)
    """
    lon, lat, _ = from_ecef(np.asarray(position, np.float64))
    _, north, _ = _local(float(lon), float(lat))
    northward = float(np.asarray(velocity, np.float64) @ north)
    return PassDirection.ASCENDING if northward > 0 else PassDirection.DESCENDING


def side_of(position: Floats, velocity: Floats, place: tuple[float, float]) -> LookSide:
    """Return the side of the flight path on which a place (longitude, latitude in degrees) lies."""
    here = np.asarray(position, np.float64)
    right = np.cross(np.asarray(velocity, np.float64), here)
    return LookSide.RIGHT if float(right @ (_at(*place) - here)) > 0 else LookSide.LEFT


def _at(lon: float, lat: float) -> Floats:
    return to_ecef(np.array(lon), np.array(lat), np.array(0.0))


def _local(lon: float, lat: float) -> tuple[Floats, Floats, Floats]:
    """Return unit vectors to the east, the north and upwards."""
    a, b = math.radians(lon), math.radians(lat)
    east = np.array([-math.sin(a), math.cos(a), 0.0])
    up = np.array([math.cos(b) * math.cos(a), math.cos(b) * math.sin(a), math.sin(b)])
    return east, np.cross(up, east), up

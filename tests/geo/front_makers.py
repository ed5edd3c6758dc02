"""Fronts whose movement is known, made by geodesics from a straight line."""

from datetime import UTC, datetime

import numpy as np
import shapely
from pyproj import Geod

from dashboard.model.frontline import ControlArea, FrontlineSnapshot

GEOD = Geod(ellps="WGS84")
WHEN = datetime(2024, 7, 8, tzinfo=UTC)
SOUTH, NORTH, LON = 47.0, 49.0, 37.0


def snapshot(name="x", when=WHEN, provider="p", **sides):
    areas = tuple(ControlArea(side=side, geometry=geometry) for side, geometry in sides.items())
    return FrontlineSnapshot(id=name, provider=provider, valid_from=when, areas=areas, sha256=name, retrieved=when)


def line(east_km, south=SOUTH, north=NORTH, count=2001):
    """Return a line moved east of the meridian by a function of latitude (or a number), kilometres."""
    lat = np.linspace(south, north, count)
    km = np.broadcast_to(east_km(lat) if callable(east_km) else east_km, lat.shape)
    lon, moved_lat, _ = GEOD.fwd(np.full(count, LON), lat, np.full(count, 90.0), km * 1e3)
    return np.column_stack([lon, moved_lat])


def divided(name, east_km, **options):
    """Return two sides that share that line, WEST and EAST, each 3 degrees wide."""
    front = line(east_km, **options)
    (_, south), (_, north) = front[0], front[-1]
    west = shapely.Polygon([*front, (LON - 3, north), (LON - 3, south)])
    east = shapely.Polygon([*front, (LON + 3, north), (LON + 3, south)])
    return snapshot(name, WEST=west, EAST=east)


def bulge(depth_km, half_km, lat=48.0):
    """Return how far east a smooth salient reaches at each latitude."""

    def east_km(at):
        along = np.clip((at - lat) * 111.2 / half_km, -1, 1)
        return depth_km * np.cos(along * np.pi / 2) ** 2

    return east_km

"""Longitude and latitude <-> the spherical Mercator metres that the screen is drawn in (EPSG:3857).

The formulas are written out instead of handed to a projection library: they are two lines, they keep invalid
geometry as it is, and they cost a few nanoseconds a vertex.
"""

import math
from typing import TypeVar, overload

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.model.view import MERCATOR_LIMIT_M, Extent

RADIUS_M = 6_378_137.0
"""Of the Mercator sphere: the semi-major axis of WGS 84."""
LATITUDE_LIMIT_DEG = 85.051128779806604
"""Where the Mercator world ends in a square."""
_MIN_SIDE_M = 20.0

Shape = TypeVar("Shape", bound=BaseGeometry)
Floats = NDArray[np.float64]


@overload
def to_mercator(lon: float, lat: float) -> tuple[float, float]: ...
@overload
def to_mercator(lon: Floats, lat: Floats) -> tuple[Floats, Floats]: ...
def to_mercator(lon: float | Floats, lat: float | Floats) -> tuple[float, float] | tuple[Floats, Floats]:
    """Return Mercator (x, y) in metres of degrees; latitudes beyond ±85.0511 are moved to that edge.

    Scalars give floats, arrays give arrays of their common shape.
    """
    if isinstance(lon, (float, int)) and isinstance(lat, (float, int)):
        sine = math.sin(math.radians(min(max(lat, -LATITUDE_LIMIT_DEG), LATITUDE_LIMIT_DEG)))
        return RADIUS_M * math.radians(lon), RADIUS_M * math.atanh(sine)
    clipped = np.clip(np.asarray(lat, dtype=np.float64), -LATITUDE_LIMIT_DEG, LATITUDE_LIMIT_DEG)
    x = RADIUS_M * np.radians(np.asarray(lon, dtype=np.float64))
    return x, RADIUS_M * np.arctanh(np.sin(np.radians(clipped)))


@overload
def to_lonlat(x: float, y: float) -> tuple[float, float]: ...
@overload
def to_lonlat(x: Floats, y: Floats) -> tuple[Floats, Floats]: ...
def to_lonlat(x: float | Floats, y: float | Floats) -> tuple[float, float] | tuple[Floats, Floats]:
    """Return (longitude, latitude) in degrees of Mercator metres; scalars give floats, arrays give arrays."""
    if isinstance(x, (float, int)) and isinstance(y, (float, int)):
        return math.degrees(x / RADIUS_M), math.degrees(math.atan(math.sinh(y / RADIUS_M)))
    lat = np.degrees(np.arctan(np.sinh(np.asarray(y, dtype=np.float64) / RADIUS_M)))
    return np.degrees(np.asarray(x, dtype=np.float64) / RADIUS_M), lat


def project(geometry: Shape) -> Shape:
    """Return a geometry in degrees as one in Mercator metres, vertex by vertex (heights are dropped)."""
    return shapely.transform(geometry, lambda points: np.column_stack(to_mercator(points[:, 0], points[:, 1])))


def unproject(geometry: Shape) -> Shape:
    """Return a geometry in Mercator metres as one in degrees, vertex by vertex (heights are dropped)."""
    return shapely.transform(geometry, lambda points: np.column_stack(to_lonlat(points[:, 0], points[:, 1])))


def screen_geobox(extent: Extent, width: int, height: int) -> GeoBox:
    """Return the north-up pixel grid that fills `extent` exactly; pixels need not be square.

    Parameters
    ----------
    extent : rectangle in Mercator metres
    width, height : pixels, at least 1

    Raises
    ------
    InputError
        If there is no pixel.
    """
    if width < 1 or height < 1:
        msg = f"A picture of {width} x {height} pixels holds nothing; give at least 1 x 1."
        raise InputError(msg)
    across, down = (extent.x1 - extent.x0) / width, (extent.y0 - extent.y1) / height
    return GeoBox((height, width), Affine(across, 0.0, extent.x0, 0.0, down, extent.y1), "EPSG:3857")


def extent_of(bbox: tuple[float, float, float, float], *, margin: float = 0.05, aspect: float | None = None) -> Extent:
    """Return the map rectangle that shows a bounding box.

    Parameters
    ----------
    bbox : (west, south, east, north) in degrees, west <= east; a point is widened to 20 m
    margin : added on each side, as a share of the box's width and height
    aspect : width / height to grow to, or None to keep the box's own

    Returns
    -------
    inside the Mercator world: where the box would leave it, it is moved back, then cut

    Raises
    ------
    InputError
        If the box is not a box in degrees. One across the antimeridian has west > east: show its halves apart.
    """
    west, south, east, north = bbox
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        msg = (
            f"Bounding box ({west:g}, {south:g}, {east:g}, {north:g}) must be west <= east within ±180 and "
            "south <= north within ±90 degrees; split a box that crosses the antimeridian."
        )
        raise InputError(msg)
    (x0, y0), (x1, y1) = to_mercator(float(west), float(south)), to_mercator(float(east), float(north))
    width = max((x1 - x0) * (1 + 2 * margin), _MIN_SIDE_M)
    height = max((y1 - y0) * (1 + 2 * margin), _MIN_SIDE_M)
    if aspect is not None:
        width, height = max(width, height * aspect), max(height, width / aspect)
    left, right = _fit((x0 + x1) / 2, width)
    bottom, top = _fit((y0 + y1) / 2, height)
    return Extent(left, bottom, right, top)


def _fit(centre: float, size: float) -> tuple[float, float]:
    """Return the interval of `size` nearest to `centre` that stays inside the Mercator world."""
    half = min(size / 2, MERCATOR_LIMIT_M)
    centre = min(max(centre, half - MERCATOR_LIMIT_M), MERCATOR_LIMIT_M - half)
    return max(centre - half, -MERCATOR_LIMIT_M), min(centre + half, MERCATOR_LIMIT_M)


def bbox_of(extent: Extent) -> tuple[float, float, float, float]:
    """Return (west, south, east, north) in degrees of a map rectangle."""
    return (*to_lonlat(extent.x0, extent.y0), *to_lonlat(extent.x1, extent.y1))

"""Bounding boxes that may cross the antimeridian, as an index sees them and as geometry.

A geometry that crosses the antimeridian is either split at it (a MultiPolygon with parts on both sides) or unwrapped
past it (longitudes beyond ±180). Its index box then spans all longitudes: too wide, never too narrow; the exact test
follows.
A box whose west is greater than its east crosses the antimeridian.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from dashboard.catalog.query import Box
from dashboard.model.errors import InputError

_WIDE_SHARE = 1 / 16
_TURNS = (-360.0, 0.0, 360.0)


def index_box(geometry: BaseGeometry) -> dict[str, float]:
    """Return the columns ``west``, ``east``, ``south``, ``north`` under which a geometry is found.

    Raises
    ------
    InputError
        If the geometry is no polygon, is empty or has a coordinate that is not a number of degrees.
    """
    if geometry.geom_type not in {"Polygon", "MultiPolygon"} or geometry.is_empty:
        msg = f"A {geometry.geom_type} ({geometry.wkt[:60]}) encloses no ground; give a Polygon or MultiPolygon."
        raise InputError(msg)
    return drawn_box(geometry)


def drawn_box(geometry: BaseGeometry) -> dict[str, float]:
    """Return the columns under which a drawing is found: points and lines, too, and areas that cross themselves.

    Raises
    ------
    InputError
        If the geometry is empty or has a coordinate that is not a number of degrees.
    """
    if geometry.is_empty:
        msg = f"A {geometry.geom_type} without a vertex is nowhere; draw at least one."
        raise InputError(msg)
    west, south, east, north = geometry.bounds
    if not (-540 <= west <= east <= 540 and -90 <= south <= north <= 90):
        msg = f"Bounds ({west:g}, {south:g}, {east:g}, {north:g}) are not longitudes and latitudes in degrees (WGS 84)."
        raise InputError(msg)
    if west <= -180 or east >= 180:
        west, east = -180.0, 180.0
    return {"west": west, "east": east, "south": south, "north": north}


def search_boxes(bbox: Box) -> list[Box]:
    """Return the one or two boxes within ±180 degrees that cover the same ground as a box in degrees.

    Raises
    ------
    InputError
        If a side is not finite, or north is south of south.
    """
    west, south, east, north = bbox
    if not all(math.isfinite(side) for side in bbox) or south > north:
        msg = f"Box {bbox} is not (west, south, east, north) in degrees with south <= north."
        raise InputError(msg)
    if east - west >= 360:
        return [(-180.0, south, 180.0, north)]
    west, east = _wrapped(west), _wrapped(east)
    if west <= east:
        return [(west, south, east, north)]
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


def is_wide(bbox: Box) -> bool:
    """Return whether a box covers so much of the map that an index of places hardly narrows a search."""
    degrees = sum((east - west) * (north - south) for west, south, east, north in search_boxes(bbox))
    return degrees > _WIDE_SHARE * 360 * 180


def touching(bbox: Box, geometries: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which geometries share a point with a box, on a round Earth: ±360 degrees is the same ground."""
    region = _turned([_rectangle(box) for box in search_boxes(bbox)])
    return np.asarray(shapely.intersects(region, np.asarray(geometries, dtype=object)), dtype=bool)


def overlapping(geometry: BaseGeometry, geometries: Sequence[BaseGeometry] | NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which geometries share ground with another, more than a border, on a round Earth."""
    region, others = _turned([geometry]), np.asarray(geometries, dtype=object)
    return np.asarray(shapely.intersects(region, others) & ~shapely.touches(region, others), dtype=bool)


def _turned(parts: list[BaseGeometry]) -> BaseGeometry:
    """Return the union of geometries and of themselves one turn further west and east."""
    turns = [translate(part, xoff=turn) for part in parts for turn in _TURNS]
    region = shapely.union_all(turns)
    shapely.prepare(region)
    return region


def _wrapped(longitude: float) -> float:
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % 360 - 180


def _rectangle(box: Box) -> BaseGeometry:
    west, south, east, north = box
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return (
        shapely.linestrings([(west, south), (east, north)])
        if (west, south) != (east, north)
        else shapely.Point(west, south)
    )

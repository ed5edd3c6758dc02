"""A hand on the map: vertices that catch on what is there, and freehand strokes thinned to what they say."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import RADIUS_M, to_mercator
from dashboard.model.errors import InputError
from dashboard.model.sketch import Path, Vertex

Caught = Literal["vertex", "edge", ""]
Floats = NDArray[np.float64]


def simplify(path: Path, tolerance_m: float) -> Path:
    """Return the vertices that keep a path within a tolerance, its two ends among them (Douglas and Peucker 1973).

    Parameters
    ----------
    path : vertices in degrees; one with a position that is not finite comes back as it is
    tolerance_m : Mercator metres, 0 or more; 0 leaves out only what lies on a straight line

    Returns
    -------
    some of the path's own vertices, bit for bit and in order

    Raises
    ------
    InputError
        If the tolerance is negative or not a number.
    """
    if not tolerance_m >= 0:
        msg = f"A line cannot be simplified to within {tolerance_m:g} m; give 0 or more."
        raise InputError(msg)
    points = np.array(path, dtype=np.float64).reshape(-1, 2)
    if len(path) < 3 or not np.isfinite(points).all():
        return path
    x, y = to_mercator(points[:, 0], points[:, 1])
    # The number of a vertex travels as its height, which the simplification carries along and does not look at.
    numbered = shapely.LineString(np.column_stack([x, y, np.arange(len(path))]))
    with np.errstate(all="ignore"):  # GEOS leaves the flags of its own rounding, which NumPy would report as ours
        kept = shapely.simplify(numbered, tolerance_m, preserve_topology=False)
    return tuple(path[int(i)] for i in shapely.get_coordinates(kept, include_z=True)[:, 2])


def snap(vertex: Vertex, candidates: Sequence[BaseGeometry], tolerance_m: float) -> tuple[Vertex, Caught]:
    """Return where a vertex catches, and on what.

    The nearest vertex within the tolerance comes before any edge; of equally near ones the first. A vertex is returned
    bit for bit, so that what is drawn shares it exactly; a place on an edge divides it in degrees, where it is stored.

    Parameters
    ----------
    vertex : longitude, latitude in degrees
    candidates : geometries in degrees
    tolerance_m : Mercator metres
    """
    nearby = _nearby(vertex, candidates, tolerance_m)
    if not len(nearby):
        return vertex, ""
    points, owner = shapely.get_coordinates(nearby, return_index=True)
    x, y = to_mercator(points[:, 0], points[:, 1])
    here_x, here_y = to_mercator(float(vertex[0]), float(vertex[1]))
    place = np.column_stack([x - here_x, y - here_y])
    apart = np.hypot(place[:, 0], place[:, 1])
    nearest = int(np.argmin(apart))
    if apart[nearest] <= tolerance_m:
        return (float(points[nearest, 0]), float(points[nearest, 1])), "vertex"
    return _on_edge(vertex, points, place, np.flatnonzero(owner[1:] == owner[:-1]), tolerance_m)


def _nearby(vertex: Vertex, candidates: Sequence[BaseGeometry], tolerance_m: float) -> NDArray[np.object_]:
    """Return the points, lines and rings whose bounds come within the tolerance."""
    if not (math.isfinite(vertex[0]) and math.isfinite(vertex[1])) or not len(candidates):
        return np.array([], dtype=object)
    # A metre of Mercator spans fewer degrees of latitude than of longitude: the box is large enough both ways.
    reach = math.degrees(tolerance_m / RADIUS_M)
    box = np.array([vertex[0] - reach, vertex[1] - reach, vertex[0] + reach, vertex[1] + reach])
    parts = shapely.get_parts(np.array(candidates, dtype=object))
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return _meeting(np.concatenate([parts[~areas], shapely.get_rings(parts[areas])]), box)


def _meeting(geometries: NDArray[np.object_], box: Floats) -> NDArray[np.object_]:
    bounds = shapely.bounds(geometries)
    meets = (bounds[:, :2] <= box[2:]).all(axis=1) & (bounds[:, 2:] >= box[:2]).all(axis=1)
    return geometries[meets]


def _on_edge(
    vertex: Vertex, points: Floats, place: Floats, starts: NDArray[np.intp], tolerance_m: float
) -> tuple[Vertex, Caught]:
    """Return the nearest place on the edges that begin at `starts`, if it is within the tolerance."""
    if not len(starts):
        return vertex, ""
    begin, along = place[starts], place[starts + 1] - place[starts]
    length = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    share = np.clip(-(begin * along).sum(axis=1) / length, 0.0, 1.0)
    apart = np.hypot(*(begin + share[:, None] * along).T)
    edge = int(np.argmin(apart))
    if apart[edge] > tolerance_m:
        return vertex, ""
    start, stop = points[starts[edge]], points[starts[edge] + 1]
    lon, lat = start + share[edge] * (stop - start)
    return (float(lon), float(lat)), "edge"

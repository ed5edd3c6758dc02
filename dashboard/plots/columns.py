"""Column data of the map's vector layers from shapely geometries in Mercator metres. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

SHORT = 64
"""Vertices up to which a ring travels as plain numbers: an array is a message of its own, which costs more."""

Ring = NDArray[np.float64] | list[float]
Rings = list[list[Ring]]


def area_columns(geometries: Iterable[BaseGeometry], **columns: Sequence[Any]) -> dict[str, Any]:
    """Return `multi_polygons` columns: xs and ys nested as feature > polygon > ring > coordinates."""
    shapes = np.array([*geometries, None], dtype=object)[:-1]
    xs: list[Rings] = [[] for _ in shapes]
    ys: list[Rings] = [[] for _ in shapes]
    parts, owners = shapely.get_parts(shapes, return_index=True)
    kept = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    rings, polygons = shapely.get_rings(parts[kept], return_index=True)
    points, of = shapely.get_coordinates(rings, return_index=True)
    ends = np.cumsum(np.bincount(of, minlength=len(rings)))
    sides = [np.split(np.ascontiguousarray(points[:, axis]), ends[:-1]) for axis in (0, 1)]
    last = -1
    for at, (owner, polygon) in enumerate(zip(owners[kept][polygons].tolist(), polygons.tolist(), strict=True)):
        for nested, side in ((xs, sides[0]), (ys, sides[1])):
            if polygon != last:
                nested[owner].append([])
            nested[owner][-1].append(_short(side[at]))
        last = polygon
    return {"xs": xs, "ys": ys, **{name: list(values) for name, values in columns.items()}}


_POLYGON = 3
"""Shapely's type number."""


def _short(ring: NDArray[np.float64]) -> Ring:
    return ring.tolist() if len(ring) <= SHORT else ring


def line_columns(geometries: Iterable[BaseGeometry], colours: Sequence[str] | None = None) -> dict[str, Any]:
    """Return `multi_line` columns from lines or the boundaries of areas; a feature's colour goes to all its lines."""
    xs: list[NDArray[np.float64]] = []
    ys: list[NDArray[np.float64]] = []
    painted: list[str] = []
    for index, geometry in enumerate(geometries):
        lines = geometry.boundary if geometry.geom_type.endswith("Polygon") else geometry
        for part in shapely.get_parts(lines):
            path = np.asarray(part.coords)[:, :2]
            if len(path) > 1:
                xs.append(path[:, 0])
                ys.append(path[:, 1])
                painted.append(colours[index] if colours is not None else "")
    data: dict[str, Any] = {"xs": xs, "ys": ys}
    if colours is not None:
        data["colour"] = painted
    return data


def path_columns(paths: Iterable[NDArray[np.float64]]) -> dict[str, Any]:
    """Return `multi_line` columns from (n, 2) arrays."""
    kept = [path for path in paths if len(path) > 1]
    return {"xs": [path[:, 0] for path in kept], "ys": [path[:, 1] for path in kept]}

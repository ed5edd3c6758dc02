"""Column data of the map's vector layers from shapely geometries in Mercator metres. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Rings = list[list[NDArray[np.float64]]]


def area_columns(geometries: Iterable[BaseGeometry], **columns: Sequence[Any]) -> dict[str, Any]:
    """Return `multi_polygons` columns: xs and ys nested as feature > polygon > ring > coordinates."""
    xs: list[Rings] = []
    ys: list[Rings] = []
    for geometry in geometries:
        polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
        rings = [[np.asarray(ring.coords)[:, :2] for ring in (p.exterior, *p.interiors)] for p in polygons]
        xs.append([[ring[:, 0] for ring in polygon] for polygon in rings])
        ys.append([[ring[:, 1] for ring in polygon] for polygon in rings])
    return {"xs": xs, "ys": ys, **{name: list(values) for name, values in columns.items()}}


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

"""Drawing as functions from sketch to sketch: what is not touched stays as it is, to the last bit.

Positions are longitude and latitude in degrees; what is measured on the screen is measured in Mercator metres. Vertices
are counted from 0: ``(part, path, index)``.
"""

import math
from dataclasses import replace

import numpy as np

from dashboard.geo.mercator import RADIUS_M
from dashboard.geo.sketch_geometry import FEWEST, geometry_of, path_at, positions, sketch_of
from dashboard.geo.sketch_joints import join, split, split_area
from dashboard.geo.snapping import simplify, snap
from dashboard.model.errors import InputError
from dashboard.model.sketch import Path, Shape, Sketch, Vertex

__all__ = [
    "add", "begin", "geometry_of", "insert", "join", "move", "remove", "resume", "reverse", "shift", "simplify",
    "sketch_of", "snap", "split", "split_area",
]  # fmt: skip


def begin(sketch: Sketch, *, hole: bool = False) -> Sketch:
    """Return the drawing with an empty path at its end, which `add` fills: a further part, or a hole in the last."""
    if hole and sketch.parts:
        return replace(sketch, parts=(*sketch.parts[:-1], (*sketch.parts[-1], ())))
    return replace(sketch, parts=(*sketch.parts, ((),)))


def add(sketch: Sketch, vertex: Vertex) -> Sketch:
    """Return the drawing with a vertex at the end of its last path; a further point is a part of its own."""
    if not sketch.parts or FEWEST[sketch.shape] == 1:
        return replace(sketch, parts=(*(part for part in sketch.parts if any(part)), ((vertex,),)))
    *paths, last = sketch.parts[-1] or ((),)
    return replace(sketch, parts=(*sketch.parts[:-1], (*paths, (*last, vertex))))


def insert(sketch: Sketch, part: int, path: int, index: int, vertex: Vertex) -> Sketch:
    """Return the drawing with a vertex put before vertex `index` of a path; `index` may be one past the last.

    Raises
    ------
    InputError
        If there is no such place.
    """
    line = path_at(sketch, part, path, index, beyond=1)
    return _with_path(sketch, part, path, (*line[:index], vertex, *line[index:]))


def move(sketch: Sketch, part: int, path: int, index: int, vertex: Vertex) -> Sketch:
    """Return the drawing with a vertex put elsewhere; raises InputError if there is no such vertex."""
    line = path_at(sketch, part, path, index)
    return _with_path(sketch, part, path, (*line[:index], vertex, *line[index + 1 :]))


def remove(sketch: Sketch, part: int, path: int, index: int) -> Sketch:
    """Return the drawing without a vertex; a path that loses its last vertex goes, and with it a part of no path.

    Raises
    ------
    InputError
        If there is no such vertex.
    """
    line = path_at(sketch, part, path, index)
    return _with_path(sketch, part, path, (*line[:index], *line[index + 1 :]))


def shift(sketch: Sketch, dx_m: float, dy_m: float) -> Sketch:
    """Return the whole drawing moved by Mercator metres; it may leave the world, which is then its problem to mend.

    Latitudes beyond 85.05 degrees move as Mercator would have them, so that moving back restores them too.
    """
    if not sketch.vertices or (dx_m == 0 and dy_m == 0):
        return sketch
    points = positions([vertex for part in sketch.parts for path in part for vertex in path])
    lon, lat = points[:, 0], points[:, 1]
    if dx_m:
        lon = lon + math.degrees(dx_m / RADIUS_M)
    if dy_m:
        with np.errstate(over="ignore", invalid="ignore"):
            northing = np.arcsinh(np.tan(np.radians(lat))) + dy_m / RADIUS_M
            lat = np.degrees(np.arctan(np.sinh(northing)))
    moved = iter(zip(lon.tolist(), lat.tolist(), strict=True))
    return replace(sketch, parts=tuple(tuple(tuple(next(moved) for _ in path) for path in p) for p in sketch.parts))


def reverse(sketch: Sketch) -> Sketch:
    """Return the drawing read backwards: a line from its last part's end to its first part's start, rings likewise."""
    turned = tuple(tuple(path[::-1] for path in part) for part in sketch.parts)
    return replace(sketch, parts=turned[::-1] if sketch.shape is Shape.LINE else turned)


def resume(sketch: Sketch, at_start: bool) -> Sketch:  # noqa: FBT001 - which end is all that it asks
    """Return a line turned so that `add` continues it at its start or at its end.

    Continued at its start it runs the other way, and its teeth with it: `reverse` it when it is finished.
    """
    if sketch.shape is not Shape.LINE or not sketch.vertices:
        msg = f"Only a line can be continued; this is {sketch.shape} with {sketch.vertices} vertices. Draw a new one."
        raise InputError(msg)
    return reverse(sketch) if at_start else sketch


def _with_path(sketch: Sketch, part: int, path: int, line: Path) -> Sketch:
    """Return the drawing with one path replaced; an empty one goes, and with it a part of no path."""
    paths = sketch.parts[part]
    kept = (*paths[:path], *((line,) if line else ()), *paths[path + 1 :])
    return replace(sketch, parts=(*sketch.parts[:part], *((kept,) if kept else ()), *sketch.parts[part + 1 :]))

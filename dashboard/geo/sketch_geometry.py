"""Sketch <-> geometry, bit for bit: what is drawn and what is recorded are the same numbers."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.model.sketch import Part, Path, Shape, Sketch, Vertex

FEWEST = {Shape.POINT: 1, Shape.TEXT: 1, Shape.LINE: 2, Shape.AREA: 3}
"""Vertices that a path needs to be one of its shape."""
ROUNDED_DIGITS = 9

_SHAPES = {
    "Point": Shape.POINT, "MultiPoint": Shape.POINT,
    "LineString": Shape.LINE, "LinearRing": Shape.LINE, "MultiLineString": Shape.LINE,
    "Polygon": Shape.AREA, "MultiPolygon": Shape.AREA,
}  # fmt: skip


def sketch_of(geometry: BaseGeometry, shape: Shape | None = None) -> Sketch:
    """Return the drawing of a geometry in degrees, bit for bit; heights are dropped.

    Parameters
    ----------
    geometry : point, line, polygon or several of one of them
    shape : what it is drawn as; None takes it from the geometry (a point is a point, not a text)

    Raises
    ------
    InputError
        If the geometry is a mixed collection, or is not of `shape`.
    """
    found = _SHAPES.get(geometry.geom_type)
    if geometry.is_empty and (found or shape):
        return Sketch(shape or found or Shape.POINT)
    if found is None:
        msg = f"A {geometry.geom_type} is no single drawing; draw its points, lines and areas one by one."
        raise InputError(msg)
    if shape is not None and FEWEST[shape] != FEWEST[found]:
        msg = f"A {geometry.geom_type} cannot be drawn as {shape}; draw it as {found}."
        raise InputError(msg)
    return Sketch(shape or found, tuple(part_of(part) for part in shapely.get_parts(geometry)))


def geometry_of(sketch: Sketch) -> BaseGeometry | None:
    """Return the geometry of a drawing in degrees, bit for bit and as drawn: a bow-tie stays a bow-tie.

    None while a path has too few vertices to be one, or a position is not finite. One part gives the plain geometry,
    several give its ``Multi-``.
    """
    if not _is_complete(sketch):
        return None
    if sketch.shape is Shape.AREA:
        areas = [polygon_of(part) for part in sketch.parts]
        return areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)
    paths = [part[0] for part in sketch.parts]
    if sketch.shape is Shape.LINE:
        lines = [shapely.LineString(positions(path)) for path in paths]
        return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
    points = [shapely.Point(path[0]) for path in paths]
    return points[0] if len(points) == 1 else shapely.MultiPoint(points)


def _is_complete(sketch: Sketch) -> bool:
    """Return whether every path has the vertices that it needs, and every position is a place."""
    fewest = FEWEST[sketch.shape]
    lengths = [[len(path) for path in part] for part in sketch.parts]
    enough = bool(lengths) and all(part and min(part) >= fewest for part in lengths)
    if sketch.shape is not Shape.AREA:
        enough = enough and all(len(part) == 1 for part in lengths)
    if fewest == 1:
        enough = enough and all(part == [1] for part in lengths)
    vertices = [vertex for part in sketch.parts for path in part for vertex in path]
    return enough and bool(np.isfinite(positions(vertices)).all())


def polygon_of(part: Part) -> shapely.Polygon:
    """Return the polygon of a part in degrees: its outer ring and holes, each closed, crossings and all."""
    shell, *holes = (positions((*path, path[0])) for path in part)
    return shapely.Polygon(shell, holes)


def made_valid(area: BaseGeometry) -> list[shapely.Polygon]:
    """Return the valid polygons that an area consists of; none if it covers no ground.

    Ground inside any edge counts as inside, holes are cut out (``GeometryFixer`` of JTS and GEOS). Where coordinates
    are too close together to compute with, they are first rounded to a tenth of a millimetre.
    """
    try:
        valid = shapely.make_valid(area, method="structure", keep_collapsed=False)
    except shapely.GEOSException:
        rounded = shapely.transform(area, lambda points: np.round(points, ROUNDED_DIGITS))
        valid = shapely.make_valid(rounded, method="structure", keep_collapsed=False)
    return [part for part in shapely.get_parts(valid) if isinstance(part, shapely.Polygon) and not part.is_empty]


def part_of(geometry: BaseGeometry) -> Part:
    """Return the part that a point, a line or a polygon is."""
    if geometry.geom_type != "Polygon":
        return (_path_of(geometry),)
    return tuple(_path_of(ring)[:-1] for ring in shapely.get_rings(geometry))


def _path_of(geometry: BaseGeometry) -> Path:
    return tuple((lon, lat) for lon, lat in shapely.get_coordinates(geometry).tolist())


def positions(vertices: Sequence[Vertex]) -> NDArray[np.float64]:
    """Return vertices as an (n, 2) array of longitude and latitude in degrees."""
    return np.array(vertices, dtype=np.float64).reshape(-1, 2)


def path_at(sketch: Sketch, part: int, path: int, index: int, *, beyond: int = 0) -> Path:
    """Return the path of a vertex; raises InputError if there is no such vertex, or none up to `beyond` before it."""
    line = sketch.parts[part][path] if _has(sketch.parts, part) and _has(sketch.parts[part], path) else None
    if line is None or not 0 <= index < len(line) + beyond:
        there = "that path does not exist" if line is None else f"that path has {len(line)}, counted from 0"
        msg = f"There is no vertex {index} of path {path} of part {part}: {there}. Choose one that is drawn."
        raise InputError(msg)
    return line


def _has(items: Sequence[object], index: int) -> bool:
    return 0 <= index < len(items)

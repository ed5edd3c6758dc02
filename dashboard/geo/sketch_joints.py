"""Cutting drawings apart and joining them: what was cut is the same again when it is joined."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.geo.mercator import to_mercator
from dashboard.geo.sketch_geometry import geometry_of, made_valid, part_of, path_at, polygon_of, positions, sketch_of
from dashboard.model.errors import InputError
from dashboard.model.sketch import Part, Path, Shape, Sketch, Vertex

TAIL_DEG = 1e-8
"""A millimetre: how far a cut is carried past its ends, which may stop a rounding error short of the edge."""


def split(sketch: Sketch, part: int, path: int, index: int) -> tuple[Sketch, Sketch]:
    """Return a line cut at a vertex, which both pieces keep; the parts before and after stay on their side.

    Raises
    ------
    InputError
        If the drawing is no line, or the vertex is one of a part's two ends.
    """
    line = path_at(sketch, part, path, index)
    if sketch.shape is not Shape.LINE:
        msg = f"A drawing of shape {sketch.shape} cannot be cut at a vertex; cut an area along a line across it."
        raise InputError(msg)
    if not 0 < index < len(line) - 1:
        msg = f"Vertex {index + 1} of {len(line)} is an end: nothing would be cut off. Choose one between the ends."
        raise InputError(msg)
    paths = sketch.parts[part]
    first = (*sketch.parts[:part], (*paths[:path], line[: index + 1]))
    second = ((line[index:], *paths[path + 1 :]), *sketch.parts[part + 1 :])
    return replace(sketch, parts=first), replace(sketch, parts=second)


def split_area(sketch: Sketch, cut: Path) -> tuple[Sketch, ...]:
    """Return the pieces of an area cut along a line, the largest first; parts that are not cut stay with it.

    Corners are kept bit for bit; new ones lie where the cut meets the edge.

    Raises
    ------
    InputError
        If the drawing is no valid area, or the cut does not divide it.
    """
    area = geometry_of(sketch)
    if sketch.shape is not Shape.AREA or area is None or not area.is_valid:
        raise InputError("Only an area without crossings can be cut; finish or repair the drawing first.")
    if len(set(cut)) < 2 or not np.isfinite(positions(cut)).all():
        raise InputError("A cut needs at least two places; draw a line from outside the area to its other side.")
    pieces: list[Part] = []
    whole: list[Part] = []
    for part, polygon in zip(sketch.parts, shapely.get_parts(area), strict=True):
        found = _faces(polygon, positions(cut)) or _faces(polygon, _with_tails(positions(cut)))
        pieces.extend(part_of(face) for face in found)
        whole.extend(() if found else (part,))
    if not pieces:
        raise InputError("The cut does not cross the area from edge to edge; draw it right across.")
    pieces.sort(key=lambda piece: (-polygon_of(piece).area, piece))
    first, *others = (replace(sketch, parts=(piece,)) for piece in pieces)
    return replace(first, parts=(*first.parts, *whole)), *others


def join(one: Sketch, other: Sketch) -> Sketch:
    """Return two drawings as one.

    Lines are joined by their nearest ends and run the way `one` does; ends in the same place become one vertex, and
    a gap between them a segment. Areas that share ground or an edge become one area. Everything else becomes parts
    side by side.

    Raises
    ------
    InputError
        If they are of different shapes.
    """
    if one.shape is not other.shape:
        msg = f"Shape {one.shape} cannot be joined to shape {other.shape}; choose two of one shape."
        raise InputError(msg)
    if not one.vertices or not other.vertices:
        return one if one.vertices else other
    if one.shape is Shape.LINE:
        return _join_lines(one, other)
    areas = geometry_of(one), geometry_of(other)
    if one.shape is Shape.AREA and all(area is not None and area.is_valid for area in areas):
        joined = made_valid(shapely.union_all(np.array(areas)))
        if len(joined) < len(one.parts) + len(other.parts):
            return sketch_of(shapely.MultiPolygon(joined), Shape.AREA)
    return replace(one, parts=(*one.parts, *other.parts))


def _join_lines(one: Sketch, other: Sketch) -> Sketch:
    """Join by the nearest pair of ends; of equal ones the end of `one` with the start of `other` comes first."""
    mine, theirs = ([path for part in each.parts for path in part if path] for each in (one, other))
    # (path of one, path of other, whether at its start, whether the other is turned), the usual case first
    ways = product(range(len(mine) - 1, -1, -1), range(len(theirs)), (False, True), (False, True))
    i, j, at_start, turned = min(
        ways,
        key=lambda way: _apart_m(mine[way[0]][0 if way[2] else -1], theirs[way[1]][0 if way[2] == way[3] else -1]),
    )
    added = theirs.pop(j)[:: -1 if turned else 1]
    first, second = (added, mine[i]) if at_start else (mine[i], added)
    mine[i] = (*first, *second[first[-1] == second[0] :])
    return replace(one, parts=tuple((path,) for path in [*mine, *theirs]))


def _apart_m(one: Vertex, other: Vertex) -> float:
    (x0, y0), (x1, y1) = to_mercator(*one), to_mercator(*other)
    return math.hypot(x1 - x0, y1 - y0)


def _faces(polygon: shapely.Polygon, cut: NDArray[np.float64]) -> list[shapely.Polygon]:
    """Return the faces that a line cuts a polygon into; none if it leaves it whole."""
    edges = shapely.union_all(np.array([polygon.boundary, shapely.LineString(cut)]))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    inside = faces[shapely.contains(polygon, shapely.point_on_surface(faces))]
    return list(inside) if len(inside) > 1 else []


def _with_tails(cut: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a cut carried on by a millimetre at both ends, which stay vertices of it."""
    ends = []
    for end, before in ((cut[0], cut[1]), (cut[-1], cut[-2])):
        along = end - before
        length = float(np.hypot(*along))
        ends.append(end + along * (TAIL_DEG / length) if length > 0 else end)
    return np.vstack([ends[0], cut, ends[1]])

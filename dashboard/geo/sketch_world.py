"""Drawings that leave the map at its east or west edge, parted there so that each piece lies on it.

A step of more than half the world between two vertices is read the short way round, across the antimeridian.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from dashboard.geo.mercator import LATITUDE_LIMIT_DEG
from dashboard.geo.sketch_geometry import made_valid, positions, sketch_of
from dashboard.model.sketch import Part, Path, Shape, Sketch, Vertex

TURN_DEG = 360.0
HALF_DEG = 180.0
SAME_DEG = 1e-9
Floats = NDArray[np.float64]


def crossing(sketch: Sketch) -> Vertex | None:
    """Return where a drawing first leaves the map at its east or west edge (degrees), or None if it stays on it."""
    paths = [path for part in sketch.parts for path in part if path]
    everywhere = positions(list(chain.from_iterable(paths)))[:, 0]
    if np.ptp(everywhere) <= HALF_DEG and np.abs(everywhere).max() <= HALF_DEG:
        return None  # nearly always, and at once
    for path in paths:
        points = positions(path)
        lon = points[:, 0]
        outside = np.flatnonzero(np.abs(lon) > HALF_DEG)
        if len(outside):
            return path[int(outside[0])]
        if sketch.shape not in {Shape.LINE, Shape.AREA}:
            continue
        steps = np.diff(lon, append=lon[:1] if sketch.shape is Shape.AREA else [])
        far = np.flatnonzero(np.abs(steps) > HALF_DEG + SAME_DEG)
        if len(far):
            return HALF_DEG, float((points[far[0], 1] + points[(far[0] + 1) % len(points), 1]) / 2)
    return None


def parted(sketch: Sketch) -> Sketch:
    """Return a drawing cut at the antimeridian, every piece with longitudes within ±180 degrees.

    An area whose edge runs round a pole is closed along the end of the Mercator world on that side. What remains of an
    area without width is the line of its edge.
    """
    if sketch.shape is Shape.AREA:
        areas = [area for part in sketch.parts for area in _areas(part)]
        if areas:
            return sketch_of(shapely.MultiPolygon(areas), Shape.AREA)
        edges = tuple(((*part[0], part[0][0]),) for part in sketch.parts)
        return parted(Sketch(Shape.LINE, edges))
    if sketch.shape is Shape.LINE:
        pieces = [piece for part in sketch.parts for path in part for piece in _pieces(path)]
        return replace(sketch, parts=tuple((piece,) for piece in pieces))
    return replace(sketch, parts=tuple(tuple(_wrapped(path) for path in part) for part in sketch.parts))


def _wrapped(path: Path) -> Path:
    return tuple((lon if abs(lon) <= HALF_DEG else _within(lon), lat) for lon, lat in path)


def _within(lon: float) -> float:
    return math.fmod(math.fmod(lon + HALF_DEG, TURN_DEG) + TURN_DEG, TURN_DEG) - HALF_DEG


def _unwound(path: Path) -> Floats:
    """Return (n, 2) vertices whose longitudes run on without jumps, from a first one on the map."""
    points = positions(_wrapped(path[:1]) + path[1:])
    points[:, 0] = np.unwrap(points[:, 0], period=TURN_DEG)
    return points


def _pieces(path: Path) -> Iterator[Path]:
    """Yield the pieces of a line between crossings of the antimeridian; vertices on the map keep their bits."""
    points = _with_crossings(np.column_stack([_unwound(path), positions(path)[:, 0]]))
    middle = (points[1:, 0] + points[:-1, 0]) / 2
    window = np.floor((middle + HALF_DEG) / TURN_DEG)
    ends = [0, *(np.flatnonzero(np.diff(window)) + 1).tolist(), len(window)]
    for first, last in pairwise(ends):
        part = points[first : last + 1]
        lon = np.clip(part[:, 0] - TURN_DEG * window[first], -HALF_DEG, HALF_DEG)
        lon = np.where(np.abs(lon - part[:, 2]) < SAME_DEG, part[:, 2], lon)
        yield tuple(zip(np.clip(lon, -HALF_DEG, HALF_DEG).tolist(), part[:, 1].tolist(), strict=True))


def _with_crossings(points: Floats) -> Floats:
    """Return (n, 3) vertices with one more on every edge that crosses the antimeridian."""
    start, stop = points[:-1], points[1:]
    low, high = np.minimum(start[:, 0], stop[:, 0]), np.maximum(start[:, 0], stop[:, 0])
    edge = TURN_DEG * np.floor((high + HALF_DEG) / TURN_DEG) - HALF_DEG
    crossed = np.flatnonzero((low < edge) & (edge < high))
    share = (edge[crossed] - start[crossed, 0]) / (stop[crossed, 0] - start[crossed, 0])
    lat = start[crossed, 1] + share * (stop[crossed, 1] - start[crossed, 1])
    return np.insert(points, crossed + 1, np.column_stack([edge[crossed], lat, np.full(len(crossed), np.inf)]), axis=0)


def _areas(part: Part) -> list[shapely.Polygon]:
    """Return the polygons on the map that an area is cut into."""
    shell, *holes = (_closed(_unwound(path)) for path in part)
    middle = shell[:, 0].mean()
    near = [_moved_by(hole, TURN_DEG * np.round((middle - hole[:, 0].mean()) / TURN_DEG)) for hole in holes]
    polygons = made_valid(shapely.Polygon(shell, near))
    if not polygons:
        return []
    area = shapely.MultiPolygon(polygons)
    west, _, east, _ = area.bounds
    found: list[shapely.Polygon] = []
    for turn in range(math.floor((west + HALF_DEG) / TURN_DEG), math.floor((east + HALF_DEG) / TURN_DEG) + 1):
        edge = turn * TURN_DEG - HALF_DEG
        piece = shapely.intersection(area, shapely.box(edge, -90.0, edge + TURN_DEG, 90.0))
        found.extend(_on_map(each, turn * TURN_DEG) for each in made_valid(piece))
    return found


def _on_map(polygon: shapely.Polygon, west_by: float) -> shapely.Polygon:
    def clipped(points: Floats) -> Floats:
        moved = _moved_by(points, -west_by)
        return np.column_stack([np.clip(moved[:, 0], -HALF_DEG, HALF_DEG), moved[:, 1]])

    return shapely.transform(polygon, clipped)


def _moved_by(points: Floats, east_deg: float) -> Floats:
    return np.column_stack([points[:, 0] + east_deg, points[:, 1]])


def _closed(points: Floats) -> Floats:
    """Return a ring that may run round a pole as one that does not: closed along the edge of the map there."""
    gap = (points[0, 0] - points[-1, 0] + HALF_DEG) % TURN_DEG - HALF_DEG
    turns = round((points[-1, 0] + gap - points[0, 0]) / TURN_DEG)
    if not turns:
        return points
    edge = math.copysign(LATITUDE_LIMIT_DEG, points[:, 1].mean())
    last = (points[0, 0] + turns * TURN_DEG, points[0, 1])
    back = np.linspace(last[0], points[0, 0], 4 * abs(turns) + 1)  # no step of more than half the world
    return np.vstack([points, last, np.column_stack([back, np.full(len(back), edge)])])

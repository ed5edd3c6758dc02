"""Faults of vertices and paths: what no point, line or ring may have."""

from dataclasses import replace

import numpy as np

from dashboard.geo.coordinates import latlon
from dashboard.geo.faults import Problem, counted, span_m, vertices_of
from dashboard.geo.mercator import LATITUDE_LIMIT_DEG
from dashboard.geo.sketch_geometry import FEWEST, positions
from dashboard.geo.sketch_thinning import thinned
from dashboard.geo.sketch_world import crossing, parted
from dashboard.model.sketch import Part, Path, Shape, Sketch

MAX_VERTICES = 200_000
ABSURD_DEG = 3600.0
"""Ten times round the world: no hand has drawn there."""
POINT_M = 0.01
"""A line shorter than this is a point: the least that a round trip through a file keeps."""


def unfit(sketch: Sketch) -> Problem | None:
    """Find positions that are no numbers, or none of a place."""
    vertices = vertices_of(sketch)
    good = [abs(lon) <= ABSURD_DEG and abs(lat) <= ABSURD_DEG for lon, lat in vertices]  # NaN is not
    wrong = len(vertices) - sum(good)
    if not wrong:
        return None
    keep = iter(good)
    parts = tuple(tuple(tuple(v for v in path if next(keep)) for path in part) for part in sketch.parts)
    lean = replace(sketch, parts=tuple(part for part in parts if any(part)))
    count = counted(wrong, "position")
    return Problem(f"It has {count} that cannot be read, of {len(vertices):,}.", f"Leave out {count}", lean)


def too_many(sketch: Sketch) -> Problem | None:
    """Find more vertices than a drawing may have."""
    if sketch.vertices <= MAX_VERTICES:
        return None
    lean = thinned(sketch, MAX_VERTICES)
    reason = f"It has {sketch.vertices:,} vertices; the limit is {MAX_VERTICES:,}."
    return Problem(reason, f"Simplify it to {lean.vertices:,} vertices", lean)


def beyond(sketch: Sketch) -> Problem | None:
    """Find latitudes where the Mercator world has ended."""
    points = positions(vertices_of(sketch))
    wrong = np.abs(points[:, 1]) > LATITUDE_LIMIT_DEG
    if not wrong.any():
        return None
    limit = LATITUDE_LIMIT_DEG
    parts = tuple(
        tuple(tuple((lon, min(max(lat, -limit), limit)) for lon, lat in path) for path in part) for part in sketch.parts
    )
    count = counted(int(wrong.sum()), "vertex", "vertices")
    lat = points[wrong, 1][0]
    reason = f"It has {count} outside the map, which ends at {limit:.2f}° north and south (first at {lat:.4f}°)."
    return Problem(reason, f"Move {count} to the edge of the map", replace(sketch, parts=parts))


def across(sketch: Sketch) -> Problem | None:
    """Find steps of more than half the world, and longitudes beyond it."""
    where = crossing(sketch)
    if where is None:
        return None
    if FEWEST[sketch.shape] == 1:
        return Problem(f"Longitude {where[0]:.4f}° is beyond ±180°.", "Count it from -180° to 180°", parted(sketch))
    reason = f"It crosses the antimeridian (180°) near {latlon(*where)}."
    return Problem(reason, "Split it at the antimeridian", parted(sketch))


def doubled(sketch: Sketch) -> Problem | None:
    """Find vertices that repeat the one before; points that repeat any other."""
    if FEWEST[sketch.shape] == 1:
        single = dict.fromkeys(vertices_of(sketch))
        parts: tuple[Part, ...] = tuple(((vertex,),) for vertex in single)
    else:
        ring = sketch.shape is Shape.AREA
        parts = tuple(tuple(_once(path, ring=ring) for path in part) for part in sketch.parts)
    lean = replace(sketch, parts=parts)
    fewer = sketch.vertices - lean.vertices
    if not fewer:
        return None
    before, after = vertices_of(sketch), vertices_of(lean)
    where = next((v for v, w in zip(before, after, strict=False) if v != w), before[-1])
    count = counted(fewer, "doubled vertex", "doubled vertices")
    return Problem(f"It has {count} (near {latlon(*where)}).", f"Leave out {count}", lean)


def _once(path: Path, *, ring: bool) -> Path:
    """Return a path without vertices that repeat the one before, around the end of a ring too."""
    kept = [v for i, v in enumerate(path) if i == 0 or v != path[i - 1]]
    while ring and len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return tuple(kept)


def too_few(sketch: Sketch) -> Problem | None:
    """Find paths that are not finished, lines without length, and points drawn as one path."""
    fewest = FEWEST[sketch.shape]
    if fewest == 1:
        apart = tuple(((vertex,),) for vertex in vertices_of(sketch))
        made = f"Make it {counted(len(apart), 'point')}"
        reason = "A point has one position; this has a path."
        return None if apart == sketch.parts else Problem(reason, made, replace(sketch, parts=apart))
    kept = tuple(tuple(path for path in part if _finished(path, sketch.shape)) for part in sketch.parts)
    if sketch.shape is Shape.AREA:  # holes go with the ring that they are in
        kept = tuple(
            lean if part and _finished(part[0], Shape.AREA) else ()
            for part, lean in zip(sketch.parts, kept, strict=True)
        )
    elif any(len(part) > 1 for part in sketch.parts):
        kept = tuple((path,) for part in kept for path in part)
    kept = tuple(filter(None, kept))
    if kept == sketch.parts:
        return None
    return _lesser(sketch) if not kept else _without(sketch, kept)


def _finished(path: Path, shape: Shape) -> bool:
    return len(path) >= FEWEST[shape] and (shape is not Shape.LINE or span_m(path) >= POINT_M)


def _lesser(sketch: Sketch) -> Problem:
    """Make of an area of two corners a line, and of a line without length a point."""
    paths = [path for part in sketch.parts for path in part if path]
    where = latlon(*paths[0][0])
    if sketch.shape is Shape.AREA and any(len(path) > 1 for path in paths):
        line = Sketch(Shape.LINE, tuple((path,) for path in paths))
        return Problem(f"An area needs 3 corners; this has {sketch.vertices} (near {where}).", "Make it a line", line)
    points = Sketch(Shape.POINT, tuple(((path[0],),) for path in paths))
    reason = f"It has no length: all of it is at {where}."
    if sketch.vertices == 1:
        reason = f"{'An area needs 3 corners' if sketch.shape is Shape.AREA else 'A line needs 2 ends'}; this has one."
    return Problem(reason, "Make it a point", points)


def _without(sketch: Sketch, parts: tuple[Part, ...]) -> Problem:
    """Leave out the unfinished paths of a drawing that has finished ones."""
    lean = replace(sketch, parts=parts)
    kept = {id(path) for part in parts for path in part}
    lost = [path for part in sketch.parts for path in part if id(path) not in kept]
    drawn = next((path for path in lost if path), None)
    place = f" near {latlon(*drawn[0])}" if drawn else ""
    if not lost:
        return Problem("Its parts are not told apart.", "Tell its parts apart", lean)
    count = counted(len(lost), "unfinished part")
    return Problem(f"It has {count}{place}.", f"Leave out {count}", lean)

"""Faults of areas: edges that cross, parts that overlap, ground without width."""

import re
from dataclasses import replace
from itertools import chain

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.coordinates import latlon
from dashboard.geo.faults import Problem, counted, spelled, width_m
from dashboard.geo.sketch_geometry import geometry_of, made_valid, positions, sketch_of
from dashboard.model.sketch import Part, Path, Shape, Sketch

SLIVER_M = 0.1
"""An area narrower than this on the ground, twice its area over its perimeter, is a slip of the hand."""

_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:e[-+]?\d+)?")
_FAULTS = {
    "Ring Self-intersection": "Its edge touches itself",
    "Self-intersection": "Its edge crosses itself or another of its edges",
    "Hole lies outside": "It has a hole that lies outside of it",
    "Nested": "One of its parts or holes lies inside another",
    "Duplicate": "Two of its edges are the same",
    "disconnected": "A hole cuts it apart",
    "Interior": "A hole cuts it apart",
    "Too few": "It has an edge of too few corners",
}
"""What GEOS calls a fault -> what a person sees."""


def unsound(sketch: Sketch) -> Problem | None:
    """Find areas that are none: edges that cross or touch, parts that overlap, holes that lie outside."""
    area = geometry_of(sketch)
    if sketch.shape is not Shape.AREA or area is None or area.is_valid:
        return None
    parts = made_valid(area)
    reason = _why(area)
    if not parts:
        return Problem(reason, "Make it a line", _edges(sketch.parts))
    before, after = len(sketch.parts), len(parts)
    words = {True: f"Split into {spelled(after)} areas", False: f"Merge into {counted(after, 'area')}"}[after > before]
    return Problem(reason, words if after != before else "Redraw its edge without that place", _area_of(parts))


def _why(area: BaseGeometry) -> str:
    """Return what is wrong with an area and where, from the reason that GEOS gives."""
    told = shapely.is_valid_reason(area)
    name, _, place = told.partition("[")
    where = [float(number) for number in _NUMBER.findall(place)][:2]
    text = next((text for key, text in _FAULTS.items() if key in name), "It is no area")
    return f"{text} near {latlon(*where)}." if len(where) == 2 else f"{text}."


def narrow(sketch: Sketch) -> Problem | None:
    """Find areas and holes that have no width."""
    if sketch.shape is not Shape.AREA:
        return None
    wide = [[width_m(path) >= SLIVER_M for path in part] for part in sketch.parts]
    if all(map(all, wide)):
        return None
    kept = tuple(
        tuple(path for path, fine in zip(part, fines, strict=True) if fine)
        for part, fines in zip(sketch.parts, wide, strict=True)
        if fines[0]
    )
    rings = [path for part in sketch.parts for path in part]
    first = next(path for path, fine in zip(rings, chain.from_iterable(wide), strict=True) if not fine)
    reason = f"A sliver near {latlon(*first[0])} is less than {SLIVER_M:g} m wide."
    if not kept:
        return Problem(reason, "Make it a line", _edges(sketch.parts))
    fewer = counted(sum(map(len, sketch.parts)) - sum(map(len, kept)), "sliver")
    return Problem(reason, f"Leave out {fewer}", replace(sketch, parts=kept))


def _edges(parts: tuple[Part, ...]) -> Sketch:
    """Return areas without width as lines: each edge from one of its far ends to the other."""
    return Sketch(Shape.LINE, tuple((_lengthwise(part[0]),) for part in parts))


def _lengthwise(ring: Path) -> Path:
    points = positions(ring)
    first = int(np.argmax(np.hypot(*(points - points[0]).T)))
    last = int(np.argmax(np.hypot(*(points - points[first]).T)))
    low, high = sorted((first, last))
    return ring[low : high + 1]


def _area_of(parts: list[shapely.Polygon]) -> Sketch:
    return sketch_of(shapely.MultiPolygon(parts), Shape.AREA)

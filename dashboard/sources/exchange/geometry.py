"""Coordinates out of a file, checked and turned into sketches: what is drawn is kept, valid or not."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.model.sketch import Part, Path, Shape, Sketch, Vertex
from dashboard.sources.exchange.record import MAX_VERTICES, Spot, shown

MAX_DEPTH = 32
"""Of collections within collections."""
SHAPES = {"Point": Shape.POINT, "LineString": Shape.LINE, "Polygon": Shape.AREA}
"""Simple types; a ``Multi`` before the name makes a list of them."""


def sketches(geometry: object, spot: Spot) -> tuple[Sketch, ...]:
    """Return what a GeoJSON-like geometry draws, one sketch per shape; none where it is empty.

    Parameters
    ----------
    geometry : mapping with ``type`` and ``coordinates``, or a ``GeometryCollection``; lists or tuples; degrees

    Raises
    ------
    DamagedProductError
        If a position is no pair of finite degrees on the globe, or a limit is passed.
    """
    if geometry is None:
        return ()
    parts: dict[Shape, list[Part]] = {}
    _collect(geometry, spot, parts, depth=0)
    found = tuple(Sketch(shape, tuple(drawn)) for shape, drawn in parts.items() if drawn)
    vertices = sum(sketch.vertices for sketch in found)
    if vertices > MAX_VERTICES:
        raise spot.damaged(f"{vertices:,} vertices; the limit is {MAX_VERTICES:,}. Simplify it.")
    return found


def _collect(geometry: object, spot: Spot, parts: dict[Shape, list[Part]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise spot.damaged(f"collections are nested more than {MAX_DEPTH} deep; flatten them.")
    if not isinstance(geometry, Mapping):
        raise spot.damaged(f"the geometry is {shown(geometry)!r}; give a type and coordinates.")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for member in _list(geometry.get("geometries"), spot):
            _collect(member, spot, parts, depth + 1)
        return
    name = kind.removeprefix("Multi") if isinstance(kind, str) else ""
    if name not in SHAPES:
        raise spot.damaged(f"the geometry type is {shown(kind)!r}; Nightglass reads points, lines and polygons.")
    coordinates = _list(geometry.get("coordinates"), spot)
    simple = coordinates if name != kind else [coordinates]
    drawn = [part for one in simple if (part := _part(name, _list(one, spot), spot))]
    if len(drawn) < len(simple) and drawn:
        spot.note("empty parts were left out")
    parts.setdefault(SHAPES[name], []).extend(drawn)


def _part(name: str, coordinates: Sequence[Any], spot: Spot) -> Part:
    """Return one point, line or area; empty when there is nothing in it."""
    if not coordinates:
        return ()
    if name == "Point":
        return (_path([coordinates], spot),)
    if name == "LineString":
        return (_path(coordinates, spot),)
    rings = tuple(ring for one in coordinates if (ring := _ring(_list(one, spot), spot)))
    if len(rings) < len(coordinates):
        spot.note("empty rings were left out")
    return rings


def _ring(positions: Sequence[Any], spot: Spot) -> Path:
    path = _path(positions, spot)
    if len(path) > 1 and path[0] == path[-1]:
        return path[:-1]
    if path:
        spot.note("a ring was not closed: it was closed")
    return path


def _path(positions: Sequence[Any], spot: Spot) -> Path:
    if len(positions) > MAX_VERTICES + 1:
        raise spot.damaged(f"{len(positions):,} vertices; the limit is {MAX_VERTICES:,}. Simplify it.")
    path = tuple([_vertex(position, spot) for position in positions])
    if any(len(position) > 2 for position in positions):
        spot.note("heights were left out: annotations lie on the ground")
    return path


def _vertex(position: Any, spot: Spot) -> Vertex:  # noqa: ANN401 - whatever the file holds there
    try:
        lon, lat = position[0], position[1]
    except (TypeError, IndexError, KeyError):
        raise spot.damaged(f"{shown(position)!r} is no position; give longitude, latitude.") from None
    if type(lon) not in _NUMBERS or type(lat) not in _NUMBERS:
        raise spot.damaged(f"{shown(position)!r} is no position; give two numbers.")
    if -180 <= lon <= 180 and -90 <= lat <= 90:
        return float(lon), float(lat)
    return _beyond(lon, lat, spot)


_NUMBERS = (float, int)


def _beyond(lon: float, lat: float, spot: Spot) -> Vertex:
    """Return a position that was counted past the antimeridian on the globe; refuse every other."""
    try:
        finite = math.isfinite(lon) and math.isfinite(lat)
    except OverflowError:
        finite = False
    if not finite:
        raise spot.damaged("a position holds a coordinate that is no finite number; correct the file.")
    if abs(lat) > 90 or abs(lon) > 360:
        msg = f"the position ({lon:g}, {lat:g}) leaves the globe; longitude comes first, then latitude, in degrees."
        raise spot.damaged(msg)
    spot.note("longitudes beyond ±180° were counted from the other side")
    return float(lon - math.copysign(360, lon)), float(lat)


def _list(value: object, spot: Spot) -> Sequence[Any]:
    if isinstance(value, list | tuple):
        return value
    raise spot.damaged(f"the geometry holds {shown(value)!r} where a list of positions belongs; correct the file.")

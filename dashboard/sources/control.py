"""Areas of control out of untrusted vector files: checked, made valid, named by side."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError
from dashboard.model.frontline import ControlArea

MAX_VERTICES = 200_000
"""Of one feature."""
MAX_FEATURES = 10_000
"""Of one snapshot."""
MAX_SIDE = 80
"""Characters of a side's name."""

DEEPSTATE_MARK = "///"
"""Separates the languages and the key in the names of DeepState's live map."""
DEEPSTATE_KEYS = {
    "status.occupied": "occupied",
    "status.dismissed": "liberated",
    "status.dismissed_at": "liberated",
    "status.unknown": "contested",
    "territories.crimea": "occupied before 2022",
    "territories.ordlo": "occupied before 2022",
    "territories.tuzla": "occupied before 2022",
}
DEEPSTATE_COLOURS = {
    "#a52714": "occupied",
    "#0f9d58": "liberated",
    "#0288d1": "liberated",
    "#01579b": "liberated",
    "#bcaaa4": "contested",
    "#bdbdbd": "contested",
    "#880e4f": "occupied before 2022",
}
SIDE_FIELDS = ("side", "control", "status", "holder", "name", "Name")
COLOUR_FIELDS = ("colour", "color", "fill")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Patch:
    """One feature's ground."""

    side: str
    geometry: BaseGeometry
    """Polygon or MultiPolygon, valid, 2-D, lon/lat degrees."""
    colour: str | None = None
    repaired: bool = False
    """Whether the geometry was invalid as delivered."""


def patch(
    geometry: Mapping[str, Any], properties: Mapping[str, Any], default_side: str, *, live: bool = False
) -> Patch | None:
    """Return a GeoJSON feature's ground; None for points, lines and areas outside the scope of a frontline.

    Parameters
    ----------
    live : whether it comes out of DeepState's live map, whose names and colours have a meaning of their own

    Raises
    ------
    DamagedProductError
        If a ring is open, too long, or holds values that are no degrees.
    """
    kind = str(geometry.get("type"))
    if kind not in {"Polygon", "MultiPolygon"}:
        return None
    side, colour = side_of(properties, default_side, live=live)
    if side is None:
        return None
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    parts = [_polygon(rings) for rings in _list(polygons)]
    return checked(shapely.MultiPolygon(parts), side, colour)


def checked(shape: BaseGeometry, side: str, colour: str | None = None) -> Patch:
    """Return a polygon as valid ground.

    Raises
    ------
    DamagedProductError
        If it is too long, leaves the globe or encloses nothing.
    """
    points = shapely.get_coordinates(shape)
    if len(points) > MAX_VERTICES:
        msg = f"The area {side!r} has {len(points):,} vertices; the limit is {MAX_VERTICES:,}. Simplify it."
        raise DamagedProductError(msg)
    if not np.isfinite(points).all():
        msg = f"The area {side!r} holds coordinates that are no numbers; correct the file."
        raise DamagedProductError(msg)
    outside = (np.abs(points[:, 0]) > 180) | (np.abs(points[:, 1]) > 90)
    if outside.any():
        x, y = points[outside][0]
        msg = f"The area {side!r} holds the point ({x:g}, {y:g}), which is no longitude and latitude in degrees."
        raise DamagedProductError(msg)
    flat = shapely.force_2d(shape)
    valid = bool(flat.is_valid)
    ground = flat if valid else _polygons_of(shapely.make_valid(flat, method="structure"))
    if ground.is_empty:
        msg = f"The area {side!r} encloses no ground; correct the file."
        raise DamagedProductError(msg)
    return Patch(side, ground, colour, repaired=not valid)


def side_of(properties: Mapping[str, Any], default: str, *, live: bool = False) -> tuple[str | None, str | None]:
    """Return (side, colour) of a feature; side None for what is outside the scope of a frontline.

    Names of DeepState's live map carry a key after ``///``; where it is missing the colour says the status.
    """
    colour = next((str(properties[f]).lower() for f in COLOUR_FIELDS if _is_colour(properties.get(f))), None)
    name = str(properties.get("name") or "")
    if live or DEEPSTATE_MARK in name:
        return _deepstate_side(name, colour), colour
    stated = next((str(properties[f]).strip() for f in SIDE_FIELDS if _is_word(properties.get(f))), default)
    return stated[:MAX_SIDE], colour


def areas_of(patches: Iterable[Patch]) -> tuple[ControlArea, ...]:
    """Return one area per side, in order of first appearance; overlaps of one side count once."""
    by_side: dict[str, list[Patch]] = {}
    for found in patches:
        by_side.setdefault(found.side, []).append(found)
    return tuple(
        ControlArea(side=side, geometry=_merged([p.geometry for p in found]), colour=_common([p.colour for p in found]))
        for side, found in by_side.items()
    )


def _deepstate_side(name: str, colour: str | None) -> str | None:
    key = re.sub(r"\{\{.*?\}\}", "", name.rsplit(DEEPSTATE_MARK, 1)[-1]).replace("\xa0", " ").strip()
    key = key.removeprefix("geoJSON.").lower()
    if key in DEEPSTATE_KEYS:
        return DEEPSTATE_KEYS[key]
    if key.startswith(("territories.", "units.")):
        return None  # claims elsewhere in the world, some in jest, and places of units
    return DEEPSTATE_COLOURS.get(colour or "")


def _polygon(rings: object) -> shapely.Polygon:
    checked_rings = [_ring(ring) for ring in _list(rings)]
    if not checked_rings:
        raise DamagedProductError("A polygon has no ring; correct the file.")
    return shapely.Polygon(checked_rings[0], checked_rings[1:])


def _ring(ring: object) -> list[tuple[float, float]]:
    positions = _list(ring)
    try:
        points = [(float(position[0]), float(position[1])) for position in positions]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise DamagedProductError("A ring holds something that is no position; correct the file.") from error
    if len(points) > MAX_VERTICES:
        msg = f"A ring has {len(points):,} vertices; the limit is {MAX_VERTICES:,}. Simplify it."
        raise DamagedProductError(msg)
    if not np.isfinite(points).all():
        raise DamagedProductError("A ring holds coordinates that are no numbers; correct the file.")
    if len(points) < 4 or points[0] != points[-1]:
        what = f"has {len(points)} positions" if len(points) < 4 else "is not closed"
        msg = f"A ring {what}; GeoJSON wants at least 4, the last equal to the first."
        raise DamagedProductError(msg)
    return points


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise DamagedProductError("A geometry holds something that is no list of positions; correct the file.")
    return value


def _polygons_of(shape: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a repaired shape without the lines and points that a repair may leave."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _merged(shapes: list[BaseGeometry]) -> BaseGeometry:
    whole = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _common(colours: list[str | None]) -> str | None:
    return colours[0] if len(set(colours)) == 1 else None


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and COLOUR.fullmatch(value) is not None


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())

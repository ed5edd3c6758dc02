"""A local ground layer: GeoJSON with a ``kind`` for each feature, for terrain that no shipped map knows."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, Polygon, shape
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import project
from dashboard.model.errors import InputError

_AREAS = {
    "water": "water",
    "river": "water",
    "road": "paved",
    "bridge": "paved",
    "runway": "paved",
    "built": "built",
    "forest": "forest",
    "field": "fields",
}
_LINES = {"water": "rivers", "river": "rivers", "road": "roads", "bridge": "bridges", "runway": "roads"}


def local_shapes(path: Path, window: tuple[float, float, float, float]) -> dict[str, list[BaseGeometry]]:
    """Return the shapes of a local layer inside (x0, y0, x1, y1), Mercator metres, by the layer they are drawn in.

    Raises
    ------
    InputError
        If the file cannot be read, is not GeoJSON, or holds a kind that is not drawn.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        msg = f"The local map layer {path.name} cannot be read ({error.strerror}); give the path of a GeoJSON file."
        raise InputError(msg) from error
    found: dict[str, list[BaseGeometry]] = {}
    for name, geometry in _read(path, changed):
        parts = shapely.get_parts(shapely.clip_by_rect(geometry, *window))
        found.setdefault(name, []).extend(part for part in parts if not part.is_empty)
    return found


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> tuple[tuple[str, BaseGeometry], ...]:
    """Return (name, simple geometry in Mercator metres); the time of the last change is part of the key."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        return tuple(item for feature in features for item in _items(feature, path))
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.GEOSException) as error:
        msg = f"The local map layer {path.name} is not a GeoJSON feature collection; export it again."
        raise InputError(msg) from error


def _items(feature: dict[str, Any], path: Path) -> list[tuple[str, BaseGeometry]]:
    kind = feature["properties"]["kind"]
    items = []
    for part in shapely.get_parts(shapely.make_valid(project(shape(feature["geometry"])))):
        table = {Polygon: _AREAS, LineString: _LINES}.get(type(part), {})
        if kind not in table:
            msg = (
                f"The local map layer {path.name} has a {part.geom_type} of kind {str(kind)[:40]!r}; "
                f"areas may be {', '.join(_AREAS)}, lines {', '.join(_LINES)}."
            )
            raise InputError(msg)
        items.append((table[kind], part))
    return items

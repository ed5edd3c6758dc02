"""The ground under everything: land, water, borders, rivers and names, offline and ready for drawing.

Natural Earth at three levels of detail, chosen by the width of the map. A local GeoJSON layer may add what
Natural Earth does not know: built-up ground, roads, runways.
"""

import math
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.geo.layers import layer
from dashboard.geo.local import local_shapes
from dashboard.geo.mercator import to_lonlat, to_mercator
from dashboard.geo.places import Place, largest
from dashboard.model.view import Extent

LABELS = 40
"""At most this many names on one map."""
_LEVELS = ((9_000_000.0, "110m"), (4_000_000.0, "50m"), (0.0, "10m"))
"""(least width of the map in Mercator metres, level)."""
_THINNING = 1 / 4000
"""Detail below this share of the map's width is left out: half a pixel on a wide screen."""
_LETTER, _LINE, _GAP = 0.007, 0.022, 0.012
"""Width of a letter, height of a line and space after a name, as shares of the map's width."""
_RANKS = (1_000_000, 300_000, 100_000, 30_000)
_SHIPPED = ("land", "water", "borders", "disputed", "rivers")

Path2D = NDArray[np.float64]
Rings = tuple[Path2D, ...]


class Label(NamedTuple):
    """A name on the map."""

    x: float
    """Mercator metres."""
    y: float
    name: str
    rank: int
    """0 for a million people and more, up to 4 for less than 30,000."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basemap:
    """What to draw, in this order. Arrays are (n, 2), Mercator metres, and must not be written to."""

    land: tuple[Rings, ...] = ()
    """Polygons: the outer ring, then holes."""
    built: tuple[Rings, ...] = ()
    forest: tuple[Rings, ...] = ()
    fields: tuple[Rings, ...] = ()
    water: tuple[Rings, ...] = ()
    """Lakes and reservoirs; the sea is what is not land."""
    paved: tuple[Rings, ...] = ()
    """Runways, bridges and roads that are drawn as areas."""
    rivers: tuple[Path2D, ...] = ()
    roads: tuple[Path2D, ...] = ()
    bridges: tuple[Path2D, ...] = ()
    borders: tuple[Path2D, ...] = ()
    """International boundaries on land."""
    disputed: tuple[Path2D, ...] = ()
    """Disputed or indefinite boundaries and lines of control: draw them dashed."""
    places: tuple[Label, ...] = field(default=())
    """Names, weightiest first, thinned so that they do not crowd."""


def basemap(extent: Extent, extra: Path | None = None) -> Basemap:
    """Return the ground of a map, at the detail that fits its width.

    Shapes reach a little beyond the extent, so that cut edges stay out of sight, and small pans reuse the last answer.

    Parameters
    ----------
    extent : what the map shows
    extra : GeoJSON in degrees with a ``kind`` property (``water``, ``river``, ``road``, ``bridge``, ``built``,
        ``forest``, ``runway``, ``field``), drawn with the rest

    Raises
    ------
    InputError
        If `extra` cannot be read or holds a kind that is not drawn.
    """
    width = extent.x1 - extent.x0
    step = 2.0 ** math.floor(math.log2(max(width, extent.y1 - extent.y0) / 16))
    window = (
        math.floor(extent.x0 / step - 0.25) * step,
        math.floor(extent.y0 / step - 0.25) * step,
        math.ceil(extent.x1 / step + 0.25) * step,
        math.ceil(extent.y1 / step + 0.25) * step,
    )
    stamp = None if extra is None or not extra.exists() else extra.stat().st_mtime_ns
    # Rounding the width keeps a pan from changing the detail by a hair, which would miss the cache.
    return _ground(window, float(f"{width:.2g}"), extra, stamp)


@lru_cache(maxsize=64)
def _ground(window: tuple[float, float, float, float], width: float, extra: Path | None, _stamp: int | None) -> Basemap:
    level = next(name for least, name in _LEVELS if width >= least)
    tolerance = width * _THINNING
    found = {name: layer(f"{name}-{level}").inside(window, tolerance) for name in _SHIPPED}
    for name, shapes in (local_shapes(extra, window) if extra is not None else {}).items():
        found.setdefault(name, []).extend(shapes)
    drawn: dict[str, Any] = {name: tuple(_drawable(shape) for shape in shapes) for name, shapes in found.items()}
    return Basemap(**drawn, places=_labels(window, width))


def _drawable(shape: BaseGeometry) -> Path2D | Rings:
    """Return a line's points, or a polygon's rings; arrays are locked because the cache shares them."""
    parts = shapely.get_rings(shape) if isinstance(shape, Polygon) else [shape]
    points = tuple(shapely.get_coordinates(part) for part in parts)
    for array in points:
        array.flags.writeable = False
    return points if isinstance(shape, Polygon) else points[0]


def _labels(window: tuple[float, float, float, float], width: float) -> tuple[Label, ...]:
    """Return the names that fit: the weightiest first, each keeping room for itself."""
    west, south = to_lonlat(window[0], window[1])
    east, north = to_lonlat(window[2], window[3])
    kept: list[Label] = []
    for place in largest((west, south, east, north), limit=1000):
        label = Label(*to_mercator(place.lon, place.lat), place.name, _rank(place))
        if not any(_overlap(label, other, width) for other in kept):
            kept.append(label)
        if len(kept) == LABELS:
            break
    return tuple(kept)


def _overlap(a: Label, b: Label, width: float) -> bool:
    """Return whether two names, written to the right of their points, would touch."""
    left, right = sorted((a, b), key=lambda label: label.x)
    room = (_LETTER * len(left.name) + _GAP) * width
    return right.x - left.x < room and abs(a.y - b.y) < _LINE * width


def _rank(place: Place) -> int:
    return sum(place.population < least for least in _RANKS)


LAYERS = tuple(item.name for item in fields(Basemap) if item.name != "places")
"""Names of the drawn layers, from the bottom up."""

"""Teeth: triangles along a front that point to the right of its direction, toward whoever is opposed to it.

They are of one size on the screen and sit where they do by the length of the line alone, so that moving the map moves
them with it. Where the line is too crooked for a tooth, it is put a little farther on, or left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.model.view import Extent

BASE = 1.15
HEIGHT = 0.9
"""Of a tooth, as shares of its size: a little flatter than an equilateral triangle."""
ASIDE = (0.0, 0.33, -0.33, 0.66, -0.66, 0.9, -0.9)
"""Where along the line a tooth is tried, as shares of the way to where it would touch its neighbour's ground."""
CROOKED_PX = 2.25
"""How far the line may leave the straight base of a tooth."""
STRETCHED = 0.8
"""Least length of a base, as a share of the length of the line under it."""
CLEAR_PX = 1.5
"""Room between a tooth and the rest of the line."""
THIN_PX = 0.5
"""Detail of the line that no screen shows."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """A line with its length measured along it, in pixels of one zoom. Parts follow each other with a pixel between."""

    points: Floats
    """(n, 2) vertices."""
    at: Floats
    """(n,) length up to each vertex, increasing."""
    part: Integers
    """(n,) number of the part that each vertex is of."""

    def places(self, at: Floats) -> Floats:
        """Return the places at lengths along the line, with a last axis of x and y."""
        i = np.clip(np.searchsorted(self.at, at, side="right") - 1, 0, len(self.at) - 2)
        share = (at - self.at[i]) / np.maximum(self.at[i + 1] - self.at[i], 1e-12)
        start = self.points[i]
        found: Floats = start + share[..., None] * (self.points[i + 1] - start)
        return found


def teeth(
    line: BaseGeometry,
    metres_per_pixel: float,
    *,
    spacing_px: float = 26,
    size_px: float = 9,
    extent: Extent | None = None,
) -> list[Polygon]:
    """Return the teeth of a front, each a triangle in Mercator metres whose base follows the line.

    Parameters
    ----------
    line : line, ring, area (its edges) or several, Mercator metres; teeth stand to the right of their direction
    metres_per_pixel : of the screen they are drawn on, > 0
    spacing_px : from tooth to tooth along the line, more than 1.5 times the size; stretched so that every part has a
        whole number of them, at least one if it is longer than a tooth
    size_px : of a tooth
    extent : what the screen shows; teeth beyond it are left out. None makes all of them

    Returns
    -------
    teeth in the order of the line; they do not overlap each other, nor does the line run through one

    Raises
    ------
    InputError
        If the screen has no scale, or the teeth no size or no room.
    """
    if not (metres_per_pixel > 0 and size_px > 0 and spacing_px > 1.5 * size_px):
        msg = (
            f"Teeth of {size_px:g} px every {spacing_px:g} px at {metres_per_pixel:g} m a pixel cannot be drawn; "
            "give sizes above 0 and a spacing of more than 1.5 teeth."
        )
        raise InputError(msg)
    track = _track(line, metres_per_pixel)
    if track is None:
        return []
    window = None if extent is None else np.array([extent.x0, extent.y0, extent.x1, extent.y1]) / metres_per_pixel
    stations = _stations(track, spacing_px, BASE * size_px, _grown(window, 2 * size_px))
    corners = _stand(track, _near(track, _grown(window, 2 * spacing_px)), stations, size_px)
    return list(_polygons(corners * metres_per_pixel))


def _track(line: BaseGeometry, metres_per_pixel: float) -> _Track | None:
    """Measure a line, thinned to the first vertex in each half pixel that it runs through."""
    parts = shapely.get_parts(line)
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts = np.concatenate([parts[~areas], shapely.get_rings(parts[areas])])
    points, part = shapely.get_coordinates(parts, return_index=True)
    points = points / metres_per_pixel
    if len(points) < 2:
        return None
    cell = np.floor(points / THIN_PX)
    starts = np.append(True, part[1:] != part[:-1])
    kept = starts | np.append(True, (cell[1:] != cell[:-1]).any(axis=1)) | np.append(starts[1:], True)
    points, part = points[kept], part[kept]
    step = np.hypot(*np.diff(points, axis=0).T)
    step[part[1:] != part[:-1]] = 1.0
    return _Track(points, np.append(0.0, np.cumsum(step)), part)


def _grown(window: Floats | None, by: float) -> Floats | None:
    return None if window is None else window + np.array([-by, -by, by, by])


def _seen(track: _Track, window: Floats | None) -> tuple[Integers, Floats, Floats]:
    """Return the edges that a window shows, and the shares of each at which it enters and leaves the window.

    The clipping is that of Liang and Barsky (1984), of all edges at once.
    """
    start, along = track.points[:-1], np.diff(track.points, axis=0)
    first, last = np.zeros(len(along)), np.ones(len(along))
    last[track.part[1:] != track.part[:-1]] = -1.0
    if window is not None:
        for axis in (0, 1):
            low, high = window[axis] - start[:, axis], window[axis + 2] - start[:, axis]
            with np.errstate(divide="ignore", invalid="ignore"):
                one, other = low / along[:, axis], high / along[:, axis]
            level = along[:, axis] == 0
            inside = (low <= 0) & (high >= 0)
            first = np.maximum(first, np.where(level, np.where(inside, 0.0, 2.0), np.minimum(one, other)))
            last = np.minimum(last, np.where(level, 1.0, np.maximum(one, other)))
    edges = np.flatnonzero(first <= last)
    return edges, first[edges], last[edges]


def _stations(track: _Track, spacing: float, base: float, window: Floats | None) -> tuple[Floats, Floats]:
    """Return the length along the line of every tooth that a window shows, and how far each may be put aside."""
    begins = np.flatnonzero(np.append(True, track.part[1:] != track.part[:-1]))
    start = track.at[begins]
    length = track.at[np.append(begins[1:], len(track.at)) - 1] - start
    count = np.where(length > base, np.maximum(1, np.round(length / spacing)), 0)
    step = np.where(count > 0, length / np.maximum(count, 1), 1.0)
    edges, first, last = _seen(track, window)
    part = np.searchsorted(begins, edges, side="right") - 1
    from_start, reach = track.at[edges] - start[part], track.at[edges + 1] - track.at[edges]
    low = np.maximum(np.ceil((from_start + first * reach) / step[part] - 0.5), 0)
    high = np.minimum(np.floor((from_start + last * reach) / step[part] - 0.5), count[part] - 1)
    many = np.maximum(high - low + 1, 0).astype(np.int64)
    edge = np.repeat(np.arange(len(edges)), many)
    number = low[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(many) - many, many)
    at, once = np.unique(start[part[edge]] + (number + 0.5) * step[part[edge]], return_index=True)
    return at, (step[part[edge[once]]] - base) / 2


def _stand(track: _Track, line: BaseGeometry, stations: tuple[Floats, Floats], size: float) -> Floats:
    """Return (m, 6, 2) corners of the teeth that can stand at their stations or a little aside."""
    at, room = stations
    corners = np.full((len(at), 6, 2), np.nan)
    left = np.arange(len(at))
    for aside in ASIDE:
        found, fits = _triangles(track, at[left] + aside * room[left], size)
        clear = fits.copy()
        clear[fits] = ~shapely.intersects(line, _polygons(_lifted(found[fits], size)))
        clear[clear] = shapely.is_valid(_polygons(found[clear]))
        corners[left[clear]] = found[clear]
        left = left[~clear]
    return _apart(corners[np.isfinite(corners[:, 0, 0])])


def _triangles(track: _Track, at: Floats, size: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (m, 6, 2) teeth with their bases round lengths along the line, and which of them lie well on it.

    Five corners follow the line, so that no gap shows where it bends; the last is the tip.
    """
    half = BASE * size / 2
    places = track.places(at[:, None] + half * np.array([-1.0, -0.5, 0.0, 0.5, 1.0]))
    one, other = places[:, 0], places[:, -1]
    base = other - one
    width = np.hypot(base[:, 0], base[:, 1])
    right = np.column_stack([base[:, 1], -base[:, 0]]) / np.maximum(width, 1e-12)[:, None]
    between = places[:, 1:-1] - one[:, None]
    off = np.abs((between * right[:, None]).sum(axis=2)).max(axis=1, initial=0.0)
    apex = (one + other) / 2 + HEIGHT * size * right
    return np.concatenate([places, apex[:, None]], axis=1), (off <= CROOKED_PX) & (width >= STRETCHED * 2 * half)


def _lifted(teeth_: Floats, size: float) -> Floats:
    """Return teeth raised off their bases and longer at the top: the ground that must be free of the line."""
    base, apex = teeth_[:, [0, -2]], teeth_[:, -1:]
    middle = base.mean(axis=1, keepdims=True)
    up = (apex - middle) / (HEIGHT * size)
    return np.concatenate([middle + 0.8 * (base - middle) + (CROOKED_PX + 0.25) * up, apex + CLEAR_PX * up], axis=1)


def _apart(corners: Floats) -> Floats:
    """Return the teeth that overlap none before them: whether those are there or not, lest one end change the other."""
    shapes = _polygons(corners)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    stays = np.ones(len(corners), dtype=bool)
    stays[np.maximum(one, other)[one != other]] = False
    return corners[stays]


def _near(track: _Track, window: Floats | None) -> BaseGeometry:
    """Return the runs of edges that a window shows, prepared to be asked what meets them."""
    edges, _, _ = _seen(track, window)
    if not len(edges):
        return shapely.MultiLineString()
    ends = np.append(np.diff(edges) > 1, True)
    run = np.cumsum(ends) - ends
    after = np.flatnonzero(ends) + 1
    vertices, owner = np.insert(edges, after, edges[ends] + 1), np.insert(run, after, run[ends])
    runs: Any = shapely.linestrings(track.points[vertices], indices=owner)
    line = shapely.MultiLineString(list(runs))
    shapely.prepare(line)
    return line


def _polygons(corners: Floats) -> NDArray[Any]:
    return np.asarray(shapely.polygons(corners), dtype=object)

"""Many points, lines and areas as one picture: past a few thousand, a map layer of shapes is slower than its image.

Datashader marks the points. Lines and areas have kernels of their own: Datashader walks a line at 100 ns a segment and
tests every pixel of an area against every edge of it, 66 ms for 30,000 lines and 1.9 s for one country's border, where
a frame has 20 ms. What the kernels mark is tested against what Datashader marks.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import datashader
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import InputError
from dashboard.render import kernels
from dashboard.render.compose import Rgba

MARGIN_PX = 3
"""Around a picture, read but not shown: what is drawn wide reaches in from outside."""
MAX_RANKS = 255
Places = NDArray[np.float64]
"""(n, 2) of x and y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """Shapes ready to be drawn at any zoom."""

    x: NDArray[np.float64]
    """Of every vertex of a line or ring, Mercator metres."""
    y: NDArray[np.float64]
    starts: NDArray[np.int64]
    """(paths + 1,) where each path's vertices begin."""
    owners: NDArray[np.int64]
    """(paths,) which shape each is of."""
    signs: NDArray[np.int8]
    """(paths,) 0 for a line; for a ring the factor that makes its outside wind once and its holes back."""
    spots: NDArray[np.float64]
    """(points, 2) Mercator metres."""
    spot_owners: NDArray[np.int64]
    bounds: NDArray[np.float64]
    """(shapes, 4) west, south, east, north in Mercator metres; not a number for an empty shape."""
    ranks: NDArray[np.uint8]
    """(shapes,) 1 to 255: of two that meet in a pixel the greater is seen."""

    def inside(self, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.bool_]:
        """Return which shapes' boxes touch a rectangle, (shapes,)."""
        west, south, east, north = self.bounds.T
        touching: NDArray[np.bool_] = (west <= x1) & (east >= x0) & (south <= y1) & (north >= y0)
        return touching


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels on the world's own grid, whose pixel corners lie at whole multiples of its sizes."""

    col: int
    """Of the left pixel."""
    row: int
    """Of the upper pixel, growing southward."""
    width: int
    height: int
    sizes: tuple[float, float]
    """Width and height of a pixel, Mercator metres."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north), Mercator metres."""
        across, down = self.sizes
        west, north = self.col * across, -self.row * down
        return west, north - self.height * down, west + self.width * across, north

    def grown(self, pixels: int) -> "Window":
        """Return the window with a border around it."""
        width, height = self.width + 2 * pixels, self.height + 2 * pixels
        return Window(self.col - pixels, self.row - pixels, width, height, self.sizes)


@dataclass(frozen=True, slots=True)
class Marks:
    """Which rank is seen in every pixel of a window, (y, x) each, 0 for none."""

    fills: NDArray[np.uint8]
    lines: NDArray[np.uint8]
    spots: NDArray[np.uint8]

    @classmethod
    def empty(cls, window: Window) -> "Marks":
        """Return marks of nothing."""
        return cls(*(np.zeros((window.height, window.width), np.uint8) for _ in range(3)))


def as_they_are(places: Places) -> Places:
    """Return coordinates that are Mercator metres already."""
    return places


def strokes(
    geometries: Sequence[BaseGeometry] | NDArray[np.object_],
    ranks: NDArray[np.uint8],
    *,
    metres: Callable[[Places], Places] = as_they_are,
) -> Strokes:
    """Return shapes taken apart for drawing.

    Parameters
    ----------
    geometries : (shapes,) points, lines and polygons and their multiples; invalid ones are drawn too
    ranks : (shapes,) 1 to 255
    metres : makes Mercator metres of the geometries' coordinates, (n, 2) of (n, 2), each axis rising by itself: far
        cheaper for arrays than for geometries

    Raises
    ------
    InputError
        If there is not one rank per shape, or one is 0.
    """
    shapes = np.asarray(geometries, dtype=object)
    ranks = np.asarray(ranks, np.uint8)
    if len(ranks) != len(shapes) or (ranks == 0).any():
        raise InputError(f"{len(shapes)} shapes have {len(ranks)} ranks; give each one from 1 to {MAX_RANKS}.")
    parts, owners = _simple(shapes)
    kinds = shapely.get_type_id(parts)
    rings, polygon = shapely.get_rings(parts[kinds == _POLYGON], return_index=True)
    lines = (kinds == _LINE) | (kinds == _RING)
    paths = np.concatenate([rings, parts[lines]])
    path_owners = np.concatenate([owners[kinds == _POLYGON][polygon], owners[lines]])
    coordinates, of = shapely.get_coordinates(paths, return_index=True)
    starts = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(paths)))]).astype(np.int64)
    x, y = np.ascontiguousarray(metres(coordinates).T)
    signs = np.zeros(len(paths), np.int8)
    signs[: len(rings)] = _signs(x, y, starts[: len(rings) + 1], polygon)
    points = kinds == _POINT
    return Strokes(
        x=x,
        y=y,
        starts=starts,
        owners=path_owners,
        signs=signs,
        spots=metres(shapely.get_coordinates(parts[points])),
        spot_owners=owners[points],
        bounds=metres(shapely.bounds(shapes).reshape(-1, 2)).reshape(-1, 4),
        ranks=ranks,
    )


def mark(shapes: Strokes, window: Window, marks: Marks, *, hidden: NDArray[np.bool_] | None = None) -> Marks:
    """Draw shapes over marks and return them: the arrays of `marks` are written.

    Parameters
    ----------
    hidden : (shapes,) what is not drawn
    """
    seen = shapes.inside(*window.grown(1).bounds)
    if hidden is not None:
        seen &= ~hidden
    if not seen.any():
        return marks
    across, down = window.sizes
    grid = (1 / across, -1 / down, window.col, window.row)
    paths = (shapes.x, shapes.y, shapes.starts)
    chosen = np.flatnonzero(seen[shapes.owners])
    kernels.trace(paths, chosen, shapes.ranks[shapes.owners[chosen]], grid, marks.lines)
    _fill(shapes, chosen[shapes.signs[chosen] != 0], grid, marks.fills)
    _spots(shapes, seen, window, marks.spots)
    return marks


def coloured(marks: Marks, fills: NDArray[np.uint8], lines: NDArray[np.uint8]) -> Rgba:
    """Return marks as a picture without their margin of `MARGIN_PX`.

    Parameters
    ----------
    fills, lines : (256, 4) RGBA of each rank's area and of its lines and points; row 0 is nothing
    """
    spots, lines_too = _wide(marks.spots, -1, 2), _wide(marks.lines, 0, 1)
    drawn = np.where(spots > 0, spots, lines_too)
    margin = slice(MARGIN_PX, -MARGIN_PX)
    under = np.ascontiguousarray(marks.fills[margin, margin])
    tables = np.ascontiguousarray(np.stack([fills, lines])).view(np.uint32)[..., 0]
    out = np.empty((*under.shape, 4), np.uint8)
    kernels.paint(drawn.reshape(-1), under.reshape(-1), tables, out.reshape(-1).view(np.uint32))
    return out


_POINT, _LINE, _RING, _POLYGON = 0, 1, 2, 3
"""Shapely's type numbers."""


def _simple(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return every simple, not empty member however deep collections nest, and which shape it is of."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    full = ~shapely.is_empty(parts)
    return parts[full], owners[full]


def _signs(
    x: NDArray[np.float64], y: NDArray[np.float64], starts: NDArray[np.int64], polygon: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Return the factor of each ring: outer rings come first in their polygon and wind once, the others back."""
    if not len(polygon):
        return np.zeros(0, np.int8)
    end = starts[-1]
    u, v = x[:end] - x[0], y[:end] - y[0]
    cross = np.zeros(end)
    cross[:-1] = u[:-1] * v[1:] - u[1:] * v[:-1]
    cross[starts[1:] - 1] = 0  # from a ring's last vertex to the next ring's first
    area = np.add.reduceat(cross, starts[:-1])
    outer = np.concatenate([[True], polygon[1:] != polygon[:-1]])
    return np.where((area > 0) == outer, 1, -1).astype(np.int8)


def _fill(
    shapes: Strokes, rings: NDArray[np.int64], grid: tuple[float, float, int, int], out: NDArray[np.uint8]
) -> None:
    """Fill areas, the greatest rank last; of each rank only the rectangle that its areas lie in is looked at."""
    ranks = shapes.ranks[shapes.owners[rings]]
    turns = np.zeros(out.shape, np.int32)
    own = np.zeros_like(out)
    for rank in np.unique(ranks):
        same = rings[ranks == rank]
        rows, cols = _rectangle(shapes.bounds[shapes.owners[same]], grid, out.shape)
        part = (grid[0], grid[1], grid[2] + cols.start, grid[3] + rows.start)
        kernels.wind((shapes.x, shapes.y, shapes.starts), same, shapes.signs[same], part, turns[rows, cols])
        kernels.flood(turns[rows, cols], int(rank), own[rows, cols])
    np.maximum(out, own, out=out)


def _rectangle(
    bounds: NDArray[np.float64], grid: tuple[float, float, int, int], shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Return the rows and columns of a window that boxes reach into."""
    least, most = bounds.min(axis=0), bounds.max(axis=0)
    return (
        _between(float(most[3]) * grid[1], float(least[1]) * grid[1], grid[3], shape[0]),
        _between(float(least[0]) * grid[0], float(most[2]) * grid[0], grid[2], shape[1]),
    )


def _between(low: float, high: float, offset: int, size: int) -> slice:
    first, last = (min(max(math.floor(place) - offset, 0), size) for place in (low, high))
    return slice(first, min(last + 1, size))


def _spots(shapes: Strokes, seen: NDArray[np.bool_], window: Window, out: NDArray[np.uint8]) -> None:
    near = seen[shapes.spot_owners]
    if not near.any():
        return
    x, y = shapes.spots[near].T
    points = pd.DataFrame({"x": x, "y": y, "rank": shapes.ranks[shapes.spot_owners[near]]})
    west, south, east, north = window.bounds
    canvas = datashader.Canvas(window.width, window.height, x_range=(west, east), y_range=(south, north))
    found = canvas.points(points, "x", "y", agg=datashader.max("rank")).values[::-1]
    np.maximum(out, np.nan_to_num(found).astype(np.uint8), out=out)


def _wide(marks: NDArray[np.uint8], first: int, last: int) -> NDArray[np.uint8]:
    """Return marks that also fill the pixels from `first` to `last` right of and below them, margins cut off."""
    rows, cols = marks.shape
    wide = marks[:, MARGIN_PX - last : cols - MARGIN_PX - last].copy()
    for shift in range(first, last):
        np.maximum(wide, marks[:, MARGIN_PX - shift : cols - MARGIN_PX - shift], out=wide)
    high = wide[MARGIN_PX - last : rows - MARGIN_PX - last].copy()
    for shift in range(first, last):
        np.maximum(high, wide[MARGIN_PX - shift : rows - MARGIN_PX - shift], out=high)
    return high

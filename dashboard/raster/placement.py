"""Where the pixels of a picture lie on an acquisition's own grid.

Projecting every pixel of a frame costs more than drawing it. Map projections are smooth, so the coordinates are
computed at every 32nd pixel centre and are bilinear between. Each placement compares its nodes with what every second
one of them would have given, and halves the step until that is off by less than a hundredth of a source pixel.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.model.acquisition import Pixels

MAX_ERROR_PX = 0.01
"""Largest error allowed to every second node, in pixels of the level that is read; that of all nodes is a quarter."""

_FIRST_STEP = 32
_OUTLINE_POINTS = 33
_OUTLINE_MARGIN = 0.02


class Grid(NamedTuple):
    """The part of `Pixels` that says where they are."""

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placement:
    """The part of a picture that can see the raster, and the raster coordinates of its pixels."""

    rows: slice
    """Of the picture."""
    cols: slice
    """Of the picture."""
    nodes: NDArray[np.float64]
    """(2, y, x): native column and row of every `step`-th pixel centre of that part, one node past its end."""
    step: int
    """Picture pixels between nodes."""
    ratio: float
    """Native pixels per picture pixel, where and in the direction it is least."""

    @property
    def size(self) -> int:
        """Picture pixels that may see the raster."""
        return int(self.rows.stop - self.rows.start) * int(self.cols.stop - self.cols.start)

    def trimmed(self) -> NDArray[np.float64]:
        """Return the nodes with those past the end moved back to the last pixel: what is really looked at."""
        nodes = self.nodes
        for axis, span in ((1, self.rows), (2, self.cols)):
            cell, rest = divmod(span.stop - span.start - 1, self.step)
            before, after = (np.take(nodes, [min(cell + n, nodes.shape[axis] - 1)], axis=axis) for n in (0, 1))
            last = before + (after - before) * (rest / self.step)
            nodes = np.concatenate([np.take(nodes, range(cell + 1), axis=axis), last], axis=axis)
        return nodes


def grid_of(pixels: Pixels) -> Grid:
    """Return where the pixels are."""
    return Grid(pixels.crs, pixels.transform, pixels.shape)


@lru_cache(maxsize=64)
def place(grid: Grid, geobox: GeoBox) -> Placement | None:
    """Return where the pixels of `geobox` lie on `grid`, or None when no pixel can see it."""
    part = _visible(grid, geobox)
    if part is None:
        return None
    rows, cols = part
    shape = rows.stop - rows.start, cols.stop - cols.start
    corner = geobox.affine @ Affine.translation(cols.start + 0.5, rows.start + 0.5)
    step = _FIRST_STEP
    while True:
        nodes = _nodes(grid, geobox.crs, corner, shape, step)
        ratio = _ratio(nodes, step)
        if step == 1 or _error(nodes) < MAX_ERROR_PX / 2 * max(ratio, 2.0):
            break
        step //= 2
    nodes.flags.writeable = False
    return Placement(rows, cols, nodes, step, ratio)


def native_pixel(grid: Grid, lon: float, lat: float) -> tuple[int, int] | None:
    """Return the (row, column) under a point in degrees, or None outside."""
    x, y = _transformer("EPSG:4326", grid.crs).transform(lon, lat)
    if not (np.isfinite(x) and np.isfinite(y)):
        return None
    col, row = (int(np.floor(v)) for v in ~Affine(*grid.transform) @ (x, y))
    inside = 0 <= row < grid.shape[0] and 0 <= col < grid.shape[1]
    return (row, col) if inside else None


def native_window(grid: Grid, bbox: tuple[float, float, float, float]) -> tuple[slice, slice] | None:
    """Return the rows and columns that a (west, south, east, north) box in degrees touches, or None."""
    bounds = _transformer("EPSG:4326", grid.crs).transform_bounds(*bbox, densify_pts=_OUTLINE_POINTS)
    if not np.isfinite(bounds).all():
        return None
    col, row = ~Affine(*grid.transform) @ (np.array(bounds)[[0, 0, 2, 2]], np.array(bounds)[[1, 3, 1, 3]])
    spans = []
    for values, size in ((row, grid.shape[0]), (col, grid.shape[1])):
        first = int(np.clip(np.floor(values.min()), 0, size))
        last = int(np.clip(np.ceil(values.max()), 0, size))
        if first >= last:
            return None
        spans.append(slice(first, last))
    return spans[0], spans[1]


def _nodes(grid: Grid, crs: CRS, corner: Affine, shape: tuple[int, int], step: int) -> NDArray[np.float64]:
    """Return native (column, row) at every `step`-th pixel centre; an odd count of nodes each way, 3 or more."""
    counts = [2 * max(1, -(-(n - 1) // (2 * step))) + 1 for n in shape]
    down, right = np.meshgrid(*(np.arange(n, dtype=float) * step for n in counts), indexing="ij")
    x, y = corner @ (right, down)
    source = CRS(grid.crs)
    if crs != source:
        x, y = _transformer(str(crs), grid.crs).transform(x, y)
    nodes = np.stack(~Affine(*grid.transform) @ (x, y))
    nodes[~np.isfinite(nodes)] = np.nan
    return nodes


def _error(nodes: NDArray[np.float64]) -> float:
    """Return how far, in native pixels, every second node is from the mean of its neighbours; inf where undefined."""
    coarse = nodes[:, ::2, ::2]
    rows = nodes[:, 1::2, ::2] - (coarse[:, :-1] + coarse[:, 1:]) / 2
    cols = nodes[:, ::2, 1::2] - (coarse[:, :, :-1] + coarse[:, :, 1:]) / 2
    middle = (
        nodes[:, 1::2, 1::2] - (coarse[:, :-1, :-1] + coarse[:, 1:, 1:] + coarse[:, :-1, 1:] + coarse[:, 1:, :-1]) / 4
    )
    worst = float(np.max([np.abs(part).max() for part in (rows, cols, middle)]))
    return np.inf if np.isnan(worst) else worst


def _ratio(nodes: NDArray[np.float64], step: int) -> float:
    lengths = [np.hypot(*np.diff(nodes, axis=axis)) for axis in (1, 2)]
    known = [float(np.nanmin(length)) for length in lengths if not np.isnan(length).all()]
    return min(known) / step if known else 1.0


def _visible(grid: Grid, geobox: GeoBox) -> tuple[slice, slice] | None:
    """Return the rows and columns of the picture that may see the raster; a pixel too many rather than one too few."""
    height, width = (int(n) for n in geobox.shape)
    x, y = _outline(grid, str(geobox.crs))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return slice(0, height), slice(0, width)
    col, row = ~geobox.affine @ (x, y)
    spans = []
    for values, size in ((row, height), (col, width)):
        margin = 1 + _OUTLINE_MARGIN * float(np.ptp(values))
        first = int(np.clip(np.floor(values.min() - margin), 0, size))
        last = int(np.clip(np.ceil(values.max() + margin), 0, size))
        if first >= last:
            return None
        spans.append(slice(first, last))
    return spans[0], spans[1]


@lru_cache(maxsize=1024)
def _outline(grid: Grid, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points on the raster's edge in another projection."""
    rows, cols = grid.shape
    along = np.linspace(0.0, 1.0, _OUTLINE_POINTS)
    zero, one = np.zeros_like(along), np.ones_like(along)
    col = np.concatenate([along, one, along, zero]) * cols
    row = np.concatenate([zero, along, one, along]) * rows
    x, y = Affine(*grid.transform) @ (col, row)
    if CRS(grid.crs) == CRS(crs):
        return x, y
    return _transformer(grid.crs, crs).transform(x, y)


_own = threading.local()


def _transformer(source: str, target: str) -> Transformer:
    """Return this thread's transformer: pyproj's are not for two threads at once."""
    known: dict[tuple[str, str], Transformer] = _own.__dict__.setdefault("known", {})
    found = known.get((source, target))
    if found is None:
        found = known[source, target] = Transformer.from_crs(source, target, always_xy=True)
    return found

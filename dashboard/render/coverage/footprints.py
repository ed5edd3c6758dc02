"""How many looks, of how many kinds, when last and with which gap: of footprints, per pixel of the screen.

The screen's pixels are those of the world's own grid, as for strokes: a dragged map meets the same pixels again. Counts
walk along outlines and so cost what their outlines cost, however much ground they cover; the last look writes every
pixel once, newest first. A gap must visit every look of every pixel: where that would take too long it is worked out
for every second, fourth, ... pixel and each value is exact for the middle of its block.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import RADIUS_M, to_mercator
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.render.coverage import kernels
from dashboard.render.coverage.times import kernels as times_kernels

MOST_VISITS = 300_000_000
"""Looks times pixels up to which gaps are worked out for every pixel: a tenth of a second."""
_TURN = 360.0
_SIZE_DIGITS = 9
"""Of a pixel's size: a millionth of a pixel across the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprints:
    """Areas ready to be counted at any zoom."""

    outlines: kernels.Outlines
    boxes: NDArray[np.float64]
    """(shapes, 4) Mercator metres; not a number for an empty shape."""

    def __len__(self) -> int:
        return len(self.boxes)

    def inside(self, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.bool_]:
        """Return which footprints' boxes touch a rectangle in Mercator metres, (shapes,)."""
        west, south, east, north = self.boxes.T
        touching: NDArray[np.bool_] = (west <= x1) & (east >= x0) & (south <= y1) & (north >= y0)
        return touching


def footprints(geometries: Sequence[BaseGeometry] | NDArray[np.object_]) -> Footprints:
    """Return footprints taken apart.

    Parameters
    ----------
    geometries : valid Polygons and MultiPolygons in degrees; what reaches beyond ±180 is there on the other side, too

    Raises
    ------
    InputError
        If one is no polygon.
    """
    shapes = np.asarray(geometries, dtype=object)
    if not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        raise InputError("A footprint is no polygon; give Polygons and MultiPolygons.")
    shapes = _turned(shapely.orient_polygons(shapes)) if len(shapes) else shapes
    parts, part_owners = shapely.get_parts(shapes, return_index=True)
    rings, ring_parts = shapely.get_rings(parts, return_index=True)
    points, owners = shapely.get_coordinates(rings, return_index=True)
    lon, lat = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    inner = shapely.point_on_surface(shapes)
    spots = np.stack([shapely.get_x(inner), to_mercator(shapely.get_x(inner), shapely.get_y(inner))[1]], axis=1)
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    low, high = to_mercator(west, south), to_mercator(east, north)
    outlines = kernels.Outlines(
        lon=lon, lat=lat, y=to_mercator(lon, lat)[1], rings=_starts(owners, len(rings)),
        shapes=_starts(part_owners[ring_parts], len(shapes)), boxes=np.stack([west, low[1], east, high[1]], axis=1),
        spots=np.ascontiguousarray(spots),
    )  # fmt: skip
    return Footprints(outlines=outlines, boxes=np.stack([low[0], low[1], high[0], high[1]], axis=1))


def _turned(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes within ±180 degrees: what lies beyond is cut and laid where it belongs."""
    bounds = shapely.bounds(shapes)
    beyond = np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180))
    if len(beyond):
        shapes = shapes.copy()
        world = shapely.box(-180, -90, 180, 90)
        for at in beyond:
            turns = [translate(shapes[at], xoff=by) for by in (-_TURN, 0.0, _TURN)]
            cut = shapely.union_all([shapely.intersection(turn, world) for turn in turns])
            areas = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon"]
            shapes[at] = shapely.orient_polygons(shapely.MultiPolygon(areas))
    return shapes


def _starts(owners: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Window:
    """Pixels in Mercator metres; those of a screen have their corners at whole multiples of their size."""

    col: float
    """Of the left pixel; whole for a screen."""
    row: float
    """Of the upper pixel, growing southward; whole for a screen."""
    width: int
    height: int
    sizes: tuple[float, float]
    """Width and height of a pixel, Mercator metres."""

    @classmethod
    def of(cls, geobox: GeoBox) -> "Window":
        """Return the window of pixels that covers a screen: up to a pixel more on each side.

        Raises
        ------
        GridMismatchError
            If the grid is rotated or not north up.
        """
        across, turn, west, tilt, down, north = tuple(geobox.affine)[:6]
        if turn != 0 or tilt != 0 or across <= 0 or down >= 0:
            raise GridMismatchError("The grid is rotated or not north up; draw coverage on a north-up grid.")
        height, width = geobox.shape
        across, down = (float(f"{size:.{_SIZE_DIGITS}g}") for size in (across, -down))
        col, row = math.floor(west / across), math.floor(-north / down)
        right, bottom = math.ceil(west / across + width), math.ceil(-north / down + height)
        return cls(col, row, right - col, bottom - row, (across, down))

    @classmethod
    def exactly(cls, geobox: GeoBox) -> "Window":
        """Return the pixels of a north-up grid as they are."""
        across, _, west, _, down, north = tuple(geobox.affine)[:6]
        return cls(west / across, north / down, geobox.shape[1], geobox.shape[0], (across, -down))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north), Mercator metres."""
        across, down = self.sizes
        west, north = self.col * across, -self.row * down
        return west, north - self.height * down, west + self.width * across, north

    def coarse(self, block: int) -> "Window":
        """Return the window of blocks of pixels that covers this one."""
        if block == 1:
            return self
        col, row = math.floor(self.col / block), math.floor(self.row / block)
        right, bottom = math.ceil((self.col + self.width) / block), math.ceil((self.row + self.height) / block)
        return Window(col, row, right - col, bottom - row, (self.sizes[0] * block, self.sizes[1] * block))

    @property
    def grid(self) -> kernels.Grid:
        """The same in the kernels' units."""
        west, _, _, north = self.bounds
        degrees = math.degrees(1.0 / RADIUS_M)
        return kernels.Grid(
            west=west * degrees, step=self.sizes[0] * degrees, north=north, size=self.sizes[1], width=self.width,
            height=self.height,
        )  # fmt: skip

    @property
    def latitudes(self) -> NDArray[np.float64]:
        """Of the middle of every row, degrees."""
        y = -(self.row + np.arange(self.height) + 0.5) * self.sizes[1]
        latitudes: NDArray[np.float64] = np.degrees(np.arctan(np.sinh(y / RADIUS_M)))
        return latitudes

    @property
    def ground(self) -> NDArray[np.float64]:
        """(rows,) ground area of a pixel of each row, as a share of the area at the equator."""
        weights: NDArray[np.float64] = np.cos(np.radians(self.latitudes)) ** 2
        return weights


def counts(shapes: Footprints, order: NDArray[np.int64], window: Window, *, small: bool = True) -> NDArray[np.int32]:
    """Return how many of the footprints named in `order` cover the middle of every pixel, (y, x).

    Parameters
    ----------
    small : count one so small that it lies between the middles of all pixels in the pixel that it lies in: it is to be
        seen on a map, and would be too much ground in a sum
    """
    steps = np.zeros((window.height, window.width + 1), np.int32)
    kernels.count(shapes.outlines, _seen(shapes, order, window), window.grid, window.latitudes, steps, small)
    found: NDArray[np.int32] = np.cumsum(steps[:, :-1], axis=1, dtype=np.int32)
    return found


def kinds(shapes: Footprints, order: NDArray[np.int64], kind: NDArray[np.int64], window: Window) -> NDArray[np.int32]:
    """Return how many different kinds (shapes,) of footprints cover every pixel, (y, x)."""
    total = np.zeros((window.height, window.width), np.int32)
    for one in np.unique(kind[order]):
        total += counts(shapes, order[kind[order] == one], window) > 0
    return total


def latest(shapes: Footprints, order: NDArray[np.int64], window: Window) -> NDArray[np.int32]:
    """Return the last place in `order` of a footprint over every pixel, (y, x); -1 where there is none."""
    out = np.full((window.height, window.width), -1, np.int32)
    chosen = np.flatnonzero(shapes.inside(*window.bounds)[order])[::-1]
    times_kernels.newest(shapes.outlines, order[chosen], window.grid, window.latitudes, out)
    return np.where(out >= 0, chosen[out], -1).astype(np.int32) if len(chosen) else out


@dataclass(frozen=True, slots=True)
class Gaps:
    """Longest times between looks."""

    gap: NDArray[np.int32]
    """(y, x) seconds; -1 where there were fewer than two looks."""
    seen: NDArray[np.bool_]
    """(y, x) whether there was a look."""
    block: int
    """Pixels a side for which one value was worked out, at their middle."""


def gaps(
    shapes: Footprints, order: NDArray[np.int64], times: NDArray[np.int64], window: Window, *, block: int | None = None
) -> Gaps:
    """Return the longest time between two looks of every pixel.

    Parameters
    ----------
    order : footprints, oldest first
    times : (order,) when each look began, seconds
    block : pixels a side for which one value is worked out; None for what `gap_block` says of the window

    Raises
    ------
    InputError
        If the times span more than 68 years.
    """
    chosen = np.flatnonzero(shapes.inside(*window.bounds)[order])
    block = gap_block(shapes, order, window) if block is None else block
    coarse = window.coarse(block)
    state = np.empty((2, coarse.height, coarse.width), np.int32)
    state[0], state[1] = times_kernels.ONCE, times_kernels.NEVER
    since = times[chosen] - (times[chosen[0]] if len(chosen) else 0)
    if len(chosen) and since[-1] >= times_kernels.NEVER:
        raise InputError("The looks span more than 68 years; choose a shorter period.")
    times_kernels.gaps(shapes.outlines, order[chosen], since.astype(np.int32), coarse.grid, coarse.latitudes, state)
    rows = ((window.row + np.arange(window.height)) // block - coarse.row).astype(np.intp)
    columns = ((window.col + np.arange(window.width)) // block - coarse.col).astype(np.intp)
    gap, last = (part[rows[:, None], columns[None, :]] if block > 1 else part for part in state)
    return Gaps(gap, last != times_kernels.NEVER, block)


def gap_block(shapes: Footprints, order: NDArray[np.int64], window: Window) -> int:
    """Return the size of the blocks that keep gaps affordable: what footprints' boxes cover bounds the work."""
    west, south, east, north = window.bounds
    boxes = shapes.boxes[_seen(shapes, order, window)]
    across = np.minimum(boxes[:, 2], east) - np.maximum(boxes[:, 0], west)
    down = np.minimum(boxes[:, 3], north) - np.maximum(boxes[:, 1], south)
    visits = float((across * down).sum()) / (window.sizes[0] * window.sizes[1])
    block = 1
    while visits / block**2 > MOST_VISITS and block < 16:
        block *= 2
    return block


def _seen(shapes: Footprints, order: NDArray[np.int64], window: Window) -> NDArray[np.int64]:
    return order[shapes.inside(*window.bounds)[order]]

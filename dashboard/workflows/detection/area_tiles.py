"""The grid of an area run, cut into tiles; pieces of it that do not depend on how it is cut."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.model.errors import InputError

CELL = 32
"""Pixels along a side of the cells in which observed pixels are counted; every tile is made of whole ones."""
BLOCK = 512
"""Pixels along a side of an archived block."""
_BYTES = 4
_WORKING = 1.5
"""Memory of a tile's work, stack by stack: the stack itself, and half as much again to compare and to smooth it."""
_STEP = 256
"""Sides are multiples of half a block, so that with the right phase no tile's ring touches one block more."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A rectangle of the area's grid; nothing else in the area is in it."""

    top: int
    left: int
    height: int
    width: int

    @property
    def name(self) -> str:
        """Return the place and size, for a file's name."""
        return f"{self.top:06d}-{self.left:06d}-{self.height}x{self.width}"

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns in the area's grid."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def widened(self, pixels: int, shape: tuple[int, int]) -> "Tile":
        """Return the tile and so many pixels around it, as far as the area goes."""
        top, left = max(self.top - pixels, 0), max(self.left - pixels, 0)
        bottom = min(self.top + self.height + pixels, shape[0])
        right = min(self.left + self.width + pixels, shape[1])
        return Tile(top, left, bottom - top, right - left)

    def inside(self, outer: "Tile") -> tuple[slice, slice]:
        """Return where this tile is in an array over `outer`, which holds it."""
        top, left = self.top - outer.top, self.left - outer.left
        return slice(top, top + self.height), slice(left, left + self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How an area's grid is cut. Borders are at ``side * n - phase``, so an area can follow the archive's blocks."""

    shape: tuple[int, int]
    """Rows and columns of the area."""
    side: int
    """Of a whole tile; those at the area's edge are smaller."""
    phase: tuple[int, int] = (0, 0)
    """Rows and columns that the first tile lacks, below `BLOCK`."""

    def __post_init__(self) -> None:
        if self.side < CELL or self.side % CELL:
            raise InputError(f"Tiles of {self.side} pixels do not fit; give a multiple of {CELL}.")

    def tiles(self) -> Iterator[Tile]:
        """Yield every tile in reading order; together they are the area, and no two share a pixel."""
        for top, bottom in _spans(self.shape[0], self.side, self.phase[0]):
            for left, right in _spans(self.shape[1], self.side, self.phase[1]):
                yield Tile(top, left, bottom - top, right - left)

    @property
    def count(self) -> int:
        """Return how many tiles there are."""
        return len(_spans(self.shape[0], self.side, self.phase[0])) * len(
            _spans(self.shape[1], self.side, self.phase[1])
        )

    @property
    def cells(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the first row of every row of cells, and the end; the same for columns."""
        rows, cols = (_edges(size, CELL, phase) for size, phase in zip(self.shape, self.phase, strict=True))
        return rows, cols

    def cell_counts(self, tile: Tile, chosen: NDArray[np.bool_]) -> tuple[tuple[int, int], NDArray[np.uint16]]:
        """Return the chosen pixels of a tile, counted cell by cell, and the row and column of its first cell."""
        starts = tile.top, tile.left
        first = tuple(int(np.searchsorted(edges, at)) for edges, at in zip(self.cells, starts, strict=True))
        rows, cols = (
            _edges(size, CELL, phase + at)[:-1]
            for size, phase, at in zip(chosen.shape, self.phase, starts, strict=True)
        )
        by_row = np.add.reduceat(chosen, rows, axis=0, dtype=np.uint16)
        return (first[0], first[1]), np.add.reduceat(by_row, cols, axis=1, dtype=np.uint16)


def side_for(layers: int, budget_bytes: int, *, most: int = 1024) -> int:
    """Return the side of a tile so that its stacks fit a budget: the more looks, the smaller.

    Parameters
    ----------
    layers
        Looks times polarisations, over all stacks.
    budget_bytes
        That one worker may take for it.
    most
        No larger than this.
    """
    fits = int((budget_bytes / (_BYTES * _WORKING * max(layers, 1))) ** 0.5)
    return max(_STEP, min(most, fits // _STEP * _STEP))


def spread(layout: Layout, side: int, most: int, seed: str) -> tuple[Tile, ...]:
    """Return tiles of a lattice of their own, evenly over the area and the same however the area is cut.

    Parameters
    ----------
    layout
        The area; its tiles do not matter, its phase does.
    side
        Of the tiles returned.
    most
        So many at most; all of them where there are no more.
    seed
        Decides between equally good choices: the same word, the same tiles.
    """
    every = list(Layout(shape=layout.shape, side=side, phase=layout.phase).tiles())
    if len(every) <= most:
        return tuple(every)
    draw = np.random.default_rng(list(seed.encode()))
    ends = np.linspace(0, len(every), most + 1).astype(int)  # one of each stretch of the reading order
    return tuple(every[int(draw.integers(first, last))] for first, last in pairwise(ends))


def part(geobox: GeoBox, tile: Tile) -> GeoBox:
    """Return the grid of a tile."""
    return geobox[tile.slices]


def _edges(size: int, side: int, phase: int) -> NDArray[np.intp]:
    inner = range(side - phase % side, size, side)
    return np.array([0, *inner, size], np.intp)


def _spans(size: int, side: int, phase: int) -> list[tuple[int, int]]:
    edges = [int(at) for at in _edges(size, side, phase)]
    return list(pairwise(edges))

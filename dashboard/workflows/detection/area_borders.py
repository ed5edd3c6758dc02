"""Which groups of pixels of different tiles are one neighbourhood: known from the pixels at the borders alone.

Every tile says of each group that it hands over where it lies, whether it can hold an object, and which of its pixels
those of a neighbour may touch. Tiles come row by row; of a row no more is kept than what the next one may touch. So
whoever joins an area holds a line of pixels and a few numbers for each group, however much of the area changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dashboard.change import outlines
from dashboard.workflows.detection.area_seams import Pixels, Rule
from dashboard.workflows.detection.area_tiles import Tile

MOST_WINDOW = 16_000_000
"""Pixels of the largest window that is searched at once; a neighbourhood that needs more is cut along fixed lines."""
CUT = 4096
"""Distance of these lines, pixels; they belong to the area, not to its tiles."""
_COLUMNS = ("top", "left", "bottom", "right", "grown", "seeds")

Members = tuple[tuple[str, tuple[int, ...]], ...]
"""Names of tiles, and the groups of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """What one tile says of the groups that it hands over."""

    table: NDArray[np.int64]
    """(group, 6): first row and column, last ones plus 1, pixels above the growth threshold, seeds."""
    place: NDArray[np.int64]
    """Flat indices in the area of the pixels that those of other tiles may touch or repeat; sorted."""
    group: NDArray[np.int32]
    """Group of each, from 1."""

    @staticmethod
    def of(handed: Pixels, tile: Tile, area: tuple[int, int], rule: Rule) -> "Groups":
        """Sum up what a tile hands over."""
        rows, cols = np.divmod(handed.place, area[1])
        number, energy = handed.group - 1, handed.values[0]
        total = int(handed.group.max(initial=0))
        table = np.empty((total, len(_COLUMNS)), np.int64)
        for at, values in enumerate((rows, cols)):
            low, high = np.full(total, np.iinfo(np.int64).max), np.full(total, -1)
            np.minimum.at(low, number, values)
            np.maximum.at(high, number, values)
            table[:, at], table[:, at + 2] = low, high + 1
        for at, least in ((4, rule.grow), (5, rule.seed)):
            table[:, at] = np.bincount(number[energy >= np.float32(least)], minlength=total)
        near = rule.reach + 2  # a neighbour's pixels come as far as the reach beyond the border, and touch one more
        edge = (rows < tile.top + near) | (rows >= tile.top + tile.height - near)
        edge |= (cols < tile.left + near) | (cols >= tile.left + tile.width - near)
        return Groups(table=table, place=handed.place[edge], group=handed.group[edge])


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Some groups to be searched together in one window."""

    window: Tile
    members: Members


class Borders:
    """Joins the groups of tiles that are added in reading order."""

    def __init__(self, area: tuple[int, int], rule: Rule) -> None:
        self._area, self._rule = area, rule
        self._tiles: list[str] = []
        self._tables: list[NDArray[np.int64]] = []
        self._first: list[int] = [0]
        self._pairs = [np.empty((2, 0), np.int64)]
        self._line = np.empty((2, 0), np.int64)
        self._row: list[NDArray[np.int64]] = []
        self._top = -1

    @property
    def held_bytes(self) -> int:
        """Bytes that are kept of the tiles added so far."""
        return sum(each.nbytes for each in (*self._tables, *self._pairs, *self._row, self._line))

    def add(self, tile: Tile, groups: Groups) -> None:
        """Add the next tile in reading order."""
        if tile.top > self._top:
            self._touch(tile.top)
        if not len(groups.table):
            return
        self._row.append(np.stack([groups.place, groups.group - 1 + self._first[-1]]))
        self._tiles.append(tile.name)
        self._tables.append(groups.table)
        self._first.append(self._first[-1] + len(groups.table))

    def neighbourhoods(self) -> list[Near]:
        """Return the neighbourhoods that can hold an object, in the order of their first tile."""
        self._touch(self._area[0])
        if not self._tables:
            return []
        table, first = np.concatenate(self._tables), np.array(self._first)
        whole = _joined(len(table), self._pairs)
        sums = _summed(table, whole)
        kept = (sums[:, 4] >= self._rule.least_px) & (sums[:, 5] > 0)
        order = np.argsort(whole, kind="stable")
        order = order[kept[whole[order]]]
        if not order.size:
            return []
        found = []
        for chosen in np.split(order, np.flatnonzero(np.diff(whole[order])) + 1):
            for window, own in _windows(sums[whole[chosen[0]]], table, chosen):
                found.append(Near(window=window, members=self._named(own, first)))
        return found

    def _named(self, chosen: NDArray[np.int64], first: NDArray[np.int64]) -> Members:
        at = np.searchsorted(first, chosen, side="right") - 1
        label = chosen - first[at] + 1
        return tuple((self._tiles[tile], tuple(label[at == tile].tolist())) for tile in np.unique(at).tolist())

    def _touch(self, top: int) -> None:
        """Find what touches in the rows of tiles so far, and keep the pixels that tiles from `top` on may touch."""
        line = np.concatenate([self._line, *self._row], axis=1)
        self._row, self._top = [], top
        if line.shape[1]:
            line = line[:, np.argsort(line[0], kind="stable")]
            place, at = np.unique(line[0], return_index=True)
            again = line[0, 1:] == line[0, :-1]
            one, other = outlines.touching(place, self._area)
            pairs = (
                np.concatenate([line[1, :-1][again], line[1, at[one]]]),
                np.concatenate([line[1, 1:][again], line[1, at[other]]]),
            )
            both = np.sort(np.stack(pairs), axis=0)
            self._pairs.append(np.unique(both[:, both[0] != both[1]], axis=1))
        self._line = line[:, line[0] >= (top - self._rule.reach - 2) * self._area[1]]


def together(every: Sequence[Near], pixels: int) -> Iterator[Near]:
    """Join neighbourhoods that begin in one square of so many pixels and are no larger: their ground is read once.

    They stay apart in the search.
    """
    close: dict[tuple[int, ...], list[Near]] = {}
    for number, near in enumerate(every):
        tile = near.window
        small = max(tile.height, tile.width) <= pixels
        close.setdefault((tile.top // pixels, tile.left // pixels) if small else (number, -1, -1), []).append(near)
    for some in close.values():
        groups: dict[str, tuple[int, ...]] = {}
        for near in some:
            for name, labels in near.members:
                groups[name] = (*groups.get(name, ()), *labels)
        yield Near(window=_around([near.window for near in some]), members=tuple(groups.items()))


def _around(tiles: Sequence[Tile]) -> Tile:
    top, left = min(tile.top for tile in tiles), min(tile.left for tile in tiles)
    bottom, right = max(tile.top + tile.height for tile in tiles), max(tile.left + tile.width for tile in tiles)
    return Tile(top, left, bottom - top, right - left)


def _joined(count: int, pairs: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Number of the neighbourhood of every group, in the order in which they begin."""
    one, other = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(one.size, np.int8), (one, other)), shape=(count, count))
    whole = connected_components(graph, directed=False)[1]
    _, first, back = np.unique(whole, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[back], np.int64)


def _summed(table: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the groups of each neighbourhood say together.

    Pixels that two tiles hand over count twice: a few neighbourhoods too many are searched, none too few.
    """
    count = int(whole.max()) + 1
    sums = np.zeros((count, table.shape[1]), np.int64)
    sums[:, :2] = np.iinfo(np.int64).max
    np.minimum.at(sums[:, :2], whole, table[:, :2])
    np.maximum.at(sums[:, 2:4], whole, table[:, 2:4])
    np.add.at(sums[:, 4:], whole, table[:, 4:])
    return sums


def _windows(
    span: NDArray[np.int64], table: NDArray[np.int64], chosen: NDArray[np.int64]
) -> Iterator[tuple[Tile, NDArray[np.int64]]]:
    """Windows of one neighbourhood and the groups in each: one, or those between the fixed lines if it is too large."""
    top, left, bottom, right = (int(at) for at in span[:4])
    if (bottom - top) * (right - left) <= MOST_WINDOW:
        yield Tile(top, left, bottom - top, right - left), chosen
        return
    own = table[chosen]
    for y in range(top // CUT * CUT, bottom, CUT):
        for x in range(left // CUT * CUT, right, CUT):
            here = (own[:, 0] < y + CUT) & (own[:, 2] > y) & (own[:, 1] < x + CUT) & (own[:, 3] > x)
            if here.any():
                y0, x0, y1, x1 = max(y, top), max(x, left), min(y + CUT, bottom), min(x + CUT, right)
                yield Tile(y0, x0, y1 - y0, x1 - x0), chosen[here]

"""Objects across the borders of tiles: the same as if the area had never been cut.

What decides about an object is near it: pixels above the growth threshold that touch or nearly touch, and a few pixels
around them for holes and outlines. Such a *neighbourhood* that lies in one tile is finished there. Of one that reaches
across a border every tile hands over its own pixels, with the ring around them; put together they are searched by the
same rule. So a tile hands over little, and nothing is decided with half of the evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import ndimage

from dashboard.change import outlines
from dashboard.change.patches import Patches, patches
from dashboard.workflows.detection.area_tiles import Tile

_SIGHT = 16
"""Pixels beyond what must be seen: patches of chance are smaller, seen whole, and known to be nothing."""
_EIGHT = np.ones((3, 3), np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What makes an object, in energies and pixels: the arguments of `patches`."""

    seed: float
    grow: float
    least_px: int
    resolution_px: float

    @property
    def half_cell(self) -> int:
        """Pixels by which patches are widened to see whether they are one."""
        return (int(np.ceil(self.resolution_px)) - 1) // 2

    @property
    def reach(self) -> int:
        """Pixels around an object that can matter to it: its cell, its closed gaps, its holes."""
        return self.half_cell + 3 + isqrt(self.least_px)

    @property
    def ring(self) -> int:
        """Pixels around a tile in which it sees all that can matter to its objects, and most of that to its end."""
        return 2 * self.reach + 2 + _SIGHT

    def search(
        self, energy: NDArray[np.float32], step_db: xr.DataArray, dates: NDArray[np.floating | np.integer] | None = None
    ) -> Patches:
        """Return the objects of one array, parted by date where dates are given."""
        return patches(
            energy,
            step_db,
            seed=self.seed,
            grow=self.grow,
            least_px=self.least_px,
            resolution_px=self.resolution_px,
            dates=dates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """Pixels of an area with their values; sorted by place, none twice."""

    place: NDArray[np.int64]
    """Flat index in the area's grid."""
    values: NDArray[np.float32]
    """(layer, pixel); the first layer is the energy."""
    group: NDArray[np.int32]
    """Of 8-connected pixels, from 1."""

    def draw(self, layers: NDArray[np.float32], window: Tile, area: tuple[int, int], groups: Sequence[int]) -> None:
        """Draw the pixels of some groups into an image (layer, y, x) over a window, as far as they lie in it."""
        rows, cols = np.divmod(self.place, area[1])
        rows, cols = rows - window.top, cols - window.left
        here = np.isin(self.group, np.array(groups, np.int32))
        here &= (rows >= 0) & (rows < window.height) & (cols >= 0) & (cols < window.width)
        layers[:, rows[here], cols[here]] = self.values[:, here]


def divide(
    layers: NDArray[np.float32], tile: Tile, wide: Tile, area: tuple[int, int], rule: Rule
) -> tuple[NDArray[np.float32], Pixels]:
    """Part what a tile can finish from what reaches across its borders.

    Parameters
    ----------
    layers
        (layer, y, x) over `wide`; the first is the energy, exact everywhere.
    tile, wide
        The tile, and it with `Rule.ring` pixels around it as far as the area goes.
    area
        Rows and columns of the area.
    rule
        What makes an object.

    Returns
    -------
    The energy over `wide` in which only neighbourhoods that lie in the tile are left above `Rule.grow`, and the pixels
    of those that do not.
    """
    energy = layers[0]
    mask = energy >= np.float32(rule.grow)
    core = np.zeros(mask.shape, np.bool_)
    core[tile.inside(wide)] = True
    possible = _possible(energy, mask, _cut_edge(wide, area, rule.half_cell), rule)
    labels, count = _labelled(possible, rule.reach)
    inside, outside = (np.bincount(labels[possible & at], minlength=count + 1) > 0 for at in (core, ~core))
    own = energy.copy()
    own[mask & (outside[labels] | ~core)] = 0.0
    handed = outlines.widened(possible & core & (inside & outside)[labels], rule.reach)
    rows, cols = np.nonzero(handed)
    place = (rows + wide.top).astype(np.int64) * area[1] + cols + wide.left
    group = _labelled(handed, 0)[0][rows, cols]
    return own, Pixels(place=place, values=layers[:, rows, cols], group=group)


def _labelled(mask: NDArray[np.bool_], pixels: int) -> tuple[NDArray[np.int32], int]:
    """The groups of a mask that touch when it is widened by so many pixels, and how many they are."""
    labels = np.zeros(mask.shape, np.int32)
    return labels, int(ndimage.label(outlines.widened(mask, pixels), structure=_EIGHT, output=labels))


def _possible(
    energy: NDArray[np.float32], mask: NDArray[np.bool_], edge: NDArray[np.bool_], rule: Rule
) -> NDArray[np.bool_]:
    """The pixels above the growth threshold that belong to an object, or may: their patch is not seen to its end."""
    labels, count = _labelled(mask, rule.half_cell)
    pixels = np.bincount(labels[mask], minlength=count + 1)
    seeded = np.bincount(labels[energy >= np.float32(rule.seed)], minlength=count + 1) > 0
    unknown = np.bincount(labels[mask & edge], minlength=count + 1) > 0
    return np.asarray(mask & (((pixels >= rule.least_px) & seeded) | unknown)[labels])


def _cut_edge(wide: Tile, area: tuple[int, int], half_cell: int) -> NDArray[np.bool_]:
    """Where a patch may go on beyond what is seen; not at the area's own edge, beyond which there is nothing."""
    edge = np.ones((wide.height, wide.width), np.bool_)
    near = 2 * half_cell + 1
    ends = (wide.top > 0, wide.top + wide.height < area[0]), (wide.left > 0, wide.left + wide.width < area[1])
    seen = (slice(near * before, size - near * after) for (before, after), size in zip(ends, edge.shape, strict=True))
    edge[tuple(seen)] = False
    return edge

"""Which level of a pyramid a picture is read from, and which window of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.raster.placement import Placement

BLOCK = 512
"""Side of an archive block, pixels; the coarsest overview fits in one block."""

_MAX_OVERSAMPLING = 16
"""Source pixels read per picture pixel; a grid squeezed in one direction is read coarser instead."""


@dataclass(frozen=True, slots=True)
class Look:
    """A window of one level, and where a picture's pixels lie in it."""

    level: int
    """0 is full resolution."""
    rows: slice
    """Of the level."""
    cols: slice
    """Of the level."""
    nodes: NDArray[np.float64]
    """(2, y, x): column and row relative to the window's corner; see `Placement.nodes`."""

    @property
    def size(self) -> int:
        """Pixels in the window; 0 when the picture sees none of the raster after all."""
        return int(self.rows.stop - self.rows.start) * int(self.cols.stop - self.cols.start)


def coarsest_level(factors: Sequence[int], ratio: float) -> int:
    """Return the coarsest level that is no coarser than `ratio` native pixels; `factors` are finest first, from 1."""
    return max(n for n, factor in enumerate(factors) if n == 0 or factor <= ratio * (1 + 1e-6))


def look(
    placement: Placement, factors: Sequence[int], shape_of: Callable[[int], tuple[int, int]], shape: tuple[int, int]
) -> Look:
    """Return what to read for a picture.

    Parameters
    ----------
    placement : of the picture on the native grid
    factors : native pixels per pixel of each level, finest first; the first is 1
    shape_of : returns the (rows, columns) of a level; asked only for levels that may be read
    shape : native (rows, columns)
    """
    level = coarsest_level(factors, placement.ratio)
    limit = _MAX_OVERSAMPLING * placement.size + BLOCK * BLOCK
    seen = _on_level(placement, level, shape_of(level), shape)
    while seen.size > limit and level < len(factors) - 1:
        level += 1
        seen = _on_level(placement, level, shape_of(level), shape)
    return seen


def _on_level(placement: Placement, level: int, level_shape: tuple[int, int], shape: tuple[int, int]) -> Look:
    # GDAL stretches an overview over the whole image when the size is not a multiple of the factor.
    factors = np.array([level_shape[1] / shape[1], level_shape[0] / shape[0]])[:, None, None]
    ends = placement.trimmed() * factors
    cols, rows = (_span(values, size) for values, size in zip(ends, level_shape[::-1], strict=True))
    corner = np.array([cols.start, rows.start])[:, None, None]
    return Look(level, rows, cols, placement.nodes * factors - corner)


def _span(values: NDArray[np.float64], size: int) -> slice:
    """Return the pixels between the least and the greatest coordinate, one more on each side, inside the image."""
    if np.isnan(values).all():
        return slice(0, 0)
    first = int(np.clip(np.floor(np.nanmin(values)) - 1, 0, size))
    last = int(np.clip(np.floor(np.nanmax(values)) + 2, 0, size))
    return slice(first, max(first, last))

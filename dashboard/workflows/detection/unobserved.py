"""Ground of which nothing can be said, as an outline that stays small."""

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.raster.vectorise import polygons

MOST_VERTICES = 4_000
"""Of an outline: what a map, a file and a page still draw at once."""
_COARSER = 2
_FIRST = 1_000_000
"""Pixels from which an outline is drawn on coarser ones from the start: they are smaller than anyone looks at."""


def outline_of(unseen: NDArray[np.bool_], geobox: GeoBox) -> BaseGeometry | None:
    """Return the outline of the pixels that were not observed, in degrees; None where all were.

    It is simplified to a pixel. Where that leaves more than `MOST_VERTICES`, pixels are joined two by two, by majority,
    until it does not; the pixels that count as observed are `observed_km2`, not this outline.
    """
    if not unseen.any():
        return None
    share, grid = unseen.astype(np.float32), geobox
    while share.size > _FIRST:
        share, grid = _halved(share, grid)
    while True:
        found = polygons((share >= 0.5).astype(np.int32), grid, simplify_m=abs(float(grid.affine.a)) / 2.0)
        outline = found.get(1)
        if outline is None:
            return None
        if shapely.get_num_coordinates(outline) <= MOST_VERTICES or min(share.shape) <= _COARSER:
            return outline
        share, grid = _halved(share, grid)


def _halved(share: NDArray[np.float32], grid: GeoBox) -> tuple[NDArray[np.float32], GeoBox]:
    """The mean of every two by two pixels, the last row and column repeated where they are odd."""
    padded = np.pad(share, [(0, size % _COARSER) for size in share.shape], mode="edge")
    height, width = (size // _COARSER for size in padded.shape)
    mean = padded.reshape(height, _COARSER, width, _COARSER).mean(axis=(1, 3), dtype=np.float32)
    return mean, GeoBox((height, width), grid.affine * grid.affine.scale(_COARSER), grid.crs)

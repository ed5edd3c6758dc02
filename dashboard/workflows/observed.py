"""How much ground the pixels of a grid cover: geodesic, block by block, so that no projection has to be trusted."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from dashboard.geo.geodesy import area_m2

BLOCKS = 24
"""Blocks along the longer side: within one, a map projection's scale is constant to far below a percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelAreas:
    """Mean ground area of a pixel in every block of a grid."""

    rows: NDArray[np.intp]
    """First row of every block, and the end."""
    cols: NDArray[np.intp]
    """First column of every block, and the end."""
    m2: NDArray[np.float64]
    """(block row, block column) square metres of one pixel."""

    @property
    def middle_m2(self) -> float:
        """Ground area of one pixel in the middle of the grid."""
        return float(self.m2[self.m2.shape[0] // 2, self.m2.shape[1] // 2])

    def sum_km2(self, chosen: NDArray[np.bool_]) -> float:
        """Return the ground area of the chosen pixels, (y, x), in square kilometres."""
        by_row = np.add.reduceat(chosen, self.rows[:-1], axis=0, dtype=np.int64)
        counts = np.add.reduceat(by_row, self.cols[:-1], axis=1)
        return float((counts * self.m2).sum()) / 1e6


def pixel_areas(geobox: GeoBox) -> PixelAreas:
    """Return the ground area of a grid's pixels."""
    height, width = geobox.shape
    side = max(1, -(-max(height, width) // BLOCKS))
    rows = np.array([*range(0, height, side), height], np.intp)
    cols = np.array([*range(0, width, side), width], np.intp)
    down, right = np.meshgrid(rows, cols, indexing="ij")
    transformer = Transformer.from_crs(geobox.crs.to_wkt(), "EPSG:4326", always_xy=True)
    corners = np.stack(transformer.transform(*(geobox.affine * (right, down))), axis=-1)
    # Meridians that a transform reports as 180 and -180 are one and the same: keep every block whole.
    corners[..., 0] = np.unwrap(corners[..., 0], period=360.0, axis=1)
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
    m2 = np.array([[area_m2(shapely.Polygon(ring)) for ring in line] for line in rings])
    return PixelAreas(rows=rows, cols=cols, m2=m2 / np.outer(np.diff(rows), np.diff(cols)))

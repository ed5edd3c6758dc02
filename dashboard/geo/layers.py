"""Shipped map layers: rounded coordinates packed as differences, read back into Mercator shapes.

The files are made by ``assets/basemap/build.py``, which describes the packing.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.geo.mercator import to_mercator
from dashboard.model.assets import asset


@dataclass(frozen=True, slots=True, eq=False)
class MapLayer:
    """The shapes of one kind at one level of detail, findable by place."""

    shapes: NDArray[Any]
    """Polygons or lines, Mercator metres."""
    tree: shapely.STRtree
    """Over `shapes`."""

    def inside(self, box: tuple[float, float, float, float], tolerance: float) -> list[BaseGeometry]:
        """Return the simple shapes within (x0, y0, x1, y1), cut at its edges and thinned to `tolerance` metres."""
        near = self.shapes[self.tree.query(shapely.box(*box))]
        cut = shapely.clip_by_rect(near, *box)
        lean = shapely.get_parts(shapely.simplify(cut, tolerance, preserve_topology=False))
        return [part for part in lean if not part.is_empty]


@cache
def layer(name: str) -> MapLayer:
    """Return a shipped layer such as ``land-50m``, read once per process."""
    with np.load(asset("basemap", f"{name}.npz"), allow_pickle=False) as stored:
        quantum = np.float64(stored["quantum"])
        lon, lat = (unpack(stored[axis]).astype(np.float64) * quantum for axis in ("x", "y"))
        depth = sum(key.startswith("offsets") for key in stored.files)
        offsets = tuple(unpack(stored[f"offsets{i}"]) for i in range(depth))
        kind = shapely.GeometryType(int(stored["kind"]))
    points = np.column_stack(to_mercator(lon, lat))
    shapes = shapely.from_ragged_array(kind, points, offsets)
    return MapLayer(shapes, shapely.STRtree(shapes))


def unpack(planes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the integers of four byte planes of zigzag differences."""
    step = np.ascontiguousarray(planes.T).view("<u4").ravel().astype(np.int64)
    return np.cumsum((step >> 1) ^ -(step & 1))

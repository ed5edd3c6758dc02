"""Which pixel of a window lies under each pixel of a picture, worked out once for all looks on one pair of grids."""

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from dashboard.raster.kernels import nearest_cells
from dashboard.raster.levels import Look
from dashboard.raster.placement import Grid, Placement

MOST = 8
"""Pairs of grids that are remembered: a screen in two projections, and the strips that a pan adds to it."""

Cells = NDArray[np.int32]
"""(y, x): place in the window, counted row by row; -1 outside."""
_Key = tuple[Grid, GeoBox, int, int, int, int, int]


class CellCache:
    """The last few; safe between threads, of which only the first computes what several ask for."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[_Key, Cells] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, grid: Grid, geobox: GeoBox, placement: Placement, seen: Look) -> Cells:
        """Return the cells of the part of a picture on `geobox` that sees the raster: `placement.rows` and `.cols`."""
        key = grid, geobox, seen.level, seen.rows.start, seen.rows.stop, seen.cols.start, seen.cols.stop
        with self._lock:
            cells = self._known.pop(key, None)
            if cells is None:
                cells = _cells(placement, seen)
            self._known[key] = cells
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return cells

    def clear(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._known.clear()


def _cells(placement: Placement, seen: Look) -> Cells:
    rows, cols = placement.rows, placement.cols
    cells = np.empty((rows.stop - rows.start, cols.stop - cols.start), np.int32)
    shape = seen.rows.stop - seen.rows.start, seen.cols.stop - seen.cols.start
    nearest_cells(seen.nodes, placement.step, shape, cells)
    cells.flags.writeable = False
    return cells

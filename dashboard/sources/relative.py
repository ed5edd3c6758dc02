"""The scale of values without units, judged by a few windows: a whole image is never read for it."""

from collections.abc import Sequence

import numpy as np
from rasterio.windows import Window

from dashboard.sources.geocode.native import sane_shape
from dashboard.sources.grid import opened
from dashboard.sources.power import Band
from dashboard.sources.tiff_head import check_blocks
from dashboard.sources.units import Formula, relative_formula

SIDE = 128
"""Pixels per side of a window."""
ACROSS = 3
"""Windows per side of the image."""


def relative_to(bands: Sequence[Band]) -> tuple[Formula, float]:
    """Return the one formula and archive scale of bands without units, which keeps their ratios.

    Raises
    ------
    DamagedProductError
        If a file breaks off or announces an absurd size.
    """
    found = []
    for band in bands:
        with opened(band.path) as dataset:
            sane_shape(dataset.shape, band.path.name)
            check_blocks(dataset, band.path.name)
            index = min(band.index, dataset.count)
            found += [dataset.read(index, window=window).ravel() for window in _windows(dataset.shape)]
    return relative_formula(np.concatenate(found)) if found else relative_formula(np.empty(0))


def _windows(shape: tuple[int, int]) -> list[Window]:
    starts = [sorted({int(v) for v in np.linspace(0, max(0, side - SIDE), ACROSS)}) for side in shape]
    sizes = [min(side, SIDE) for side in shape]
    return [Window(left, top, sizes[1], sizes[0]) for top in starts[0] for left in starts[1]]

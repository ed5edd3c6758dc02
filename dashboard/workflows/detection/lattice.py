"""The grid that a screen is searched on: one lattice a scale, so that a pan keeps the pixels it had."""

import math
from collections.abc import Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.geo.mercator import LATITUDE_LIMIT_DEG
from dashboard.workflows.detection.stacks import ChosenStack

BUDGET = 70_000_000
"""Pixels times dates times polarisations that are searched at once, about: of two levels of the archive the one nearer
to it is taken, with up to twice as many. A screen of 1400 x 800 has 134 million at 60 dual-polarised dates: 270 MB."""
SLOW_BUDGET = 40_000_000
"""The same for statistics other than the default one, which take longer."""
MERCATOR = "EPSG:3857"
_MARGIN = 1.03
"""A pixel a little coarser than a level of the archive is read from that level; one a little finer from the next."""


def lattice(screen: GeoBox, chosen: Sequence[ChosenStack], *, budget: float = BUDGET) -> GeoBox:
    """Return the grid to search a screen on: it covers the screen, by less than a pixel more on each side.

    Its pixels are those of the archive's levels, as near to the screen's as the budget allows, and never finer than
    the finest stack's own. They lie on one lattice for each size, so that a pan can keep what it had. A screen that is
    not in Mercator metres is searched on its own grid.

    Parameters
    ----------
    screen
        The screen's grid.
    chosen
        What is read: its layers share the budget.
    budget
        Pixels times layers; infinite for the finest grid.
    """
    if str(screen.crs) != MERCATOR or not chosen:
        return screen
    bounds = screen.boundingbox
    base = min(_native(each) for each in chosen)
    height, width = screen.shape
    layers = sum(len(each.passes) * len(each.polarisations) for each in chosen)
    across, down = bounds.right - bounds.left, bounds.top - bounds.bottom
    wanted = max(across / width, down / height, math.sqrt(across * down * layers / budget), base)
    side = base * 2.0 ** max(0, round(math.log2(wanted / base)))
    left, right = math.floor(bounds.left / side + 1e-6), math.ceil(bounds.right / side - 1e-6)
    top, bottom = math.ceil(bounds.top / side - 1e-6), math.floor(bounds.bottom / side + 1e-6)
    shape = max(top - bottom, 1), max(right - left, 1)
    return GeoBox(shape, Affine(side, 0.0, left * side, 0.0, -side, top * side), MERCATOR)


def origin(grid: GeoBox) -> tuple[int, int]:
    """Return the (row, column) of a lattice grid's first pixel on the whole lattice, rows counted from the north."""
    transform = grid.affine
    return round(-transform.f / transform.a), round(transform.c / transform.a)


def _native(each: ChosenStack) -> float:
    """Spacing of a stack's pixels in Mercator metres, about the middle of its anchor."""
    pixels = each.anchor.pixels
    spacing = 10.0 if pixels is None else pixels.spacing_m
    _, south, _, north = each.anchor.bbox
    middle = min(max((south + north) / 2.0, -LATITUDE_LIMIT_DEG), LATITUDE_LIMIT_DEG)
    return _MARGIN * spacing / math.cos(math.radians(middle))

"""What a question means on a grid: its periods, how large a resolution cell and the smallest object are in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from dashboard.change.energy import Options
from dashboard.change.periods import Periods
from dashboard.model.acquisition import Acquisition
from dashboard.workflows.detection.question import Question
from dashboard.workflows.detection.stacks import ChosenStack
from dashboard.workflows.observed import PixelAreas, pixel_areas

FEWEST_PIXELS = 4
"""Smallest object: below this, chance alone makes most of them where neighbouring pixels are correlated."""
CELLS = 2.0
"""The smallest object is so many resolution cells wide and high."""
GROW = 20.0
"""A seed grows into neighbours that pass at this many times its false-alarm rate."""
MOST_GROW = 0.3
"""No neighbour above this rate is ever taken in."""
_MOST_SMOOTH_PX = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A question on a grid."""

    periods: Periods
    options: Options
    resolution_px: float
    """Width of the coarsest resolution cell among the stacks, in pixels; at least 1."""
    least_px: int
    """Pixels of the smallest object."""
    areas: PixelAreas

    @property
    def pixel_km2(self) -> float:
        """Ground area of one pixel in the middle of the grid."""
        return self.areas.middle_m2 / 1e6


def grow_rate(far: float) -> float:
    """Return the false-alarm rate at which the neighbours of a seed are taken in."""
    return max(far, min(MOST_GROW, GROW * far))


def setting(question: Question, chosen: Sequence[ChosenStack], geobox: GeoBox) -> Setting:
    """Return what a question means on a grid; smoothing follows the resolution cell, not the pixel."""
    areas = pixel_areas(geobox)
    side_m = math.sqrt(areas.middle_m2)
    cell = max([1.0, *(_cell_m(each.anchor) / side_m for each in chosen)])
    return Setting(
        periods=question.periods,
        options=Options(smooth_px=min(cell, _MOST_SMOOTH_PX)),
        resolution_px=cell,
        least_px=max(FEWEST_PIXELS, math.ceil(round((CELLS * cell) ** 2, 1))),
        areas=areas,
    )


def _cell_m(anchor: Acquisition) -> float:
    spacing = 0.0 if anchor.pixels is None else anchor.pixels.spacing_m
    return max(spacing, anchor.resolution_m or 0.0)

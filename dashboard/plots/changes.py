"""Detected changes where there are too many to be shapes, and the ground of which nothing can be said. Pure."""

from dataclasses import dataclass

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer, MultiPolygons, Range1d
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dashboard.model.palette import Tokens
from dashboard.plots.columns import area_columns
from dashboard.plots.stepped import LEVELS, NOTHING, SteppedLayer, lay_under, stepped_layer
from dashboard.plots.surface import ABOVE, Surface

PICTURE_OF_CHANGES, UNOBSERVED = "change-picture", "unobserved"
FILL, LINE = "2e", "ff"
"""Strengths of a polygon's ground and of its outline: those of the shapes."""


@dataclass(frozen=True, slots=True)
class ChangeLayers:
    """What the map shows of a detection besides single shapes."""

    picture: SteppedLayer
    unobserved: ColumnDataSource
    hatch: MultiPolygons

    def hatched(self, ground: BaseGeometry | None) -> None:
        """Hatch ground, Mercator metres; None for none."""
        self.unobserved.data = area_columns([] if ground is None else [ground])

    def recolour(self, colours: Tokens) -> None:
        """Change the colour of the hatch."""
        self.hatch.hatch_color = colours.unobserved


def change_layers(made: Surface, least: Range1d, colours: Tokens) -> ChangeLayers:
    """Add the layers to a composed map: the picture below the shapes and the hatch below all shapes."""
    picture = stepped_layer(made, PICTURE_OF_CHANGES, under="changes", least=least)
    source = ColumnDataSource(area_columns([]), name=UNOBSERVED)
    glyph = MultiPolygons(
        xs="xs", ys="ys", fill_alpha=0.0, line_alpha=0.0, hatch_pattern="right_diagonal_line",
        hatch_color=colours.unobserved, hatch_alpha=0.55, hatch_scale=9, hatch_weight=1,
    )  # fmt: skip
    renderer = GlyphRenderer(data_source=source, glyph=glyph, name=f"{UNOBSERVED}-shapes")
    lay_under(made, renderer, ABOVE[0].name)
    return ChangeLayers(picture, source, glyph)


def change_shades(scores: NDArray[np.float64], signs: tuple[str, str, str]) -> tuple[NDArray[np.float64], list[str]]:
    """Return score and colour of every value of a picture of changes.

    Parameters
    ----------
    scores : (steps,) the lowest of each step, rising
    signs : ``#rrggbb`` of brighter, darker and mixed

    Returns
    -------
    (256,) scores and colours: 0 is no change; then step by step one value a sign for ground, and as many for outlines
    """
    each = np.repeat(scores, len(signs))
    colours = [f"{sign}{FILL}" for _ in scores for sign in signs] + [f"{sign}{LINE}" for _ in scores for sign in signs]
    spare = LEVELS - 1 - len(colours)
    values = np.concatenate([[np.inf], each, each, np.full(spare, np.inf)])
    return values, [NOTHING, *colours, *[NOTHING] * spare]

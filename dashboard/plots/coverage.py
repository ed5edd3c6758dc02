"""The coverage layer of the map: one picture of a byte a pixel over the imagery and below everything else."""

from dataclasses import dataclass

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer, Image, LinearColorMapper
from numpy.typing import NDArray

from dashboard.plots.pictured import no_picture, picture_columns
from dashboard.plots.surface import PICTURE, Surface

COVERAGE = "coverage"


@dataclass(frozen=True, slots=True)
class CoverageLayer:
    """The layer's source and the colours of its values."""

    source: ColumnDataSource
    mapper: LinearColorMapper

    def put(self, picture: NDArray[np.uint8], bounds: tuple[float, float, float, float]) -> None:
        """Show a picture (y, x), north first, within (x0, y0, x1, y1) in Mercator metres."""
        self.source.data = picture_columns(picture, bounds)

    def clear(self) -> None:
        """Show nothing."""
        if self.source.data["image"]:
            self.source.data = no_picture()

    def colour(self, palette: list[str]) -> None:
        """Set the colour of each value, ``#rrggbbaa`` from 0 on."""
        self.mapper.update(palette=palette, low=0, high=len(palette))


def coverage_layer(made: Surface) -> CoverageLayer:
    """Add the layer to a composed map, above the imagery."""
    source = ColumnDataSource(no_picture(), name=COVERAGE)
    mapper = LinearColorMapper(palette=["#00000000", "#00000000"], low=0, high=2)
    glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper)
    renderer = GlyphRenderer(data_source=source, glyph=glyph, name=f"{COVERAGE}-picture")
    renderers = made.figure.renderers
    place = renderers.index(made.glyphs[PICTURE]) + 1
    made.figure.renderers = [*renderers[:place], renderer, *renderers[place:]]
    return CoverageLayer(source, mapper)

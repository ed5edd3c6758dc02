"""The coverage layer of the map: one picture of a byte a pixel over the imagery and below everything else."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, GlyphRenderer, Image, LinearColorMapper
from numpy.typing import NDArray

from dashboard.plots.surface import PICTURE, Surface

COVERAGE = "coverage"
_FIELDS = ("image", "x", "y", "dw", "dh")


@dataclass(frozen=True, slots=True)
class CoverageLayer:
    """The layer's source and the colours of its values."""

    source: ColumnDataSource
    mapper: LinearColorMapper

    def put(self, picture: NDArray[np.uint8], bounds: tuple[float, float, float, float]) -> None:
        """Show a picture (y, x), north first, within (x0, y0, x1, y1) in Mercator metres."""
        x0, y0, x1, y1 = bounds
        south_first = np.ascontiguousarray(picture[::-1])
        self.source.data = {"image": [south_first], "x": [x0], "y": [y0], "dw": [x1 - x0], "dh": [y1 - y0]}

    def clear(self) -> None:
        """Show nothing."""
        if self.source.data["image"]:
            self.source.data = _nothing()

    def colour(self, palette: list[str]) -> None:
        """Set the colour of each value, ``#rrggbbaa`` from 0 on."""
        self.mapper.update(palette=palette, low=0, high=len(palette))


def coverage_layer(made: Surface) -> CoverageLayer:
    """Add the layer to a composed map, above the imagery."""
    source = ColumnDataSource(_nothing(), name=COVERAGE)
    mapper = LinearColorMapper(palette=["#00000000", "#00000000"], low=0, high=2)
    glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper)
    renderer = GlyphRenderer(data_source=source, glyph=glyph, name=f"{COVERAGE}-picture")
    renderers = made.figure.renderers
    place = renderers.index(made.glyphs[PICTURE]) + 1
    made.figure.renderers = [*renderers[:place], renderer, *renderers[place:]]
    return CoverageLayer(source, mapper)


def _nothing() -> dict[str, list[Any]]:
    return {name: [] for name in _FIELDS}

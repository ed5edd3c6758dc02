"""The coverage layer of the map: one picture of a byte a pixel over the imagery and below everything else."""

from dataclasses import dataclass

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

from dashboard.plots.painted import canvas_colours, painted
from dashboard.plots.pictured import no_picture, picture_columns
from dashboard.plots.surface import ABOVE, Surface

COVERAGE = "coverage"
_PAINTED = """
const table = plain(shades.data.colour[0], Uint32Array);
const values = plain(meanings, Uint8Array);
for (let i = 0; i < out.length; i++) out[i] = table[values[i]];
"""


@dataclass(frozen=True, slots=True)
class CoverageLayer:
    """The layer's source and the colours of its values."""

    source: ColumnDataSource
    shades: ColumnDataSource

    def put(self, picture: NDArray[np.uint8], bounds: tuple[float, float, float, float]) -> None:
        """Show a picture (y, x), north first, within (x0, y0, x1, y1) in Mercator metres."""
        self.source.data = picture_columns(picture, bounds)

    def clear(self) -> None:
        """Show nothing."""
        if self.source.data["image"]:
            self.source.data = no_picture()

    def colour(self, palette: list[str]) -> None:
        """Set the colour of each value, ``#rrggbbaa`` from 0 on; nothing is sent when it is the same."""
        colours = canvas_colours(palette)
        if not np.array_equal(self.shades.data["colour"][0], colours):
            self.shades.data = {"colour": [colours]}


def coverage_layer(made: Surface) -> CoverageLayer:
    """Add the layer to a composed map, above the imagery."""
    source = ColumnDataSource(no_picture(), name=COVERAGE)
    shades = ColumnDataSource({"colour": [np.zeros(1, np.uint32)]}, name=f"{COVERAGE}-shades")
    painted(made, source, {"shades": shades}, _PAINTED, under=ABOVE[0].name)
    return CoverageLayer(source, shades)

"""A layer of one byte a pixel whose values stand for scores: the page itself hides what lies below the least one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS, GlyphRenderer, Image, LinearColorMapper, Range1d
from numpy.typing import NDArray

from dashboard.plots.pictured import no_picture, picture_columns
from dashboard.plots.surface import ALL_SCORES, Surface

NOTHING = "#00000000"
LEVELS = 256
_SHADED = """
const {score, colour} = steps.data;
const from = least.start > bottom ? least.start : floor.start;
const palette = Array.from(colour, (shade, level) => (score[level] < from ? nothing : shade));
mapper.setv({palette}, {sync: false});
"""
"""The session has nothing to do with it: a slider that is dragged asks it for nothing."""


@dataclass(frozen=True, slots=True)
class SteppedLayer:
    """The layer's source, and what its values mean."""

    source: ColumnDataSource
    steps: ColumnDataSource
    """Score and colour of every value; a value that no threshold hides has a score of infinity."""
    floor: Range1d
    """`start` is the least score that is shown while nobody has set one."""

    def put(self, picture: NDArray[np.uint8], bounds: tuple[float, float, float, float]) -> None:
        """Show a picture (y, x), north first, within (x0, y0, x1, y1) in Mercator metres."""
        self.source.data = picture_columns(picture, bounds)

    def clear(self) -> None:
        """Show nothing."""
        if self.source.data["image"]:
            self.source.data = no_picture()

    def mean(self, scores: NDArray[np.float64], colours: list[str]) -> None:
        """Say what the values stand for; nothing is sent when it is the same.

        Parameters
        ----------
        scores : (256,) of every value
        colours : (256,) ``#rrggbbaa``
        """
        known = self.steps.data
        if known["colour"] != colours or not np.array_equal(known["score"], scores):
            self.steps.data = {"score": scores, "colour": colours}


def stepped_layer(made: Surface, name: str, *, under: str, least: Range1d) -> SteppedLayer:
    """Add a layer to a composed map, right below another one.

    Parameters
    ----------
    under : name of that other one
    least : `start` is the least score that is shown
    """
    source = ColumnDataSource(no_picture(), name=name)
    steps = ColumnDataSource({"score": np.full(LEVELS, np.inf), "colour": [NOTHING] * LEVELS}, name=f"{name}-steps")
    floor = Range1d(ALL_SCORES, -ALL_SCORES, name=f"{name}-floor")
    mapper = LinearColorMapper(palette=[NOTHING] * LEVELS, low=0, high=LEVELS, name=f"{name}-colours")
    arguments: dict[str, Any] = {
        "steps": steps, "least": least, "floor": floor, "mapper": mapper, "bottom": ALL_SCORES, "nothing": NOTHING,
    }  # fmt: skip
    shade = CustomJS(args=arguments, code=_SHADED)
    steps.js_on_change("data", shade)
    for each in (least, floor):
        each.js_on_change("start", shade)
    glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper)
    renderer = GlyphRenderer(data_source=source, glyph=glyph, name=f"{name}-picture")
    lay_under(made, renderer, under)
    return SteppedLayer(source, steps, floor)


def lay_under(made: Surface, renderer: GlyphRenderer, under: str) -> None:
    """Put a renderer right below a layer, so that what was below stays below."""
    renderers = made.figure.renderers
    place = renderers.index(made.glyphs[under])
    made.figure.renderers = [*renderers[:place], renderer, *renderers[place:]]

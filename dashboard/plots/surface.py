"""The map as one figure: composed once from HoloViews elements, its sources then replaced one by one.

Updating a layer is assigning that layer's source. Nothing else is touched, so a frame costs what the frame costs and
not what lies over it.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

import holoviews as hv
import numpy as np
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    CustomJSFilter,
    HoverTool,
    PanTool,
    Range1d,
    TapTool,
    WheelZoomTool,
    WMTSTileSource,
)
from bokeh.plotting import figure

from dashboard.model.palette import Tokens
from dashboard.model.view import MERCATOR_LIMIT_M, Extent
from dashboard.plots.hovering import HOVERED

hv.extension("bokeh")

Kind = Literal["areas", "lines", "labels", "points", "picture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One vector layer of the map, bottom to top in `SHEETS`."""

    name: str
    kind: Kind
    colour: str
    """Token name; a layer whose data carry ``colour`` overrides it per feature."""
    fill_alpha: float = 0.0
    line_width: float = 1.0
    line_dash: str = "solid"
    line_alpha: float = 1.0
    hatch: str = ""
    by_feature: bool = False
    """Whether the source has a ``colour`` column."""
    size: float = 11.0
    """Text or marker size, pixels."""


NOTES = "note-picture"
"""Annotations as one picture, where there are too many to be shapes."""

BELOW: tuple[Sheet, ...] = (
    Sheet(name="sea", kind="areas", colour="water", fill_alpha=1.0, line_alpha=0.0),
    Sheet(name="land", kind="areas", colour="land", fill_alpha=1.0, line_alpha=0.0),
    Sheet(name="cover", kind="areas", colour="built", fill_alpha=1.0, line_alpha=0.0, by_feature=True),
    Sheet(name="water", kind="areas", colour="water", fill_alpha=1.0, line_alpha=0.0),
    Sheet(name="rivers", kind="lines", colour="river", line_width=1.2),
    Sheet(name="roads", kind="lines", colour="road", line_width=1.0),
    Sheet(name="borders", kind="lines", colour="border", line_width=1.4, line_dash="dashdot"),
)
ABOVE: tuple[Sheet, ...] = (
    Sheet(name="sides", kind="areas", colour="mixed", fill_alpha=0.07, line_alpha=0.0, by_feature=True),
    Sheet(name="band", kind="areas", colour="warning", fill_alpha=0.10, line_width=1.0, hatch="x"),
    Sheet(name="ground", kind="areas", colour="mixed", fill_alpha=0.05, line_width=1.0, hatch="/", by_feature=True),
    Sheet(name="ribbon", kind="areas", colour="mixed", fill_alpha=0.45, line_alpha=0.0, by_feature=True),
    Sheet(name="ghost", kind="lines", colour="mixed", line_width=2.0, line_dash="dashed", by_feature=True),
    Sheet(name="frontline", kind="lines", colour="mixed", line_width=2.6, by_feature=True),
    Sheet(name="teeth", kind="areas", colour="mixed", fill_alpha=1.0, line_width=0.5, by_feature=True),
    Sheet(name="footprints", kind="areas", colour="muted", line_width=1.0, line_dash="dotted", fill_alpha=0.02),
    Sheet(name="lit", kind="lines", colour="accent", line_width=2.0),
    Sheet(name="changes", kind="areas", colour="mixed", fill_alpha=0.18, line_width=1.6, by_feature=True),
    Sheet(name="selected", kind="areas", colour="accent", fill_alpha=0.0, line_width=2.6),
    Sheet(name=NOTES, kind="picture", colour="mixed"),
    Sheet(name="note-areas", kind="areas", colour="mixed", fill_alpha=0.14, line_width=1.8, by_feature=True),
    Sheet(name="note-lines", kind="lines", colour="mixed", line_width=2.4, by_feature=True),
    Sheet(name="note-teeth", kind="areas", colour="mixed", fill_alpha=1.0, line_width=0.5, by_feature=True),
    Sheet(name="note-points", kind="points", colour="mixed", size=11.0, by_feature=True),
    Sheet(name="note-chosen", kind="lines", colour="accent", line_width=3.0),
    Sheet(name="note-labels", kind="labels", colour="text", size=12.0, by_feature=True),
    Sheet(name="grid", kind="lines", colour="muted", line_width=0.8, line_alpha=0.7),
    Sheet(name="grid-labels", kind="labels", colour="muted", size=10.5),
    Sheet(name="places", kind="labels", colour="label", size=12.0),
    Sheet(name="pixel", kind="points", colour="accent", size=15.0),
)
PICTURE = "picture"
_SPARE: list["Surface"] = []
"""At most one composed figure that no page has taken yet; built and taken on the server's own thread."""
_SEED_AREA = {"x": [0, 1, 1], "y": [0, 0, 1], "holes": [[[(0.6, 0.1), (0.9, 0.1), (0.9, 0.4)]]]}
_EMPTY: dict[Kind, tuple[str, ...]] = {
    "areas": ("xs", "ys"), "lines": ("xs", "ys"), "labels": ("x", "y", "text"), "points": ("x", "y"),
    "picture": ("image", "x", "y", "dw", "dh"),
}  # fmt: skip
_FAR = (2 * MERCATOR_LIMIT_M, 2 * MERCATOR_LIMIT_M, 2 * MERCATOR_LIMIT_M + 1, 2 * MERCATOR_LIMIT_M + 1)
"""Where a picture lies before there is one: outside the world."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The figure and the source of every layer by name."""

    figure: figure
    sources: dict[str, ColumnDataSource]
    glyphs: dict[str, Any]
    """Glyph renderers by layer name."""
    held: dict[str, Hashable] = field(default_factory=dict)
    """What each layer was drawn from, as `put` was told."""

    def put(self, name: str, key: Hashable, make: Callable[[], dict[str, Any]]) -> None:
        """Draw a layer from something new; nothing is made or sent when it is the same, and a None key empties it."""
        if self.held.get(name) == key:
            return
        self.held[name] = key
        empty: dict[str, Any] = {column: [] for column in self.sources[name].data}
        self.sources[name].data = empty if key is None else make()


def surface(extent: Extent, tokens: Tokens, tiles: str = "") -> Surface:
    """Return the map's figure over an extent, every layer empty.

    Parameters
    ----------
    tiles : template with {x}, {y} and {z} of Mercator tiles to draw below everything; empty for none
    """
    made = _SPARE.pop() if _SPARE else _compose(tokens)
    recolour(made, tokens)
    made.figure.x_range.update(start=extent.x0, end=extent.x1)
    made.figure.y_range.update(start=extent.y0, end=extent.y1)
    if tiles:
        made.figure.add_tile(WMTSTileSource(url=tiles), level="image")
    return made


def prepare(tokens: Tokens) -> None:
    """Compose the figure of the next page ahead of time: HoloViews takes longer over it than over all the rest."""
    if not _SPARE:
        _SPARE.append(_compose(tokens))


def _compose(tokens: Tokens) -> Surface:
    empty = np.zeros((2, 2, 4), np.uint8)
    elements = [*(_element(sheet, tokens) for sheet in BELOW), hv.RGB(empty, bounds=_FAR)]
    elements += [_element(sheet, tokens) for sheet in ABOVE]
    renderer = hv.renderer("bokeh")
    renderer.webgl = False
    overlay = hv.Overlay(elements).opts(responsive=True, xaxis=None, yaxis=None, toolbar=None, show_legend=False)
    plot = renderer.get_plot(overlay)
    names = [sheet.name for sheet in BELOW] + [PICTURE] + [sheet.name for sheet in ABOVE]
    handles = dict(zip(names, (sub.handles for sub in plot.subplots.values()), strict=True))
    made = Surface(
        plot.state,
        {name: handle["source"] for name, handle in handles.items()},
        {name: handle["glyph_renderer"] for name, handle in handles.items()},
    )
    for sheet in (*BELOW, *ABOVE):
        _finish(sheet, made, tokens)
    made.sources[PICTURE].name = PICTURE
    # The figure's own background belongs to the page's theme, which paints it over: the sea is a shape like the land.
    world = np.array([-1.0, 1.0, 1.0, -1.0]) * MERCATOR_LIMIT_M
    made.sources["sea"].data = {"xs": [[[world]]], "ys": [[[np.roll(world, 1)]]]}
    _frame(made.figure)
    return made


def recolour(made: Surface, tokens: Tokens) -> None:
    """Change the theme of a composed map in place."""
    for sheet in (*BELOW, *ABOVE):
        _paint(sheet, made.glyphs[sheet.name].glyph, tokens)


def _element(sheet: Sheet, tokens: Tokens) -> hv.Element:
    colour = getattr(tokens, sheet.colour)
    if sheet.kind == "areas":
        return hv.Polygons([_SEED_AREA]).opts(fill_color=colour, line_color=colour)
    if sheet.kind == "lines":
        return hv.Path([{"x": [0, 1], "y": [0, 1]}]).opts(color=colour)
    if sheet.kind == "picture":
        return hv.RGB(np.zeros((2, 2, 4), np.uint8), bounds=_FAR)
    if sheet.kind == "labels":
        return hv.Labels([(0, 0, "")], ["x", "y"], "text").opts(text_color=colour)
    return hv.Points([(0, 0)]).opts(color=colour)


def _finish(sheet: Sheet, made: Surface, tokens: Tokens) -> None:
    source, renderer = made.sources[sheet.name], made.glyphs[sheet.name]
    columns = [*_EMPTY[sheet.kind], *(["colour"] if sheet.by_feature else [])]
    columns += ["marker"] if sheet.by_feature and sheet.kind == "points" else []
    source.data = {column: [] for column in columns}
    source.name = sheet.name
    renderer.name = f"{sheet.name}-shapes"
    renderer.nonselection_glyph = None
    renderer.selection_glyph = None
    _paint(sheet, renderer.glyph, tokens)


def _paint(sheet: Sheet, glyph: Any, tokens: Tokens) -> None:  # noqa: ANN401 - any Bokeh glyph
    colour: Any = {"field": "colour"} if sheet.by_feature else getattr(tokens, sheet.colour)
    if sheet.kind == "labels":
        glyph.update(
            text_color=colour, text_font={"value": "Plex Sans"}, text_font_size=f"{sheet.size}px", text_align="center",
            text_baseline="bottom", background_fill_color=tokens.halo, background_fill_alpha=0.75, padding=2,
            border_radius=2,
        )  # fmt: skip
        return
    if sheet.kind == "points":
        marker = {"field": "marker"} if sheet.by_feature else "cross"
        fill = colour if sheet.by_feature else None
        glyph.update(
            marker=marker, size=sheet.size, line_color=tokens.halo if fill else colour, fill_color=fill,
            line_width=1 if fill else 2,
        )  # fmt: skip
        return
    if sheet.kind == "picture":
        return
    glyph.update(line_color=colour, line_width=sheet.line_width, line_alpha=sheet.line_alpha, line_dash=sheet.line_dash)
    if sheet.kind == "areas":
        glyph.update(fill_color=colour, fill_alpha=sheet.fill_alpha)
        if sheet.hatch:
            glyph.update(
                hatch_pattern=sheet.hatch, hatch_color=colour, hatch_alpha=0.55, hatch_scale=16, hatch_weight=1
            )


def _frame(fig: figure) -> None:
    fig.x_range = Range1d(0, 1, bounds=(-MERCATOR_LIMIT_M, MERCATOR_LIMIT_M), name="map-x")
    fig.y_range = Range1d(0, 1, bounds=(-MERCATOR_LIMIT_M, MERCATOR_LIMIT_M), name="map-y")
    pan, wheel = PanTool(), WheelZoomTool(maintain_focus=False, zoom_on_axis=False)
    fig.tools = [pan, wheel]
    fig.toolbar.active_drag = pan
    fig.toolbar.active_scroll = wheel
    fig.toolbar.autohide = True
    fig.toolbar_location = None
    fig.name = "map"
    fig.outline_line_color = None
    fig.update(min_border=0, min_border_left=0, min_border_right=0, min_border_top=0, min_border_bottom=0)
    fig.margin = 0
    fig.grid.visible = False
    fig.lod_threshold = None


def hover(made: Surface, layer: str, tooltips: str) -> None:
    """Give one layer a tooltip and make it selectable."""
    tool = HoverTool(renderers=[made.glyphs[layer]], tooltips=tooltips, attachment="horizontal")
    made.figure.add_tools(tool, TapTool(renderers=[made.glyphs[layer]]))


ALL_SCORES = -1e300
"""Least score that hides nothing."""
_SIFTED = """
const {score} = source.data;
return score && least.start > bottom ? Array.from(score, (each) => each >= least.start) : null;
"""


def sift(made: Surface, layer: str, name: str) -> Range1d:
    """Let the page itself hide features of one layer by their ``score``; return what holds the least one, `start`."""
    least = Range1d(ALL_SCORES, -ALL_SCORES, name=name)
    sieve = CustomJSFilter(args={"least": least, "bottom": ALL_SCORES}, code=_SIFTED)
    made.glyphs[layer].view.filter = sieve
    least.js_on_change("start", CustomJS(args={"sieve": sieve}, code="sieve.change.emit()"))
    return least


def light(made: Surface, layer: str) -> None:
    """Let hovering a feature of one layer light its id everywhere, and show what it is."""
    tool = HoverTool(
        renderers=[made.glyphs[layer]], tooltips="<div><b>@title</b><br>@facts</div>", attachment="horizontal",
        callback=CustomJS(code=HOVERED),
    )  # fmt: skip
    made.figure.add_tools(tool)

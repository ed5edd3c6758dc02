"""Land, water, borders, roads and names beneath the map, and the small map that says where in the country it is."""

import itertools

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.patheffects import withStroke

from dashboard.briefing.fonts import face, printable, width_mm
from dashboard.briefing.layout import Box
from dashboard.briefing.outline import path_through
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet
from dashboard.geo.basemap import Basemap, Label
from dashboard.model.palette import Tokens

_LOCATOR_NAMES, _LOCATOR_PT = 4, 5.4
_LEAST_MARK_MM = 1.6
"""Of the rectangle in the locator: a smaller one would be a speck."""
_AREAS = (
    ("land", "land"),
    ("fields", "land"),
    ("forest", "forest"),
    ("built", "built"),
    ("water", "water"),
    ("paved", "road"),
)
_LINES = (
    ("rivers", "river", 0.7, "-"),
    ("roads", "road", 0.6, "-"),
    ("bridges", "road", 1.2, "-"),
    ("borders", "border", 0.8, (0, (6, 2, 1.2, 2))),
    ("disputed", "border", 0.8, (0, (2, 2))),
)


def backdrop(axes: Axes, ground: Basemap, tokens: Tokens, *, weight: float = 1.0) -> None:
    """Draw the basemap's areas and lines, their width times `weight`; the sea is what is not land."""
    axes.set_facecolor(tokens.water)
    for order, (name, colour) in enumerate(_AREAS):
        path = path_through(ring for polygon in getattr(ground, name) for ring in polygon)
        patch = PathPatch(path, facecolor=getattr(tokens, colour), edgecolor="none", zorder=1 + order * 0.01)
        axes.add_patch(patch)
    for order, (name, colour, width, dashes) in enumerate(_LINES):
        patch = PathPatch(path_through(getattr(ground, name)), facecolor="none", zorder=1.1 + order * 0.01)
        patch.set(edgecolor=getattr(tokens, colour), linewidth=width * weight, linestyle=dashes)
        axes.add_patch(patch)


def place_names(axes: Axes, sheet: Sheet, paper: Paper) -> None:
    """Write the names of places beside their dots; the basemap has thinned them."""
    halo = withStroke(linewidth=1.8, foreground=paper.tokens.halo)
    seen = sheet.extent
    for place in sheet.surroundings.map.places if sheet.surroundings else ():
        if not (seen.x0 < place.x < seen.x1 and seen.y0 < place.y < seen.y1):
            continue
        axes.plot(place.x, place.y, "o", markersize=2.2, color=paper.tokens.label, path_effects=[halo], zorder=7)
        axes.annotate(
            printable(place.name),
            (place.x, place.y),
            xytext=(3.0, 2.0),
            textcoords="offset points",
            fontproperties=face("bold", 7.0 * paper.layout.scale),
            color=paper.tokens.label,
            path_effects=[halo],
            annotation_clip=True,
            clip_on=True,
            zorder=7,
        )


def locator(paper: Paper, sheet: Sheet, box: Box) -> None:
    """Draw where in the wider country the sheet lies."""
    if sheet.surroundings is None:
        return
    axes = paper.inset(box)
    wide, tokens = sheet.surroundings.locator_extent, paper.tokens
    backdrop(axes, sheet.surroundings.locator, tokens, weight=0.5)
    y = wide.centre[1]
    height = (wide.x1 - wide.x0) * box.height / box.width
    axes.set(xlim=(wide.x0, wide.x1), ylim=(y - height / 2, y + height / 2), xticks=[], yticks=[], aspect="auto")
    least = _LEAST_MARK_MM * (wide.x1 - wide.x0) / box.width
    (x, y), width = sheet.extent.centre, max(sheet.extent.x1 - sheet.extent.x0, least)
    tall = max(sheet.extent.y1 - sheet.extent.y0, least)
    mark = Rectangle((x - width / 2, y - tall / 2), width, tall, facecolor=tokens.accent + "30")
    mark.set(edgecolor=tokens.accent, linewidth=1.1, zorder=9)
    axes.add_patch(mark)
    halo = withStroke(linewidth=1.4, foreground=tokens.halo)
    near = (place for place in sheet.surroundings.locator.places if _fits(place, sheet, box))
    for place in itertools.islice(near, _LOCATOR_NAMES):
        axes.plot(place.x, place.y, "o", markersize=1.4, color=tokens.label, zorder=7)
        axes.annotate(
            printable(place.name),
            (place.x, place.y),
            xytext=(2.0, 1.2),
            textcoords="offset points",
            fontproperties=face("sans", _LOCATOR_PT * sheet.layout.scale),
            color=tokens.label,
            path_effects=[halo],
            zorder=7,
        )
    for spine in axes.spines.values():
        spine.set(color=tokens.muted, linewidth=0.5)


def _fits(place: Label, sheet: Sheet, box: Box) -> bool:
    """Whether a place and the name beside it lie inside the locator and off the mark of the sheet."""
    wide = sheet.surroundings.locator_extent if sheet.surroundings else sheet.extent
    metres = (wide.x1 - wide.x0) / box.width
    x = (place.x - wide.x0) / metres
    y = box.height / 2 - (place.y - wide.centre[1]) / metres
    name = width_mm(printable(place.name), "sans", _LOCATOR_PT * sheet.layout.scale)
    inside = 1.0 < x < box.width - name - 2.0 and 3.0 < y < box.height - 1.0
    seen = sheet.extent
    left, right = (seen.x0 - wide.x0) / metres - 1.0, (seen.x1 - wide.x0) / metres + 1.0
    upper, lower = (box.height / 2 - (edge - wide.centre[1]) / metres for edge in (seen.y1, seen.y0))
    covered = x < right and x + name + 1.0 > left and y > upper - 1.0 and y - 2.5 < lower
    return inside and not covered

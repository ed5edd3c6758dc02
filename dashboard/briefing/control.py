"""Who holds the ground: the line at B, the line at A as a ghost, and hatching where ground changed hands."""

import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.annotations import draw_teeth
from dashboard.briefing.layout import MM_PER_PX
from dashboard.briefing.outline import outline, path_of
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.sides import LOST_HATCH, lost_to_nobody, side_colours, side_hatches
from dashboard.geo.front import facing_lines, front_lines
from dashboard.geo.mercator import project
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.view import Layer

_BAND_MM = 2.6
"""Width of the tint along a side's own edge: the whole area tinted would colour the radar picture."""
_LINE_PT = 1.5


def draw_control(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    """Draw ground that changed hands, the ghost of the line at A and the line at B."""
    window = _window(sheet)
    if sheet.has(Layer.GROUND):
        _ground(axes, paper, sheet, window)
    if sheet.has(Layer.GHOST) and sheet.front_before is not None:
        _ghost(axes, paper, _front(sheet.front_before, window))
    if sheet.has(Layer.FRONTLINE) and sheet.front_after is not None:
        _line(axes, paper, sheet, window)


def _window(sheet: Sheet) -> tuple[float, float, float, float]:
    """The map and a tenth around it: what lies further out need not be drawn, and cut edges stay out of sight."""
    seen = sheet.extent
    around = (seen.x1 - seen.x0) / 10
    return seen.x0 - around, seen.y0 - around, seen.x1 + around, seen.y1 + around


def _cut(geometry: BaseGeometry, window: tuple[float, float, float, float]) -> BaseGeometry:
    valid = shapely.make_valid(project(geometry))
    return shapely.intersection(valid, shapely.box(*window))


def _held(front: FrontlineSnapshot, window: tuple[float, float, float, float]) -> list[tuple[str, BaseGeometry]]:
    cut = [(area.side, _cut(area.geometry, window)) for area in front.areas]
    return [(side, shape) for side, shape in cut if not shape.is_empty]


def _ground(axes: Axes, paper: Paper, sheet: Sheet, window: tuple[float, float, float, float]) -> None:
    colours, hatches = side_colours(sheet, paper.tokens), side_hatches(sheet)
    for change in sheet.ground:
        style = {"facecolor": "none", "linewidth": 0.0, "zorder": 3}
        gained = _cut(change.gained, window)
        outline(axes, gained, hatch=hatches[change.side], edgecolor=colours[change.side], **style)
        if lost_to_nobody(change, sheet):
            outline(axes, _cut(change.lost, window), hatch=LOST_HATCH, edgecolor=paper.tokens.muted, **style)


def _front(front: FrontlineSnapshot, window: tuple[float, float, float, float]) -> BaseGeometry:
    """The front as one line in Mercator metres: the outer edge of the mapped ground is none."""
    lines = [shapely.intersection(project(line), shapely.box(*window)) for _, line in front_lines(front)]
    # Neighbours share their border: united it is drawn once, or the dashes of two lines would fill each other's gaps.
    joined = shapely.union_all(lines)
    return shapely.line_merge(joined) if joined.geom_type == "MultiLineString" else joined


def _ghost(axes: Axes, paper: Paper, line: BaseGeometry) -> None:
    halo = withStroke(linewidth=2.4, foreground=paper.tokens.halo, alpha=0.8)
    style = {"linewidth": 1.1, "linestyle": (0, (4.0, 2.4)), "path_effects": [halo]}
    outline(axes, line, facecolor="none", edgecolor=paper.tokens.text, zorder=4, **style)


def _line(axes: Axes, paper: Paper, sheet: Sheet, window: tuple[float, float, float, float]) -> None:
    """Draw the front inside each side's own ground, so that a shared border shows both colours side by side."""
    if sheet.front_after is None:
        return
    colours = side_colours(sheet, paper.tokens)
    front = _front(sheet.front_after, window)
    pixel = (sheet.extent.x1 - sheet.extent.x0) / sheet.layout.map_px[2]
    band = shapely.buffer(shapely.simplify(front, pixel), _BAND_MM / MM_PER_PX * pixel)
    outline(axes, front, facecolor="none", edgecolor=paper.tokens.halo, linewidth=2 * _LINE_PT + 1.6, zorder=4.1)
    for side, shape in _held(sheet.front_after, window):
        near = shapely.intersection(shape, band)
        outline(axes, near, facecolor=colours[side], alpha=0.22, edgecolor="none", zorder=4.0)
        edge = outline(axes, front, facecolor="none", edgecolor=colours[side], linewidth=2 * _LINE_PT, zorder=4.2)
        if edge is not None:
            edge.set_clip_path(path_of(shape), axes.transData)
    for facing in facing_lines(sheet.front_after):
        draw_teeth(axes, paper, sheet, [project(facing.line)], colours[facing.side])

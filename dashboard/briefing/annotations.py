"""Annotations on the map: areas beneath lines beneath points, frontlines with teeth toward the opposing side."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.layout import MM_PER_PX
from dashboard.briefing.looks import LOOKS, Look, Style, colour_of, style_of
from dashboard.briefing.outline import outline
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet
from dashboard.geo.mercator import project
from dashboard.geo.teeth import teeth
from dashboard.model.annotation import AnnotationKind
from dashboard.model.sketch import Shape

AREAS_Z, LINES_Z, POINTS_Z = 3.5, 5.4, 5.8
_TOOTH_PX_MM = 0.2
"""Millimetres of paper that count as one pixel of the screen where teeth are spaced and sized."""
_POINT_PT = 5.6
_THIN_PX = 0.5
"""Of the page: vertices nearer to a straight line than this are not printed."""


def draw_annotations(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    """Draw every annotation of the sheet; what lies beyond the frame is cut off by it."""
    groups: dict[Style, list[tuple[Shape, BaseGeometry]]] = defaultdict(list)
    for revision in sheet.annotations:
        groups[style_of(revision)].append((revision.annotation.shape, project(revision.annotation.geometry)))
    for style, drawings in groups.items():
        look, colour = LOOKS[style[0]], colour_of(style, sheet, paper.tokens)
        shapes = [shape for _, shape in drawings]
        _areas(axes, _thin(_of_dimension(shapes, 2), sheet), look, colour)
        _lines(axes, paper, _thin(_of_dimension(shapes, 1), sheet), (look, colour))
        if style[0] is AnnotationKind.FRONTLINE:
            draw_teeth(axes, paper, sheet, _of_dimension(shapes, 1), colour)
        _points(axes, paper, [shape for form, shape in drawings if form is not Shape.TEXT], (look, colour))


def draw_teeth(axes: Axes, paper: Paper, sheet: Sheet, lines: Iterable[BaseGeometry], colour: str) -> None:
    """Draw teeth to the right of lines in Mercator metres."""
    scale = metres_per_mm(sheet) * _TOOTH_PX_MM
    found = [tooth for line in lines for tooth in teeth(line, scale, extent=sheet.extent)]
    if found:
        style = {"facecolor": colour, "edgecolor": paper.tokens.halo, "linewidth": 0.35}
        outline(axes, shapely.MultiPolygon(found), zorder=LINES_Z + 0.2, **style)


def metres_per_mm(sheet: Sheet) -> float:
    """Return Mercator metres of the map per millimetre of paper."""
    return (sheet.extent.x1 - sheet.extent.x0) / (sheet.layout.map_px[2] * MM_PER_PX)


def _of_dimension(shapes: Iterable[BaseGeometry], dimension: int) -> list[BaseGeometry]:
    """Return the simple members of shapes that are points (0), lines (1) or areas (2)."""
    parts = shapely.get_parts(np.array(list(shapes), dtype=object))
    return [part for part in parts if shapely.get_dimensions(part) == dimension and not part.is_empty]


def _thin(shapes: list[BaseGeometry], sheet: Sheet) -> BaseGeometry:
    """Return shapes as one, without the vertices that no printer shows; what has no other is left as it is."""
    tolerance = _THIN_PX * metres_per_mm(sheet) * MM_PER_PX
    whole = np.array(shapes, dtype=object)
    thin = shapely.simplify(whole, tolerance, preserve_topology=False)
    return shapely.GeometryCollection(np.where(shapely.is_empty(thin), whole, thin).tolist())


def _areas(axes: Axes, shape: BaseGeometry, look: Look, colour: str) -> None:
    outline(axes, shape, facecolor=colour, alpha=look.fill, edgecolor="none", zorder=AREAS_Z)
    if look.hatch:
        outline(axes, shape, facecolor="none", edgecolor=colour, hatch=look.hatch, linewidth=0.0, zorder=AREAS_Z)
    style = {"edgecolor": colour, "linewidth": look.width_pt * 2 / 3, "linestyle": look.dashes}
    outline(axes, shape, facecolor="none", zorder=LINES_Z, **style)


def _lines(axes: Axes, paper: Paper, shape: BaseGeometry, drawn: tuple[Look, str]) -> None:
    look, colour = drawn
    halo = {"facecolor": "none", "edgecolor": paper.tokens.halo, "linewidth": look.width_pt + 1.2, "alpha": 0.75}
    outline(axes, shape, zorder=LINES_Z, capstyle="round", **halo)
    style = {"edgecolor": colour, "linewidth": look.width_pt, "linestyle": look.dashes}
    outline(axes, shape, facecolor="none", zorder=LINES_Z + 0.1, **style)


def _points(axes: Axes, paper: Paper, shapes: list[BaseGeometry], drawn: tuple[Look, str]) -> None:
    look, colour = drawn
    places = shapely.get_coordinates(_of_dimension(shapes, 0))
    if len(places):
        style: dict[str, Any] = {"markersize": _POINT_PT * paper.layout.scale, "linestyle": "none"}
        edge: dict[str, Any] = {
            "marker": look.marker,
            "markerfacecolor": colour,
            "markeredgecolor": paper.tokens.halo,
            "markeredgewidth": 0.7,
        }
        halo = withStroke(linewidth=1.6, foreground=paper.tokens.halo, alpha=0.7)
        axes.plot(*places.T, zorder=POINTS_Z, path_effects=[halo], **style, **edge)

"""The map itself, from below: backdrop, radar picture, coverage, control of ground, changes, outlines, grid, names."""

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from dashboard.briefing.annotations import draw_annotations
from dashboard.briefing.backdrop import backdrop, place_names
from dashboard.briefing.changes import draw_unobserved, sign_colours
from dashboard.briefing.control import draw_control
from dashboard.briefing.coverage import draw_coverage
from dashboard.briefing.fonts import face
from dashboard.briefing.movement import draw_movement
from dashboard.briefing.names import draw_names
from dashboard.briefing.outline import outline
from dashboard.briefing.paper import Paper
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.swipe import draw_cut
from dashboard.geo.graticule import degree_ticks, mgrs_lines
from dashboard.geo.mercator import project
from dashboard.model.view import CompareMode, Extent, Layer

CORNER_SHARE = 0.22
"""Of the map's width below it, kept free of tick labels for the coordinates of the corner."""
_HATCH_STEP_PX, _HATCH_WIDTH_PX, _HATCH_ALPHA = 22, 2, 70


def draw_map(paper: Paper, sheet: Sheet) -> Axes:
    """Draw the map into its frame and return its axes, in Mercator metres."""
    axes = paper.inset(sheet.layout.map)
    axes.set_facecolor(paper.tokens.land)
    extent = sheet.extent
    if sheet.surroundings is not None and sheet.has(Layer.BASEMAP):
        backdrop(axes, sheet.surroundings.map, paper.tokens)
    _picture(axes, sheet, paper.tokens.unobserved)
    draw_coverage(axes, sheet, paper.tokens)
    draw_movement(axes, paper, sheet)
    draw_control(axes, paper, sheet)
    draw_unobserved(axes, sheet, paper.tokens)
    _changes(axes, paper, sheet)
    _footprints(axes, paper, sheet)
    if sheet.has(Layer.ANNOTATIONS):
        draw_annotations(axes, paper, sheet)
    if sheet.has(Layer.GRID):
        _grid(axes, paper, extent)
    if sheet.has(Layer.PLACES):
        place_names(axes, sheet, paper)
    draw_cut(axes, paper, sheet)
    if sheet.has(Layer.ANNOTATIONS):
        draw_names(axes, paper, sheet)
    axes.set(xlim=(extent.x0, extent.x1), ylim=(extent.y0, extent.y1), aspect="auto")
    _frame(axes, paper, extent)
    return axes


def _picture(axes: Axes, sheet: Sheet, unobserved: str) -> None:
    if sheet.imagery is None or not sheet.has(Layer.IMAGERY) or not sheet.drawn:
        return
    rgba = _faded(sheet.imagery.rgba, sheet.view.opacity)
    extent = sheet.extent
    axes.imshow(
        _hatched(rgba, unobserved),
        extent=(extent.x0, extent.x1, extent.y0, extent.y1),
        origin="upper",
        interpolation="none",
        aspect="auto",
        zorder=2,
    )


def _faded(rgba: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    if opacity >= 1.0:
        return rgba
    faded = rgba.copy()
    faded[..., 3] = np.rint(faded[..., 3] * opacity).astype(np.uint8)
    return faded


def _hatched(rgba: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Return the picture with a thin 45-degree hatch where nothing was observed: a gap must not look like ground."""
    unseen = rgba[..., 3] == 0
    if not unseen.any():
        return rgba
    rows, cols = np.ogrid[: rgba.shape[0], : rgba.shape[1]]
    lines = unseen & ((rows + cols) % _HATCH_STEP_PX < _HATCH_WIDTH_PX)
    hatched = rgba.copy()
    hatched[lines] = (*(round(255 * part) for part in to_rgb(colour)), _HATCH_ALPHA)
    return hatched


def _changes(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    if not sheet.has(Layer.CHANGES):
        return
    halo = withStroke(linewidth=1.9, foreground=paper.tokens.halo, alpha=0.7)
    coloured = sheet.view.compare in (CompareMode.TWO_COLOUR, CompareMode.LOG_RATIO)
    for sign, colour in sign_colours(paper.tokens).items():
        shapes = [change.geometry for change in sheet.changes if change.sign is sign]
        if shapes:
            shape = project(shapely.GeometryCollection(shapely.get_parts(shapes).tolist()))
            if not coloured:  # a tint would change what the picture's own colours say
                outline(axes, shape, facecolor=colour, alpha=0.16, edgecolor="none", zorder=5)
            outline(axes, shape, facecolor="none", edgecolor=colour, linewidth=1.0, path_effects=[halo], zorder=5)


def _footprints(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    if not sheet.has(Layer.FOOTPRINTS):
        return
    named = {sheet.view.a: paper.tokens.a, sheet.view.b: paper.tokens.b}
    for acq in sorted(sheet.footprints, key=lambda acq: acq.id in named):  # A and B on top
        colour = named.get(acq.id, paper.tokens.muted)
        outline(
            axes,
            project(acq.footprint),
            facecolor="none",
            edgecolor=colour,
            linewidth=1.2 if acq.id in named else 0.5,
            zorder=6,
        )


def _grid(axes: Axes, paper: Paper, extent: Extent) -> None:
    grid = mgrs_lines(extent)
    for colour, width, strength in ((paper.tokens.halo, 1.3, 0.35), (paper.tokens.text, 0.45, 0.8)):
        lines = LineCollection(grid.paths, colors=colour, linewidths=width, alpha=strength, zorder=6)
        axes.add_collection(lines, autolim=False)
    halo = withStroke(linewidth=1.4, foreground=paper.tokens.halo)
    for x, y, words in grid.labels:
        shift = (1.5, 1.5) if words.isdigit() else (8.0, 10.0)
        axes.annotate(
            words,
            (x, y),
            xytext=shift,
            textcoords="offset points",
            fontproperties=face("mono", 5.6 * paper.layout.scale),
            color=paper.tokens.text,
            path_effects=[halo],
            annotation_clip=True,
            clip_on=True,
            zorder=8,
        )


def _frame(axes: Axes, paper: Paper, extent: Extent) -> None:
    xs, ys = degree_ticks(extent)
    corner = extent.x1 - CORNER_SHARE * (extent.x1 - extent.x0)  # there the corner's MGRS is written
    xs = [(x, words if x < corner else "") for x, words in xs]
    top = extent.y1 - 0.05 * (extent.y1 - extent.y0)
    ys = [(y, words if y < top else "") for y, words in ys]
    font = face("mono", 5.8 * paper.layout.scale)
    axes.set_xticks([x for x, _ in xs], labels=[words for _, words in xs], fontproperties=font)
    axes.set_yticks(
        [y for y, _ in ys], labels=[words for _, words in ys], fontproperties=font, rotation=90, va="center"
    )
    colour = paper.tokens.text
    axes.tick_params(top=True, right=True, length=3.2, width=0.6, pad=2.2, color=colour, labelcolor=paper.tokens.muted)
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=0.8)

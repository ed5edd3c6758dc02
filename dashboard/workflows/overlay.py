"""Annotations over the map: one by one while they are few, as a picture when they are many; none is ever left out."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from dashboard.model.annotation import AnnotationKind, Force
from dashboard.model.errors import GridMismatchError
from dashboard.model.palette import Theme, annotation_colour, tokens
from dashboard.model.sketch import Shape
from dashboard.model.view import View
from dashboard.render.compose import Rgba
from dashboard.render.strokes import MARGIN_PX, Window, coloured
from dashboard.render.strokes_pan import Drawn, moved
from dashboard.workflows.moment import moment
from dashboard.workflows.overlay_shapes import Held, Shapes, held, to_metres
from dashboard.workflows.remembered import Remembered
from dashboard.workflows.workspace import Workspace

GLYPH_LIMIT = 2_000
"""Shapes in view up to which the map draws each by itself."""
VERTEX_LIMIT = 60_000
"""Vertices in view up to which it does: fewer shapes of more vertices are as slow."""
_PLAIN_VERTICES = 256
"""A shape of fewer is given as it is."""
_FILL_ALPHA, _LINE_ALPHA = 64, 255
_REMEMBERED_PICTURES = 12
_REMEMBERED_VERTICES = 2_000_000
_SIZE_DIGITS = 9
"""Of a pixel's size: a millionth of a pixel across the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One annotation as the map draws it."""

    id: str
    kind: AnnotationKind
    shape: Shape
    side: str
    title: str
    grade: str
    """Admiralty."""
    colour: str
    """``#rrggbb``: of the side, else of the kind."""
    geometry: BaseGeometry
    """Mercator metres; of many vertices only those that the screen can show, and only about the view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What the annotation layer shows."""

    count: int
    """Annotations in view."""
    picture: Rgba | None
    """(y, x, 4) on the asked grid, to half a pixel; None where `glyphs` say it all."""
    glyphs: tuple[Glyph, ...]
    """In the order of drawing: the last covers the others."""


def overlay(workspace: Workspace, view: View, geobox: GeoBox, theme: Theme) -> Overlay:
    """Return the annotations of a view on a screen.

    Parameters
    ----------
    geobox : the screen, EPSG:3857, north up

    Raises
    ------
    GridMismatchError
        If the grid is rotated or not north up.
    NotFoundError
        If the view names an acquisition that the catalogue does not hold.
    """
    window = _window(geobox)
    shown = held(workspace, moment(workspace, view), view.known_at)
    found = shown.inside(tuple(geobox.boundingbox))
    count = sum(len(chosen) for _, chosen in found)
    forces = tuple(workspace.catalog.annotations.forces())
    if count <= GLYPH_LIMIT:
        glyphs = _glyphs(found, window, forces, theme)
        if glyphs is not None:
            return Overlay(count=count, picture=None, glyphs=glyphs)
    return Overlay(count=count, picture=_picture(shown, window, forces, theme), glyphs=())


def near(workspace: Workspace, view: View, place: tuple[float, float], radius_m: float) -> tuple[str, ...]:
    """Return the ids of annotations within a distance of a place, the nearest first: what a click on the picture means.

    Parameters
    ----------
    place : Mercator (x, y) in metres
    radius_m : Mercator metres; inside an area the distance is 0
    """
    x, y = place
    shown = held(workspace, moment(workspace, view), view.known_at)
    point, hits = shapely.Point(x, y), []
    for shapes, chosen in shown.inside((x - radius_m, y - radius_m, x + radius_m, y + radius_m)):
        # The boxes are coarse, and a line within an area is what a click means: by distance to the outline on a tie.
        geometry = shapely.transform(shapes.geometry[chosen], to_metres)
        away = shapely.distance(geometry, point)
        outline = shapely.distance(shapely.boundary(geometry), point)
        order = np.where(np.isnan(outline), away, outline)
        hits += [
            (float(one), float(other), str(id_))
            for one, other, id_ in zip(away, order, shapes.ids[chosen], strict=True)
            if one <= radius_m
        ]
    return tuple(id_ for *_, id_ in sorted(hits))


def forget() -> None:
    """Forget every picture and thinned shape, as if no place had been looked at before."""
    _pans.clear()
    _thin.clear()


def _window(geobox: GeoBox) -> Window:
    """Return the pixels of the world's own grid that lie nearest to a screen's."""
    across, turn, west, tilt, down, north = tuple(geobox.affine)[:6]
    if turn != 0 or tilt != 0 or across <= 0 or down >= 0:
        raise GridMismatchError("The grid is rotated or not north up; draw annotations on a north-up grid.")
    height, width = geobox.shape
    # A dragged map has pixels of the same size but for rounding: without it no picture would be found again.
    across, down = (float(f"{size:.{_SIZE_DIGITS}g}") for size in (across, -down))
    return Window(round(west / across), round(-north / down), width, height, (across, down))


class _Pan:
    """The last picture of some shapes at one zoom."""

    def __init__(self, shown: Held) -> None:
        self.shown = shown
        """Kept alive: its identity is the key."""
        self.drawn: Drawn | None = None


_pans: Remembered[_Pan] = Remembered(_REMEMBERED_PICTURES)


def _picture(shown: Held, window: Window, forces: tuple[Force, ...], theme: Theme) -> Rgba:
    """Draw everything, beginning from the last picture of the same shapes at this zoom."""
    pan = _pans.get((id(shown), window.sizes), lambda: _Pan(shown))
    drawn = pan.drawn = moved(pan.drawn, window.grown(MARGIN_PX), shown.draw)
    colours = tokens(theme)
    fills, lines = (np.zeros((256, 4), np.uint8) for _ in range(2))
    for rank, (kind, side) in enumerate(shown.styles, start=1):
        red, green, blue = bytes.fromhex(annotation_colour(kind, side, forces, colours)[1:])
        fills[min(rank, 255)] = (red, green, blue, _FILL_ALPHA)
        lines[min(rank, 255)] = (red, green, blue, _LINE_ALPHA)
    return coloured(drawn.marks, fills, lines)


def _glyphs(
    found: list[tuple[Shapes, NDArray[np.intp]]], window: Window, forces: tuple[Force, ...], theme: Theme
) -> tuple[Glyph, ...] | None:
    """Return each shape in view; None where they have too many vertices together."""
    colours = tokens(theme)
    glyphs, ranks, vertices = [], [], 0
    for shapes, chosen in found:
        geometry = _for_screen(shapes, chosen, window)
        vertices += int(shapely.get_num_coordinates(geometry).sum())
        if vertices > VERTEX_LIMIT:
            return None
        ranks += shapes.strokes.ranks[chosen].tolist()
        glyphs += [
            Glyph(
                id=str(shapes.ids[at]),
                kind=shapes.kinds[at],
                shape=shapes.forms[at],
                side=str(shapes.sides[at]),
                title=str(shapes.titles[at]),
                grade=str(shapes.grades[at]),
                colour=annotation_colour(shapes.kinds[at], str(shapes.sides[at]), forces, colours),
                geometry=drawing,
            )
            for at, drawing in zip(chosen, geometry, strict=True)
        ]
    order = sorted(range(len(glyphs)), key=lambda at: (ranks[at], glyphs[at].id))
    return tuple(glyphs[at] for at in order)


def _for_screen(shapes: Shapes, chosen: NDArray[np.intp], window: Window) -> NDArray[np.object_]:
    """Return shapes in Mercator metres, those of many vertices thinned to half a pixel and cut to about the view."""
    geometry = shapes.geometry[chosen]
    heavy = shapely.get_num_coordinates(geometry) > _PLAIN_VERTICES
    drawn = np.empty(len(geometry), dtype=object)
    drawn[~heavy] = shapely.transform(geometry[~heavy], to_metres)
    around = window.grown(max(window.width, window.height)).bounds
    tolerance = 2.0 ** math.floor(math.log2(min(window.sizes) / 2))  # in steps, so that a dragged map finds it again
    for at in np.flatnonzero(heavy):
        key = (shapes.key, int(chosen[at]), tolerance)
        drawn[at] = _cut(_thin.get(key, partial(_thinned, geometry[at], tolerance)), around)
    return drawn


_thin: Remembered[BaseGeometry] = Remembered(
    _REMEMBERED_VERTICES, lambda shape: int(shapely.get_num_coordinates(shape))
)


def _thinned(geometry: BaseGeometry, tolerance: float) -> BaseGeometry:
    whole = shapely.transform(geometry, to_metres)
    thin = shapely.simplify(whole, tolerance, preserve_topology=False)
    # What is thinner than the screen can show is there all the same.
    return shapely.simplify(whole, tolerance, preserve_topology=True) if thin.is_empty else thin


def _cut(geometry: BaseGeometry, around: tuple[float, float, float, float]) -> BaseGeometry:
    if shapely.get_num_coordinates(geometry) <= _PLAIN_VERTICES:
        return geometry
    try:
        cut = shapely.clip_by_rect(geometry, *around)
    except shapely.errors.GEOSException:  # what crosses itself may not be cut; then the whole of it is drawn
        return geometry
    return geometry if cut.is_empty else cut

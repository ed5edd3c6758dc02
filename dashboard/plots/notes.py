"""Columns of the annotation layers: shapes, teeth, markers and labels of what is in view. Pure."""

from collections.abc import Sequence
from typing import Any, Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.geo.labels import Label, place, text_width
from dashboard.geo.teeth import teeth
from dashboard.model.annotation import AnnotationKind
from dashboard.model.sketch import Shape
from dashboard.model.view import Extent
from dashboard.plots.columns import area_columns, line_columns

LABEL_PX = 12.0
_LABEL_HEIGHT_PX = 17.0
_PADDING_PX = 6.0
_MARKER_PX = 11.0
MARKERS = {
    AnnotationKind.POSITION: "circle",
    AnnotationKind.OBSTACLE: "triangle",
    AnnotationKind.DAMAGE: "x",
    AnnotationKind.NOTE: "square",
    AnnotationKind.ROUTE: "diamond",
    AnnotationKind.FRONTLINE: "inverted_triangle",
    AnnotationKind.CONTROL: "hex",
}
LAYERS = ("note-areas", "note-lines", "note-teeth", "note-points", "note-labels")


class Noted(Protocol):
    """One annotation as the map draws it."""

    @property
    def kind(self) -> AnnotationKind:
        """What it says is there."""

    @property
    def shape(self) -> Shape:
        """What kind of drawing it is."""

    @property
    def title(self) -> str:
        """Its label."""

    @property
    def colour(self) -> str:
        """``#rrggbb``."""

    @property
    def geometry(self) -> BaseGeometry:
        """Mercator metres."""


def note_columns(
    notes: Sequence[Noted], extent: Extent, size: tuple[int, int], ink: str
) -> dict[str, dict[str, list[Any]]]:
    """Return the columns of every annotation layer by its name.

    Parameters
    ----------
    notes : geometries in Mercator metres
    extent, size : of the map, Mercator metres and pixels (width, height)
    ink : colour of labels
    """
    areas = [note for note in notes if note.geometry.geom_type.endswith("Polygon")]
    lines = [note for note in notes if note.geometry.geom_type.endswith("LineString")]
    points = [note for note in notes if note.geometry.geom_type.endswith("Point") and note.shape is not Shape.TEXT]
    return {
        "note-areas": area_columns([note.geometry for note in areas], colour=[note.colour for note in areas]),
        "note-lines": line_columns([note.geometry for note in lines], [note.colour for note in lines]),
        "note-teeth": _teeth(lines, extent, size[0]),
        "note-points": _points(points),
        "note-labels": _labels(notes, extent, size, ink),
    }


def _teeth(lines: Sequence[Noted], extent: Extent, width: int) -> dict[str, list[Any]]:
    scale = (extent.x1 - extent.x0) / width
    fronts = [note for note in lines if note.kind is AnnotationKind.FRONTLINE]
    made = [(note.colour, tooth) for note in fronts for tooth in teeth(note.geometry, scale, extent=extent)]
    return area_columns([tooth for _, tooth in made], colour=[colour for colour, _ in made])


def _points(points: Sequence[Noted]) -> dict[str, list[Any]]:
    each = [(note, part) for note in points for part in shapely.get_parts(note.geometry)]
    return {
        "x": [part.x for _, part in each],
        "y": [part.y for _, part in each],
        "colour": [note.colour for note, _ in each],
        "marker": [MARKERS[note.kind] for note, _ in each],
    }


def _labels(notes: Sequence[Noted], extent: Extent, size: tuple[int, int], ink: str) -> dict[str, list[Any]]:
    titled = [note for note in notes if note.title and not note.geometry.is_empty]
    labels = []
    for note in titled:
        x, y = anchor(note.geometry)
        priority = 2.0 if note.shape is Shape.TEXT else 1.0 if note.kind is AnnotationKind.FRONTLINE else 0.0
        width = text_width(note.title, LABEL_PX) + _PADDING_PX
        point = note.geometry.geom_type.endswith("Point") and note.shape is not Shape.TEXT
        labels.append(
            Label(
                x=x, y=y, text=note.title, width_px=width, height_px=_LABEL_HEIGHT_PX, priority=priority,
                avoid=_MARKER_PX / 2 if point else 0.0, centred=not point,
            )
        )  # fmt: skip
    placed = place(labels, extent, size[0], size[1])
    return {
        "x": [spot.x for spot in placed],
        "y": [spot.y for spot in placed],
        "text": [labels[spot.index].text for spot in placed],
        "colour": [ink] * len(placed),
    }


def anchor(geometry: BaseGeometry) -> tuple[float, float]:
    """Return where a geometry's label belongs: the middle of a line's longest part, a point within an area."""
    parts = list(shapely.get_parts(geometry))
    if geometry.geom_type.endswith("LineString"):
        spot = max(parts, key=lambda part: part.length).interpolate(0.5, normalized=True)
    elif geometry.geom_type.endswith("Polygon"):
        spot = shapely.point_on_surface(max(parts, key=lambda part: part.area))
    else:
        spot = parts[0]
    return float(spot.x), float(spot.y)

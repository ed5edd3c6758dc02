"""Titles of annotations on the map, each with its grade: beside what they name, clear of each other and of the rest."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.fonts import face, printable, width_mm
from dashboard.briefing.layout import MM_PER_PX, Box
from dashboard.briefing.looks import LOOKS
from dashboard.briefing.paper import MM_PER_PT, Paper
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.swipe import cut_boxes
from dashboard.geo.labels import Label, place
from dashboard.geo.mercator import project
from dashboard.model.annotation import Annotation
from dashboard.model.sketch import Shape
from dashboard.model.view import Layer

TITLE_PT, GRADE_PT = 6.6, 4.8
LONGEST = 40
"""Characters of a title on the map; the whole of it is in the column and in the file's metadata."""
MOST_TRIED = 800
"""Titles that are tried, the most important first: no page has room for as many."""
_GAP_MM, _POINT_MM = 0.7, 1.2
_LEADERS_Z = 5.75
"""Beneath points: a line leads to a symbol, not over it."""
_LAST = -1.0
"""Priority of texts that are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One title with its place."""

    title: str
    grade: str
    anchor: tuple[float, float]
    """What it names, Mercator metres."""
    left: float
    """Of its box, Mercator metres."""
    right: float
    y: float
    """Middle of its box, Mercator metres."""
    leader: bool
    """Whether a line must lead to what it names."""


def names(sheet: Sheet) -> tuple[tuple[Name, ...], int]:
    """Return the titles that find room beside the names of places and the dates of a swipe, and how many do not."""
    extent, scale = sheet.extent, sheet.layout.scale
    window = (extent.x0, extent.y0, extent.x1, extent.y1)
    titled = [one.annotation for one in sheet.annotations if one.annotation.title.strip()]
    first = sorted(titled, key=_priority, reverse=True)
    anchored = ((one, _anchor(one, window)) for one in first)
    seen = list(islice(((one, spot) for one, spot in anchored if spot is not None), MOST_TRIED))
    wanted = [_label(one, spot, scale) for one, spot in seen]
    _, _, width, height = sheet.layout.map_px
    placed = place([*wanted, *_obstacles(sheet)], extent, width, height)
    metres = (extent.x1 - extent.x0) / width
    found = [
        Name(
            title=_short(seen[spot.index][0].title),
            grade=seen[spot.index][0].grade,
            anchor=seen[spot.index][1],
            left=spot.x - wanted[spot.index].width_px * metres / 2,
            right=spot.x + wanted[spot.index].width_px * metres / 2,
            y=spot.y,
            leader=spot.leader,
        )
        for spot in placed
        if spot.index < len(wanted)
    ]
    return tuple(found), len(titled) - len(found)


def draw_names(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    """Write the titles, the grade in small type after each."""
    scale, tokens = paper.layout.scale, paper.tokens
    halo = [withStroke(linewidth=2.0, foreground=tokens.halo)]
    metres = (sheet.extent.x1 - sheet.extent.x0) / sheet.layout.map_px[2]
    for name in names(sheet)[0]:
        if name.leader:
            near = min(max(name.anchor[0], name.left), name.right)
            lines: dict[str, Any] = {"color": tokens.text, "linewidth": 0.6, "path_effects": halo, "zorder": _LEADERS_Z}
            axes.plot((name.anchor[0], near), (name.anchor[1], name.y), **lines)
        style: dict[str, Any] = {
            "va": "center",
            "path_effects": halo,
            "clip_on": True,
            "zorder": 8.6,
            "parse_math": False,
        }
        title = printable(name.title)
        font = face("bold", TITLE_PT * scale)
        axes.text(name.left, name.y, title, fontproperties=font, color=tokens.text, **style)
        after = name.left + (_title_mm(name.title, scale) + _GAP_MM * scale) / MM_PER_PX * metres
        small = face("mono", GRADE_PT * scale)
        axes.text(after, name.y, name.grade, fontproperties=small, color=tokens.text, **style)


def _label(one: Annotation, spot: tuple[float, float], scale: float) -> Label:
    width = _title_mm(one.title, scale) + _GAP_MM * scale + width_mm(one.grade, "mono", GRADE_PT * scale)
    point = one.geometry.geom_type in ("Point", "MultiPoint") and one.shape is not Shape.TEXT
    return Label(
        x=spot[0],
        y=spot[1],
        text=one.title,
        width_px=width / MM_PER_PX,
        height_px=TITLE_PT * scale * MM_PER_PT * 1.25 / MM_PER_PX,
        priority=_priority(one),
        avoid=_POINT_MM * scale / MM_PER_PX if point else 0.0,
        centred=one.shape in (Shape.TEXT, Shape.AREA),
    )


def _priority(one: Annotation) -> float:
    """Return what is named first: texts, which are nothing but their title, then what is drawn on top."""
    return float(list(LOOKS).index(one.kind) + (len(LOOKS) if one.shape is Shape.TEXT else 0))


def _title_mm(title: str, scale: float) -> float:
    return width_mm(printable(_short(title)), "bold", TITLE_PT * scale)


def _short(title: str) -> str:
    words = " ".join(title.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _anchor(one: Annotation, window: tuple[float, float, float, float]) -> tuple[float, float] | None:
    """Return the place on the map that a title belongs to; None for what the map does not show."""
    shape: BaseGeometry = project(one.geometry)
    if shapely.get_dimensions(shape) == 2:
        shape = shapely.make_valid(shape)
    parts = shapely.get_parts(shapely.clip_by_rect(shape, *window))
    parts = parts[~shapely.is_empty(parts)]
    if not len(parts):
        return None
    match int(shapely.get_dimensions(parts).max()):
        case 0:
            spot = parts[0]
        case 1:
            spot = shapely.line_interpolate_point(parts[np.argmax(shapely.length(parts))], 0.5, normalized=True)
        case _:
            spot = shapely.point_on_surface(parts[np.argmax(shapely.area(parts))])
    return float(spot.x), float(spot.y)


def _obstacles(sheet: Sheet) -> list[Label]:
    """Return what stands on the map already, the dates of a swipe and the names of places, as symbols without a text.

    A label gives way to symbols, and a symbol to nothing: so each box is laid out with squares.
    """
    frame, metres = sheet.layout.map, (sheet.extent.x1 - sheet.extent.x0) / sheet.layout.map.width
    boxes = [*cut_boxes(sheet), *(_place_boxes(sheet) if sheet.has(Layer.PLACES) else ())]
    return [
        Label(
            x=sheet.extent.x0 + (x - frame.x) * metres,
            y=sheet.extent.y1 - (y - frame.y) * metres,
            width_px=0.0,
            height_px=0.0,
            priority=_LAST,
            avoid=half / MM_PER_PX,
        )
        for box in boxes
        for x, y, half in _squares(box)
        if frame.x <= x <= frame.right and frame.y <= y <= frame.bottom
    ]


def _squares(box: Box) -> Iterator[tuple[float, float, float]]:
    """Yield centre and half side of squares that cover a box and nothing beside it."""
    half = min(box.width, box.height) / 2
    across, down = (math.ceil(side / (2 * half)) for side in (box.width, box.height))
    for x in np.linspace(box.x + half, box.right - half, across):
        for y in np.linspace(box.y + half, box.bottom - half, down):
            yield float(x), float(y), half


def _place_boxes(sheet: Sheet) -> list[Box]:
    frame, scale = sheet.layout.map, sheet.layout.scale
    mm = frame.width / (sheet.extent.x1 - sheet.extent.x0)
    return [
        Box(
            frame.x + (spot.x - sheet.extent.x0) * mm - 0.6,
            frame.y + (sheet.extent.y1 - spot.y) * mm - 3.6 * scale,
            width_mm(printable(spot.name), "bold", 7.0 * scale) + 2.0,
            4.4 * scale,
        )
        for spot in (sheet.surroundings.map.places if sheet.surroundings else ())
    ]

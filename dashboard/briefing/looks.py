"""How each kind of annotation looks, on the map and in its legend: by form as well as by colour."""

from dataclasses import dataclass
from typing import Any

from dashboard.briefing.sheet import Sheet
from dashboard.briefing.sides import side_colours
from dashboard.model.annotation import AnnotationKind, Revision
from dashboard.model.palette import Tokens, annotation_colour

Style = tuple[AnnotationKind, str]
"""Kind and side of an annotation: what is drawn alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Strokes of one kind."""

    width_pt: float
    """Of a line; an area's edge has two thirds of it."""
    dashes: Any = "-"
    """As Matplotlib writes them, in widths of the line; short enough that a legend shows two."""
    marker: str = "o"
    """Of a point, as Matplotlib names it."""
    fill: float = 0.14
    """Opacity of an area."""
    hatch: str = ""
    """Of an area."""
    words: tuple[str, str] = ("", "")
    """One and many, in the legend."""


LOOKS = {
    AnnotationKind.CONTROL: Look(width_pt=1.6, marker="h", fill=0.2, words=("area of control", "areas of control")),
    AnnotationKind.NOTE: Look(width_pt=1.0, dashes=(0, (1.2, 1.4)), fill=0.06, words=("note", "notes")),
    AnnotationKind.DAMAGE: Look(width_pt=1.3, marker="X", hatch="xxxx", words=("damage", "damage")),
    AnnotationKind.ROUTE: Look(width_pt=1.7, dashes=(0, (2.6, 1.1)), marker="D", words=("route", "routes")),
    AnnotationKind.OBSTACLE: Look(
        width_pt=2.2, dashes=(0, (0.9, 0.9)), marker="^", hatch="\\\\\\\\", words=("obstacle", "obstacles")
    ),
    AnnotationKind.POSITION: Look(width_pt=1.4, marker="s", words=("position", "positions")),
    AnnotationKind.FRONTLINE: Look(width_pt=2.2, marker="v", words=("frontline", "frontlines")),
}
"""In the order of drawing: what is drawn later covers the earlier."""


def drawing_order(revision: Revision) -> tuple[int, str, str]:
    """Return what annotations are sorted by before they are drawn."""
    one = revision.annotation
    return list(LOOKS).index(one.kind), one.side, one.id


def style_of(revision: Revision) -> Style:
    """Return the style of an annotation."""
    return revision.annotation.kind, revision.annotation.side


def colour_of(style: Style, sheet: Sheet, tokens: Tokens) -> str:
    """Return the colour of a style: the side's, the very one of its front on this sheet, else the kind's."""
    kind, side = style
    return side_colours(sheet, tokens).get(side) or annotation_colour(kind, side, sheet.forces, tokens)

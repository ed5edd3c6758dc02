"""The margin column: entries of text with swatches, flowed down a box and made smaller until all of them fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon, Rectangle

from dashboard.briefing.fonts import printable, wrap
from dashboard.briefing.layout import Box
from dashboard.briefing.paper import MM_PER_PT, Ink, Paper

SWATCH_MM = 6.4
_SMALLEST = 0.3
_TWO_COLUMNS = 0.85
"""Of the layout's scale: below it two columns are tried."""
_GUTTER_MM = 3.0
_FIRST_COLUMN, _CELL_GAP_MM = 0.32, 0.8
"""Share of a table's width that its first column takes, and the least room between columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """The sign beside a legend line."""

    kind: Literal["fill", "line", "dashed", "hatch", "chip", "teeth", "marker", "text"]
    colour: str
    edge: str | None = None
    letter: str = ""
    """In a chip or a text; for a marker its name in Matplotlib."""
    hatch: str = "////"
    dashes: Any = (0, (3.2, 1.8))
    """Of a dashed line, as Matplotlib writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paragraph of the column."""

    words: str
    ink: Ink
    swatch: Swatch | None = None
    gap: float = 0.5
    """Space above, millimetres."""
    ramp: tuple[str, ...] = ()
    """Colours of a bar across the column above the words; the words then are its ends and middle, split by ``|``."""
    cells: tuple[str, ...] = ()
    """Right-aligned columns after the words, all on one line: a row of a table."""
    rule: bool = False
    """A thin line across the column above the words."""
    panel: str | None = None
    """Colour behind the paragraph."""


Filled = list[tuple[Box, list[Entry]]]
"""Boxes with the entries that stand in each."""


def flow(paper: Paper, box: Box, entries: Sequence[Entry]) -> float:
    """Draw entries down a box at the largest scale, at most the layout's, at which all fit; return the scale.

    Nothing is ever clipped or dropped: a legend that is too long gets smaller type, and stands in two columns where
    that lets its type be larger.
    """
    whole, gutter = paper.layout.scale, _GUTTER_MM * paper.layout.scale
    halves = [Box(x, box.y, (box.width - gutter) / 2, box.height) for x in (box.x, box.x + (box.width + gutter) / 2)]
    scale, columns = _fitted(entries, [box], whole)
    if scale < _TWO_COLUMNS * whole:
        smaller, split = _fitted(entries, halves, whole)
        if smaller > scale:
            scale, columns = smaller, split
    for column, chosen in columns:
        y = column.y
        for entry in chosen:
            y = _draw(paper, Box(column.x, y, column.width, 0.0), _scaled(entry, scale), scale)
    return scale


def roomy(box: Box, entries: Sequence[Entry], scale: float) -> bool:
    """Return whether entries fit a box in one column of type not much smaller than the page's."""
    return _fitted(entries, [box], scale)[0] >= _TWO_COLUMNS * scale


def _fitted(entries: Sequence[Entry], boxes: Sequence[Box], scale: float) -> tuple[float, Filled]:
    """Return the largest scale at which all entries fit, and which stand in which box."""
    columns = _filled(entries, boxes, scale)
    while scale > _SMALLEST and sum(len(chosen) for _, chosen in columns) < len(entries):
        scale *= 0.97
        columns = _filled(entries, boxes, scale)
    left = entries[sum(len(chosen) for _, chosen in columns) :]
    columns[-1][1].extend(left)
    return scale, columns


def _filled(entries: Sequence[Entry], boxes: Sequence[Box], scale: float) -> Filled:
    """Fill boxes one after the other; what is tied to the entry before it is not parted from it."""
    columns: Filled = []
    start = 0
    for box in boxes:
        room, end = box.height, start
        while end < len(entries):
            room -= _entry_height(_scaled(entries[end], scale), box.width, scale)
            if room < 0:
                break
            end += 1
        first = end
        while start < first < len(entries) and _tied(entries[first - 1], entries[first]):
            first -= 1
        end = first if first > start else end
        columns.append((box, list(entries[start:end])))
        start = end
    return columns


def _tied(one: Entry, other: Entry) -> bool:
    heading = one.ink.kind.endswith("bold") and one.swatch is None
    return heading or (one.panel is not None and other.panel is not None)


def _scaled(entry: Entry, scale: float) -> Entry:
    ink = replace(entry.ink, size_pt=entry.ink.size_pt * scale)
    return replace(entry, ink=ink, gap=entry.gap * scale)


def _lines(entry: Entry, width: float, scale: float) -> list[str]:
    if entry.ramp or entry.cells or not entry.words:
        return [entry.words] if entry.words else []
    indent = SWATCH_MM * scale if entry.swatch else 0.0
    inner = width - indent - (3.0 * scale if entry.panel else 0.0)
    return wrap(printable(entry.words), entry.ink.kind, entry.ink.size_pt, inner)


def _entry_height(entry: Entry, width: float, scale: float) -> float:
    bar = 3.4 * scale if entry.ramp else 0.0
    return entry.gap + bar + len(_lines(entry, width, scale)) * entry.ink.line_mm


def _draw(paper: Paper, box: Box, entry: Entry, scale: float) -> float:
    y = box.y + entry.gap
    bottom = box.y + _entry_height(entry, box.width, scale)
    if entry.rule:
        height = box.y + entry.gap * 0.45
        paper.line((box.x, box.right), (height, height), paper.tokens.line, width_pt=0.7)
    if entry.panel:
        paper.rectangle(Box(box.x, y - 0.35 * scale, box.width, bottom - y + 0.7 * scale), entry.panel)
    if entry.ramp:
        return _ramp(paper, Box(box.x, y, box.width, bottom - y), entry, scale)
    if entry.cells:
        _row(paper, Box(box.x, y, box.width, bottom - y), entry)
        return bottom
    x = box.x + (SWATCH_MM * scale if entry.swatch else 1.5 * scale if entry.panel else 0.0)
    if entry.swatch:
        _swatch(paper, Box(box.x, y, SWATCH_MM * scale, entry.ink.line_mm), entry.swatch, entry.ink)
    for line in _lines(entry, box.width, scale):
        paper.text(x, y, line, entry.ink)
        y += entry.ink.line_mm
    return bottom


def _row(paper: Paper, box: Box, entry: Entry) -> None:
    """Write a row of a table; a row with a text that is wider than its column is set smaller, never cut."""
    first = box.width * _FIRST_COLUMN
    step = (box.width - first) / len(entry.cells)
    limits = (first, *(step for _ in entry.cells))
    fitting = (
        paper.fitted(words, entry.ink, limit - _CELL_GAP_MM).size_pt
        for words, limit in zip((entry.words, *entry.cells), limits, strict=True)
    )
    ink = replace(entry.ink, size_pt=min(fitting))
    paper.text(box.x, box.y, entry.words, ink)
    for index, words in enumerate(entry.cells, 1):
        paper.text(box.x + first + step * index, box.y, words, ink, align="right")


def _ramp(paper: Paper, box: Box, entry: Entry, scale: float) -> float:
    bar = Box(box.x, box.y, box.width, 2.7 * scale)
    colours = np.array([[to_rgb(colour) for colour in entry.ramp]])
    axes = paper.inset(bar)
    axes.imshow(colours, aspect="auto", interpolation="nearest", extent=(0, 1, 0, 1))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=paper.tokens.muted, linewidth=0.4)
    ends = entry.words.split("|")
    places = np.linspace(box.x, box.right, len(ends))
    for index, (place, words) in enumerate(zip(places, ends, strict=True)):
        align = "left" if index == 0 else "right" if index == len(ends) - 1 else "center"
        paper.text(float(place), bar.bottom + 0.4 * scale, words, entry.ink, align=align)
    return box.bottom


def _swatch(paper: Paper, box: Box, swatch: Swatch, ink: Ink) -> None:
    middle = box.y + ink.size_pt * MM_PER_PT * 0.62
    height = ink.size_pt * MM_PER_PT * 0.86
    frame = Box(box.x, middle - height / 2, box.width * 0.72, height)
    match swatch.kind:
        case "line" | "dashed":
            style = "-" if swatch.kind == "line" else swatch.dashes
            paper.axes.plot(
                (frame.x, frame.right), (middle, middle), color=swatch.colour, linewidth=1.5, linestyle=style
            )
        case "hatch":
            patch = Rectangle((frame.x, frame.y), frame.width, frame.height, facecolor="none", hatch=swatch.hatch)
            patch.set(edgecolor=swatch.colour, linewidth=0.5)
            paper.axes.add_patch(patch)
        case "fill":
            paper.rectangle(frame, swatch.colour, swatch.edge, width_pt=0.9)
        case "chip":
            _chip(paper, Box(box.x, box.y, box.height * 1.05, box.height), swatch, ink)
        case "teeth":
            _teeth(paper, frame, swatch.colour)
        case "marker":
            edge: dict[str, Any] = {"markeredgecolor": paper.tokens.halo, "markeredgewidth": 0.5}
            x = frame.x + frame.width / 2
            paper.axes.plot(x, middle, swatch.letter, color=swatch.colour, markersize=ink.size_pt * 0.8, **edge)
        case "text":
            paper.text(box.x, box.y, swatch.letter, Ink("bold", ink.size_pt * 0.9, swatch.colour))


def _teeth(paper: Paper, frame: Box, colour: str) -> None:
    """Draw a line with two teeth below it."""
    y, half = frame.y + frame.height * 0.25, frame.height * 0.36
    paper.axes.plot((frame.x, frame.right), (y, y), color=colour, linewidth=frame.height * 0.45)
    for share in (0.25, 0.75):
        x = frame.x + share * frame.width
        tooth = [(x - half, y), (x + half, y), (x, y + half * 2.0)]
        paper.axes.add_patch(Polygon(tooth, closed=True, facecolor=colour, edgecolor="none"))


def _chip(paper: Paper, box: Box, swatch: Swatch, ink: Ink) -> None:
    paper.rectangle(Box(box.x, box.y - 0.2, box.width, box.height), swatch.colour)
    letter = Ink("bold", ink.size_pt, paper.on(swatch.colour))
    paper.text(box.x + box.width / 2, box.y - 0.1, swatch.letter, letter, align="center")

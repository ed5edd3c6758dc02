"""How far the front moved, and where two providers differ: as drawn, and as the legend says it."""

import numpy as np
import shapely
from matplotlib.axes import Axes
from shapely.geometry.base import BaseGeometry

from dashboard.briefing.column import Entry, Swatch
from dashboard.briefing.outline import outline
from dashboard.briefing.paper import Ink, Paper
from dashboard.briefing.sheet import Sheet
from dashboard.briefing.sides import side_colours, side_names
from dashboard.geo.disagreement import Contradiction, Disagreement
from dashboard.geo.displacement import Displacement
from dashboard.geo.mercator import bbox_of, project
from dashboard.model.palette import Tokens
from dashboard.model.view import Layer

_BAND_HATCH = "oo"
_RIBBON_ALPHA, _BAND_ALPHA = 0.3, 0.2
_MOST_PAIRS = 4
_TEXT, _BOLD, _NUMBER = Ink("sans", 6.8), Ink("bold", 6.8), Ink("mono", 6.2)


def draw_movement(axes: Axes, paper: Paper, sheet: Sheet) -> None:
    """Draw the ribbon of the front's movement and the band of disagreement."""
    colours = _ribbon_colours(sheet, paper.tokens)
    for strip in sheet.displacement.ribbon if _moves(sheet) and sheet.displacement else ():
        style = {"alpha": _RIBBON_ALPHA, "edgecolor": colours[strip.gained], "linewidth": 0.8}
        outline(axes, project(strip.geometry), facecolor=colours[strip.gained], zorder=3.2, **style)
    if _differs(sheet) and sheet.disagreement is not None:
        shape = project(sheet.disagreement.band)
        warning = paper.tokens.warning
        outline(axes, shape, facecolor=warning, alpha=_BAND_ALPHA, edgecolor="none", zorder=3.3)
        outline(axes, shape, facecolor="none", edgecolor=warning, hatch=_BAND_HATCH, linewidth=0.9, zorder=3.3)


def movement_entries(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    """Return the legend of both, with their figures."""
    entries: list[Entry] = []
    if _moves(sheet) and sheet.displacement is not None:
        entries += _ribbon(sheet, sheet.displacement, tokens)
    if _differs(sheet):
        entries += _band(sheet, tokens)
    return entries


def _moves(sheet: Sheet) -> bool:
    return sheet.has(Layer.DISPLACEMENT)


def _differs(sheet: Sheet) -> bool:
    return sheet.has(Layer.DISAGREEMENT) and bool(sheet.rival)


def _ribbon_colours(sheet: Sheet, tokens: Tokens) -> dict[bool, str]:
    """Return the colour of ground gained (True) and lost: each that of who holds it afterwards, where that is known."""
    colours = side_colours(sheet, tokens)
    own = sheet.displacement.side if sheet.displacement else ""
    others = [name for name in side_names(sheet) if name != own]
    return {True: colours.get(own, tokens.mixed), False: colours[others[0]] if len(others) == 1 else tokens.muted}


def _ribbon(sheet: Sheet, move: Displacement, tokens: Tokens) -> list[Entry]:
    _, moved = move.profile
    colours = _ribbon_colours(sheet, tokens)
    entries = [Entry(words=f"How far the front moved · {move.side}", ink=_BOLD, gap=2.2)]
    if not len(moved) or not np.any(moved):
        return [*entries, Entry(words="no movement", ink=_TEXT, gap=0.3)]
    for gained, verb in ((True, "forward"), (False, "back")):
        chosen = moved[moved > 0] if gained else -moved[moved < 0]
        ground = sum(strip.km2 for strip in move.ribbon if strip.gained is gained)
        if not len(chosen):
            continue
        words = (
            f"{verb}: up to {km(float(chosen.max()))}, half of it over {km(float(np.median(chosen)))}; {km2(ground)}"
        )
        entries.append(
            Entry(
                words=words,
                ink=_TEXT,
                swatch=Swatch(kind="fill", colour=f"{colours[gained]}{round(255 * _RIBBON_ALPHA):02x}"),
            )
        )
    words = f"front {km(move.length_before_km)} long before, {km(move.length_after_km)} after"
    return [*entries, Entry(words=words, ink=_NUMBER, gap=0.3), *_partly(sheet, [s.geometry for s in move.ribbon])]


def _band(sheet: Sheet, tokens: Tokens) -> list[Entry]:
    own = sheet.front_after.provider if sheet.front_after else "the front"
    entries = [Entry(words=f"Where {own} and {sheet.rival} differ", ink=_BOLD, gap=2.2)]
    found = sheet.disagreement
    if found is None:
        why = sheet.incomparable or "one of them says nothing of this moment"
        return [*entries, Entry(words=f"not compared: {why}", ink=_TEXT, gap=0.3)]
    swatch = Swatch(kind="fill", colour=f"{tokens.warning}{round(255 * _BAND_ALPHA):02x}", edge=tokens.warning)
    entries.append(Entry(words=f"{km2(found.km2)} in dispute", ink=_TEXT, swatch=swatch))
    entries += [Entry(words=_pair(pair, own, sheet.rival), ink=_TEXT, gap=0.2) for pair in found.pairs[:_MOST_PAIRS]]
    return [*entries, Entry(words=found.note, ink=_NUMBER, gap=0.3), *_partly(sheet, _members(found))]


def _pair(pair: Contradiction, own: str, rival: str) -> str:
    return f"{pair.one or 'nobody'} says {own}, {pair.other or 'nobody'} says {rival}: {km2(pair.km2)}"


def _members(found: Disagreement) -> list[BaseGeometry]:
    return [] if found.band.is_empty else [found.band]


def _partly(sheet: Sheet, shapes: list[BaseGeometry]) -> list[Entry]:
    """Say when figures count more than the map shows."""
    window = shapely.box(*bbox_of(sheet.extent))
    if all(shapely.covers(window, shape) for shape in shapes):
        return []
    return [Entry(words="the figures count ground beyond this map too", ink=_TEXT, gap=0.2)]


def km(value: float) -> str:
    """Return a length with a sensible number of digits."""
    return f"{value * 1000:.0f} m" if value < 1 else f"{value:.1f} km" if value < 100 else f"{value:,.0f} km"


def km2(value: float) -> str:
    """Return an area with a sensible number of digits."""
    return f"{value:,.1f} km²" if value >= 10 else f"{value:.2g} km²"

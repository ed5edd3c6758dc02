"""Colours of the sides of a frontline, the same in the map and in its legend."""

from collections.abc import Iterable

from dashboard.briefing.sheet import Sheet
from dashboard.model.frontline import GroundChange
from dashboard.model.palette import Tokens, force_colour

HATCHES = ("///", "\\\\\\", "---", "xxx")
"""Directions tell sides apart where colours do not."""

LOST_HATCH = "...."
"""Of ground that a side lost and nobody on the sheet gained."""
TINY_KM2 = 1e-3
"""Below this, ground has not changed hands: two tracings of one line differ by as much."""


def side_names(sheet: Sheet) -> tuple[str, ...]:
    """Return every side on the sheet, sorted."""
    fronts = [front for front in (sheet.front_before, sheet.front_after) if front is not None]
    names = {area.side for front in fronts for area in front.areas} | {change.side for change in sheet.ground}
    return tuple(sorted(names))


def side_colours(sheet: Sheet, tokens: Tokens) -> dict[str, str]:
    """Return the colour of each side: of the data, else of its force or by its name, else blue and orange in turn."""
    stated = dict(_stated(sheet))
    turn = (tokens.orange_force, tokens.blue_force)
    sides = enumerate(side_names(sheet))
    forces = {force.name.casefold(): force_colour(force, tokens) for force in sheet.forces}
    named = {side: forces.get(side.casefold()) or _by_name(side, tokens) for side in side_names(sheet)}
    return {side: stated.get(side) or named[side] or turn[index % 2] for index, side in sides}


def side_hatches(sheet: Sheet) -> dict[str, str]:
    """Return the hatch of the ground each side gained."""
    return {side: HATCHES[index % len(HATCHES)] for index, side in enumerate(side_names(sheet))}


def lost_to_nobody(change: GroundChange, sheet: Sheet) -> bool:
    """Whether a side lost ground that no other side on the sheet gained: a provider that draws one side only."""
    others = sum(other.gained_km2 for other in sheet.ground if other.side != change.side)
    return change.lost_km2 > TINY_KM2 and others <= TINY_KM2


def _stated(sheet: Sheet) -> Iterable[tuple[str, str]]:
    for change in sheet.ground:
        if change.colour:
            yield change.side, change.colour
    for front in (sheet.front_before, sheet.front_after):
        for area in front.areas if front is not None else ():
            if area.colour:
                yield area.side, area.colour


def _by_name(side: str, tokens: Tokens) -> str | None:
    named = {"blue": tokens.blue_force, "orange": tokens.orange_force}
    return next((colour for word, colour in named.items() if word in side.lower()), None)

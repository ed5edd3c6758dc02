"""Colours with a meaning. Nothing else in the code names a colour; the values are in assets/style/tokens.json."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from dashboard.model.annotation import AnnotationKind, Force
from dashboard.model.assets import asset

Theme = Literal["dark", "light"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One theme's colours as ``#rrggbb``, by what they mean."""

    page: str
    panel: str
    line: str
    text: str
    muted: str
    accent: str
    """Focus, selection and the primary button; nothing else."""
    a: str
    """Before: playhead, label, chip, series marker; red in the two-colour composite."""
    b: str
    """After: the same; cyan in the two-colour composite."""
    brighter: str
    darker: str
    mixed: str
    blue_force: str
    orange_force: str
    ascending: str
    """Pass direction of a tick within its lane."""
    descending: str
    unobserved: str
    warning: str
    error: str
    land: str
    water: str
    border: str
    river: str
    road: str
    built: str
    forest: str
    field: str
    label: str
    halo: str
    banner: str
    banner_text: str
    exercise: str
    exercise_text: str
    black: str
    white: str
    kind_frontline: str
    """Of an annotation that states no side, by what it says is there."""
    kind_control: str
    kind_position: str
    kind_route: str
    kind_obstacle: str
    kind_damage: str
    kind_note: str
    verdict_damage: str
    """Of a detected change, by what a reviewer said it is; never red against green."""
    verdict_earthworks: str
    verdict_water: str
    verdict_moved: str
    verdict_false: str


@cache
def tokens(theme: Theme = "dark") -> Tokens:
    """Return the colours of a theme."""
    return Tokens(**json.loads(asset("style", "tokens.json").read_text(encoding="utf-8"))[theme])


def annotation_colour(kind: AnnotationKind, side: str, forces: Iterable[Force], colours: Tokens) -> str:
    """Return the colour that an annotation is drawn in: its side's, or its kind's where no known side is stated."""
    wanted = side.casefold()
    named = (force_colour(force, colours) for force in forces if wanted and force.name.casefold() == wanted)
    by_kind = {
        AnnotationKind.FRONTLINE: colours.kind_frontline,
        AnnotationKind.CONTROL: colours.kind_control,
        AnnotationKind.POSITION: colours.kind_position,
        AnnotationKind.ROUTE: colours.kind_route,
        AnnotationKind.OBSTACLE: colours.kind_obstacle,
        AnnotationKind.DAMAGE: colours.kind_damage,
        AnnotationKind.NOTE: colours.kind_note,
    }
    return next(named, by_kind[kind])


def force_colour(force: Force, colours: Tokens) -> str:
    """Return the colour of a force; the two colours that forces get unasked follow the theme, chosen ones stay."""
    dark = tokens("dark")
    unasked = {dark.blue_force: colours.blue_force, dark.orange_force: colours.orange_force}
    return unasked.get(force.colour.lower(), force.colour)

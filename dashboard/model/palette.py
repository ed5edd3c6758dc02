"""Colours with a meaning. Nothing else in the code names a colour; the values are in assets/style/tokens.json."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Literal

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


@cache
def tokens(theme: Theme = "dark") -> Tokens:
    """Return the colours of a theme."""
    return Tokens(**json.loads(asset("style", "tokens.json").read_text(encoding="utf-8"))[theme])

"""Colours among the properties of a feature."""

import re
from collections.abc import Mapping
from typing import Any

NAMES = ("stroke", "fill", "marker-color", "colour", "color")
"""Properties that hold a colour, most telling first."""
_HEXADECIMAL = re.compile(r"#?([0-9a-fA-F]{6})([0-9a-fA-F]{2})?")


def colours_in(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the colours as ``#rrggbb``, most telling first; opacity is left out."""
    values = (fields.get(name) for name in NAMES)
    found = (_HEXADECIMAL.fullmatch(value.strip()) for value in values if isinstance(value, str))
    return tuple(f"#{one[1].lower()}" for one in found if one is not None)

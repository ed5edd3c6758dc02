"""What a product states beside the fields of an acquisition, as pairs of texts."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

Details = tuple[tuple[str, str], ...]

MOST_CHARACTERS = 400
"""Of one value: more is a document, not a field."""


def details(stated: Mapping[str, object]) -> Details:
    """Return (field, value as text) of everything stated, in the order given.

    Parameters
    ----------
    stated : field -> number, text, truth, moment, or list of those; None and blanks mean that it is not stated
    """
    pairs = ((field, as_text(value)) for field, value in stated.items() if value is not None)
    return tuple((field, text) for field, text in pairs if text)


def as_text(value: object) -> str:
    """Return a value as people and STAC write it: shortest number, ISO 8601 in UTC with ``Z``, lists with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(as_text(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value))
    return " ".join(str(value).split())[:MOST_CHARACTERS]


def decimal(text: str | None) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None

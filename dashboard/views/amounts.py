"""Distances and areas as people write them. Pure."""

from dashboard.model.errors import InputError


def kilometres(text: str) -> float | None:
    """Return a distance; None for an empty text.

    Raises
    ------
    InputError
        If it is no number of kilometres.
    """
    cleaned = text.replace("km", "").strip()
    found = _number(cleaned) if cleaned else None
    if found is not None and not 0 <= found < 100_000:
        msg = f"{text!r} is no distance; give kilometres, 0 or more, or nothing for any."
        raise InputError(msg)
    return found


def square_metres(text: str) -> float:
    """Return an area; 0 for an empty text.

    Raises
    ------
    InputError
        If it is no number of square metres.
    """
    cleaned = text.replace("m²", "").replace("m2", "").replace(",", "").strip()
    found = _number(cleaned) if cleaned else 0.0
    if not 0 <= found < 1e12:
        msg = f"{text!r} is no area; give square metres, 0 or more, or nothing for any."
        raise InputError(msg)
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0

"""Order and filter of a list by the front: the small form above the changes. Pure."""

from dashboard.model.errors import InputError
from dashboard.state.arranging import ORDERS, Arrangement
from dashboard.views.card import chosen, said, written
from dashboard.workflows.fronts import Fronts

WORDS = {"size": "largest first", "front": "nearest the front", "strength": "strongest first", "date": "earliest first"}


def arrange_text(arrangement: Arrangement, fronts: Fronts | None) -> str:
    """Return the form."""
    sides = sorted({area.side for area in fronts.after.areas}) if fronts is not None and fronts.after else []
    message = said("arrange")
    within = "" if arrangement.within_km is None else f"{arrangement.within_km:g}"
    return (
        '<div class="grid">'
        + chosen("Order", "order", arrangement.order, {order: WORDS[order] for order in ORDERS}, message)
        + chosen("On the ground of", "side", arrangement.side, {"": "anybody", **{s: s for s in sides}}, message)
        + written("Within km of the front", "within_km", within, message, tip="any distance")
        + "</div>"
    )


def kilometres(text: str) -> float | None:
    """Return a distance; None for an empty text.

    Raises
    ------
    InputError
        If it is no number of kilometres.
    """
    cleaned = text.replace("km", "").strip()
    if not cleaned:
        return None
    try:
        found = float(cleaned)
    except ValueError:
        found = -1.0
    if not 0 <= found < 100_000:
        msg = f"{text!r} is no distance; give kilometres, 0 or more, or nothing for any."
        raise InputError(msg)
    return found

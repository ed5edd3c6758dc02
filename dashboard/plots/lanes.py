"""The timeline's lanes of fronts and annotations: columns from values. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from dashboard.model.dtg import dtg

FRONT = "front km²"
"""Of the lane's name, before the provider's where there are several."""
NOTES = "notes"
Row = tuple[datetime, str, float]
"""Since when, side, km2."""
STEP_COLUMNS = ("left", "right", "bottom", "top", "dtg", "title", "facts", "note", "provider", "at")
NOTE_COLUMNS = ("x", "y", "id", "colour", "dtg", "title", "facts", "note")
_REACH = 0.36
"""Of a lane, to either side of its middle."""


def front_lane(provider: str, providers: Sequence[str]) -> str:
    """Return the name of a provider's lane."""
    return FRONT if len(providers) == 1 else f"{provider} km²"


def front_columns(rows: Sequence[Row], level: int, colours: dict[str, str], until: datetime) -> dict[str, list[Any]]:
    """Return one step line a side: its area between the least and the most it held, within the lane."""
    if not rows:
        return {"xs": [], "ys": [], "colour": []}
    sides = sorted({side for _, side, _ in rows})
    xs, ys = [], []
    for side in sides:
        steps = sorted((moment, km2) for moment, name, km2 in rows if name == side)
        values = [km2 for _, km2 in steps]
        low, span = min(values), (max(values) - min(values)) or 1.0
        x, y = [], []
        for index, (moment, km2) in enumerate(steps):
            after = steps[index + 1][0] if index + 1 < len(steps) else max(until, moment)
            x += [milliseconds(moment), milliseconds(after)]
            y += [level - _REACH + 2 * _REACH * (km2 - low) / span] * 2
        xs.append(x)
        ys.append(y)
    return {"xs": xs, "ys": ys, "colour": [colours[side] for side in sides]}


def step_columns(provider: str, rows: Sequence[Row], level: int, until: datetime) -> dict[str, list[Any]]:
    """Return one box a snapshot with the words of its tooltip: each side's area, what it changed by, and the rate."""
    moments = sorted({moment for moment, _, _ in rows})
    held = {(moment, side): km2 for moment, side, km2 in rows}
    sides = sorted({side for _, side, _ in rows})
    columns: dict[str, list[Any]] = {name: [] for name in STEP_COLUMNS}
    for index, moment in enumerate(moments):
        before = moments[index - 1] if index else None
        after = moments[index + 1] if index + 1 < len(moments) else max(until, moment + timedelta(hours=1))
        said = [_said(side, held.get((moment, side)), _since(held, before, side), moment, before) for side in sides]
        values = {
            "left": milliseconds(moment), "right": milliseconds(after), "bottom": level - 0.5, "top": level + 0.5,
            "dtg": dtg(moment), "title": provider, "facts": "<br>".join(line for line in said if line),
            "note": "hovering shows the ground of this step; a click goes there", "provider": provider,
            "at": milliseconds(moment),
        }  # fmt: skip
        for name, value in values.items():
            columns[name].append(value)
    return columns


def _since(held: dict[tuple[datetime, str], float], before: datetime | None, side: str) -> float | None:
    return None if before is None else held.get((before, side), 0.0)


def _said(side: str, km2: float | None, earlier: float | None, moment: datetime, before: datetime | None) -> str:
    if km2 is None:
        return ""
    side = escape(side)
    if earlier is None or before is None:
        return f"{side} {km2:,.1f} km²"
    days = (moment - before).total_seconds() / 86_400
    return f"{side} {km2:,.1f} km² ({km2 - earlier:+,.2f} km², {(km2 - earlier) / days:+,.2f} km² a day)"


def note_columns(notes: Sequence[tuple[str, datetime, str, str, str]], level: int) -> dict[str, list[Any]]:
    """Return one tick an annotation, from (id, valid from, title, facts, colour)."""
    return {
        "x": [milliseconds(moment) for _, moment, _, _, _ in notes],
        "y": [level] * len(notes),
        "id": [id_ for id_, _, _, _, _ in notes],
        "colour": [colour for _, _, _, _, colour in notes],
        "dtg": [dtg(moment) for _, moment, _, _, _ in notes],
        "title": [title for _, _, title, _, _ in notes],
        "facts": [facts for _, _, _, facts, _ in notes],
        "note": ["a click chooses it"] * len(notes),
    }


def milliseconds(moment: datetime) -> float:
    """Return milliseconds since 1970, the timeline's axis."""
    return moment.timestamp() * 1000.0

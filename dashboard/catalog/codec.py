"""Small values <-> what a column can hold: times, handling, JSON."""

import json
import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from dashboard.model.errors import InputError
from dashboard.model.handling import Handling, Rank, Tlp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO_US = 946_684_800_000_000
_DAY_US = 86_400_000_000
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware time, exactly.

    Raises
    ------
    InputError
        If the time carries no zone.
    """
    if moment.tzinfo is None:
        msg = f"Time {moment.isoformat()} has no zone; give it in UTC (datetime.UTC)."
        raise InputError(msg)
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def days(microseconds: int) -> float:
    """Return days since 2000: what an R*Tree's 32-bit floats resolve to about a minute, rounded outward."""
    return (microseconds - _DAY_ZERO_US) / _DAY_US


def number(value: float | None) -> float | None:
    """Return a plain float, also of NumPy's numbers.

    Raises
    ------
    InputError
        If it is not finite: SQLite would keep NaN as NULL.
    """
    if value is None:
        return None
    if not math.isfinite(value):
        msg = f"A number to record is {value}; leave the field empty (None) when it is not known."
        raise InputError(msg)
    return float(value)


def packed(value: object) -> str:
    """Return canonical JSON: equal values give equal text; NumPy's numbers become plain ones.

    Raises
    ------
    InputError
        If a number is not finite, or a value is none that JSON knows.
    """
    try:
        return _ENCODER.encode(value)
    except InputError:
        raise
    except ValueError as error:
        raise InputError("A number is infinite or not a number; leave the field empty (None) instead.") from error


def handling_text(handling: Handling) -> str:
    """Return a handling as JSON."""
    until = handling.embargo_until
    return packed(
        {
            "rank": int(handling.rank),
            "marking": handling.marking,
            "tlp": None if handling.tlp is None else int(handling.tlp),
            "releasable_to": _sorted(handling.releasable_to),
            "caveats": _sorted(handling.caveats),
            "regimes": _sorted(handling.regimes),
            "attributions": _sorted(handling.attributions),
            "redistribution": handling.redistribution,
            "derivatives": handling.derivatives,
            "embargo_until": None if until is None else micros(until),
            "conflict": handling.conflict,
        }
    )


@lru_cache(maxsize=4096)
def handling_of(text: str) -> Handling:
    """Return the handling of its JSON; equal texts share one object, as most records share one marking."""
    found: dict[str, Any] = json.loads(text)
    audience, until, tlp = found["releasable_to"], found["embargo_until"], found["tlp"]
    return Handling(
        rank=Rank(found["rank"]),
        marking=found["marking"],
        tlp=None if tlp is None else Tlp(tlp),
        releasable_to=None if audience is None else frozenset(audience),
        caveats=frozenset(found["caveats"]),
        regimes=frozenset(found["regimes"]),
        attributions=frozenset(found["attributions"]),
        redistribution=found["redistribution"],
        derivatives=found["derivatives"],
        embargo_until=None if until is None else moment(until),
        conflict=found["conflict"],
    )


def _plain(value: Any) -> object:  # noqa: ANN401 - called by json for what it does not know
    try:
        return value.item()
    except AttributeError as error:
        msg = f"{value!r} cannot be recorded; give text, a number, true or false."
        raise InputError(msg) from error


def _sorted(words: frozenset[str] | None) -> list[str] | None:
    return None if words is None else sorted(words)


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False, default=_plain)

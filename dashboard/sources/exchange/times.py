"""Times as files state them: ISO 8601 in any length, days, years and epochs; under the names that tools use."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

BEGIN = (
    "valid_from", "begin", "start", "start_time", "start_date", "time_start", "from", "since", "observed",
    "observed_at", "date_observed", "when", "timestamp", "datetime", "date_time", "date", "time",
)  # fmt: skip
"""Names of a beginning, most telling first; compared in lower snake case."""
END = ("valid_to", "end", "end_time", "end_date", "time_end", "stop", "until", "to")
DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
"""Such as ``front_20240506.geojson``."""
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS, _MILLISECONDS = (1e8, 1e11), (1e11, 1e14)
"""Epochs between 1973 and 5138: smaller numbers are days, years or something else."""
_DAYS = range(1900_01_01, 2101_01_01)
"""Numbers that read as a day: 20240506."""


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return a field's name in lower snake case: ``Start Time``, ``startTime`` and ``start-time`` are one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def time_of(value: object) -> datetime | None:
    """Return the UTC time of a value, None where it is none; a text without a zone is taken as UTC."""
    try:
        found = value if isinstance(value, datetime) else _parsed(value)
        if found is None:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stated_period(fields: Mapping[str, Any]) -> tuple[datetime | None, datetime | None, frozenset[str]]:
    """Return (begin, end, names of the fields they came from); None where no field holds a time."""
    named = {snake(name): name for name in fields if isinstance(name, str)}
    begin, used = _first(fields, named, BEGIN)
    end, used_too = _first(fields, named, END)
    return begin, end, frozenset(name for name in (used, used_too) if name is not None)


def day_in(file: str) -> datetime | None:
    """Return the day that a file's name carries."""
    found = DAY_IN_NAME.search(file)
    return None if found is None else time_of("-".join(found.groups()))


def _first(
    fields: Mapping[str, Any], named: Mapping[str, str], candidates: tuple[str, ...]
) -> tuple[datetime | None, str | None]:
    for candidate in candidates:
        name = named.get(candidate)
        moment = None if name is None else time_of(fields[name])
        if moment is not None:
            return moment, name
    return None, None


def _parsed(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _parsed(str(int(value))) if value in _DAYS else _epoch(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    text = value.strip().replace("/", "-")
    if _YEAR.fullmatch(text):
        return datetime(int(text), 1, 1, tzinfo=UTC)
    month = _MONTH.fullmatch(text)
    if month is not None:
        return datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)
    return datetime.fromisoformat(text)


def _epoch(value: float) -> datetime | None:
    if _SECONDS[0] <= value < _SECONDS[1]:
        return _EPOCH + timedelta(seconds=value)
    if _MILLISECONDS[0] <= value < _MILLISECONDS[1]:
        return _EPOCH + timedelta(milliseconds=value)
    return None

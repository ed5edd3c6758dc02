"""Date-time groups: how times are written for people, e.g. ``061530ZMAY24``."""

import re
from datetime import UTC, datetime

from dashboard.model.errors import InputError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PATTERN = re.compile(r"^(\d{2})(\d{2})(\d{2})Z([A-Z]{3})(\d{2})$")


def dtg(moment: datetime) -> str:
    """Return ``DDHHMMZMONYY`` of an aware time; seconds are cut, not rounded."""
    utc = moment.astimezone(UTC)
    # Field by field: thousands are written when a map is panned, and strftime takes five times as long.
    return f"{utc.day:02}{utc.hour:02}{utc.minute:02}Z{_MONTHS[utc.month - 1]}{utc.year % 100:02}"


def iso(moment: datetime) -> str:
    """Return ISO 8601 to the second with ``Z``."""
    return f"{moment.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


def parse_dtg(text: str) -> datetime:
    """Return the UTC time of a date-time group of this century.

    Raises
    ------
    InputError
        If the text is not a date-time group.
    """
    match = _PATTERN.match(text.strip().upper())
    try:
        if match is None:
            raise ValueError
        day, hour, minute, month, year = match.groups()
        return datetime(2000 + int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=UTC)
    except ValueError as error:
        msg = f"{text!r} is not a date-time group; write it like 061530ZMAY24."
        raise InputError(msg) from error


def parse_moment(text: str) -> datetime:
    """Return the UTC time of a date-time group or of ISO 8601; a day alone means its start.

    Raises
    ------
    InputError
        If the text is neither, or ISO without a zone.
    """
    cleaned = text.strip()
    if _PATTERN.match(cleaned.upper()):
        return parse_dtg(cleaned)
    try:
        found = datetime.fromisoformat(cleaned)
    except ValueError as error:
        msg = f"{text!r} is no time; write it like 061530ZMAY24 or 2024-05-06T15:30Z."
        raise InputError(msg) from error
    if found.tzinfo is None:
        if len(cleaned) > len("2024-05-06"):
            msg = f"{text!r} has no zone; end it with Z for UTC."
            raise InputError(msg)
        found = found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        msg = f"{text!r} leaves the years 1 to 9999; give a time within them."
        raise InputError(msg) from error

"""Moments as products write them."""

from datetime import UTC, datetime, timedelta


def iso(moment: datetime, zone: str = "Z", digits: int = 6) -> str:
    """Return ISO 8601 in UTC with so many digits after the second: six are kept, more are zeros."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    fraction = f"{plain.microsecond:06d}".ljust(digits, "0")[:digits]
    return f"{plain:%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if digits else "") + zone


def after(moment: datetime, seconds: float) -> datetime:
    """Return the moment so many seconds later, to the microsecond."""
    return moment + timedelta(microseconds=round(float(seconds) * 1e6))

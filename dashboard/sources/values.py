"""Plain values from untrusted JSON: numbers, moments, words and names."""

import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError

MAX_JSON_BYTES = 64 * 2**20
"""A side-car or catalogue file larger than this is refused: real ones are below 1 MB."""


def number(value: object) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def moment(value: object, field: str) -> datetime:
    """Return a moment in UTC; a text without a zone is taken as UTC.

    Raises
    ------
    DamagedProductError
        If it is neither a datetime nor ISO 8601 text.
    """
    found = _parsed(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        msg = f"{field} is {str(value)[:60]!r}, which is not a time; give ISO 8601 such as 2024-05-06T15:30:00Z."
        raise DamagedProductError(msg)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def words(value: object, *, commas: bool = True) -> tuple[str, ...]:
    """Return a list of texts from a list or a text; blanks are dropped."""
    if value is None:
        return ()
    if isinstance(value, str):
        parts: list[Any] = value.split(",") if commas else [value]
    elif isinstance(value, list | tuple):
        parts = list(value)
    else:
        parts = [value]
    return tuple(text for part in parts if part is not None and (text := str(part).strip()))


def kebab(value: object) -> str | None:
    """Return a name in lower kebab case, ``[a-z0-9-]``, or None when nothing is left of it."""
    if not isinstance(value, str):
        return None
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") or None


def safe_id(value: str) -> str | None:
    """Return an id restricted to ``[A-Za-z0-9_.-]``, at most 160 characters, or None when nothing is left."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", value.strip()).strip(".-")[:160] or None


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[Any]:
    """Return a JSON list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def load_json(path: Path) -> Any:  # noqa: ANN401  JSON is whatever it is: callers check
    """Return the content of a JSON file.

    Raises
    ------
    DamagedProductError
        If it is too large or not JSON.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_JSON_BYTES else b""
    except OSError as error:
        msg = f"{path.name} cannot be read ({error.strerror}); check the file and its permissions."
        raise DamagedProductError(msg) from error
    if size > MAX_JSON_BYTES:
        msg = f"{path.name} has {size:,} bytes of JSON; the limit is {MAX_JSON_BYTES:,}. Split it."
        raise DamagedProductError(msg)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        msg = f"{path.name} is not valid JSON; it may be truncated. Fetch it again."
        raise DamagedProductError(msg) from error

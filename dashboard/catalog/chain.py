"""The chain of hashes that ties every event to all before it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from dashboard.catalog.codec import micros, moment, packed
from dashboard.model.errors import CatalogError, InputError
from dashboard.model.event import Event, Outcome

GENESIS = "0" * 64
"""What stands in place of a hash before the first event."""


def linked(before: str, row: Mapping[str, Any] | RowMapping) -> str:
    """Return the hash of an event: SHA-256, hexadecimal, over the hash before it and the event as JSON.

    Parameters
    ----------
    before : hash of the event before; `GENESIS` for the first
    row : columns of the event, `body` as canonical JSON (`codec.packed`), `at` in microseconds since 1970

    Raises
    ------
    InputError
        If a text holds half a character (a lone surrogate), which no file can.

    Notes
    -----
    The bytes are UTF-8 of `before`, then a JSON array without spaces: number, id, kind, subject, author, at, base,
    outcome and the body with its keys sorted. Anybody can compute them again from the table.
    """
    fields = [row[name] for name in ("number", "id", "kind", "subject", "author", "at", "base", "outcome")]
    text = f"{before}{packed(fields)[:-1]},{row['body']}]"
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        msg = f"Event {row['id']!r} holds {error.object[error.start : error.end]!r}, which is no character; remove it."
        raise InputError(msg) from error


def event_of(row: Mapping[str, Any] | RowMapping) -> Event:
    """Return the event of the columns of the log."""
    return Event(
        number=row["number"],
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        author=row["author"],
        at=moment(row["at"]),
        base=row["base"],
        body=json.loads(row["body"]),
        outcome=Outcome(row["outcome"]),
        hash=row["hash"],
    )


class Walk:
    """A walk along the chain that stops at the first link that does not hold."""

    def __init__(self) -> None:
        self.number, self.hash = 0, GENESIS
        self._at = 0
        self._versions: dict[str, int] = {}

    def step(self, row: Mapping[str, Any] | RowMapping) -> Event:
        """Go on to the next event and return it.

        Raises
        ------
        CatalogError
            If the event is not the next, was recorded before its predecessor, has another hash than its content or was
            applied where it had to be a conflict, or the reverse.
        """
        if row["number"] != self.number + 1:
            raise _broken(self.number + 1, f"it is missing; the next there is has number {row['number']}")
        if row["hash"] != linked(self.hash, row):
            raise _broken(row["number"], "its content, or that of an event before it, is not what was recorded")
        if row["at"] < self._at:
            raise _broken(row["number"], "it was recorded before its predecessor")
        event = event_of(row)
        fresh = event.base == self._versions.get(event.subject, 0)
        if (event.outcome is Outcome.APPLIED) is not fresh:
            why = f"it cannot be {event.outcome.value} on version {event.base} of {event.subject}"
            raise _broken(row["number"], why)
        if fresh:
            self._versions[event.subject] = event.number
        self.number, self.hash, self._at = event.number, event.hash, micros(event.at)
        return event


def _broken(number: int, why: str) -> CatalogError:
    msg = f"The log is broken at event {number}: {why}. Restore the last backup that verifies (`nightglass restore`)."
    return CatalogError(msg)

"""What reviewers say, as the log makes it: one row per applied event, of which the present one has no end."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from dashboard.catalog.codec import micros
from dashboard.catalog.conflicts import settle
from dashboard.catalog.projection import empty, rows_of
from dashboard.catalog.tables import review
from dashboard.model.errors import InputError, NotFoundError
from dashboard.model.event import Event, Outcome
from dashboard.model.review import Verdict

SAID = "verdict.said"
WITHDRAWN = "verdict.withdrawn"
SUBJECT = "verdict:"
"""What the subject of an event on a verdict begins with; the change's id, a colon and the reviewer follow."""

_R = review.c


def subject_of(change_id: str, reviewer: str) -> str:
    """Return the subject of what a reviewer says of a change: two reviewers never have the same one."""
    return f"{SUBJECT}{change_id}:{reviewer}"


class Verdicts:
    """Projection of every word of every reviewer on every change."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event is on a verdict."""
        return event.kind in {SAID, WITHDRAWN}

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """End what each reviewer said of a change before, and keep what is said now.

        Raises
        ------
        InputError
            If an event names no change, a verdict that there is not, or neither verdict nor note.
        NotFoundError
            If something is withdrawn that was never said, or is withdrawn already.
        """
        present = _present(connection, events)
        rows: dict[int, dict[str, Any]] = {}
        ended: list[dict[str, int]] = []
        for event in events:
            row = _row(event)
            there = present.get(event.subject)
            if row["withdrawn"] and (there is None or there["withdrawn"]):
                msg = f"{event.author} has no word on change {row['change']} to withdraw; judge it first."
                raise NotFoundError(msg)
            if event.outcome is not Outcome.APPLIED:
                continue
            if there is not None and there["number"] in rows:
                rows[there["number"]]["until"] = row["at"]
            elif there is not None:
                ended.append({"ended": there["number"], "then": row["at"]})
            present[event.subject] = rows[event.number] = row
            settle(connection, event.subject, event.number)  # who is told of a conflict decides it by judging again
        _write(connection, list(rows.values()), ended)

    def clear(self, connection: Connection) -> None:
        """Forget every word, for a replay."""
        empty(connection, review)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return every row, in the order of the log."""
        return (tuple(row) for row in rows_of(connection, review, _R.number))


def _present(connection: Connection, events: Sequence[Event]) -> dict[str, dict[str, Any]]:
    """Return the present row of every change that events are on, by subject."""
    changes = sorted({str(event.body.get("change")) for event in events})
    statement = select(review).where(_R.change.in_(changes), _R.until.is_(None))
    return {subject_of(row["change"], row["reviewer"]): dict(row) for row in connection.execute(statement).mappings()}


def _row(event: Event) -> dict[str, Any]:
    change, verdict, note = event.body.get("change"), event.body.get("verdict"), event.body.get("note", "")
    if not change or not isinstance(change, str) or event.subject != subject_of(change, event.author):
        msg = f"{event.kind} by {event.author} is recorded on {event.subject!r}; give the change's id and its reviewer."
        raise InputError(msg)
    if verdict is not None and verdict not in set(Verdict):
        msg = f"Verdict {verdict!r} is none of {', '.join(Verdict)}; choose one of them."
        raise InputError(msg)
    withdrawn = event.kind == WITHDRAWN
    if not isinstance(note, str) or (verdict is None and not note.strip() and not withdrawn):
        msg = f"{event.author} says nothing of change {change}; give a verdict or a note."
        raise InputError(msg)
    return {
        "number": event.number,
        "change": change,
        "reviewer": event.author,
        "verdict": None if withdrawn else verdict,
        "note": "" if withdrawn else note,
        "withdrawn": withdrawn,
        "at": micros(event.at),
        "until": None,
    }


def _write(connection: Connection, rows: list[dict[str, Any]], ended: list[dict[str, int]]) -> None:
    if ended:  # first: of a reviewer and a change only one row has no end
        end = update(review).where(_R.number == bindparam("ended")).values(until=bindparam("then"))
        connection.execute(end, ended)
    if rows:
        connection.execute(insert(review), rows)

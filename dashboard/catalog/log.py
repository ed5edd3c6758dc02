"""The event log: what was done, by whom, when, on which version. Appended, chained, never changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, insert, select

from dashboard.catalog.chain import GENESIS, event_of, linked
from dashboard.catalog.codec import micros, packed
from dashboard.catalog.conflicts import OpenConflicts
from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.projection import Projection, follow
from dashboard.catalog.tables import event
from dashboard.catalog.verdicts import SAID, WITHDRAWN
from dashboard.catalog.verification import BATCH, batches, verify
from dashboard.model.errors import CatalogError, InputError
from dashboard.model.event import Event, NewEvent, Outcome
from dashboard.model.progress import CancelToken, Report, silent


def _now() -> datetime:
    return datetime.now(UTC)


class EventLog:
    """The log of a catalogue, and of everything derived from it."""

    def __init__(
        self, database: Database, projections: Sequence[Projection] = (), clock: Callable[[], datetime] = _now
    ) -> None:
        self._database = database
        self._projections = (OpenConflicts(), *projections)
        self._clock = clock

    def append(self, new: NewEvent) -> Event:
        """Record an event and return it, durably; what is derived from it changes in the same transaction.

        An event on a stale `base` is recorded as a conflict and changes nothing else. Recording the same event again
        returns the one that is there.

        Raises
        ------
        InputError
            If a text is missing, the body is no JSON or not what its kind needs.
        NotFoundError
            If it acts on something that is not there.
        CatalogError
            If its id is taken by an event with other content.
        DiskFullError
            If there is no room; nothing is recorded then.
        """
        return self.append_many([new])[0]

    def append_many(self, news: Iterable[NewEvent]) -> list[Event]:
        """Record events in their order, all or none, in one transaction; see `append`."""
        waiting = iter([_columns(new) for new in news])  # before the write lock is taken: others write meanwhile
        answers: list[Event] = []
        with self._database.writing() as connection:
            tail = _Tail(connection)
            first = tail.number
            while batch := list(islice(waiting, BATCH)):
                answers += self._record(connection, tail, batch)
            if tail.number > first:
                count_write(connection, {_kind(new) for new in answers})
        return answers

    def events(
        self, *, subject: str | None = None, since: int = 0, kinds: Sequence[str] = (), limit: int = 1000
    ) -> list[Event]:
        """Return events in order of number: those after number `since`, of a subject, of some kinds."""
        statement = select(event).where(event.c.number > since).order_by(event.c.number).limit(limit)
        if subject is not None:
            statement = statement.where(event.c.subject == subject)
        if kinds:
            statement = statement.where(event.c.kind.in_(kinds))
        with self._database.reading() as connection:
            return [event_of(row) for row in connection.execute(statement).mappings()]

    def head(self) -> tuple[int, str]:
        """Return number and hash of the last event; (0, `GENESIS`) for an empty log."""
        with self._database.reading() as connection:
            tail = _Tail(connection)
        return tail.number, tail.hash

    def version(self, subject: str) -> int:
        """Return the number of the last applied event of a subject; 0 for none."""
        with self._database.reading() as connection:
            return _versions(connection, {subject}).get(subject, 0)

    def verify(self, report: Report = silent, cancel: CancelToken | None = None) -> int:
        """Check every hash and link, and that what is derived equals what a replay derives; return how many events.

        Raises
        ------
        CatalogError
            Naming the first event that is broken, or whose derived row differs.
        CancelledError
            If `cancel` asks for it.
        """
        with self._database.reading() as connection:
            return verify(connection, self._projections, report, cancel)

    def replay(self) -> int:
        """Make everything that is derived again from the log alone; return how many events there are.

        All in one transaction: who reads sees the old state until the new one stands, who writes waits, and is told to
        try again where that takes longer than `engine.BUSY_TIMEOUT_MS`.
        """
        with self._database.writing() as connection:
            for projection in self._projections:
                projection.clear(connection)
            number = 0
            for rows in batches(connection):
                events = [event_of(row) for row in rows]
                follow(self._projections, connection, events)
                number = events[-1].number
            count_write(connection, [Kind.ANNOTATIONS, Kind.REVIEWS])
        return number

    def _record(self, connection: Connection, tail: "_Tail", batch: list[dict[str, Any]]) -> list[Event]:
        """Write those events of a batch that are new, let their effects follow, and return the event of each."""
        known = _known(connection, [columns["id"] for columns in batch])
        versions = _versions(connection, {columns["subject"] for columns in batch})
        rows: list[dict[str, Any]] = []
        for columns in batch:
            if columns["id"] in known:
                _check_same(known[columns["id"]], columns)
                continue
            fresh = columns["base"] == versions.get(columns["subject"], 0)
            rows.append(tail.grown(columns, Outcome.APPLIED if fresh else Outcome.CONFLICT, self._clock()))
            known[columns["id"]] = event_of(rows[-1])
            if fresh:
                versions[columns["subject"]] = tail.number
        if rows:
            connection.execute(insert(event), rows)
            follow(self._projections, connection, [known[row["id"]] for row in rows])
        return [known[columns["id"]] for columns in batch]


class _Tail:
    """The end of the chain, to which the next event is tied."""

    def __init__(self, connection: Connection) -> None:
        c = event.c
        last = connection.execute(select(c.number, c.hash, c.at).order_by(c.number.desc()).limit(1)).one_or_none()
        self.number, self.hash, self._at = (0, GENESIS, 0) if last is None else tuple(last)

    def grown(self, columns: Mapping[str, Any], outcome: Outcome, now: datetime) -> dict[str, Any]:
        """Return the row of the next event. A clock that was set back does not take the log with it."""
        self.number, self._at = self.number + 1, max(self._at, micros(now))
        row = {**columns, "number": self.number, "at": self._at, "outcome": outcome.value}
        self.hash = linked(self.hash, row)
        return {**row, "hash": self.hash}


def _kind(new: Event) -> Kind:
    return Kind.REVIEWS if new.kind in {SAID, WITHDRAWN} else Kind.ANNOTATIONS


def _columns(new: NewEvent) -> dict[str, Any]:
    for name in ("id", "kind", "subject", "author"):
        if not getattr(new, name).strip():
            msg = f"An event on {new.subject or new.id!r} has no {name}; give at least one character."
            raise InputError(msg)
    return {
        "id": new.id,
        "kind": new.kind,
        "subject": new.subject,
        "author": new.author,
        "base": int(new.base),
        "body": packed(dict(new.body)),
    }


def _known(connection: Connection, ids: list[str]) -> dict[str, Event]:
    rows = connection.execute(select(event).where(event.c.id.in_(ids))).mappings()
    return {row["id"]: event_of(row) for row in rows}


def _versions(connection: Connection, subjects: set[str]) -> dict[str, int]:
    c = event.c
    mine = c.subject.in_(sorted(subjects)) & (c.outcome == Outcome.APPLIED.value)
    rows = connection.execute(select(c.subject, func.max(c.number).label("number")).where(mine).group_by(c.subject))
    return {row.subject: row.number for row in rows}


def _check_same(there: Event, columns: Mapping[str, Any]) -> None:
    recorded = (there.kind, there.subject, there.author, there.base, packed(there.body))
    if recorded != tuple(columns[name] for name in ("kind", "subject", "author", "base", "body")):
        msg = (
            f"Event id {there.id} stands for event {there.number} on {there.subject}, which has other content; "
            "nothing was recorded. Give what you want recorded an id of its own."
        )
        raise CatalogError(msg)

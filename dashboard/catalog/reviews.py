"""Reviews of detected changes in the catalogue: recorded in the log, each reviewer's word apart from the others'."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from dashboard.catalog.codec import micros, moment
from dashboard.catalog.engine import Database
from dashboard.catalog.log import EventLog
from dashboard.catalog.tables import change_run, detected_change, event, review
from dashboard.catalog.verdicts import SAID, SUBJECT, WITHDRAWN, subject_of
from dashboard.model.errors import CatalogError, NotFoundError
from dashboard.model.event import Event, NewEvent, Outcome
from dashboard.model.review import Review, Verdict

_R = review.c


@dataclass(frozen=True, slots=True)
class Word:
    """One event on a verdict, as little of it as counting needs."""

    number: int
    change_id: str
    reviewer: str
    verdict: Verdict | None
    """None for a note without a verdict, and for a withdrawal."""


class Reviews:
    """Repository of reviews. Two reviewers never stand in each other's way; one who acts on a stale version is told."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def judge(
        self, change_id: str, reviewer: str, verdict: Verdict | None, note: str = "", *, base: int, event_id: str
    ) -> Review:
        """Record what a reviewer says of a change, durably, in place of what they said before.

        Parameters
        ----------
        verdict : None for a note alone
        base : version of their own last word on it, as they saw it (`version`); 0 for none
        event_id : unique, the same for every attempt to record this word: a second attempt does nothing

        Raises
        ------
        NotFoundError
            If there is no such change.
        InputError
            If neither a verdict nor a note is given, or nobody signs.
        CatalogError
            If somebody of the same name has said something else meanwhile: this word is kept in the log, as a conflict
            and without effect.
        DiskFullError
            If there is no room; nothing is recorded then.
        """
        self._check(change_id)
        body = {"change": change_id, "verdict": None if verdict is None else Verdict(verdict).value, "note": note}
        done = self._append(SAID, change_id, reviewer, base, event_id, body)
        return Review(
            change_id=change_id, reviewer=reviewer, verdict=verdict, note=note, at=done.at, version=done.number
        )

    def withdraw(self, change_id: str, reviewer: str, *, base: int, event_id: str) -> None:
        """Take a reviewer's word on a change back; the log keeps that it was said.

        Raises
        ------
        NotFoundError
            If they have said nothing of it.
        CatalogError
            If `base` is not their last word on it: then nothing is withdrawn.
        """
        self._append(WITHDRAWN, change_id, reviewer, base, event_id, {"change": change_id})

    def of(self, change_id: str, *, known_at: datetime | None = None) -> list[Review]:
        """Return the present word of every reviewer on a change, or theirs at a moment, in the order of the log."""
        return self._reviews(_R.change == change_id, known_at)

    def of_run(self, run_id: str, *, known_at: datetime | None = None) -> list[Review]:
        """Return the present words, or those at a moment, on every change of a run, in the order of the log."""
        changes = select(detected_change.c.id).join(change_run).where(change_run.c.id == run_id)
        return self._reviews(_R.change.in_(changes), known_at)

    def version(self, change_id: str, reviewer: str) -> int:
        """Return the version of a reviewer's last word on a change, a withdrawal too; 0 for none: the next base."""
        return self._log.version(subject_of(change_id, reviewer))

    def since(self, run_id: str, number: int = 0, *, known_at: datetime | None = None) -> list[Word]:
        """Return every word on a run's changes after an event, in the order of the log: what a count is kept from.

        A later word of a reviewer on a change replaces the earlier one.
        """
        statement = (
            select(_R.number, _R.change, _R.reviewer, _R.verdict)
            .join(detected_change, detected_change.c.id == _R.change)
            .join(change_run)
            .where(change_run.c.id == run_id, _R.number > number)
            .order_by(_R.number)
        )
        if known_at is not None:
            statement = statement.where(_R.at <= micros(known_at))
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return [Word(row[0], row[1], row[2], None if row[3] is None else Verdict(row[3])) for row in rows]

    def last_other_event(self) -> int:
        """Return the number of the log's last event that is on no verdict: what fronts and notes may depend on."""
        c = event.c
        statement = select(c.number).where(~c.subject.startswith(SUBJECT)).order_by(c.number.desc()).limit(1)
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar() or 0)

    def _reviews(self, which: ColumnElement[bool], known_at: datetime | None) -> list[Review]:
        statement = select(review).where(which, _R.withdrawn.is_(False)).order_by(_R.number)
        if known_at is None:
            statement = statement.where(_R.until.is_(None))
        else:
            then = micros(known_at)
            statement = statement.where(_R.at <= then, func.coalesce(_R.until, then + 1) > then)
        with self._database.reading() as connection:
            return [_review(row) for row in connection.execute(statement)]

    def _check(self, change_id: str) -> None:
        statement = select(detected_change.c.key).where(detected_change.c.id == change_id)
        with self._database.reading() as connection:
            if connection.execute(statement).scalar() is None:
                msg = f"No detected change {change_id!r} in {self._database.path} to judge; choose another."
                raise NotFoundError(msg)

    def _append(
        self, kind: str, change_id: str, reviewer: str, base: int, event_id: str, body: dict[str, Any]
    ) -> Event:
        subject = subject_of(change_id, reviewer)
        new = NewEvent(id=event_id, kind=kind, subject=subject, author=reviewer, base=base, body=body)
        done = self._log.append(new)
        if done.outcome is Outcome.CONFLICT:
            msg = (
                f"{reviewer} said something else of this change meanwhile, in another window; that stands, and this "
                "word is kept beside it in the log. Look at it again and judge it once more."
            )
            raise CatalogError(msg)
        return done


def _review(row: Row[Any]) -> Review:
    return Review(
        change_id=row.change,
        reviewer=row.reviewer,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        note=row.note,
        at=moment(row.at),
        version=row.number,
    )

"""Revisions of annotations as the log makes them: one row, and one box in space and both times, per applied event."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from dashboard.catalog.annotation_body import annotation_in
from dashboard.catalog.codec import days, micros
from dashboard.catalog.conflicts import RESOLVED
from dashboard.catalog.projection import empty, rows_of
from dashboard.catalog.revision_rows import columns_of
from dashboard.catalog.tables import ANNOTATION_BOX, annotation_box, annotation_revision
from dashboard.model.annotation import Annotation
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import Event, Outcome

SAVED = "annotation.saved"
REMOVED = "annotation.removed"
SUBJECT = "annotation:"
"""What the subject of an event on an annotation begins with; its id follows."""
OPEN = 256.0
"""What stands for no end in the tree: later than every date there is."""
_TREE_UNIT_DAYS = 65_536.0

_R = annotation_revision.c


def folded(text: str) -> str:
    """Return text as a search compares it: without case, and without the difference between ways to write a letter."""
    return unicodedata.normalize("NFKC", text).casefold()


def tree_time(microseconds: int) -> float:
    """Return a time as the tree holds it."""
    return days(microseconds) / _TREE_UNIT_DAYS


class Revisions:
    """Projection of every revision of every annotation."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event is on an annotation."""
        return event.kind in {SAVED, REMOVED} or (event.kind == RESOLVED and event.subject.startswith(SUBJECT))

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Make the next revision of each annotation that an applied event is on.

        Raises
        ------
        InputError
            If an event holds no annotation.
        NotFoundError
            If what is to be removed or kept, or what a stale edit is based on, is not there.
        CatalogError
            If something is to be removed that is removed.
        """
        present = _present(connection, [_id(event) for event in events])
        pages = _Pages()
        for event in events:
            there, wanted = present.get(_id(event)), annotation_in(event)
            if there is None and (wanted is None or event.outcome is Outcome.CONFLICT):
                msg = f"There is no annotation {_id(event)} to base this on; save it as a new one (base 0)."
                raise NotFoundError(msg)
            if event.outcome is Outcome.APPLIED:
                present[_id(event)] = pages.turn(there, event, wanted)
        pages.write(connection)

    def clear(self, connection: Connection) -> None:
        """Forget every revision, for a replay."""
        empty(connection, annotation_revision, annotation_box)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return every revision, then every box."""
        yield from (tuple(row) for row in rows_of(connection, annotation_revision, _R.number))
        yield from (tuple(row) for row in rows_of(connection, annotation_box, annotation_box.c.key))


class _Pages:
    """Rows to write: what begins, and what ends with it."""

    def __init__(self) -> None:
        self._new: dict[int, dict[str, Any]] = {}
        self._ended: list[dict[str, Any]] = []

    def turn(self, there: dict[str, Any] | None, event: Event, wanted: Annotation | None) -> dict[str, Any]:
        """End the present revision and return the next; `wanted` None: gone for a removal, as it is for a decision."""
        at = micros(event.at)
        if there is not None:
            self._end(there, event, at)
        if wanted is None:
            content = {**(there or {})}
            content["removed"] = event.kind == REMOVED or content["removed"]
            said = content["words"].rpartition("\n")[0]
        else:
            content = {**columns_of(wanted), "removed": False}
            said = folded("\n".join((wanted.title, wanted.side, wanted.opposing, wanted.notes)))
        content |= {"number": event.number, "author": event.author, "known_from": at, "known_until": None}
        content["words"] = f"{said}\n{' '.join(folded(event.author).split())}"  # who says it is the last line
        self._new[event.number] = content
        return content

    def _end(self, there: dict[str, Any], event: Event, at: int) -> None:
        if event.kind == REMOVED and there["removed"]:
            msg = f"Annotation {there['id']} is removed already, by event {there['number']}."
            raise CatalogError(msg)
        if there["number"] in self._new:
            self._new[there["number"]]["known_until"] = at
        else:
            self._ended.append({"ended": there["number"], "at": at, "last": tree_time(at)})

    def write(self, connection: Connection) -> None:
        if self._ended:
            until = update(annotation_revision).where(_R.number == bindparam("ended"))
            connection.execute(until.values(known_until=bindparam("at")), self._ended)
            c = annotation_box.c
            last = update(annotation_box).where(c.key == bindparam("ended")).values(known_last=bindparam("last"))
            connection.execute(last, self._ended)
        rows = list(self._new.values())
        if rows:
            connection.execute(insert(annotation_revision), rows)
        boxes = [_box(row) for row in rows if not row["removed"]]
        if boxes:
            names: dict[str, Any] = {name: bindparam(name) for name in ANNOTATION_BOX}
            connection.execute(insert(annotation_box).values(names), boxes)


def _box(row: dict[str, Any]) -> dict[str, float]:
    return {
        "key": row["number"],
        "west": row["west"],
        "east": row["east"],
        "south": row["south"],
        "north": row["north"],
        "valid_first": tree_time(row["valid_from"]),
        "valid_last": OPEN if row["valid_to"] is None else tree_time(row["valid_to"]),
        "known_first": tree_time(row["known_from"]),
        "known_last": OPEN if row["known_until"] is None else tree_time(row["known_until"]),
    }


def _present(connection: Connection, ids: list[str]) -> dict[str, dict[str, Any]]:
    open_ones = select(annotation_revision).where(_R.id.in_(sorted(set(ids))), _R.known_until.is_(None))
    return {row["id"]: dict(row) for row in connection.execute(open_ones).mappings()}


def _id(event: Event) -> str:
    if not event.subject.startswith(SUBJECT) or event.subject == SUBJECT:
        msg = f"{event.kind} is recorded on {event.subject!r}; give the subject as {SUBJECT}<id>."
        raise InputError(msg)
    return event.subject.removeprefix(SUBJECT)

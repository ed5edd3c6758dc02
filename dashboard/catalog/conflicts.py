"""Which edits on a stale version still wait for a person."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dashboard.catalog.projection import empty, rows_of
from dashboard.catalog.tables import conflict
from dashboard.model.errors import CatalogError, InputError, NotFoundError
from dashboard.model.event import Event, Outcome

RESOLVED = "conflict.resolved"
"""Kind of the event that closes one; its body names the conflict's event (``conflict``) and the ``choice``."""


class OpenConflicts:
    """Projection of every conflict there was: of any kind of event, on any subject."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event opens a conflict or closes one."""
        return event.outcome is Outcome.CONFLICT or event.kind == RESOLVED

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Note new conflicts and close resolved ones.

        Raises
        ------
        InputError, NotFoundError, CatalogError
            If a resolution names no conflict of its subject, or one that is closed.
        """
        for event in events:
            if event.outcome is Outcome.CONFLICT:
                self._note(connection, event)
            elif event.kind == RESOLVED:
                self._close(connection, event)

    def clear(self, connection: Connection) -> None:
        """Forget every conflict, for a replay."""
        empty(connection, conflict)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return (version, subject, resolving event) of every conflict."""
        return (tuple(row) for row in rows_of(connection, conflict, conflict.c.version))

    def _note(self, connection: Connection, event: Event) -> None:
        if event.kind == RESOLVED:
            _asked(connection, event)
            if not event.body.get("choice"):
                return  # a stale wish to keep what is there holds nothing that the open conflict does not
        connection.execute(insert(conflict).values(version=event.number, subject=event.subject))

    def _close(self, connection: Connection, event: Event) -> None:
        row = _asked(connection, event)
        if row.resolved_by is not None:
            msg = (
                f"Conflict {row.version} on {row.subject} was resolved by event {row.resolved_by}; "
                "nothing was recorded. Save your choice as an edit of its own."
            )
            raise CatalogError(msg)
        connection.execute(update(conflict).where(conflict.c.version == row.version).values(resolved_by=event.number))


def settle(connection: Connection, subject: str, by: int) -> None:
    """Close the conflicts on a subject that are older than an event: who acted again had them before their eyes."""
    c = conflict.c
    older = (c.subject == subject) & (c.version < by) & c.resolved_by.is_(None)
    connection.execute(update(conflict).where(older).values(resolved_by=by))


def open_versions(connection: Connection, subjects: str) -> list[int]:
    """Return the numbers of events in open conflict, oldest first; `subjects` is one, or a prefix ending in ``:``."""
    c = conflict.c
    chosen = c.subject.startswith(subjects, autoescape=True) if subjects.endswith(":") else c.subject == subjects
    statement = select(c.version).where(c.resolved_by.is_(None), chosen).order_by(c.version)
    return list(connection.execute(statement).scalars())


def _asked(connection: Connection, event: Event) -> Row[Any]:
    version = event.body.get("conflict")
    if not isinstance(version, int):
        msg = f"A resolution names {version!r} as its conflict; give the number of the event in conflict."
        raise InputError(msg)
    c = conflict.c
    found = connection.execute(select(conflict).where(c.version == version, c.subject == event.subject)).one_or_none()
    if found is None:
        msg = f"No conflict {version} on {event.subject}; list the open ones again."
        raise NotFoundError(msg)
    return found

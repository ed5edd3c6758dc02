"""What people decided about frontline snapshots that were held for them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from dashboard.catalog.tables import frontline_snapshot
from dashboard.model.errors import NotFoundError
from dashboard.model.event import Event, Outcome

SUBJECT = "snapshot:"
"""What the subject of an event on a frontline snapshot begins with; its id follows."""
DECISIONS = {"snapshot.accepted": "accepted", "snapshot.refused": "refused"}
"""What stands in the column ``decided`` after an event of a kind."""

_F = frontline_snapshot.c


class Decisions:
    """Projection of the last decision on each snapshot."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event decides about a snapshot."""
        return event.kind in DECISIONS

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Note what was decided.

        Raises
        ------
        NotFoundError
            If there is no such snapshot.
        """
        for event in events:
            mine = _F.id == event.subject.removeprefix(SUBJECT)
            if connection.execute(select(_F.key).where(mine)).one_or_none() is None:
                msg = f"No frontline {event.subject!r} to decide about; list what is held again."
                raise NotFoundError(msg)
            if event.outcome is Outcome.APPLIED:
                connection.execute(update(frontline_snapshot).where(mine).values(decided=DECISIONS[event.kind]))

    def clear(self, connection: Connection) -> None:
        """Forget every decision, for a replay."""
        connection.execute(update(frontline_snapshot).where(_F.decided.is_not(None)).values(decided=None))

    def seed(self, source: Connection, shadow: Connection) -> None:
        """Copy the snapshots, not what was decided about them."""
        rows = [{**row, "decided": None} for row in source.execute(select(frontline_snapshot)).mappings()]
        if rows:
            shadow.execute(insert(frontline_snapshot), rows)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return (id, decision) of every snapshot that was decided about."""
        decided = select(_F.id, _F.decided).where(_F.decided.is_not(None)).order_by(_F.key)
        return (tuple(row) for row in connection.execute(decided))

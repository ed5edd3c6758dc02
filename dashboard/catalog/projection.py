"""What is derived from the log: each projection keeps the tables of one kind of thing."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Row, Table, TableClause, delete, select

from dashboard.model.event import Event


class Projection(Protocol):
    """Keeper of the tables that follow from some events; all it keeps comes from them."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event is one that this projection follows."""

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Follow events that concern it, in their order: what is applied takes effect, a conflict is only checked.

        Raises
        ------
        InputError
            If the body of an event is not what its kind needs; nothing is recorded then.
        NotFoundError, CatalogError
            If what the event acts on is not there, or not as the event needs it.
        """

    def clear(self, connection: Connection) -> None:
        """Forget everything, for a replay."""

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return everything derived, in one order: equal logs give equal states."""


def follow(projections: Iterable[Projection], connection: Connection, events: Sequence[Event]) -> None:
    """Let every projection follow the events that concern it."""
    for projection in projections:
        mine = [event for event in events if projection.concerns(event)]
        if mine:
            projection.follow(connection, mine)


def rows_of(connection: Connection, table: Table | TableClause, order: ColumnElement[Any]) -> Iterable[Row[Any]]:
    """Return every row of a derived table, a thousand in memory at a time."""
    with connection.execution_options(yield_per=1000).execute(select(table).order_by(order)) as rows:
        yield from rows


def empty(connection: Connection, *tables: Table | TableClause) -> None:
    """Delete every row of derived tables."""
    for one in tables:
        connection.execute(delete(one))

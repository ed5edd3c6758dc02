"""Forces: the sides there are, and their colours."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from dashboard.catalog.projection import empty, rows_of
from dashboard.catalog.tables import force
from dashboard.model.annotation import Force
from dashboard.model.errors import InputError
from dashboard.model.event import Event, Outcome

SAVED = "force.saved"
SUBJECT = "force:"
"""What the subject of an event on a force begins with; its name follows."""
DEFAULTS = (Force("BLUE", "#5b8def"), Force("ORANGE", "#f2994a"))
"""The two sides of an exercise: there without anybody recording them."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Forces:
    """Projection of every force that was recorded."""

    def concerns(self, event: Event) -> bool:
        """Return whether an event is on a force."""
        return event.kind == SAVED

    def follow(self, connection: Connection, events: Sequence[Event]) -> None:
        """Take over name and colour of each force.

        Raises
        ------
        InputError
            If the name is empty or the colour is not ``#rrggbb``.
        """
        for event in events:
            name, colour = event.subject.removeprefix(SUBJECT), str(event.body.get("colour"))
            force_event(Force(name, colour))
            if event.outcome is Outcome.APPLIED:
                statement = insert(force).values(name=name, colour=colour)
                change = statement.on_conflict_do_update(index_elements=["name"], set_={"colour": colour})
                connection.execute(change)

    def clear(self, connection: Connection) -> None:
        """Forget every force, for a replay."""
        empty(connection, force)

    def state(self, connection: Connection) -> Iterable[tuple[Any, ...]]:
        """Return (name, colour) of every force in the order of recording."""
        return ((row.name, row.colour) for row in rows_of(connection, force, force.c.key))


def forces(connection: Connection) -> list[Force]:
    """Return `DEFAULTS`, in their recorded colours where there are such, then the others in the order of recording."""
    rows = connection.execute(select(force.c.name, force.c.colour).order_by(force.c.key))
    found = {one.name: one for one in DEFAULTS} | {row.name: Force(row.name, row.colour) for row in rows}
    return list(found.values())


def force_event(one: Force) -> tuple[str, str, dict[str, str]]:
    """Return kind, subject and body of the event that records a force.

    Raises
    ------
    InputError
        If the name is empty or the colour is not ``#rrggbb``.
    """
    if not one.name.strip():
        raise InputError("A force needs a name; give at least one character.")
    if not _COLOUR.fullmatch(one.colour):
        msg = f"Colour {one.colour[:40]!r} of {one.name} is not # and six hexadecimal digits; give for example #5b8def."
        raise InputError(msg)
    return SAVED, SUBJECT + one.name, {"colour": one.colour}

"""Outlines of administrative areas in the catalogue."""

from collections.abc import Iterable

import shapely
from sqlalchemy import Connection, insert, select, update

from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.space import index_box
from dashboard.catalog.tables import outline
from dashboard.model.errors import CatalogError, InputError
from dashboard.model.outline import Outline


class Outlines:
    """Repository of administrative outlines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: Outline, *, replace: bool = False) -> bool:
        """Record an outline and return whether anything was written; see `add_many`."""
        return self.add_many([new], replace=replace) > 0

    def add_many(self, outlines: Iterable[Outline], *, replace: bool = False) -> int:
        """Record outlines, all or none, and return how many were written; an outline that is there writes nothing.

        Raises
        ------
        CatalogError
            If a name stands for other ground and `replace` is False.
        InputError
            If a name is empty or the ground is no polygon in degrees.
        """
        wanted = [(new, _columns(new)) for new in outlines]
        with self._database.writing() as connection:
            written = sum(_write(connection, new, columns, replace=replace) for new, columns in wanted)
            if written:
                count_write(connection, [Kind.PLACES])
        return written

    def all(self) -> list[Outline]:
        """Return the outlines in the order in which they were first recorded."""
        with self._database.reading() as connection:
            rows = connection.execute(select(outline).order_by(outline.c.key)).fetchall()
        return [Outline(row.name, row.level, shapely.from_wkb(row.geometry)) for row in rows]


def _columns(new: Outline) -> dict[str, object]:
    if not new.name.strip():
        raise InputError("An outline needs a name; give at least one character.")
    index_box(new.geometry)
    return {"name": new.name, "level": new.level, "geometry": shapely.to_wkb(new.geometry)}


def _write(connection: Connection, new: Outline, columns: dict[str, object], *, replace: bool) -> bool:
    there = connection.execute(select(outline).where(outline.c.name == new.name)).one_or_none()
    if there is None:
        connection.execute(insert(outline).values(columns))
        return True
    if (there.level, bytes(there.geometry)) == (new.level, columns["geometry"]):
        return False
    if not replace:
        msg = f"Outline {new.name!r} is recorded with other ground; choose another name or replace it."
        raise CatalogError(msg)
    connection.execute(update(outline).where(outline.c.name == new.name).values(columns))
    return True

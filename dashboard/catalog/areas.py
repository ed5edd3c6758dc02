"""Named areas in the catalogue."""

from sqlalchemy import insert, select, update

from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.space import search_boxes
from dashboard.catalog.tables import area
from dashboard.model.area import Area
from dashboard.model.errors import CatalogError, InputError


class Areas:
    """Repository of named areas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: Area, *, replace: bool = False) -> bool:
        """Record an area and return whether anything was written.

        Raises
        ------
        CatalogError
            If the name stands for another box and `replace` is False.
        InputError
            If the name is empty or the box is not one.
        """
        if not new.name.strip():
            raise InputError("An area needs a name; give at least one character.")
        search_boxes(new.bbox)
        west, south, east, north = (float(side) for side in new.bbox)
        sides = {"west": west, "south": south, "east": east, "north": north}
        with self._database.writing() as connection:
            there = connection.execute(select(*_SIDES).where(area.c.name == new.name)).one_or_none()
            if there is not None and tuple(there) == (west, south, east, north):
                return False
            if there is not None and not replace:
                msg = f"Area {new.name!r} is already {tuple(there)}, not {new.bbox}; choose another name or replace it."
                raise CatalogError(msg)
            if there is None:
                connection.execute(insert(area).values(name=new.name, **sides))
            else:
                connection.execute(update(area).where(area.c.name == new.name).values(**sides))
            count_write(connection, [Kind.PLACES])
        return True

    def all(self) -> list[Area]:
        """Return the areas in the order in which they were first recorded."""
        with self._database.reading() as connection:
            rows = connection.execute(select(area.c.name, *_SIDES).order_by(area.c.key)).fetchall()
        return [Area(name, (west, south, east, north)) for name, west, south, east, north in rows]


_SIDES = (area.c.west, area.c.south, area.c.east, area.c.north)

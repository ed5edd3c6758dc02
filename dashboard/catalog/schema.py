"""Which version of the schema a catalogue file has, and the way to the newest."""

from sqlalchemy import Connection, inspect, text

from dashboard.catalog.engine import Database
from dashboard.model.errors import CatalogError

HEAD = "0004"
"""Newest schema that this Nightglass knows."""


def bring_up_to_date(database: Database) -> None:
    """Create the schema in an empty file or upgrade an older one, in one transaction.

    Raises
    ------
    CatalogError
        If the file was written by a newer Nightglass, or is a database of something else.
    """
    with database.reading() as connection:
        if version(connection) == HEAD:
            return
    from dashboard.catalog import upgrade  # noqa: PLC0415 - see there: it is seldom needed and slow to import

    with database.writing() as connection:  # asked again: another process may have been faster
        found = version(connection)
        if found == HEAD:
            return
        if found is not None and found not in upgrade.versions():
            msg = (
                f"{database.path} has schema {found}; this Nightglass knows schemas up to {HEAD}. "
                "Update Nightglass to open it."
            )
            raise CatalogError(msg)
        if found is None and inspect(connection).get_table_names():
            msg = f"{database.path} belongs to another program; give the path of a Nightglass catalogue or a new file."
            raise CatalogError(msg)
        upgrade.upgrade(connection)


def version(connection: Connection) -> str | None:
    """Return the schema version of a catalogue; None for a database without one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)

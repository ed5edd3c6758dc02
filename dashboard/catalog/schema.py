"""Which version of the schema a catalogue file has, and the way to the newest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from dashboard.catalog.engine import Database
from dashboard.model.errors import CatalogError

HEAD = "0001"
"""Newest schema that this Nightglass knows."""

_SCRIPTS = Path(__file__).with_name("migrations")


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
    with database.writing() as connection:  # asked again: another process may have been faster
        found = version(connection)
        if found == HEAD:
            return
        _refuse_foreign(connection, found, database.path)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def version(connection: Connection) -> str | None:
    """Return the schema version of a catalogue; None for a database without one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _refuse_foreign(connection: Connection, found: str | None, path: Path) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        msg = f"{path} has schema {found}; this Nightglass knows schemas up to {HEAD}. Update Nightglass to open it."
        raise CatalogError(msg)
    if found is None and inspect(connection).get_table_names():
        msg = f"{path} is a database of another program; give the path of a Nightglass catalogue or of a new file."
        raise CatalogError(msg)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config

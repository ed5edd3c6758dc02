"""A catalogue made by the first release is brought up to date and keeps everything."""

from datetime import timedelta
from pathlib import Path

from alembic import command
from catalog_makers import T0, acquisition
from note_makers import annotation
from shapely import MultiPolygon, box, to_wkb
from sqlalchemy import text

from dashboard.catalog import schema, upgrade
from dashboard.catalog.catalog import Catalog, Kind
from dashboard.catalog.codec import handling_text, micros
from dashboard.catalog.engine import Database
from dashboard.catalog.records import row_of
from dashboard.model.handling import UNMARKED

FRONT = """INSERT INTO frontline_snapshot (key, id, provider, valid_from, retrieved, sha256, same_as, handling)
VALUES (1, 's1', 'deepstate', :start, :read, 'ab', NULL, :handling)"""


def first_release(path: Path) -> list[tuple[object, ...]]:
    """Make a file as schema 0001 had it, with a row in every kind of table, and return all there is."""
    database = Database(path)
    with database.writing() as connection:
        config = upgrade._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        row = row_of(acquisition())
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO acquisition (key, {names}) VALUES (1, {values})"), row)
        connection.execute(text("INSERT INTO acquisition_box VALUES (1, 36, 37, 48, 49, 8797, 8797)"))
        front = {"start": micros(T0), "read": micros(T0 + timedelta(days=1)), "handling": handling_text(UNMARKED)}
        connection.execute(text(FRONT), front)
        ground = {"geometry": to_wkb(MultiPolygon([box(36, 48, 37, 49)]))}
        connection.execute(text("INSERT INTO control_area VALUES (1, 0, 'occupied', NULL, :geometry)"), ground)
        connection.execute(text("INSERT INTO held VALUES (1, 'occupied', 8000.5)"))
        connection.execute(text("INSERT INTO area VALUES (1, 'Here', 36, 48, 37, 49)"))
        connection.execute(text("UPDATE revision SET number = 41"))
    found = content(database)
    database.close()
    return found


def content(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [
            tuple(row)
            for name in ("acquisition", "acquisition_box", "control_area", "held", "area")
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        ]


def test_first_release_is_brought_up_to_date_and_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    before = first_release(path)
    with Catalog.open(path) as catalog:
        assert content(catalog._database) == before
        assert catalog.acquisitions.get("x") == acquisition()
        front = catalog.frontlines.at("deepstate", T0)
        assert front is not None
        assert front.areas[0].geometry == MultiPolygon([box(36, 48, 37, 49)])
        assert catalog.frontlines.providers() == ["deepstate"]  # nothing is held that was not
        assert catalog.revision == 41
        assert all(catalog.revision_of(kind) == 0 for kind in Kind)
        catalog.annotations.save(annotation(), author="ann", base=0)
        assert (catalog.revision, catalog.revision_of(Kind.ANNOTATIONS)) == (42, 1)
        assert catalog.log.verify() == 1
        with catalog._database.reading() as connection:
            assert schema.version(connection) == schema.HEAD
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).fetchall() == []

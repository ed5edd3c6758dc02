"""The file itself: safe settings, schema versions, several processes, a process that dies."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlcipher3
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from catalog_makers import acquisition, write_all_at_once, write_one_by_one
from ordinary import as_ordinary_user
from sqlalchemy import Connection, text

from dashboard.catalog import engine, schema, upgrade
from dashboard.catalog.catalog import Catalog
from dashboard.catalog.engine import Database, check_sqlite
from dashboard.catalog.tables import acquisition_box, annotation_box, change_box, metadata
from dashboard.model.errors import CatalogError, DiskFullError, ResourceError

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "c.sqlite")
    yield database
    database.close()


def ask(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


TREES = (acquisition_box, change_box, annotation_box)


def tables_of(connection: Connection) -> set[tuple[str, str]]:
    """Return (name, DDL without white space) of what a person made, the virtual tables' shadows left out.

    A column added later stands behind the table's constraints in its DDL, so of a table the sorted pieces count.
    """
    rows = connection.execute(text("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    shadows = {f"{tree.name}_{part}" for tree in TREES for part in ("node", "rowid", "parent")}
    found = [
        (name, kind, "".join(sql.split())) for name, kind, sql in rows if name not in shadows | {"alembic_version"}
    ]
    return {(name, "".join(sorted(sql[:-1].split(","))) if kind == "table" else sql) for name, kind, sql in found}


def test_every_connection_is_set_for_safety(database: Database) -> None:
    with database.writing() as first, database.reading() as second:
        for connection in (first, second):
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            }
            assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1}


def test_write_ahead_log_is_on_disk_while_open(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "c.sqlite") as catalog:
        catalog.acquisitions.add(acquisition())
        assert (tmp_path / "c.sqlite-wal").stat().st_size > 0
    assert not (tmp_path / "c.sqlite-wal").exists()


@pytest.mark.parametrize("version", ["3.51.2", "3.7.0", "3.46.1"])
def test_unsafe_sqlite_is_refused(version: str) -> None:
    with pytest.raises(ResourceError, match=rf"{version}.*3\.51\.3.*sqlcipher3"):
        check_sqlite(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.53.4", "4.0.0"])
def test_safe_sqlite_is_accepted(version: str) -> None:
    check_sqlite(version)


def test_migrations_lead_to_the_tables_that_the_code_uses(database: Database, tmp_path: Path) -> None:
    schema.bring_up_to_date(database)
    drawn = Database(tmp_path / "drawn.sqlite")
    with drawn.writing() as connection:
        metadata.create_all(connection)
        direct = tables_of(connection)
    drawn.close()
    with database.reading() as connection:
        migrated = tables_of(connection)
        trees = {tree.name for tree in TREES}
        assert trees < {name for name, _ in migrated}
        assert {found for found in migrated if found[0] not in trees} == direct
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _o, name, *_: not str(name).startswith(tuple(trees))},
        )
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration() -> None:
    assert upgrade.versions()[0] == schema.HEAD


def test_fresh_file_is_created_within_a_second(tmp_path: Path) -> None:
    begin = time.perf_counter()
    Catalog.open(tmp_path / "c.sqlite").close()
    assert time.perf_counter() - begin < 1.0


LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.add_column("area", sa.Column("note", sa.Text))
    {more}
"""


def grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    """Pretend that this Nightglass knows one more schema."""
    scripts = tmp_path / "migrations 100%"
    shutil.copytree(upgrade.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "r9999_later.py").write_text(LATER.format(more=more, head=schema.HEAD))
    monkeypatch.setattr(upgrade, "SCRIPTS", scripts)
    monkeypatch.setattr(schema, "HEAD", "9999")


def test_older_file_is_upgraded_and_keeps_its_records(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalog.open(database.path) as catalog:
        catalog.acquisitions.add(acquisition())
    grow(tmp_path, monkeypatch, "pass")
    with Catalog.open(database.path) as catalog:
        assert catalog.acquisitions.get("x") == acquisition()
    assert ask(database, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert ask(database, "SELECT count(note) FROM area") == [(0,)]


def test_upgrade_that_fails_changes_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Catalog.open(database.path).close()
    head = schema.HEAD
    grow(tmp_path, monkeypatch, "op.execute('INSERT INTO nowhere VALUES (1)')")
    with pytest.raises(CatalogError, match="no such table: nowhere"):
        Catalog.open(database.path)
    assert ask(database, "SELECT version_num FROM alembic_version") == [(head,)]
    assert "note" not in {row[1] for row in ask(database, "PRAGMA table_info(area)")}


def test_newer_file_is_refused_and_left_alone(database: Database, tmp_path: Path) -> None:
    schema.bring_up_to_date(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '8888'"))
    with pytest.raises(CatalogError, match=rf"schema 8888.*{schema.HEAD}"):
        Catalog.open(tmp_path / "c.sqlite")
    assert ask(database, "SELECT version_num FROM alembic_version") == [("8888",)]


def test_database_of_another_program_is_refused(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE bookmarks (id INTEGER)"))
    with pytest.raises(CatalogError, match="another program"):
        Catalog.open(tmp_path / "c.sqlite")
    assert ask(database, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"II*\x00" + bytes(5000))
    with pytest.raises(CatalogError, match="not a database"):
        Catalog.open(path)


def test_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ResourceError, match="permissions"):
            as_ordinary_user(lambda: Catalog.open(tmp_path / "c.sqlite"))
    finally:
        tmp_path.chmod(0o700)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"c\.sqlite cannot be opened"):
        Catalog.open(tmp_path / "nowhere" / "c.sqlite")


def test_two_processes_that_create_and_write_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    writers = [SPAWN.Process(target=write_one_by_one, args=(path, name, 50)) for name in ("left", "right")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    with Catalog.open(path) as catalog:
        found = {acq.id for acq in catalog.acquisitions.find()}
        assert found == {f"{name}-{number}" for name in ("left", "right") for number in range(50)}
        assert catalog.revision == 100


def test_threads_share_one_catalogue(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    with Catalog.open(tmp_path / "c.sqlite") as catalog:

        def work(name: str) -> None:
            try:
                for number in range(20):
                    acq = acquisition(f"{name}-{number}")
                    catalog.acquisitions.add(acq)
                    assert catalog.acquisitions.get(acq.id) == acq
            except BaseException as error:  # noqa: BLE001 - handed to the test's thread
                errors.append(error)

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert catalog.acquisitions.count() == catalog.revision == 120


def test_killed_writer_leaves_all_or_nothing(tmp_path: Path) -> None:
    path, started = tmp_path / "c.sqlite", tmp_path / "half-way"
    with Catalog.open(path) as catalog:
        catalog.acquisitions.add(acquisition("before"))
    writer = SPAWN.Process(target=write_all_at_once, args=(path, 40_000, started))
    writer.start()
    deadline = time.monotonic() + 60
    while not started.exists() and writer.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert started.exists()
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join(30)
    assert writer.exitcode == -signal.SIGKILL
    with Catalog.open(path) as catalog:
        assert [acq.id for acq in catalog.acquisitions.find()] == ["before"]
        assert catalog.revision == 1
        assert catalog.acquisitions.add(acquisition("after"))
    database = Database(path)
    assert ask(database, "PRAGMA integrity_check") == [("ok",)]
    assert ask(database, "SELECT rtreecheck('acquisition_box')") == [("ok",)]
    database.close()


def test_full_disk_is_named_and_nothing_is_written(database: Database) -> None:
    schema.bring_up_to_date(database)

    def fill() -> None:
        with database.writing() as connection:
            connection.execute(text("UPDATE revision SET number = 7"))
            connection.exec_driver_sql("PRAGMA max_page_count=1")  # the file may grow no further
            connection.execute(text("INSERT INTO area VALUES (1, hex(randomblob(99999)), 0, 0, 1, 1)"))

    with pytest.raises(DiskFullError, match=r"c\.sqlite; nothing was written"):
        fill()
    assert database.revision == 0


def test_lock_held_elsewhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout=20", *engine._PRAGMAS[1:]))
    with Catalog.open(tmp_path / "c.sqlite") as catalog, Catalog.open(tmp_path / "c.sqlite") as other:
        with other._database.writing(), pytest.raises(ResourceError, match="locked by another process"):
            catalog.acquisitions.add(acquisition())
        assert catalog.acquisitions.add(acquisition())


def test_opening_what_is_up_to_date_loads_no_migrations(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "c.sqlite").close()
    code = (
        "import sys, pathlib\n"
        "from dashboard.catalog.catalog import Catalog\n"
        "Catalog.open(pathlib.Path(sys.argv[1])).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "c.sqlite")]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[2]).returncode == 0


def test_a_new_file_that_another_process_has_locked_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    holder = sqlcipher3.dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE something (x)")
    holder.execute("BEGIN EXCLUSIVE")
    letting_go = threading.Timer(0.4, lambda: holder.execute("DROP TABLE something") and holder.execute("COMMIT"))
    letting_go.start()
    with Catalog.open(path) as catalog:
        assert catalog.acquisitions.count() == 0
    letting_go.join()
    holder.close()

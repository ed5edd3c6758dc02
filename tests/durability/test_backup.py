"""Backup and restore: whole or not at all, verified, nothing overwritten, nothing lost."""

import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlcipher3
from alembic import command
from durable_writers import CATALOG, look, write

from dashboard.catalog import copying, upgrade
from dashboard.catalog.backup import LOCK_BYTES, backup, restore
from dashboard.catalog.catalog import Catalog
from dashboard.catalog.engine import Database
from dashboard.catalog.schema import HEAD
from dashboard.model.errors import CancelledError, CatalogError, InputError, NotFoundError, ResourceError
from dashboard.model.progress import CancelToken, Progress

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / CATALOG
    add(path, "anna", 20)
    return path


@pytest.fixture(name="folder")
def _folder(made: Path, tmp_path: Path) -> Path:
    """A folder with a catalogue of 20 events."""
    shutil.copy(made, tmp_path / CATALOG)
    return tmp_path


def add(path: Path, author: str, count: int) -> set[str]:
    told: set[str] = set()
    with Catalog.open(path) as catalog:
        write(catalog, author, range(count), told.add, random.Random(author))
    return told


def ids(path: Path) -> list[str]:
    with Catalog.open(path) as catalog:
        return [event.id for event in catalog.log.events(limit=100_000)]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def raw(path: Path, *statements: str) -> None:
    connection = sqlcipher3.connect(str(path), isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def damage(path: Path, *, page: int = 6) -> None:
    """Overwrite a page of a database file, as a bad disk does."""
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(random.Random(page).randbytes(4096))


def test_a_backup_is_the_catalogue_and_one_file(folder: Path) -> None:
    shares: list[float] = []
    made = backup(folder / CATALOG, folder / "b.sqlite", report=lambda progress: shares.append(progress.done))
    assert names(folder) == {CATALOG, "b.sqlite"}
    assert (made.events, made.schema) == (20, HEAD)
    assert made.bytes == (folder / "b.sqlite").stat().st_size
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with Catalog.open(folder / CATALOG) as catalog:
        assert catalog.log.head() == (20, made.head)
    shutil.copy(folder / "b.sqlite", folder / "opened")
    assert ids(folder / "opened") == ids(folder / CATALOG)
    with (folder / "b.sqlite").open("rb") as file:
        assert file.read(20)[18:] == b"\1\1"  # a rollback journal: can be read from a medium that cannot be written


def test_any_name_will_do(folder: Path) -> None:
    odd = folder / "50% off? #1 ü 'x' %20"
    odd.mkdir()
    shutil.copy(folder / CATALOG, odd / CATALOG)
    made = backup(odd / CATALOG, odd / "b?mode=ro&x#.sqlite")
    assert restore(made.path, odd / CATALOG).backup.events == 20
    assert look(odd / CATALOG, set()).events == 20


def test_a_backup_holds_what_is_only_in_the_write_ahead_log(folder: Path) -> None:
    with Catalog.open(folder / CATALOG) as catalog:
        write(catalog, "boris", range(5), lambda _: None, random.Random(1))
        assert backup(folder / CATALOG, folder / "b.sqlite").events == 25


def test_an_existing_file_is_replaced_only_by_force(folder: Path) -> None:
    target = folder / "b.sqlite"
    target.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"b\.sqlite exists.*--force"):
        backup(folder / CATALOG, target)
    assert target.read_bytes() == b"precious"
    backup(folder / CATALOG, target, force=True)
    assert look(target, set()).events == 20


def test_a_file_that_appears_meanwhile_is_not_replaced(folder: Path) -> None:
    target = folder / "b.sqlite"
    with pytest.raises(InputError, match="exists"):
        backup(folder / CATALOG, target, report=lambda _: target.write_bytes(b"precious") and None)
    assert target.read_bytes() == b"precious"
    assert names(folder) == {CATALOG, "b.sqlite"}


@pytest.mark.parametrize(
    ("catalog", "target", "error", "words"),
    [
        ("nowhere.sqlite", "b.sqlite", NotFoundError, "no file"),
        (CATALOG, ".", InputError, "is a folder"),
        (CATALOG, CATALOG, InputError, "catalogue itself"),
        (CATALOG, "nowhere/b.sqlite", InputError, "nowhere does not exist"),
        ("other.sqlite", "b.sqlite", CatalogError, "no Nightglass catalogue"),
        ("text.sqlite", "b.sqlite", CatalogError, "not a database"),
        ("newer.sqlite", "b.sqlite", CatalogError, "schema 9999.*Update"),
    ],
)
def test_what_cannot_be_backed_up_is_named(
    folder: Path, catalog: str, target: str, error: type[Exception], words: str
) -> None:
    raw(folder / "other.sqlite", "CREATE TABLE bookmarks (id INTEGER)")
    (folder / "text.sqlite").write_text("Dear diary, " * 500)
    shutil.copy(folder / CATALOG, folder / "newer.sqlite")
    raw(folder / "newer.sqlite", "UPDATE alembic_version SET version_num = '9999'")
    before = names(folder)
    for force in (False, True):
        with pytest.raises(error, match=words):
            backup(folder / catalog, folder / target, force=force)
    assert names(folder) == before


def stop_at(share: float) -> tuple[Callable[[Progress], None], CancelToken]:
    token = CancelToken()

    def report(progress: Progress) -> None:
        if progress.done >= share:
            token.cancel()

    return report, token


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.7])
def test_cancelled_work_leaves_nothing(folder: Path, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGES_PER_STEP", 5)
    backup(folder / CATALOG, folder / "good.sqlite")
    before = (folder / CATALOG).read_bytes()
    report, token = stop_at(share)
    with pytest.raises(CancelledError):
        backup(folder / CATALOG, folder / "b.sqlite", report=report, cancel=token)
    report, token = stop_at(share)
    with pytest.raises(CancelledError):
        restore(folder / "good.sqlite", folder / CATALOG, report=report, cancel=token)
    assert names(folder) == {CATALOG, "good.sqlite"}
    assert (folder / CATALOG).read_bytes() == before


def test_a_damaged_catalogue_gives_no_backup(folder: Path) -> None:
    damage(folder / CATALOG)
    with pytest.raises(CatalogError, match="damaged"):
        backup(folder / CATALOG, folder / "b.sqlite")
    assert names(folder) == {CATALOG}


def forge(path: Path) -> None:
    """Change what an event says, past the triggers that refuse it."""
    connection = sqlcipher3.connect(str(path), isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='event'")
    for name, _ in (found := triggers.fetchall()):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE event SET author = 'mallory' WHERE number = 7")
    for _, sql in found:
        connection.execute(sql)
    connection.close()


def test_a_forged_log_gives_no_backup_and_is_not_restored(folder: Path) -> None:
    shutil.copy(folder / CATALOG, folder / "forged.sqlite")
    forge(folder / "forged.sqlite")
    before = (folder / CATALOG).read_bytes()
    with pytest.raises(CatalogError, match="event 7"):
        backup(folder / "forged.sqlite", folder / "b.sqlite")
    with pytest.raises(CatalogError, match="event 7"):
        restore(folder / "forged.sqlite", folder / CATALOG)
    assert names(folder) == {CATALOG, "forged.sqlite"}
    assert (folder / CATALOG).read_bytes() == before


def test_restore_brings_back_and_keeps_what_was_there(folder: Path) -> None:
    path = folder / CATALOG
    path.chmod(0o640)
    before = ids(path)
    made = backup(path, folder / "b.sqlite")
    add(path, "boris", 5)
    later = ids(path)
    done = restore(folder / "b.sqlite", path)
    assert (done.path, done.backup.head) == (path, made.head)
    assert done.kept is not None
    assert done.kept.name.startswith(f"{CATALOG}.before-restore-")
    assert names(folder) == {CATALOG, "b.sqlite", done.kept.name}
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, done.kept)} == {0o640}
    assert ids(path) == before
    assert look(path, add(path, "carol", 5)).whole
    again = restore(done.kept, path)  # what was kept is a backup itself
    assert again.backup.events == len(later)
    assert ids(path) == later


def test_restore_into_a_new_folder(folder: Path) -> None:
    backup(folder / CATALOG, folder / "b.sqlite")
    done = restore(folder / "b.sqlite", folder / "new" / CATALOG)
    assert done.kept is None
    assert names(folder / "new") == {CATALOG}
    assert ids(folder / "new" / CATALOG) == ids(folder / CATALOG)


def test_restore_of_a_damaged_catalogue_keeps_every_byte_of_it(folder: Path) -> None:
    path = folder / CATALOG
    backup(path, folder / "b.sqlite")
    broken = b"not a database any more" * 1000
    path.write_bytes(broken)
    (folder / f"{CATALOG}-wal").write_bytes(b"what was in the log")
    done = restore(folder / "b.sqlite", path)
    assert done.kept is not None
    assert done.kept.read_bytes() == broken
    assert done.kept.with_name(f"{done.kept.name}-wal").read_bytes() == b"what was in the log"
    assert look(path, set()).events == 20


def test_restore_over_a_catalogue_that_was_not_closed_keeps_its_last_events(folder: Path) -> None:
    path, killed = folder / CATALOG, folder / "killed.sqlite"
    backup(path, folder / "b.sqlite")
    with Catalog.open(path) as catalog:
        write(catalog, "boris", range(5), lambda _: None, random.Random(1))
        for suffix in ("", "-wal"):  # as a killed server leaves them
            shutil.copy(f"{path}{suffix}", f"{killed}{suffix}")
    log = Path(f"{killed}-wal").read_bytes()
    assert backup(killed, folder / "c.sqlite").events == 25
    assert Path(f"{killed}-wal").read_bytes() == log  # only read
    done = restore(folder / "b.sqlite", killed)
    assert look(killed, set()).events == 20
    assert done.kept is not None
    assert restore(done.kept, killed).backup.events == 25
    assert Path(f"{done.kept}-wal").read_bytes() == log


def test_a_backup_that_is_not_there_makes_no_folder(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.sqlite"):
        restore(folder / "nowhere.sqlite", folder / "new" / CATALOG)
    assert names(folder) == {CATALOG}


def test_restore_survives_a_log_left_by_a_vanished_catalogue(folder: Path) -> None:
    backup(folder / CATALOG, folder / "b.sqlite")
    with Catalog.open(folder / CATALOG) as catalog:
        write(catalog, "boris", range(5), lambda _: None, random.Random(1))
        shutil.copy(folder / f"{CATALOG}-wal", folder / "new-wal")
    restore(folder / "b.sqlite", folder / "new")
    assert look(folder / "new", set()).events == 20


@pytest.mark.parametrize("spoil", ["truncate", "page", "text"])
def test_a_damaged_backup_changes_nothing(folder: Path, spoil: str) -> None:
    path, broken = folder / CATALOG, folder / "b.sqlite"
    backup(path, broken)
    before = path.read_bytes()
    if spoil == "truncate":
        os.truncate(broken, broken.stat().st_size // 2)
    elif spoil == "page":
        damage(broken)
    else:
        broken.write_text("Dear diary")
    with pytest.raises(CatalogError):
        restore(broken, path)
    assert names(folder) == {CATALOG, "b.sqlite"}
    assert path.read_bytes() == before


def test_restore_refuses_the_catalogue_as_its_own_backup(folder: Path) -> None:
    (folder / "link").symlink_to(folder / CATALOG)
    with pytest.raises(InputError, match="catalogue itself"):
        restore(folder / "link", folder / CATALOG)


def test_restore_through_a_link_leaves_the_link(folder: Path) -> None:
    backup(folder / CATALOG, folder / "b.sqlite")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / CATALOG).symlink_to(folder / CATALOG)
    assert restore(folder / "b.sqlite", folder / "elsewhere" / CATALOG).path == folder / CATALOG
    assert (folder / "elsewhere" / CATALOG).is_symlink()


OPEN = """
import sys
from pathlib import Path
from dashboard.catalog.catalog import Catalog
from dashboard.catalog.engine import Database
with Catalog.open(Path(sys.argv[1])) as catalog:
    catalog.log.head()
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("process", ["this", "another"])
def test_restore_refuses_while_the_catalogue_is_open(folder: Path, process: str) -> None:
    path = folder / CATALOG
    backup(path, folder / "b.sqlite")
    if process == "this":
        with Catalog.open(path) as catalog:
            catalog.log.head()
            with pytest.raises(ResourceError, match="in use; stop `nightglass serve`"):
                restore(folder / "b.sqlite", path)
    else:
        with subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(ResourceError, match="in use; stop `nightglass serve`"):
                restore(folder / "b.sqlite", path)
            other.communicate()
    assert names(folder) == {CATALOG, "b.sqlite"}
    assert look(path, set()).events == 20
    restore(folder / "b.sqlite", path)


LATE = """
import sys, sqlcipher3
late = sqlcipher3.connect(sys.argv[1], isolation_level=None)  # opens the file, and takes no lock yet
print("open", flush=True)
sys.stdin.readline()
try:
    late.execute("INSERT INTO force VALUES ('x', 'y', 1)")
except sqlcipher3.DatabaseError as error:
    print(error)
"""


def test_who_opened_the_old_file_just_before_is_refused(folder: Path) -> None:
    """It holds the old file open and has read nothing: what it writes would go beside the new file."""
    path = folder / CATALOG
    backup(path, folder / "b.sqlite")
    with subprocess.Popen(
        [sys.executable, "-c", LATE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as late:
        assert late.stdout is not None
        assert late.stdout.readline() == "open\n"
        restore(folder / "b.sqlite", path)
        assert late.communicate("go\n") == ("file is not a database\n", None)
    assert look(path, set()).events == 20


def test_the_locks_are_where_sqlite_has_them(folder: Path) -> None:
    """Another process that holds one of the bytes keeps SQLite out: were they elsewhere, restore would be blind."""
    code = (
        "import fcntl, sys\n"
        f"file = open(sys.argv[1], 'r+b')\nfcntl.lockf(file, fcntl.LOCK_EX, {LOCK_BYTES[1]}, {LOCK_BYTES[0]})\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / CATALOG)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        connection = sqlcipher3.connect(str(folder / CATALOG), timeout=0)
        with pytest.raises(sqlcipher3.OperationalError, match="locked"):
            connection.execute("SELECT count(*) FROM event")
        connection.close()
        holder.communicate()


def test_a_catalogue_of_an_older_schema_keeps_it(tmp_path: Path) -> None:
    old, saved = Database(tmp_path / CATALOG), tmp_path / "b.sqlite"
    with old.writing() as connection:
        config = upgrade._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    old.close()
    made = backup(tmp_path / CATALOG, saved)
    assert (made.schema, made.events, made.head) == ("0001", None, "")
    add(tmp_path / CATALOG, "anna", 5)
    assert restore(saved, tmp_path / CATALOG).backup.schema == "0001"
    assert ids(tmp_path / CATALOG) == []  # opening it brought it up to date
    assert backup(tmp_path / CATALOG, tmp_path / "c.sqlite").schema == HEAD

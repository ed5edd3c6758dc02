"""`nightglass backup` and `restore`, and what the doctor says about the log."""

from pathlib import Path

import pytest
import sqlcipher3
from typer.testing import CliRunner, Result

from dashboard.catalog.catalog import Catalog
from dashboard.cli.backup import CATALOG
from dashboard.cli.doctor import examine
from dashboard.cli.main import app
from dashboard.model.errors import CatalogError, InputError, NotFoundError, ResourceError
from dashboard.model.event import NewEvent
from dashboard.workflows.workspace import open_workspace


def add(data: Path, id_: str) -> None:
    with open_workspace(data) as workspace:
        log = workspace.catalog.log
        base = log.version("test:x")
        log.append(NewEvent(id=id_, kind="test.done", subject="test:x", author="anna", base=base, body={}))


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    add(tmp_path / "data", "one")
    return tmp_path / "data"


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def head(data: Path) -> tuple[int, str]:
    with Catalog.open(data / CATALOG) as catalog:
        return catalog.log.head()


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_the_catalogue_is_where_a_workspace_has_it(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as workspace:
        assert workspace.catalog.path == tmp_path / CATALOG


def test_backup_and_restore_say_what_they_did(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite"
    number, digest = head(data)
    made = call("backup", file, "--data", data)
    assert made.exit_code == 0, made.output
    assert f"{file}: {file.stat().st_size:,} bytes, pages and chain of {number} events verified" in said(made)
    assert digest in said(made)
    assert "pixels of the archive are not in it" in said(made)
    add(data, "two")
    done = call("restore", file, "--data", data)
    assert done.exit_code == 0, done.output
    (kept,) = data.glob("*.before-restore-*")
    assert str(kept) in said(done)
    assert "holds no pixels" in said(done)
    assert head(data) == (number, digest)


def test_an_existing_file_needs_force(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite"
    file.write_text("precious")
    refused = call("backup", file, "--data", data)
    assert isinstance(refused.exception, InputError)
    assert "--force" in str(refused.exception)
    assert file.read_text() == "precious"
    assert call("backup", file, "--data", data, "--force").exit_code == 0
    assert file.read_bytes().startswith(b"SQLite format 3")


def test_an_empty_directory_is_named_and_not_filled(tmp_path: Path) -> None:
    refused = call("backup", tmp_path / "b.sqlite", "--data", tmp_path)
    assert isinstance(refused.exception, NotFoundError)
    assert str(tmp_path / CATALOG) in str(refused.exception)
    assert list(tmp_path.iterdir()) == []


def test_restore_while_the_workspace_is_open_is_refused(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite"
    assert call("backup", file, "--data", data).exit_code == 0
    with open_workspace(data) as workspace:
        workspace.catalog.log.head()
        refused = call("restore", file, "--data", data)
    assert isinstance(refused.exception, ResourceError)
    assert "nightglass serve" in str(refused.exception)


def test_what_is_no_backup_is_one_authored_line(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.sqlite"
    file.write_text("Dear diary")
    refused = call("restore", file, "--data", data)
    assert isinstance(refused.exception, CatalogError)
    assert "\n" not in str(refused.exception)
    assert head(data)[0] == 1


def test_the_doctor_counts_and_verifies_the_log(data: Path) -> None:
    add(data, "two")
    (log,) = [finding for finding in examine(data) if finding.what == "event log"]
    assert log.good
    assert log.said == f"2 events, chain verified, head {head(data)[1]}"


def test_the_doctor_sees_a_forged_event(data: Path) -> None:
    connection = sqlcipher3.connect(str(data / CATALOG), isolation_level=None)
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"
    found = connection.execute(triggers).fetchall()
    for name, _ in found:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE event SET author = 'mallory'")
    for _, sql in found:
        connection.execute(sql)
    connection.close()
    (log,) = [finding for finding in examine(data) if finding.what == "event log"]
    assert not log.good
    assert "event 1" in log.said
    assert call("doctor", "--data", data).exit_code == 1

"""Several writers, a writer that is killed, a disk that is full: nothing acknowledged is lost, nothing overwritten."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from note_makers import annotation, edit_again_and_again, save_one_by_one
from sqlalchemy import text

from dashboard.catalog.catalog import Catalog
from dashboard.catalog.engine import Database
from dashboard.model.errors import DiskFullError
from dashboard.model.event import Event, Outcome

SPAWN = multiprocessing.get_context("spawn")
WRITERS, EDITS = ("ann", "bob", "cid", "dee"), 500


def test_four_writers_on_one_annotation_overwrite_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with Catalog.open(path) as catalog:
        catalog.annotations.save(annotation(), author="ann", base=0)
    writers = [SPAWN.Process(target=edit_again_and_again, args=(path, name, EDITS)) for name in WRITERS]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(180)
    assert [writer.exitcode for writer in writers] == [0] * len(WRITERS)
    with Catalog.open(path) as catalog:
        check_nothing_is_lost(catalog)


def check_nothing_is_lost(catalog: Catalog) -> None:
    made, *events = catalog.log.events(limit=10_000)
    assert len(events) == len(WRITERS) * EDITS
    applied = [event for event in events if event.outcome is Outcome.APPLIED]
    conflicts = catalog.annotations.conflicts("n")
    assert len(applied) + len(conflicts) == len(events)
    assert len(applied) >= 100
    assert len(conflicts) >= 100
    seen = made.number
    for event in applied:  # each was made with the one before it before its author's eyes
        assert event.base == seen
        seen = event.number
    texts = [one.annotation.title for one in catalog.annotations.history("n")]
    texts += [one.mine.title for one in conflicts if one.mine is not None]
    assert sorted(texts) == sorted(["Bridge", *(f"{name}-{n}" for name in WRITERS for n in range(EDITS))])
    now = catalog.annotations.get("n")
    assert (now.version, now.annotation.title) == (applied[-1].number, applied[-1].body["title"])
    assert catalog.revision == catalog.log.verify() == len(events) + 1


def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    Catalog.open(path).close()
    notes = {name: tmp_path / f"{name}.txt" for name in ("ann", "bob")}
    writers = [SPAWN.Process(target=save_one_by_one, args=(path, name, file)) for name, file in notes.items()]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not all(f.exists() and f.stat().st_size > 200 for f in notes.values()):
        time.sleep(0.01)
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(30)
        assert writer.exitcode == -signal.SIGKILL
    with Catalog.open(path) as catalog:
        recorded = {one.annotation.id for one in catalog.annotations.find()}
        for name, file in notes.items():
            acknowledged = file.read_text(encoding="utf-8").split("\n")[:-1]
            assert len(acknowledged) > 20
            assert set(acknowledged) <= recorded
            mine = [id_ for id_ in recorded if id_.startswith(name)]
            assert len(mine) - len(acknowledged) in {0, 1}  # killed between the commit and writing it down
        assert catalog.log.verify() == len(recorded)
        assert catalog.annotations.save(annotation("after"), author="cid", base=0).outcome is Outcome.APPLIED
    database = Database(path)
    with database.reading() as connection:
        for check in ("PRAGMA integrity_check", "SELECT rtreecheck('annotation_box')"):
            assert connection.execute(text(check)).fetchall() == [("ok",)]
    database.close()


def fill(catalog: Catalog, prefix: str) -> list[Event]:
    """Save until the disk is full and return what was acknowledged."""
    done = []
    for number in range(5000):
        try:
            done.append(
                catalog.annotations.save(annotation(f"{prefix}{number}", notes="x" * 500), author="ann", base=0)
            )
        except DiskFullError as error:
            assert "nothing was written" in str(error)  # noqa: PT017 - the loop ends here
            return done
    pytest.fail("the disk never became full")


def test_full_disk_keeps_what_was_acknowledged_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = Path(tempfile.mkdtemp(dir=tmp_path))
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=2200k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(400_000))
        with Catalog.open(disk / "c.sqlite") as catalog:
            done = fill(catalog, "a")
            assert len(done) > 20
            assert catalog.log.events(limit=9999) == done
            assert catalog.annotations.count() == catalog.log.verify() == catalog.revision == len(done)
            ballast.unlink()
            more = fill(catalog, "b")
            assert len(more) > 5
            assert catalog.log.events(limit=9999) == [*done, *more]
        remount = ["mount", "-o", "remount,size=8m", str(disk)]
        subprocess.run(remount, check=True, capture_output=True)
        with Catalog.open(disk / "c.sqlite") as catalog:
            catalog.annotations.save(annotation("last"), author="bob", base=0)
            assert catalog.log.verify() == len(done) + len(more) + 1
    finally:
        subprocess.run(["umount", str(disk)], check=True, capture_output=True)

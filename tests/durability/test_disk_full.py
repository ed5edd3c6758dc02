"""Two writers on a disk that fills up: what was told is what is there, the words help, and work goes on with room."""

import multiprocessing
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from durable_writers import CATALOG, look, write

from dashboard.catalog.backup import backup, restore
from dashboard.catalog.catalog import Catalog
from dashboard.model.errors import DiskFullError

SPAWN = multiprocessing.get_context("spawn")
MEGABYTES = 5


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True, capture_output=True)


def work(path: Path, author: str, out: Path, room: "multiprocessing.synchronize.Event") -> None:
    """Write until the disk is full, wait for room, write 20 more; leave what was told and the words of the error."""
    told: list[str] = []
    with Catalog.open(path) as catalog:
        luck = random.Random(author)
        try:
            write(catalog, author, range(1_000_000), told.append, luck)
        except DiskFullError as error:
            words = str(error)
        out.with_suffix(".full").write_text("\n".join([words, *told]))
        assert room.wait(60)
        write(catalog, f"{author}-again", range(20), told.append, luck)
    out.with_suffix(".done").write_text("\n".join(told))


def ids(path: Path) -> list[str]:
    with Catalog.open(path) as catalog:
        return sorted(event.id for event in catalog.log.events(limit=1_000_000))


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def waited_for(*paths: Path, processes: list["multiprocessing.process.BaseProcess"]) -> None:
    while not all(path.exists() for path in paths):
        processes[0].join(0.05)
        assert all(process.exitcode in {None, 0} for process in processes)


def test_two_writers_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    path, ballast = disk / CATALOG, disk / "ballast"
    Catalog.open(path).close()
    ballast.write_bytes(bytes(3_000_000))
    room = SPAWN.Event()
    outs = [tmp_path / author for author in ("anna", "boris")]
    processes = [SPAWN.Process(target=work, args=(path, out.name, out, room)) for out in outs]
    for process in processes:
        process.start()
    full = [out.with_suffix(".full") for out in outs]
    waited_for(*full, processes=processes)
    told = sorted(event for file in full for event in lines(file)[1:])
    for file in full:
        assert f"No room on the disk of {path}" in lines(file)[0]
        assert "Free some space" in lines(file)[0]
    assert len(told) > 20
    assert ids(path) == told  # while the disk is still full: rows are what was told, no more and no less
    ballast.unlink()
    room.set()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    told = sorted(event for out in outs for event in lines(out.with_suffix(".done")))
    assert ids(path) == told
    assert look(path, set(told)).whole


def test_a_backup_that_does_not_fit_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    path = tmp_path / CATALOG
    with Catalog.open(path) as catalog:
        write(catalog, "anna", range(50), lambda _: None, random.Random(1))
    (disk / "ballast").write_bytes(bytes(MEGABYTES * 2**20 - 200_000))
    with pytest.raises(DiskFullError, match=r"b\.sqlite; nothing was left there.*Free some space"):
        backup(path, disk / "b.sqlite")
    assert [each.name for each in disk.iterdir()] == ["ballast"]
    assert look(path, set()).events == 50


def test_a_restore_that_does_not_fit_changes_nothing(disk: Path, tmp_path: Path) -> None:
    path, saved = disk / CATALOG, tmp_path / "b.sqlite"
    with Catalog.open(path) as catalog:
        write(catalog, "anna", range(50), lambda _: None, random.Random(1))
    backup(path, saved)
    before = path.read_bytes()
    size = saved.stat().st_size
    for share in (0.5, 1.5):  # no room for the new one; for the new one, and not to keep the old one
        free = shutil.disk_usage(disk).free
        (disk / "ballast").write_bytes(bytes(free - int(share * size)))
        with pytest.raises(DiskFullError, match="nothing was left there"):
            restore(saved, path)
        assert {each.name for each in disk.iterdir()} == {CATALOG, "ballast"}
        assert path.read_bytes() == before
        (disk / "ballast").unlink()
    assert restore(saved, path).kept is not None

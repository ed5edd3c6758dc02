"""Backup while writers write, and backup and restore that are killed: a prefix of the log, or nothing."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from durable_writers import CATALOG, look, note, write

from dashboard.catalog.backup import backup, restore
from dashboard.catalog.catalog import Catalog

SPAWN = multiprocessing.get_context("spawn")
STANDING = 1500
"""Annotations that are there before: enough that a backup takes a while."""


def work(path: Path, author: str, told: Connection) -> None:
    """Record events until killed; tell of each."""
    with Catalog.open(path) as catalog:
        write(catalog, author, range(1_000_000), told.send, random.Random(author))


def work_at(what: str, source: Path, target: Path, begun: Connection) -> None:
    """Back up or restore again and again until killed."""
    begun.send("begun")
    while True:
        if what == "backup":
            backup(source, target, force=True)
        else:
            restore(source, target)


@contextmanager
def writers(path: Path) -> Iterator[list[Connection]]:
    """Let two processes write while the block runs."""
    ears, processes = [], []
    for author in ("anna", "boris"):
        ear, mouth = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=work, args=(path, author, mouth))
        process.start()
        ears.append(ear)
        processes.append(process)
    try:
        yield ears
    finally:
        for process in processes:
            process.kill()
            process.join()


def heard(ears: list[Connection]) -> set[str]:
    """Return what was told since the last time, without waiting."""
    return {ear.recv() for ear in ears for _ in iter(ear.poll, False)}


def standing(path: Path) -> None:
    luck = random.Random(1)
    with Catalog.open(path) as catalog:
        catalog.annotations.save_many([note(f"standing-{n}", luck) for n in range(STANDING)], author="carol")


def ids(path: Path) -> list[str]:
    with Catalog.open(path) as catalog:
        return [event.id for event in catalog.log.events(limit=1_000_000)]


@pytest.mark.slow
def test_a_backup_under_load_is_a_prefix_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / CATALOG
    standing(path)
    backups = []
    with writers(path) as ears:
        assert [bool(ear.poll(60)) for ear in ears] == [True, True]
        told, busy = set(), []
        for number in range(3):
            before = heard(ears) | told
            made = backup(path, tmp_path / f"b-{number}.sqlite")
            backups.append((made, before))
            fresh = heard(ears) - before
            busy.append(len(fresh))
            told = before | fresh
    assert min(busy) > 2  # nobody was held up while the copy was made
    whole = ids(path)
    for made, before in backups:
        found = ids(made.path)
        assert found == whole[: len(found)]
        assert made.events == len(found)
        assert before <= set(found)  # what was told before it began is in it
        assert look(made.path, before).whole
    counts = [made.events or 0 for made, _ in backups]
    assert counts == sorted(set(counts))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_work_leaves_the_old_file_or_the_new_one(tmp_path: Path, what: str) -> None:
    path, saved = tmp_path / CATALOG, tmp_path / "saved.sqlite"
    with Catalog.open(path) as catalog:
        write(catalog, "anna", range(200), lambda _: None, random.Random(1))
    begin = time.perf_counter()
    backup(path, saved)
    takes = time.perf_counter() - begin
    source, target = (path, tmp_path / "b.sqlite") if what == "backup" else (saved, path)
    luck = random.Random(3)
    for _ in range(5):
        ear, mouth = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=work_at, args=(what, source, target, mouth))
        process.start()
        assert ear.poll(60)
        time.sleep(luck.uniform(0.1, 2.0) * takes)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        if target.exists():
            found = look(target, set())
            assert found.whole
            assert found.events == 200
    last = tmp_path / "last.sqlite"
    assert backup(path, last).events == 200  # nothing that was left is in the way
    restore(last, path)

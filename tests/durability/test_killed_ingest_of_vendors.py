"""Ingest of vendors' products killed at random moments, or only its reading process: nothing half, none left."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from deliveries import FORMS

from dashboard.simulate.products.scene import mini_scene
from dashboard.sources.product import file_sha256
from dashboard.workflows.archiving import INCOMING, ITEM
from dashboard.workflows.workspace import open_workspace

ROOT = Path(__file__).parents[2]
RUN = "from dashboard.cli.main import run; run()"
KILLS = 2
WARPED = mini_scene(2.0, (300, 400))
SYSTEMS = ("capella-slc", "cosmo-dgm", "iceye-slc", "sentinel-1-grd", "umbra-gec")
ORPHAN_S = 10.0
"""After which a reading process whose parent was killed must be gone."""


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of five systems, four of them in radar geometry, one in an archive."""
    folder = tmp_path_factory.mktemp("delivery") / "in"
    for name in SYSTEMS:
        form = FORMS[name]
        slant = name in {"capella-slc", "cosmo-dgm", "iceye-slc"}
        (replace(form, scene=WARPED) if slant else form).deliver(folder / name)
    safe = folder / "sentinel-1-grd"
    shutil.make_archive(str(folder / "sentinel"), "zip", safe)
    shutil.rmtree(safe)
    return folder


@contextmanager
def ingesting(data: Path, delivery: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run `nightglass ingest` until the block ends."""
    scratch = data.parent / "temporary"
    scratch.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, "ingest", str(delivery), "--data", str(data)],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(scratch)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        if process.poll() is None:
            process.kill()


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def reader_of(process: "subprocess.Popen[str]") -> int:
    """Return the process that reads, once it has been started."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for child in children(process.pid):
            if b"spawn_main" in _command(child):
                return child
        time.sleep(0.01)
    pytest.fail(f"no process that reads was started: {process.communicate()}")


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def gone(pid: int) -> bool:
    deadline = time.monotonic() + ORPHAN_S
    while time.monotonic() < deadline:
        if not _command(pid):  # empty, too, for a process that has ended and was not yet waited for
            return True
        time.sleep(0.02)
    return False


def assert_whole(data: Path) -> set[str]:
    """Every row has its files, every folder is complete; return the ids recorded."""
    if not (data / "catalog.sqlite").is_file():
        return set()
    with open_workspace(data) as workspace:
        root, rows = workspace.archive.root, workspace.catalog.acquisitions.find()
        for acq in rows:
            assert acq.pixels is not None
            for file in acq.pixels.files:
                assert file_sha256(root / file.path) == file.sha256
        for folder in root.glob("[!.]*/*"):
            assets = json.loads((folder / ITEM).read_text())["assets"]
            assert {path.name for path in folder.iterdir()} == {ITEM, *(f"{name}.tif" for name in assets)}
            for name, asset in assets.items():
                assert asset["file:checksum"] == "1220" + file_sha256(folder / f"{name}.tif")
        return {acq.id for acq in rows}


def complete(data: Path, delivery: Path) -> set[str]:
    """Ingest without a kill; everything must be there afterwards."""
    with ingesting(data, delivery) as process:
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, said + errors
    found = assert_whole(data)
    assert len(found) == len(SYSTEMS)
    left = data / "archive" / INCOMING
    assert not left.is_dir() or [path for path in left.iterdir() if path.is_dir()] == []
    return found


@pytest.mark.slow
def test_killed_ingests_leave_nothing_half_and_no_process(tmp_path: Path, delivery: Path) -> None:
    moments, seen, data = random.Random(2028), set[str](), tmp_path / "data"
    for _ in range(KILLS):
        with ingesting(data, delivery) as process:
            reader = reader_of(process)
            time.sleep(moments.uniform(0.3, 2.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert gone(reader), f"the process {reader} that read outlives the one that asked it"
        now = assert_whole(data)
        assert seen <= now
        seen = now
    assert seen <= complete(data, delivery)


@pytest.mark.slow
def test_a_killed_reader_costs_one_product_at_most(tmp_path: Path, delivery: Path) -> None:
    """The product in work fails in words or is not even touched; the others are read by the next process."""
    moments, data = random.Random(2029), tmp_path / "data"
    data.mkdir()
    for number in range(2):
        with ingesting(data / str(number), delivery) as process:
            os.kill(reader_of(process), signal.SIGKILL) if number == 0 else _kill_later(process, moments)
            said, errors = process.communicate(timeout=120)
        assert "Traceback" not in said + errors
        assert process.returncode in {0, 4}, said + errors
        failures = [line for line in errors.splitlines() if line.startswith("nightglass: ")]
        assert len(failures) == (process.returncode == 4)
        assert all("the process that read it" in line for line in failures)
        # Of a bundle of many files a later one asks for the whole again.
        assert len(assert_whole(data / str(number))) >= len(SYSTEMS) - len(failures)
    complete(data / str(number), delivery)


def _kill_later(process: "subprocess.Popen[str]", moments: random.Random) -> None:
    reader = reader_of(process)
    time.sleep(moments.uniform(0.5, 2.5))
    with suppress(ProcessLookupError):  # the ingest may have ended, and its reader with it
        os.kill(reader, signal.SIGKILL)

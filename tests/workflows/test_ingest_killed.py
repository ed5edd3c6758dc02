"""Ingest killed at random moments: what is there is whole, and a last run completes it."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from dashboard.catalog.query import AcquisitionQuery
from dashboard.sources.product import file_sha256
from dashboard.workflows.archiving import ITEM
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

PRODUCTS = 48
KILLS = 20
ROOT = Path(__file__).parents[2]

NURSERY = """
# Imports once, then for every line "<seconds>" forks an ingest and kills it so long after its start.
import os, signal, sys, time
from pathlib import Path
import numpy as np
from dashboard.raster.kernels import power_to_amplitude
from dashboard.sources.registry import products
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import open_workspace
power_to_amplitude(np.ones((2, 2), np.float32), 1.0, np.empty((2, 2), np.uint16))
print("ready", flush=True)
for line in sys.stdin:
    begun, begin = os.pipe()
    child = os.fork()
    if not child:
        with open_workspace(Path(sys.argv[1])) as workspace:
            for found in products(Path(sys.argv[2]) / "p00.json"):  # the reading process is up before the clock runs
                found.close()
            os.write(begin, b"!")
            ingest(workspace, [Path(sys.argv[2])])
        os._exit(0)
    os.read(begun, 1)
    os.close(begun), os.close(begin)
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery")
    for number in range(PRODUCTS):
        values = np.random.default_rng(number).gamma(4.0, 0.02, (200, 200)).astype(np.float32)
        with rasterio.open(
            folder / f"p{number:02}_VV.tif", "w", driver="GTiff", width=200, height=200, count=1, dtype="float32",
            crs="EPSG:32636", transform=Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0),
        ) as dataset:  # fmt: skip
            dataset.write(values, 1)
        side_car = {
            "constellation": "iceye", "start": f"2024-05-06T15:{number:02}:00Z", "polarisation": "VV",
            "units": "linear power gamma0",
        }  # fmt: skip
        (folder / f"p{number:02}.json").write_text(json.dumps(side_car))
    return folder


def assert_whole(workspace: Workspace) -> set[str]:
    """Every row has its files, every folder is complete; return the ids recorded."""
    root = workspace.archive.root
    recorded = workspace.catalog.acquisitions.find(AcquisitionQuery())
    for acq in recorded:
        assert acq.pixels is not None
        for file in acq.pixels.files:
            assert file_sha256(root / file.path) == file.sha256
    for folder in root.glob("[!.]*/*"):
        assets = json.loads((folder / ITEM).read_text())["assets"]
        assert {p.name for p in folder.iterdir()} == {ITEM, *(f"{name}.tif" for name in assets)}
        for name, asset in assets.items():
            assert "1220" + file_sha256(folder / f"{name}.tif") == asset["file:checksum"]
    return {acq.id for acq in recorded}


@pytest.mark.slow
def test_twenty_kills_leave_no_half_acquisition(tmp_path: Path, delivery: Path) -> None:
    moments = random.Random(2026)
    seen: set[str] = set()
    command = [sys.executable, "-c", NURSERY, str(tmp_path), str(delivery)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "ready\n"
        for _ in range(KILLS):
            nursery.stdin.write(f"{moments.uniform(0.0, 1.0)}\n")
            assert nursery.stdout.readline() == "killed\n"
            with open_workspace(tmp_path) as workspace:
                now = assert_whole(workspace)
            assert seen <= now
            seen = now
        nursery.stdin.close()
    assert len(seen) > 0
    with open_workspace(tmp_path) as workspace:
        entries = ingest(workspace, [delivery])
        assert [e.status for e in entries if e.status not in {"added", "already there"}] == []
        assert assert_whole(workspace) == {f"p{number:02}" for number in range(PRODUCTS)}
        assert [p for p in (workspace.archive.root / ".incoming").iterdir() if p.is_dir()] == []

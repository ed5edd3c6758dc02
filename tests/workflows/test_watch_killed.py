"""A watch killed at random moments while products arrive: nothing taken in twice, nothing forgotten, nothing lost."""

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
from dashboard.workflows.workspace import open_workspace

GOOD, BAD, KILLS = 24, 8, 8
ROOT = Path(__file__).parents[2]
NURSERY = """
# Imports once, then for every line "<seconds>" forks a watch and kills it so long after its readers have started.
import os, signal, sys, time
from pathlib import Path
import numpy as np
from dashboard.raster.kernels import power_to_amplitude
from dashboard.sources.registry import products
from dashboard.workflows.watch import WatchOptions, open_watch
from dashboard.workflows.workspace import open_workspace
power_to_amplitude(np.ones((2, 2), np.float32), 1.0, np.empty((2, 2), np.uint16))
print("ready", flush=True)
for line in sys.stdin:
    begun, begin = os.pipe()
    child = os.fork()
    if not child:
        with open_workspace(Path(sys.argv[1])) as workspace:
            watch = open_watch(workspace, Path(sys.argv[2]), WatchOptions(patience_s=0.0))
            for found in products(Path(sys.argv[3])):
                found.close()
            os.write(begin, b"!")
            while True:
                watch.look()
                time.sleep(0.02)
    os.close(begin)
    os.read(begun, 1)
    os.close(begun)
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def deliver(folder: Path, number: int) -> None:
    """Put the next delivery there: a folder with a product, every third time a file that is none."""
    place = folder / f"d{number:02}"
    place.mkdir()
    with rasterio.open(
        place / f"p{number:02}_VV.tif", "w", driver="GTiff", width=100, height=100, count=1, dtype="float32",
        crs="EPSG:32636", transform=Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0),
    ) as dataset:  # fmt: skip
        dataset.write(np.random.default_rng(number).gamma(4.0, 0.02, (100, 100)).astype(np.float32), 1)
    side_car = {
        "constellation": "iceye", "start": f"2024-05-06T15:{number % 60:02}:00Z", "polarisation": "VV",
        "units": "linear power gamma0",
    }  # fmt: skip
    (place / f"p{number:02}.json").write_text(json.dumps(side_car))
    if number % 3 == 0:
        (folder / f"bad{number:02}.tif").write_bytes(b"II*\x00" + bytes([number]))


def everything(folder: Path) -> dict[str, int]:
    """Return hash of the content -> how often it is there, in the folder and its quarantine."""
    found: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith(".reason.txt"):
            digest = file_sha256(path)
            found[digest] = found.get(digest, 0) + 1
    return found


@pytest.mark.slow
def test_kills_forget_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    incoming, data = tmp_path / "incoming", tmp_path / "data"
    incoming.mkdir()
    moments = random.Random(2027)
    waiting = list(range(GOOD))
    expected: dict[str, int] = {}
    seen: set[str] = set()
    (tmp_path / "first").mkdir()
    deliver(tmp_path / "first", 98)
    command = [sys.executable, "-c", NURSERY, str(data), str(incoming), str(tmp_path / "first")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "ready\n"
        for _ in range(KILLS):
            for number in [waiting.pop(0) for _ in range(min(3, len(waiting)))]:
                deliver(incoming, number)
            expected = everything(incoming)
            nursery.stdin.write(f"{moments.uniform(0.0, 0.6)}\n")
            assert nursery.stdout.readline() == "killed\n"
            assert everything(incoming) == expected
            with open_workspace(data) as workspace:
                now = {acq.id for acq in workspace.catalog.acquisitions.find(AcquisitionQuery())}
            assert seen <= now
            seen = now
        nursery.stdin.close()
    assert len(seen) > 0
    ended = subprocess.run(
        [sys.executable, "-c", "from dashboard.cli.main import run; run()", "watch", str(incoming), "--data", str(data),
         "--once", "--patience", "0", "--interval", "0.1"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr
    assert everything(incoming) == expected
    with open_workspace(data) as workspace:
        found = workspace.catalog.acquisitions.find(AcquisitionQuery())
        assert sorted(acq.id for acq in found) == [f"p{number:02}" for number in range(GOOD)]
        for acq in found:
            assert acq.pixels is not None
            for file in acq.pixels.files:
                assert file_sha256(workspace.archive.root / file.path) == file.sha256
    aside = incoming / "quarantine"
    bad = sorted(path.name for path in aside.iterdir() if not path.name.endswith(".reason.txt"))
    assert bad == [f"bad{number:02}.tif" for number in range(0, GOOD, 3)]
    assert len(bad) == BAD
    assert sorted(path.name for path in aside.glob("*.reason.txt")) == [f"{name}.reason.txt" for name in bad]
    assert sorted(path.name for path in incoming.iterdir()) == [*(f"d{n:02}" for n in range(GOOD)), "quarantine"]

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely

from dashboard.model.acquisition import Acquisition, Origin
from dashboard.model.handling import Handling
from dashboard.workflows.workspace import open_workspace

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from dashboard.cli.main import run; run()"]
T0 = datetime(2024, 5, 6, 15, 30, tzinfo=UTC)


def nightglass(*words: object, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more},
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("known") / "data"
    found = [
        Acquisition(
            id=f"acq-{number}", constellation="iceye", start=T0 + timedelta(days=number), polarisations=("VV",),
            stop=T0 + timedelta(days=number), footprint=shapely.box(30.2, 49.6, 30.3, 49.7),
            handling=Handling(derivatives=number != 3),
            origin=Origin(reader="test", reader_version="0", product_sha256=str(number)),
        )
        for number in range(4)
    ]  # fmt: skip
    with open_workspace(root) as workspace:
        workspace.catalog.acquisitions.add_many(found)
    return root


@pytest.fixture(scope="module")
def served(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    done = nightglass("stac", "export", folder / "out", "--data", data, "--leave-out")
    assert done.returncode == 0, done.stderr
    items = [json.loads(path.read_text()) for path in (folder / "out").rglob("acq-*.json")]
    (folder / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{listening.getsockname()[1]}"
    program = shutil.which("rustac", path=str(Path(sys.executable).parent)) or "rustac"
    command = [program, "serve", "--addr", host, "--create-collections", str(folder / "items.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{host}/", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield host
        server.kill()


def test_export_says_what_is_in_it_and_what_was_left_out(data: Path, tmp_path: Path) -> None:
    refused = nightglass("stac", "export", tmp_path / "out", "--data", data)
    assert refused.returncode == 10
    assert "acq-3: its licence allows no derived products" in refused.stderr
    assert not (tmp_path / "out").exists()
    done = nightglass("stac", "export", tmp_path / "o.parquet", "--data", data, "--leave-out")
    assert done.returncode == 0, done.stderr
    assert "3 items, UNMARKED" in done.stdout
    assert "left out acq-3" in done.stderr
    one = nightglass("stac", "export", tmp_path / "one", "--data", data, "--time", "2024-05-06/2024-05-06",
                     "--bbox", "30", "49", "31", "50")  # fmt: skip
    assert "1 items" in one.stdout
    assert [path.name for path in (tmp_path / "one").rglob("acq-*.json")] == ["acq-0.json"]


def test_fetch_asks_the_hosts_of_the_settings_and_no_other(served: str, tmp_path: Path) -> None:
    words = ["fetch-stac", f"http://{served}/", "--bbox", 30, 49, 31, 50, "--time", "2024-05-01/2024-05-31"]
    refused = nightglass(*words, "--data", tmp_path / "data", cwd=tmp_path)
    assert refused.returncode == 10
    line = next(part for part in refused.stderr.splitlines() if "stac_hosts" in part)
    (tmp_path / "nightglass.toml").write_text(line[line.index("stac_hosts") :])  # the line that it tells to add
    done = nightglass(*words, "--data", tmp_path / "data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 added" in done.stdout
    again = nightglass(*words, "--data", tmp_path / "data", "--max", 2, cwd=tmp_path)
    assert "2 already there" in again.stdout
    assert "Stopped at --max 2" in again.stderr

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from dashboard.cli.main import run

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from dashboard.cli.main import run; run()"]


def nightglass(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_ingest_prints_a_table_and_leaves_with_the_code_of_the_first_failure(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with rasterio.open(
        folder / "b_VV.tif", "w", driver="GTiff", width=50, height=50, count=1, dtype="float32",
        crs="EPSG:32636", transform=Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0),
    ) as dataset:  # fmt: skip
        dataset.write(np.random.default_rng(1).gamma(4.0, 0.02, (50, 50)).astype(np.float32), 1)
    plain = {
        "constellation": "iceye",
        "start": "2024-05-06T15:30:00Z",
        "polarisation": "VV",
        "units": "amplitude sigma0",
    }
    (folder / "b.json").write_text(json.dumps(plain))
    (folder / "a.vrt").write_text("<VRTDataset/>")
    done = nightglass("ingest", folder, "--data", tmp_path / "data")
    assert done.returncode == 3
    assert "iceye 2024-05-06 15:30Z VV" in done.stdout
    assert "1 added, 1 failed" in done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("nightglass: ")]
    assert len(lines) == 1
    assert "a.vrt" in lines[0]
    assert "Traceback" not in done.stderr
    assert (tmp_path / "data/archive/iceye/b/VV.tif").is_file()


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["ingest", "nowhere"], 2, "nowhere does not exist"),
        (["ingest", "README.md"], 3, "looks for"),
        (["ingest", "README.md", "--time", "noon"], 2, "--time is 'noon'"),
        (["ingest-frontline", "README.md", "--provider", "p"], 3, ".geojson"),
        (["ingest-frontline", "README.md", "--provider", "!"], 2, "provider"),
    ],
)
def test_mistakes_are_one_line_and_a_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    text: str,
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["nightglass", *words, "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit) as left:
        run()
    assert left.value.code == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("nightglass: ")]
    assert len(lines) == 1
    assert text in lines[0]


def test_a_frontline_with_a_credit(tmp_path: Path) -> None:
    ring = [[30, 49], [31, 49], [31, 50], [30, 50], [30, 49]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path = tmp_path / "front.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    where = ["--provider", "ours", "--data", tmp_path / "data"]
    done = nightglass("ingest-frontline", path, *where, "--valid-from", "2024-05-06", "--credit", "Us")
    assert done.returncode == 0, done.stderr
    assert "ours-20240506T0000Z-" in done.stdout
    assert nightglass("ingest-frontline", path, *where, "--valid-from", "2024-05-06").stdout.count("already there") == 2

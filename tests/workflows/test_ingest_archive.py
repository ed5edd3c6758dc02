"""Archives through the whole of ingest: once is enough, and nothing stays behind."""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio

from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sentinel1 import Safe, write_grd
from dashboard.simulate.products.take import Take, Written
from dashboard.workflows.ingest import ingest
from dashboard.workflows.workspace import Workspace, open_workspace

TAKE = Take(
    constellation="sentinel-1", platform="sentinel-1c", mode="IW", polarisations=("VV", "VH"), incidence_deg=38.0,
    track=7, altitude_m=693_000.0,
)  # fmt: skip


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_grd(tmp_path_factory.mktemp("zip"), mini_scene(10.0, (60, 80)), TAKE, Safe(zipped=True))


def test_an_archive_is_ingested_once(product: Written, workspace: Workspace, scratch: Path) -> None:
    assert [entry.status for entry in ingest(workspace, [product.path])] == ["added"]
    assert [entry.status for entry in ingest(workspace, [product.path])] == ["already there"]
    gc.collect()
    assert list(scratch.iterdir()) == []
    (entry,) = ingest(workspace, [product.path])
    found = workspace.catalog.acquisitions.get(entry.id)
    assert found.pixels is not None
    assert [file.polarisation for file in found.pixels.files] == ["VV", "VH"]
    assert dict(found.details)["proc:archive"] == product.path.name
    assert found.origin.files[0][0] == product.path.name
    with rasterio.open(workspace.archive.root / found.pixels.files[0].path) as dataset:
        amplitude = dataset.read(1).astype(np.float64) / found.pixels.amplitude_scale
    assert 20 * np.log10(np.median(amplitude[amplitude > 0])) == pytest.approx(-11.0, abs=0.1)


def test_a_renamed_archive_is_the_same_product(
    product: Written, workspace: Workspace, scratch: Path, tmp_path: Path
) -> None:
    ingest(workspace, [product.path])
    again = Path(shutil.copy(product.path, tmp_path / "again.zip"))
    assert [entry.status for entry in ingest(workspace, [again])] == ["already there"]


def test_an_archive_in_a_folder_is_found_beside_others(
    product: Written, workspace: Workspace, scratch: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    shutil.copy(product.path, folder)
    (folder / "broken.zip").write_bytes(product.path.read_bytes()[:5000])
    added, failed = sorted(ingest(workspace, [folder]), key=lambda entry: entry.failed)
    assert added.status == "added"
    assert "broken.zip is damaged or truncated" in failed.status


def test_a_killed_ingest_leaves_nothing_for_long(product: Written, workspace: Workspace, scratch: Path) -> None:
    """Killed while the archive is unpacked: the next ingest sweeps the scratch folder away and completes."""
    code = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from pathlib import Path\n"
        "from dashboard.sources.archives.reader import ArchiveReader\n"
        "reader = ArchiveReader(lambda folder, given: os._exit(9))\n"
        "next(reader.read(Path(sys.argv[2])))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(scratch), str(product.path)], check=False)
    assert done.returncode == 9
    (left,) = scratch.iterdir()
    assert any(left.rglob("manifest.safe"))
    an_hour_ago = time.time() - 3600
    os.utime(left, (an_hour_ago, an_hour_ago))
    assert [entry.status for entry in ingest(workspace, [product.path])] == ["added"]
    gc.collect()
    assert list(scratch.iterdir()) == []

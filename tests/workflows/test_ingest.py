import errno
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from ordinary import as_ordinary_user
from rasterio import Affine

from dashboard.catalog.query import AcquisitionQuery
from dashboard.model.acquisition import AMPLITUDE_SCALE
from dashboard.model.errors import CancelledError, InputError
from dashboard.model.handling import Tlp
from dashboard.model.progress import CancelToken, Progress
from dashboard.sources.product import Product, file_sha256
from dashboard.sources.registry import products
from dashboard.workflows import archiving
from dashboard.workflows.archiving import ITEM, sweep
from dashboard.workflows.ingest import IngestEntry, exit_code, ingest
from dashboard.workflows.stac_valid import faults
from dashboard.workflows.workspace import Workspace, open_workspace

DATA = Path(__file__).parents[2].parent / "shared" / "data"
GRID = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 5_500_000.0)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "work") as opened:
        yield opened


def make(folder: Path, stem: str = "x", seed: int = 1, shape: tuple[int, int] = (64, 96), **properties: object) -> Path:
    """Write a product of two polarisations with a STAC side-car."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for name in ("VV", "VH"):
        values = random.gamma(4.0, 0.02, shape).astype(np.float32)
        values[:, : shape[1] // 4] = np.nan
        with rasterio.open(
            folder / f"{stem}_{name}.tif", "w", driver="GTiff", width=shape[1], height=shape[0], count=1,
            dtype="float32", crs="EPSG:32636", transform=GRID, nodata=np.nan,
        ) as dataset:  # fmt: skip
            dataset.write(values, 1)
    item = {
        "type": "Feature", "stac_version": "1.1.0", "id": stem,
        "properties": {
            "start_datetime": "2024-05-06T15:30:00Z", "end_datetime": "2024-05-06T15:30:05Z",
            "published": "2024-05-06T18:00:00Z", "constellation": "iceye", "platform": "iceye-x42",
            "sar:instrument_mode": "SM", "sar:observation_direction": "right", "sat:orbit_state": "ascending",
            "sat:relative_orbit": 12, "view:incidence_angle": 31.0, "proc:look_azimuth": 78.0,
            "sar:looks_equivalent_number": 4.0, "sar:center_frequency": 9.65, "sar:resolution_range": 3.0,
            "product:type": "GRD", "license": "CC-BY-4.0", "rel:tlp": "AMBER+STRICT", "rel:marking": "NATO RESTRICTED",
            "rel:caveats": ["EXERCISE - SYNTHETIC DATA"], "rel:releasable_to": ["UKR", "DEU"],
            "proc:cal": {"kind": "linear_power", "quantity": "gamma0", "valid": True}, **properties,
        },
        "assets": {n: {"href": f"./{stem}_{n}.tif", "roles": ["data"], "sar:polarizations": [n]} for n in ("VV", "VH")},
    }  # fmt: skip
    (folder / f"{stem}.json").write_text(json.dumps(item))
    return folder / f"{stem}.json"


def statuses(entries: list[IngestEntry]) -> list[str]:
    return [entry.status for entry in entries]


def assert_sound(workspace: Workspace) -> None:
    """Every row has its files with the recorded hashes; every folder of the archive is complete."""
    root = workspace.archive.root
    for acq in workspace.catalog.acquisitions.find(AcquisitionQuery(with_pixels=True)):
        for file in acq.pixels.files:
            assert file_sha256(root / file.path) == file.sha256
    for folder in root.glob("[!.]*/*"):
        item = json.loads((folder / ITEM).read_text())
        for asset in item["assets"].values():
            assert file_sha256(folder / asset["href"]) == asset["file:checksum"].removeprefix("1220")


def test_archived_power_is_the_products_within_quantisation(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in")
    assert statuses(ingest(workspace, [path])) == ["added"]
    acq = workspace.catalog.acquisitions.get("x")
    for name in ("VV", "VH"):
        with rasterio.open(tmp_path / "in" / f"x_{name}.tif") as dataset:
            expected = dataset.read(1)
        found = workspace.archive.read(acq.pixels, name, workspace.archive.native_geobox(acq.pixels, acq.bbox))
        amplitude = np.sqrt(found.values[np.isfinite(found.values)])
        wanted = np.sqrt(expected[np.isfinite(expected)])
        assert np.abs(amplitude - wanted).max() <= 0.5001 / AMPLITUDE_SCALE
    assert acq.pixels.crs == "EPSG:32636"
    assert_sound(workspace)


def test_the_footprint_is_that_of_the_valid_pixels(workspace: Workspace, tmp_path: Path) -> None:
    ingest(workspace, [make(tmp_path / "in")])
    acq = workspace.catalog.acquisitions.get("x")
    (product,) = products(tmp_path / "in")
    assert acq.footprint.area == pytest.approx(0.75 * product.acquisition.footprint.area, rel=0.02)
    product.close()


def test_the_item_tells_the_acquisition_again(workspace: Workspace, tmp_path: Path) -> None:
    ingest(workspace, [make(tmp_path / "in")])
    acq = workspace.catalog.acquisitions.get("x")
    folder = workspace.archive.root / "iceye" / "x"
    (product,) = products(folder)
    assert isinstance(product, Product)
    again = product.acquisition
    assert replace(again, origin=acq.origin, pixels=acq.pixels, footprint=acq.footprint) == acq
    assert again.handling.tlp is Tlp.AMBER_STRICT
    rows, columns = acq.pixels.shape
    power = product.power.read("VV", slice(0, rows), slice(0, columns))
    stored = workspace.archive.read(acq.pixels, "VV", workspace.archive.native_geobox(acq.pixels, acq.bbox)).values
    np.testing.assert_allclose(np.nanmean(power), np.nanmean(stored), rtol=1e-6)
    product.close()


def test_the_item_is_stac(workspace: Workspace, tmp_path: Path) -> None:
    ingest(workspace, [make(tmp_path / "in")])
    item = json.loads((workspace.archive.root / "iceye" / "x" / ITEM).read_text())
    assert item["type"] == "Feature"
    assert item["stac_version"] == "1.1.0"
    assert {"id", "geometry", "bbox", "properties", "links", "assets", "stac_extensions"} <= item.keys()
    ring = item["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairwise(ring)) < 0  # counter-clockwise
    west, south, east, north = item["bbox"]
    assert west < east
    assert south < north
    properties = item["properties"]
    for field in ("datetime", "start_datetime", "end_datetime"):
        assert datetime.fromisoformat(properties[field]).tzinfo == UTC
        assert properties[field].endswith("Z")
    assert properties["start_datetime"] <= properties["datetime"] <= properties["end_datetime"]
    assert None not in properties.values()
    prefixes = {name.partition(":")[0] for name in properties if ":" in name} - {"rel", "proc"}
    declared = {uri.split("/")[3] for uri in item["stac_extensions"]}
    names = {"proj": "projection"}
    assert {names.get(p, p) for p in prefixes} | {"file", "raster", "timestamps"} == declared
    assert faults(item) == ()
    for asset in item["assets"].values():
        assert asset["href"].startswith("./")
        assert len(asset["file:checksum"]) == 68
    assert properties["proj:shape"] == [64, 96]
    assert len(properties["proj:transform"]) == 6


def test_a_second_run_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in")
    ingest(workspace, [path])
    before, revision = (workspace.archive.root / "iceye/x" / ITEM).stat().st_mtime_ns, workspace.catalog.revision
    assert statuses(ingest(workspace, [path, tmp_path / "in"])) == ["already there", "already there"]
    assert (workspace.archive.root / "iceye/x" / ITEM).stat().st_mtime_ns == before
    assert workspace.catalog.revision == revision


def test_a_dry_run_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in")
    assert statuses(ingest(workspace, [path], dry_run=True)) == ["would add"]
    assert workspace.catalog.acquisitions.count() == 0
    assert list(workspace.archive.root.rglob("*.tif")) == []


def test_another_product_with_the_same_id_gets_a_name_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    ingest(workspace, [make(tmp_path / "a", seed=1), make(tmp_path / "b", seed=2)])
    first, second = sorted(a.id for a in workspace.catalog.acquisitions.find(AcquisitionQuery()))
    assert first == "x"
    assert second.startswith("x-")
    assert len(second) == len("x-") + 8
    assert_sound(workspace)


def test_pixels_fill_a_hollow_record_and_are_never_taken_away(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in")
    hollow = json.loads(path.read_text())
    hollow["geometry"] = {"type": "Polygon", "coordinates": [[[30, 49], [31, 49], [31, 50], [30, 50], [30, 49]]]}
    hollow["assets"] = {"VV": {"href": "https://example.com/x.tif", "roles": ["data"]}}
    elsewhere = tmp_path / "hollow" / "x.json"
    elsewhere.parent.mkdir()
    elsewhere.write_text(json.dumps(hollow))
    assert statuses(ingest(workspace, [elsewhere])) == ["added"]
    assert workspace.catalog.acquisitions.get("x").pixels is None
    assert statuses(ingest(workspace, [path])) == ["added"]
    assert workspace.catalog.acquisitions.get("x").pixels is not None
    assert statuses(ingest(workspace, [elsewhere])) == ["already there"]
    assert workspace.catalog.acquisitions.get("x").pixels is not None


def test_a_folder_without_its_row_is_taken_up(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "in")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(workspace.catalog.acquisitions), "add", killed)
        with pytest.raises(KeyboardInterrupt):
            ingest(workspace, [path])
    written = (workspace.archive.root / "iceye/x/VV.tif").stat().st_mtime_ns
    (entry,) = ingest(workspace, [path])
    assert entry.status == "added"
    assert "interrupted" in entry.message
    assert (workspace.archive.root / "iceye/x/VV.tif").stat().st_mtime_ns == written
    assert_sound(workspace)


def test_a_folder_that_fails_its_hashes_is_made_anew(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in")
    ingest(workspace, [path])
    shutil.copytree(workspace.archive.root, tmp_path / "other" / "archive")
    (tmp_path / "other/archive/iceye/x/VV.tif").write_bytes(b"rotten")
    with open_workspace(tmp_path / "other") as other:
        assert statuses(ingest(other, [path])) == ["added"]
        assert_sound(other)


def test_a_failure_leaves_nothing_and_stops_nobody(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in", "a", shape=(600, 600))
    bad = tmp_path / "in" / "a_VH.tif"
    bad.write_bytes(bad.read_bytes()[: bad.stat().st_size // 2])
    make(tmp_path / "in", "b")
    (tmp_path / "in" / "c.tif").write_bytes(b"II*\0")
    entries = ingest(workspace, [tmp_path / "in"])
    assert [e.status.split(":")[0] for e in entries] == ["failed", "added", "failed"]
    assert exit_code(entries) == 4
    assert all("\n" not in e.message for e in entries)
    assert [p.name for p in workspace.archive.root.glob("iceye/*")] == ["b"]
    assert [p for p in (workspace.archive.root / ".incoming").iterdir() if p.is_dir()] == []
    assert_sound(workspace)


def test_a_folder_that_may_not_be_listed_is_named_and_stops_nobody(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in" / "a")
    locked = tmp_path / "in" / "b"
    make(locked, "y", seed=2)
    locked.chmod(0)
    try:
        entries = as_ordinary_user(lambda: ingest(workspace, [tmp_path / "in"]))
    finally:
        locked.chmod(0o700)
    assert [entry.status for entry in entries] == [
        "added",
        "failed: b cannot be listed (Permission denied); check its permissions.",
    ]
    assert entries[1].path == locked


def test_pixels_without_any_data_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    path = make(tmp_path / "in", **{"proc:cal": {"kind": "linear_power", "quantity": "gamma0"}})
    for name in ("VV", "VH"):
        with rasterio.open(tmp_path / "in" / f"x_{name}.tif", "r+") as dataset:
            dataset.write(np.full((64, 96), np.nan, np.float32), 1)
    (entry,) = ingest(workspace, [path])
    assert "holds data" in entry.message
    assert not (workspace.archive.root / "iceye" / "x").exists()


def test_cancelling_leaves_whole_acquisitions_only(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in", "a")
    make(tmp_path / "in", "b")
    token = CancelToken()

    def report(progress: Progress) -> None:
        if progress.text.startswith("b.json"):
            token.cancel()

    with pytest.raises(CancelledError, match="1 acquisitions were added"):
        ingest(workspace, [tmp_path / "in"], report=report, cancel=token)
    assert [a.id for a in workspace.catalog.acquisitions.find(AcquisitionQuery())] == ["a"]
    assert_sound(workspace)


def test_progress_grows_to_one(workspace: Workspace, tmp_path: Path) -> None:
    make(tmp_path / "in", "a")
    make(tmp_path / "in", "b")
    seen: list[float] = []
    ingest(workspace, [tmp_path / "in"], report=lambda progress: seen.append(progress.done))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 8


def test_a_missing_path_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        ingest(workspace, [tmp_path / "nowhere"])


def test_only_what_dead_processes_left_is_swept(workspace: Workspace) -> None:
    root = workspace.archive.root
    stale = root / ".incoming" / "x-99999"
    stale.mkdir(parents=True)
    (stale / "VV.tif").write_bytes(b"half")
    with archiving._aside(root, "living") as folder:
        assert sweep(root) == 1
        assert folder.is_dir()
        assert not stale.exists()
    assert not folder.exists()


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    disk = Path(tempfile.mkdtemp(dir=tmp_path))
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a small disk")
    try:
        with open_workspace(disk) as workspace:
            small = make(tmp_path / "in", "small")
            big = make(tmp_path / "in", "big", shape=(1500, 1500))
            entries = ingest(workspace, [small, big])
            assert [e.status.split(":")[0] for e in entries] == ["added", "failed"]
            assert exit_code(entries) == 14
            assert "bytes" in entries[1].message
            assert "free" in entries[1].message
            assert [a.id for a in workspace.catalog.acquisitions.find(AcquisitionQuery())] == ["small"]
            assert [p.name for p in workspace.archive.root.glob("iceye/*")] == ["small"]
            assert_sound(workspace)
    finally:
        subprocess.run(["umount", str(disk)], check=True, capture_output=True)


def test_no_room_for_the_item_is_a_full_disk(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archiving, "write_item", full)
    (entry,) = ingest(workspace, [make(tmp_path / "in")])
    assert entry.exit_code == 14
    assert not (workspace.archive.root / "iceye" / "x").exists()


def test_two_ingests_at_one_moment_leave_one_whole_folder(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "in")
    write = archiving.write_item

    def slower(item: dict, target: Path) -> None:
        write(item, target)
        with monkeypatch.context() as patched:
            patched.setattr(archiving, "write_item", write)
            patched.setattr(os, "getpid", lambda: 1)
            assert statuses(ingest(workspace, [path])) == ["added"]

    monkeypatch.setattr(archiving, "write_item", slower)
    (entry,) = ingest(workspace, [path])
    assert "same moment" in entry.message
    assert statuses(ingest(workspace, [path])) == ["already there"]
    assert_sound(workspace)


def test_real_bursts_become_series_equal_to_the_files(workspace: Workspace) -> None:
    folder = DATA / "opera-rtc-s1-california"
    if not folder.is_dir():
        pytest.skip("the shared sample data is not here")
    entries = ingest(workspace, [folder])
    assert Counter(statuses(entries)) == {"added": 88}
    found = workspace.catalog.acquisitions.find(AcquisitionQuery())
    bursts = {k: list(v) for k, v in groupby(sorted(found, key=burst), key=burst)}
    assert {name: len(members) for name, members in bursts.items()} == dict.fromkeys(bursts, 22)
    assert len(bursts) == 4
    for members in bursts.values():
        assert_series(workspace, folder, sorted(members, key=lambda a: a.start))
    first = found[0]
    assert (first.track, first.mode, first.pass_direction, first.looks) == (137, "IW", None, None)
    assert first.handling.attributions == {"Contains modified Copernicus Sentinel data 2021"}


def burst(acq: object) -> str:
    return acq.id.split("_")[3]


def assert_series(workspace: Workspace, folder: Path, members: list) -> None:
    lon, lat = members[0].footprint.centroid.coords[0]
    for name in ("VV", "VH"):
        series = workspace.archive.series([(a.start, a.pixels) for a in members], name, lon, lat)
        wanted = []
        for acq in members:
            (path,) = folder.rglob(f"{acq.id}_{name}.tif")
            with rasterio.open(path) as dataset:
                x, y = rasterio.warp.transform("OGC:CRS84", dataset.crs, [lon], [lat])
                row = int((y[0] - dataset.transform.f) / dataset.transform.e)
                column = int((x[0] - dataset.transform.c) / dataset.transform.a)
                wanted.append(dataset.read(1)[row, column])
        assert np.abs(np.sqrt(series.values) - np.sqrt(wanted)).max() <= 0.5001 / AMPLITUDE_SCALE


@pytest.mark.parametrize(("name", "count"), [("capella_GEO", 2287), ("capella_SLC", 2285), ("iceye", 373)])
def test_real_catalogues_become_hollow_ticks(workspace: Workspace, name: str, count: int) -> None:
    path = DATA / "sar-stac-commercial" / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the shared sample data is not here")
    entries = ingest(workspace, [path])
    assert Counter(statuses(entries))["added"] == count
    assert exit_code(entries) == 0
    found = workspace.catalog.acquisitions.find(AcquisitionQuery())
    assert all(a.pixels is None and not a.calibration.valid for a in found)
    assert {a.constellation for a in found} == {name.split("_", maxsplit=1)[0]}
    assert all("CC-BY-4.0" in a.handling.regimes and a.handling.attributions for a in found)
    assert all(a.frequency_ghz is None or 9 < a.frequency_ghz < 10 for a in found)
    if name == "iceye":
        assert all(a.received is not None and a.received > a.start for a in found)

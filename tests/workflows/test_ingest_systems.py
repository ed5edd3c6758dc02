"""Every system through the whole of ingest: a product, its folder and its archives, alone and all together."""

import gc
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from deliveries import FORMS, ICEYE, LUPE, SLANT, Form
from pyproj import Geod
from rasterio import Affine

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import AccessError, UnknownProductError
from dashboard.model.handling import Rank
from dashboard.simulate.products import nitf, sicd
from dashboard.simulate.products.sicd_form import SicdForm
from dashboard.simulate.products.take import Written
from dashboard.sources.product import NOTHING_GIVEN, Given, Product, file_sha256
from dashboard.sources.registry import products
from dashboard.workflows.archiving import INCOMING, ITEM
from dashboard.workflows.ingest import IngestEntry, ingest
from dashboard.workflows.stac_item import item_of, read_item
from dashboard.workflows.stac_valid import faults
from dashboard.workflows.workspace import Workspace, open_workspace

ENDINGS = {".zip": "zip", ".tar.gz": "gztar"}


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "work") as opened:
        yield opened


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Written]]:
    """Return a folder with a folder for each form, and what was written there."""
    root = tmp_path_factory.mktemp("deliveries")
    return root, {name: form.deliver(root / name) for name, form in FORMS.items()}


def read(path: Path, given: Given = NOTHING_GIVEN) -> Acquisition:
    """Return what the reader makes of the one product of a path."""
    (found,) = products(path, given)
    assert isinstance(found, Product), found
    found.close()
    return found.acquisition


def one(entries: list[IngestEntry], status: str = "added") -> str:
    """Return the id of the only entry."""
    assert [entry.status for entry in entries] == [status], entries
    assert entries[0].id is not None
    return entries[0].id


def assert_archived(workspace: Workspace, name: str, wanted: Acquisition) -> None:
    """The row is what the reader said, the files are as recorded, and the item is valid and says the same."""
    row = workspace.catalog.acquisitions.get(name)
    assert row.pixels is not None
    assert replace(row, pixels=None, footprint=wanted.footprint, id=wanted.id) == wanted
    assert row.footprint.intersection(wanted.footprint).area > 0.9 * row.footprint.area
    folder = workspace.archive.root / row.constellation / row.id
    assert {file.polarisation for file in row.pixels.files} <= set(wanted.polarisations)
    for file in row.pixels.files:
        path = workspace.archive.root / file.path
        assert path.parent == folder
        assert file_sha256(path) == file.sha256
        with rasterio.open(path) as dataset:
            assert dataset.shape == row.pixels.shape
            assert np.count_nonzero(dataset.read(1)) > 0.2 * dataset.width * dataset.height
    item = json.loads((folder / ITEM).read_text())
    assert faults(item) == ()
    sizes = {file.polarisation: (workspace.archive.root / file.path).stat().st_size for file in row.pixels.files}
    again = json.loads(json.dumps(item_of(row, sizes)))
    for stated in (item, again):
        del stated["properties"]["proc:ingested"]
    assert item == again
    assert read_item(folder / ITEM) == (row.origin.product_sha256, row.footprint, row.pixels)


def assert_nothing_half(workspace: Workspace) -> None:
    """Every folder of the archive has a row, and nothing is left aside."""
    root = workspace.archive.root
    rows = {f"{acq.constellation}/{acq.id}" for acq in workspace.catalog.acquisitions.find()}
    assert {str(path.relative_to(root)) for path in root.glob("[!.]*/*")} == rows
    aside = root / INCOMING
    assert not aside.is_dir() or [path for path in aside.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_product_is_archived_as_read_and_only_once(
    form: str, delivered: tuple[Path, dict[str, Written]], workspace: Workspace
) -> None:
    folder = delivered[0] / form
    wanted = read(folder)
    assert wanted.constellation == FORMS[form].take.constellation
    assert wanted.platform == FORMS[form].take.platform
    assert wanted.geocoding is not None
    name = one(ingest(workspace, [folder]))
    assert_archived(workspace, name, wanted)
    before = (workspace.archive.root / wanted.constellation / name / ITEM).stat().st_mtime_ns
    assert one(ingest(workspace, [folder]), "already there") == name
    assert (workspace.archive.root / wanted.constellation / name / ITEM).stat().st_mtime_ns == before
    assert_nothing_half(workspace)


@pytest.mark.parametrize("form", FORMS)
def test_archives_of_a_product_are_the_product(
    form: str, delivered: tuple[Path, dict[str, Written]], workspace: Workspace, tmp_path: Path, scratch: Path
) -> None:
    folder = delivered[0] / form
    plain = read(folder)
    for ending, how in ENDINGS.items():
        made = Path(shutil.make_archive(str(tmp_path / form), how, folder.parent, folder.name))
        assert made.name == form + ending
        packed = read(made)
        assert_same_but_packed(packed, plain, made)
        name = one(ingest(workspace, [made]))
        assert_archived(workspace, name, packed)
        assert one(ingest(workspace, [made]), "already there") == name
    assert workspace.catalog.acquisitions.count() == len(ENDINGS)
    assert_nothing_half(workspace)
    gc.collect()
    assert list(scratch.iterdir()) == []


def assert_same_but_packed(packed: Acquisition, plain: Acquisition, archive: Path) -> None:
    """What comes out of an archive is what lies in the folder, and says which archive it came from."""
    assert packed.details == (*plain.details, ("proc:archive", archive.name))
    same = {"details": (), "origin": plain.origin, "original": None}
    assert replace(packed, **same) == replace(plain, **same)
    assert packed.origin.guessed == plain.origin.guessed
    assert set(packed.origin.files) == {*plain.origin.files, (archive.name, file_sha256(archive))}
    if plain.original is not None:
        assert packed.original is not None
        assert packed.original.path.startswith(f"{archive}!")
        assert replace(packed.original, path="") == replace(plain.original, path="")


def test_all_systems_in_one_folder_come_apart_again(
    delivered: tuple[Path, dict[str, Written]], workspace: Workspace, tmp_path: Path
) -> None:
    """Each bundle gives one acquisition, side-cars give none, and what is unknown is reported with what is known."""
    root = tmp_path / "mixed"
    shutil.copytree(delivered[0], root)
    with h5py.File(root / "weather.h5", "w") as file:
        file["rain"] = np.zeros(4)
    (root / "broken.ntf").write_bytes(b"NITF02.10")
    (root / "elsewhere.vrt").write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    (root / "notes.txt").write_text("no product")
    entries = ingest(workspace, [root])
    failed = {entry.path.name: entry.message for entry in entries if entry.failed}
    assert set(failed) == {"weather.h5", "broken.ntf", "elsewhere.vrt"}
    for name, word in (("weather.h5", "HDF5"), ("elsewhere.vrt", "VRT")):
        assert word in failed[name]
        assert "It looks for" in failed[name]
    assert "COSMO-SkyMed" in failed["weather.h5"]
    assert "ICEYE" in failed["weather.h5"]
    assert "OPERA" in failed["elsewhere.vrt"]
    added = [entry for entry in entries if not entry.failed]
    assert {entry.status for entry in added} == {"added"}
    rows = workspace.catalog.acquisitions.find()
    assert len(rows) == len(added) == len(FORMS)
    stated = {acq.origin.product_sha256: acq for acq in rows}
    assert len(stated) == len(FORMS)
    for name in FORMS:
        wanted = read(delivered[0] / name)
        found = stated[wanted.origin.product_sha256]
        assert (found.constellation, found.platform, found.level) == (
            wanted.constellation, wanted.platform, wanted.level,
        )  # fmt: skip
        assert found.details == wanted.details
        assert found.handling == wanted.handling
    assert_nothing_half(workspace)
    assert {entry.status for entry in ingest(workspace, [root]) if not entry.failed} == {"already there"}
    assert workspace.catalog.acquisitions.count() == len(FORMS)


def test_all_systems_in_one_flat_folder_come_apart_again(
    delivered: tuple[Path, dict[str, Written]], tmp_path: Path
) -> None:
    """Files of single-folder products lie side by side, as in a download folder."""
    flat = tmp_path / "flat"
    flat.mkdir()
    wanted: dict[str, str] = {}
    for name, written in delivered[1].items():
        if any(file.parent != written.path.parent for file in written.files):
            continue  # the product is a folder by itself
        names = {file.name for file in written.files}
        if names & {path.name for path in flat.iterdir()}:
            continue  # another form of the same names, as ALOS has summary.txt in each
        for file in written.files:
            shutil.copy(file, flat)
        wanted[read(delivered[0] / name).origin.product_sha256] = name
    assert len(wanted) > 20
    found = list(products(flat))
    refused = [one for one in found if not isinstance(one, Product)]
    assert refused == []
    keys = {one.acquisition.origin.product_sha256 for one in found if isinstance(one, Product)}
    for one_found in found:
        if isinstance(one_found, Product):
            one_found.close()
    assert sorted(wanted[key] for key in keys & wanted.keys()) == sorted(wanted.values())
    assert len(found) == len(wanted)


# What the person states beside a product


def flat_dem(path: Path, height: float) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=400, height=400, count=1, dtype="float32", crs="OGC:CRS84",
        transform=Affine(0.0005, 0.0, 36.6, 0.0, -0.0005, 50.3),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((1, 400, 400), height, np.float32))
    return path


@pytest.mark.parametrize(
    "form", ["iceye-slc", "capella-slc", "umbra-sicd", "cosmo-dgm", "alos-2-l15r", "sentinel-1-grd"]
)
def test_heights_move_what_lies_in_radar_geometry(
    form: str, delivered: tuple[Path, dict[str, Written]], workspace: Workspace, tmp_path: Path
) -> None:
    """Ground that lies 45 m higher lies farther in the look direction, by what is stated for each metre."""
    folder, rise = delivered[0] / form, 45.0
    plain = workspace.catalog.acquisitions.get(one(ingest(workspace, [folder])))
    dem = flat_dem(tmp_path / "high.tif", FORMS[form].scene.height_m + rise)
    with open_workspace(tmp_path / "other") as other:
        lifted = other.catalog.acquisitions.get(one(ingest(other, [folder], given=Given(dem=dem))))
    assert plain.geocoding is not None
    assert lifted.geocoding is not None
    assert "high.tif" not in plain.geocoding.heights
    assert "high.tif" in lifted.geocoding.heights
    shift = plain.geocoding.shift_per_m
    assert shift is not None
    assert lifted.geocoding.shift_per_m == pytest.approx(shift, rel=0.02)
    azimuth, _, moved = Geod(ellps="WGS84").inv(*middle(plain), *middle(lifted))
    assert moved == pytest.approx(rise * shift, rel=0.1)
    assert (azimuth - FORMS[form].take.look_azimuth_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=7.0)


def middle(acq: Acquisition) -> tuple[float, float]:
    return acq.footprint.centroid.x, acq.footprint.centroid.y


def test_the_time_of_the_person_stands_in_where_a_product_states_none(workspace: Workspace, tmp_path: Path) -> None:
    take = replace(LUPE, handling={"marking": "R"})
    written = nitf.write_nitf(tmp_path, SLANT, take)
    content = written.path.read_bytes()
    stamp = f"{take.middle:%Y%m%d%H%M%S}".encode()
    at = content.find(stamp[:8], content.find(b"IM", 300))
    assert at > 0
    written.path.write_bytes(content[:at] + b"-" * 14 + content[at + 14 :])
    (entry,) = ingest(workspace, [written.path])
    assert entry.failed
    assert "--time" in entry.message
    found = workspace.catalog.acquisitions.get(one(ingest(workspace, [written.path], given=Given(time=take.start))))
    assert found.start == found.stop == take.start


# Markings


@pytest.mark.parametrize(("letter", "rank"), [("R", Rank.RESTRICTED), ("C", Rank.CONFIDENTIAL)])
@pytest.mark.parametrize("form", ["nsif", "sicd", "zip"])
def test_a_machine_that_may_not_hold_a_product_refuses_it(
    letter: str, rank: Rank, form: str, workspace: Workspace, tmp_path: Path
) -> None:
    take = replace(LUPE, handling={"marking": letter, "releasable_to": ["DEU"]})
    folder = tmp_path / "in"
    folder.mkdir()
    if form == "sicd":
        sicd.write_sicd(folder, SLANT, take, SicdForm(spacing=(2.0, 2.5), nsif=True))
    else:
        nitf.write_nitf(folder, SLANT, take)
    path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder)) if form == "zip" else folder
    (entry,) = ingest(workspace, [path], given=Given(ceiling=Rank(rank - 1)))
    assert entry.exit_code == AccessError.exit_code
    assert rank.name.title() in entry.message.title()
    assert workspace.catalog.acquisitions.count() == 0
    assert not list(workspace.archive.root.rglob("*.tif"))
    found = workspace.catalog.acquisitions.get(one(ingest(workspace, [path], given=Given(ceiling=rank))))
    assert found.handling.rank is rank
    assert found.handling.releasable_to == {"DEU"}


def test_markings_that_contradict_each_other_take_the_strictest_and_stay_visible(
    workspace: Workspace, tmp_path: Path
) -> None:
    """A file header that says R over an image that says C."""
    written = nitf.write_nitf(tmp_path, SLANT, replace(LUPE, handling={"marking": "C"}))
    content = bytearray(written.path.read_bytes())
    assert content[119:120] == b"C"
    content[119:120] = b"R"
    written.path.write_bytes(content)
    found = workspace.catalog.acquisitions.get(one(ingest(workspace, [written.path])))
    assert found.handling.rank is Rank.CONFIDENTIAL
    assert found.handling.conflict
    item = json.loads((workspace.archive.root / found.constellation / found.id / ITEM).read_text())
    assert item["properties"]["rel:conflict"] is True


@pytest.mark.parametrize(
    "form", [name for name, form in FORMS.items() if form.take.constellation in {"qps-sar", "alos"}]
)
def test_japanese_products_start_under_their_law(
    form: str, delivered: tuple[Path, dict[str, Written]], workspace: Workspace
) -> None:
    found = workspace.catalog.acquisitions.get(one(ingest(workspace, [delivered[0] / form])))
    assert "JP-RSD" in found.handling.regimes
    assert any("TO BE STATED BY SUPPLIER" in caveat.upper() for caveat in found.handling.caveats)


def test_a_folder_of_nothing_says_what_is_read(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("nothing")
    (entry,) = ingest(workspace, [tmp_path / "in"])
    assert entry.exit_code == UnknownProductError.exit_code
    for words in ("ICEYE", "Capella", "CEOS", "SAFE", "NITF", "GeoTIFF"):
        assert words in entry.message


def test_the_same_picture_delivered_twice_under_one_id_is_two_acquisitions(
    workspace: Workspace, tmp_path: Path
) -> None:
    """A product that was processed again keeps its vendor's id: neither replaces the other."""
    first = Form(FORMS["iceye-grd"].write, FORMS["iceye-grd"].scene, ICEYE)
    again = replace(first, take=replace(ICEYE, incidence_deg=33.5))
    first.deliver(tmp_path / "a")
    again.deliver(tmp_path / "b")
    names = [one(ingest(workspace, [tmp_path / side])) for side in "ab"]
    assert names[1].startswith(names[0] + "-")
    assert_nothing_half(workspace)

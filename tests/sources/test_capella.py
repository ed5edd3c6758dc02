"""Capella's products, held against the scene and the take that they were written from, and against real metadata."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from picture_tricks import TRICKS, trick
from product_makers import DATA
from product_mutants import assault
from product_truth import check, see
from shapely import box

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError, UnknownProductError
from dashboard.model.handling import Rank
from dashboard.simulate.products.capella import (
    Delivery,
    write_csi,
    write_gec,
    write_geo,
    write_slc,
    write_slc_polar,
)
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.capella.place import IMAGE, sensor_of
from dashboard.sources.capella.reader import NAME, CapellaReader
from dashboard.sources.capella.record import Named, acquisition, calibration_note
from dashboard.sources.facts import Facts
from dashboard.sources.geocode.ellipsoid import from_ecef
from dashboard.sources.product import NotRead, record_origin
from dashboard.sources.radar_tiff import Accuracy
from dashboard.sources.registry import products

MAP = mini_scene(2.0, (96, 128))
SCENE = mini_scene(1.0, (160, 210))
TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="capella", platform="capella-14", mode="SP", resolution_m=0.6, polarisations=("HH",))
REAL = DATA / "product-metadata" / "capella"
NO_REAL = "real extended metadata are not here"
Write = Callable[..., Written]


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError) -> None:
    """Assert that reading a path ends in an error of a kind that says so."""
    with pytest.raises(kind, match=words) as caught:
        list(products(path))
    assert "\n" not in str(caught.value)


def beside(written: Written) -> Path:
    """Return the extended metadata of a product."""
    return written.path.with_name(written.path.stem + "_extended.json")


def restated(written: Written, path: str, value: object) -> None:
    """Change one field of the extended metadata; None takes it away."""
    content = json.loads(beside(written).read_text())
    *steps, last = path.split("/")
    here: Any = content
    for step in steps:
        here = here[step]
    here[last] = value
    if value is None:
        del here[last]
    beside(written).write_text(json.dumps(content))


@pytest.mark.parametrize("write", [write_geo, write_gec, write_csi])
def test_on_a_map(tmp_path: Path, write: Write) -> None:
    seen = check(write(tmp_path, MAP, TAKE), MAP, TAKE)
    power, geocoding = seen.product.power, seen.product.acquisition.geocoding
    assert power is not None
    assert geocoding is not None
    assert power.geobox == MAP.geobox
    assert (geocoding.kind, geocoding.heights) == ("affine", "as delivered")
    assert (geocoding.shift_per_m is None) == (write is write_geo)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_slc, write_slc_polar])
def test_in_radar_geometry(tmp_path: Path, write: Write, look: LookSide, way: PassDirection) -> None:
    take = replace(TAKE, look=look, pass_direction=way)
    found = check(write(tmp_path, SCENE, take), SCENE, take).product.acquisition
    assert found.original is not None
    assert found.original.complex
    assert found.geocoding is not None
    assert found.geocoding.kind == "sensor"
    assert found.geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(take.incidence_deg)), rel=0.02)


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(tag=False), Delivery(side_car=False), Delivery(item=False), Delivery(calibration="partial"),
        Delivery(calibration="limited"), Delivery(calibration="none"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("write", [write_geo, write_slc])
def test_deliveries(tmp_path: Path, write: Write, delivery: Delivery) -> None:
    scene = MAP if write is write_geo else SCENE
    found = check(write(tmp_path, scene, TAKE, delivery), scene, TAKE).product.acquisition
    note = dict(found.details).get("proc:calibration_note")
    assert (note is not None) == (delivery.calibration in {"partial", "limited"})


def test_control_points_stand_in_for_the_orbit(tmp_path: Path) -> None:
    written = write_slc(tmp_path, SCENE, TAKE, Delivery(control_points=True))
    written = replace(written, expected={**written.expected, "look_azimuth_deg": None})
    geocoding = check(written, SCENE, TAKE).product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.kind == "gcp"


def test_without_orbit_and_points_there_is_no_place(tmp_path: Path) -> None:
    written = write_slc(tmp_path, TINY, TAKE, Delivery(tag=False))
    restated(written, "collect/state/state_vectors", [])
    refused(written.path, r"state vectors.*no control points", NoGeoreferenceError)


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", [write_geo, write_slc, write_slc_polar])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Write, how: str) -> None:
    scene = MAP if write is write_geo else SCENE
    written = write(tmp_path, scene, TAKE)
    trick(written.path, how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check(written, scene, TAKE)


def test_markings_and_credits_are_kept(tmp_path: Path) -> None:
    take = replace(TAKE, handling={"marking": "NATO RESTRICTED", "releasable_to": ["UKR"]})
    written = write_geo(tmp_path, TINY, take, Delivery(tag=False))
    restated(written, "copyright", "Copyright 2025 Capella Space. All Rights Reserved.")
    restated(written, "license", "https://creativecommons.org/licenses/by/4.0/")
    handling = see(written.path).product.acquisition.handling
    assert (handling.rank, handling.releasable_to) == (Rank.RESTRICTED, frozenset({"UKR"}))
    assert handling.regimes == {"CC-BY-4.0"}
    assert handling.attributions == {"Copyright 2025 Capella Space. All Rights Reserved."}


def test_a_folder_gives_the_bundle_once(tmp_path: Path) -> None:
    written = write_geo(tmp_path, TINY, TAKE)
    for rest in ("_preview.tif", "_thumb.png"):
        (tmp_path / (written.path.stem + rest)).write_bytes(written.path.read_bytes())
    (found,) = products(tmp_path)
    assert not isinstance(found, NotRead)
    assert {file.name for file in found.paths} == {file.name for file in tmp_path.iterdir()}
    (skipped,) = products(tmp_path / (written.path.stem + "_preview.tif"))
    assert isinstance(skipped, NotRead)
    assert skipped.error is None


def test_a_renamed_image_is_known_by_its_words(tmp_path: Path) -> None:
    written = write_geo(tmp_path, TINY, TAKE, Delivery(side_car=False, item=False))
    found = see(written.path.rename(tmp_path / "kyiv.tif")).product.acquisition
    assert (found.id, found.platform, found.mode) == ("kyiv", "capella-14", "SP")


def test_every_field_of_the_table_is_mapped_or_absent_for_a_reason() -> None:
    (system,) = CapellaReader.systems
    assert len(system.fields) > 40
    assert all(field.where or field.note for field in system.fields)


# ---- what must be refused ----


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A small product whose words stand in the side-car only."""
    return write_slc(tmp_path_factory.mktemp("bare"), TINY, TAKE, Delivery(tag=False))


@pytest.fixture
def copy(bare: Written, tmp_path: Path) -> Written:
    for file in bare.files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return replace(bare, path=tmp_path / bare.path.name, files=tuple(tmp_path / f.name for f in bare.files))


def test_missing_parts_are_named(copy: Written) -> None:
    content = beside(copy).read_bytes()
    beside(copy).unlink()
    refused(copy.path, re.escape(beside(copy).name) + " is not there", DamagedProductError)
    beside(copy).write_bytes(content)
    copy.path.unlink()
    refused(beside(copy), re.escape(copy.path.name) + ".* is not there", DamagedProductError)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_truncated(copy: Written, share: float) -> None:
    whole = copy.path.read_bytes()
    copy.path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NightglassError, match=re.escape(copy.path.name)):
        see(copy.path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_type", None), ("product_type", "RAW"), ("collect/start_timestamp", None),
        ("collect/start_timestamp", "noon"), ("collect/stop_timestamp", "2020-01-01T00:00:00Z"),
        ("collect/radar/transmit_polarization", "Q"), ("collect/radar/receive_polarization", None),
        ("collect/image/rows", 17), ("collect/image/columns", 1e12), ("collect/image/scale_factor", -1),
        ("collect/image/scale_factor", "x"), ("collect/image/center_pixel/incidence_angle", 120),
        ("collect/image/center_pixel/target_position", [0, 0, 0]),
        ("collect/image/image_geometry/range_to_first_sample", None),
        ("collect/image/image_geometry/delta_range_sample", 0),
        ("collect/image/image_geometry/delta_line_time", "fast"),
        ("collect/image/image_geometry/first_line_time", "2001-01-01T00:00:00Z"),
        ("collect/state/state_vectors", [1, 2]), ("collect/state/state_vectors", [{"time": "2024-06-12T17:43:39Z"}]),
    ],
)  # fmt: skip
def test_wrong_fields_are_named(copy: Written, field: str, value: object) -> None:
    restated(copy, field, value)
    with pytest.raises(NightglassError, match=re.escape(field.rpartition("/")[2])) as caught:
        see(copy.path)
    assert beside(copy).name in str(caught.value)


def test_metadata_of_another_product(tmp_path: Path) -> None:
    written = write_geo(tmp_path, TINY, TAKE)
    restated(written, "collect/collect_id", "another")
    refused(written.path, r"collect_id.*different products", DamagedProductError)


@pytest.mark.parametrize("text", ["{" * 100_000, "[" * 100_000, '{"collect": ', "\x00\x01", "[]", '{"collect": 5}'])
def test_hostile_json(copy: Written, text: str) -> None:
    beside(copy).write_text(text)
    refused(copy.path, r"valid JSON|does not state|not there", DamagedProductError)


def test_a_vrt_in_disguise(copy: Written) -> None:
    copy.path.write_text('<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand/></VRTDataset>')
    refused(copy.path, "VRT", UnknownProductError)
    refused(beside(copy), re.escape(copy.path.name), DamagedProductError)


def test_a_link_out_of_the_folder(copy: Written, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.json"
    outside.write_bytes(beside(copy).read_bytes())
    beside(copy).unlink()
    beside(copy).symlink_to(outside)
    refused(copy.path, "leads out", DamagedProductError)


def test_an_image_in_one_huge_strip(copy: Written) -> None:
    with rasterio.open(
        copy.path, "w", driver="GTiff", width=60_000, height=60_000, count=1, dtype="uint16", SPARSE_OK=True,
        compress="DEFLATE", blockysize=60_000, crs="EPSG:32637", transform=rasterio.Affine(2, 0, 9, 0, -2, 9),
    ):  # fmt: skip
        pass
    refused(copy.path, "blocks of", DamagedProductError)


def test_mutants(tmp_path: Path) -> None:
    assault(
        tmp_path,
        write_geo(tmp_path / "geo", TINY, TAKE),
        write_slc(tmp_path / "slc", TINY, TAKE),
        write_slc_polar(tmp_path / "polar", TINY, TAKE),
    )


# ---- real metadata ----


def real(name: str) -> Facts:
    """Return the real metadata whose file name contains a word."""
    found = sorted(REAL.glob(f"*{name}*_extended.json"))
    if not found:
        pytest.skip(NO_REAL)
    return Facts(json.loads(found[0].read_text()), found[0].name)


@pytest.mark.parametrize("name", ["C11_SM_SLC", "C13_SP_SLC", "C17_SM_SLC"])
def test_the_central_pixel_of_real_images_lies_in_their_middle(name: str) -> None:
    facts = real(name)
    shape = facts.whole(f"{IMAGE}/rows"), facts.whole(f"{IMAGE}/columns")
    sensor = sensor_of(facts, Path("absent.tif"), shape, Accuracy(height_m=None, error_m=None, basis=""))
    lon, lat, height = from_ecef(facts.numbers(f"{IMAGE}/center_pixel/target_position", 3)[None])
    row, col = sensor.to_image(lon, lat, height)
    assert (row[0], col[0]) == pytest.approx((shape[0] // 2, shape[1] // 2), abs=0.2)
    back = sensor.to_ground(row, col, height)
    assert (back[0][0], back[1][0]) == pytest.approx((lon[0], lat[0]), abs=1e-7)


@pytest.mark.parametrize(
    ("name", "look", "way", "incidence", "quantity", "noted"),
    [
        ("C11_SM_SLC", "right", "descending", 32.310, "beta0", True),
        ("C13_SP_SLC", "left", "ascending", 22.998, "beta0", True),
        ("C14_SP_GEC", "left", "ascending", 38.232, "sigma0", False),
        ("C17_SM_SLC", "right", "descending", 49.310, "beta0", True),
    ],
)
def test_real_metadata(name: str, look: str, way: str, incidence: float, quantity: str, noted: bool) -> None:
    facts = real(name)
    named = Named(id=facts.file.removesuffix("_extended.json"), stac={})
    found = acquisition(facts, named, box(0, 0, 1, 1), record_origin("test", "x", b""))
    assert (found.look, found.pass_direction) == (look, way)
    assert found.incidence_deg == pytest.approx(incidence, abs=1e-3)
    assert (found.calibration.valid, found.calibration.quantity) == (True, quantity)
    assert (calibration_note(facts) is not None) == noted
    assert found.platform == f"capella-{name[1:3]}"
    assert found.mode == name.split("_")[1]
    assert found.received is not None
    assert found.start < found.stop < found.received
    assert found.look_azimuth_deg is not None
    # Ascending and left, or descending and right, is a look to the west.
    assert 180 < found.look_azimuth_deg < 360
    assert "Capella licence" in found.handling.regimes


def test_names_of_the_open_catalogue() -> None:
    folder = DATA / "sar-stac-commercial"
    if not folder.is_dir():
        pytest.skip("the open catalogue is not here")
    names = [
        name
        for table in ("capella_GEO", "capella_SLC")
        for name in pq.read_table(folder / f"{table}.parquet", columns=["id"])["id"].to_pylist()
    ]
    assert len(names) > 4000
    assert [name for name in names if not NAME.fullmatch(name + ".tif")] == []

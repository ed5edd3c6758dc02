"""ICEYE's current products, held against the scene and the take that they were written from."""

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

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError, UnknownProductError
from dashboard.model.handling import Rank
from dashboard.simulate.products.iceye import write_csi, write_grd, write_slc
from dashboard.simulate.products.iceye_image import Delivery
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.facts import Facts
from dashboard.sources.iceye.reader import NAME, IceyeReader
from dashboard.sources.iceye.record import frequency
from dashboard.sources.product import NotRead
from dashboard.sources.registry import products

SCENE = mini_scene(1.0, (160, 210))
TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="iceye", platform="iceye-x11", mode="SLF", resolution_m=0.5)
Write = Callable[..., Written]


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError) -> None:
    """Assert that reading a path ends in an error of a kind that says so."""
    with pytest.raises(kind, match=words) as caught:
        list(products(path))
    assert "\n" not in str(caught.value)


def restated(written: Written, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the properties in the side-car of a product whose image carries none."""
    side_car = written.path.with_suffix(".json")
    item = json.loads(side_car.read_text())
    change(item["properties"])
    side_car.write_text(json.dumps(item))


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_truth(tmp_path: Path, write: Write, look: LookSide, way: PassDirection) -> None:
    take = replace(TAKE, look=look, pass_direction=way, looks=2.0 if write is write_grd else 1.0)
    seen = check(write(tmp_path, SCENE, take), SCENE, take)
    found = seen.product.acquisition
    assert found.geocoding is not None
    assert (found.geocoding.kind, found.geocoding.error_m) == ("rpc", 6.0)
    assert found.geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(take.incidence_deg)), rel=0.02)
    assert (found.original is not None) == (write is write_slc)
    taken = [int(n) for n in dict(found.details)["proc:looks_taken"].split(" x ")]
    assert found.looks == take.looks * taken[0] * taken[1]


def test_csi_is_for_the_eye(tmp_path: Path) -> None:
    seen = check(write_csi(tmp_path, SCENE, TAKE), SCENE, TAKE)
    assert "made for the eye" in seen.product.acquisition.calibration.why_not


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(tag=False), Delivery(side_car=False), Delivery(rpcs=False, without=("iceye:rpc",)),
        Delivery(rpcs=False), Delivery(exponent=0.25), Delivery(orientation="native"),
        Delivery(without=("iceye:incidence_angle_coeffs",)),
        Delivery(extra={"iceye:incidence_angle_coeffs": [12.0, 0.0, 0.0, 0.0]}),
        Delivery(extra={"sar:center_frequency": 9.65}),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_deliveries(tmp_path: Path, write: Write, delivery: Delivery) -> None:
    check(write(tmp_path, SCENE, TAKE, delivery), SCENE, TAKE)


def test_without_incidence_an_slc_is_radar_brightness(tmp_path: Path) -> None:
    without = tuple(f"iceye:incidence_angle_{word}" for word in ("coeffs", "near", "far"))
    written = write_slc(tmp_path, SCENE, TAKE, Delivery(without=without))
    check(replace(written, quantity="beta0"), SCENE, TAKE)


@pytest.mark.parametrize(
    ("delivery", "mode", "why"),
    [
        (Delivery(), "SC", "does not calibrate Scan"),
        (Delivery(), "SCW", "does not calibrate Scan"),
        (Delivery(without=("iceye:calibration_factor",)), "SLF", "no calibration factor"),
        (Delivery(extra={"iceye:amplitude_mapping": {"function": "clip"}}), "SLF", "cannot be undone"),
        (
            Delivery(extra={"iceye:amplitude_mapping": {"function": "power", "parameters": {"scale": 2}}}),
            "SLF",
            "not documented",
        ),
    ],
)
def test_what_is_not_calibrated_says_why(tmp_path: Path, delivery: Delivery, mode: str, why: str) -> None:
    take = replace(TAKE, mode=mode)
    written = replace(write_grd(tmp_path, SCENE, take, delivery), quantity=None)
    assert why in check(written, SCENE, take).product.acquisition.calibration.why_not


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Write, how: str) -> None:
    written = write(tmp_path, SCENE, TAKE)
    trick(written.path, how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check(written, SCENE, TAKE)


def test_markings_of_the_side_car_are_kept(tmp_path: Path) -> None:
    take = replace(TAKE, handling={"marking": "NATO RESTRICTED", "releasable_to": ["UKR", "DEU"]})
    handling = see(write_grd(tmp_path, TINY, take).path).product.acquisition.handling
    assert handling.rank is Rank.RESTRICTED
    assert handling.releasable_to == frozenset({"UKR", "DEU"})


def test_control_points_that_contradict_the_rpcs_are_told(tmp_path: Path) -> None:
    written = write_grd(tmp_path, TINY, TAKE)
    geocoding = see(written.path).product.acquisition.geocoding
    assert geocoding is not None
    assert "control points" not in geocoding.basis
    with rasterio.open(written.path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        rpcs = dataset.rpcs
        rpcs.line_off += 10.0
        dataset.rpcs = rpcs
    geocoding = see(written.path).product.acquisition.geocoding
    assert geocoding is not None
    assert "lie 10 pixels from its RPCs" in geocoding.basis


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    without = (
        "sar:observation_direction", "sat:orbit_state", "view:incidence_angle", "view:azimuth", "iceye:orbit_states",
        "sar:resolution_range", "iceye:processing_end_datetime", "created", "sar:looks_range", "sar:polarizations",
        "platform", "sar:center_frequency",
    )  # fmt: skip
    found = see(write_grd(tmp_path, TINY, TAKE, Delivery(without=without)).path).product.acquisition
    unknown = ("look", "pass_direction", "incidence_deg", "look_azimuth_deg", "resolution_m", "received", "looks")
    assert {name: getattr(found, name) for name in unknown} == dict.fromkeys(unknown)
    assert (found.platform, found.frequency_ghz) == (None, None)
    assert found.origin.guessed == {"polarisations"}


def test_hertz_and_gigahertz_are_told_apart() -> None:
    assert frequency(Facts({"f": 9_600_000_000}, "x"), "f") == frequency(Facts({"f": 9.6}, "x"), "f") == 9.6


def test_a_folder_gives_each_image_once_and_passes_pictures_over(tmp_path: Path) -> None:
    written = [write_grd(tmp_path, TINY, TAKE), write_slc(tmp_path, TINY, TAKE)]
    for suffix in ("_QLK.png", "_THM.png", "_QLK.json"):
        (tmp_path / written[0].path.name.replace("_GRD.tif", suffix)).write_bytes(b"{}")
    found = [p for p in products(tmp_path) if not isinstance(p, NotRead)]
    assert sorted(p.acquisition.level or "" for p in found) == ["GRD", "SLC"]
    assert {file.name for p in found for file in p.paths} >= {file.name for file in tmp_path.iterdir()} - {"x"}
    (skipped,) = products(next(tmp_path.glob("*_THM.png")))
    assert isinstance(skipped, NotRead)
    assert skipped.error is None
    assert "thumbnail" in skipped.reason


def test_every_field_of_the_table_is_mapped_or_absent_for_a_reason() -> None:
    for system in IceyeReader.systems:
        assert len(system.fields) > 40
        assert all(field.where or field.note for field in system.fields)


# ---- what must be refused ----


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A small product whose words stand in the side-car only."""
    return write_grd(tmp_path_factory.mktemp("bare"), TINY, TAKE, Delivery(tag=False))


@pytest.fixture
def copy(bare: Written, tmp_path: Path) -> Written:
    for file in bare.files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return replace(bare, path=tmp_path / bare.path.name, files=tuple(tmp_path / f.name for f in bare.files))


def test_missing_parts_are_named(copy: Written) -> None:
    side_car = copy.path.with_suffix(".json")
    content = side_car.read_bytes()
    side_car.unlink()
    refused(copy.path, re.escape(side_car.name) + " is not there", DamagedProductError)
    side_car.write_bytes(content)
    copy.path.unlink()
    assert IceyeReader().sniff(side_car) == 0.0  # a STAC item without its image is the catalogue reader's


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated(copy: Written, share: float) -> None:
    whole = copy.path.read_bytes()
    copy.path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NightglassError, match=re.escape(copy.path.name)):
        see(copy.path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start_datetime", None), ("start_datetime", "soon"), ("start_datetime", "0001-01-01T00:00:00+14:00"),
        ("end_datetime", "2023-01-01T00:00:00Z"), ("sar:polarizations", ["VV", "VH"]), ("sar:polarizations", ["XX"]),
        ("iceye:calibration_factor", "much"), ("iceye:calibration_factor", -1.0), ("view:incidence_angle", 190),
        ("iceye:average_scene_height", 1e9), ("sar:product_type", "MAP-COG"), ("iceye:orbit_states", [{"time": "x"}]),
        ("iceye:orbit_states", [{"position": [1, 2]}]), ("sat:relative_orbit", 0.5),
    ],
)  # fmt: skip
def test_wrong_fields_are_named(copy: Written, field: str, value: object) -> None:
    restated(copy, lambda properties: properties.__setitem__(field, value))
    refused(copy.path, re.escape(copy.path.with_suffix(".json").name), DamagedProductError)
    with pytest.raises(NightglassError, match=re.escape(field)):
        see(copy.path)


def test_a_side_car_of_another_product(tmp_path: Path) -> None:
    written = write_grd(tmp_path, TINY, TAKE)
    restated(written, lambda properties: properties.__setitem__("iceye:image_id", 1))
    refused(written.path, r"iceye:image_id.*different products", DamagedProductError)


@pytest.mark.parametrize("text", ["{" * 100_000, "[" * 100_000, '{"a": ', "", "\x00\x01", '{"type": "Feature"}', "[]"])
def test_hostile_json(copy: Written, text: str) -> None:
    copy.path.with_suffix(".json").write_text(text)
    refused(copy.path, r"valid JSON|does not state|not there or empty", DamagedProductError)


def test_hostile_words_inside_the_image(copy: Written) -> None:
    with rasterio.open(copy.path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.update_tags(ICEYE_PROPERTIES="{" * 10_000)
    refused(copy.path, "ICEYE_PROPERTIES", DamagedProductError)


def test_a_vrt_in_disguise(copy: Written) -> None:
    copy.path.write_text('<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand/></VRTDataset>')
    refused(copy.path, "VRT", UnknownProductError)
    refused(copy.path.with_suffix(".json"), re.escape(copy.path.name), DamagedProductError)


def test_a_link_out_of_the_folder(copy: Written, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.json"
    side_car = copy.path.with_suffix(".json")
    outside.write_bytes(side_car.read_bytes())
    side_car.unlink()
    side_car.symlink_to(outside)
    refused(copy.path, "leads out", DamagedProductError)


def test_without_any_place(tmp_path: Path) -> None:
    written = write_grd(tmp_path, TINY, TAKE, Delivery(rpcs=False, without=("iceye:rpc",)))
    with rasterio.open(written.path) as dataset:
        picture, tags = dataset.read(), dataset.tags()
    with rasterio.open(
        written.path, "w", driver="GTiff", width=picture.shape[2], height=picture.shape[1], count=1, dtype="uint16",
        transform=rasterio.Affine(0.1, 0, 0, 0, 0.1, 0), crs="EPSG:4326",
    ) as dataset:  # fmt: skip
        dataset.write(picture)
        dataset.update_tags(**tags)
    refused(written.path, "neither RPCs nor ground control points", NoGeoreferenceError)


def test_an_absurd_image(tmp_path: Path) -> None:
    written = write_grd(tmp_path, TINY, TAKE)
    with rasterio.open(written.path) as dataset:
        tags = dataset.tags()
    with rasterio.open(
        written.path, "w", driver="GTiff", width=500_000, height=500_000, count=1, dtype="uint16", SPARSE_OK=True,
        crs="EPSG:4326", transform=rasterio.Affine(1e-5, 0, 0, 0, 1e-5, 0), tiled=True, compress="DEFLATE",
        BIGTIFF="YES",
    ) as dataset:  # fmt: skip
        dataset.update_tags(**tags)
    refused(written.path, "500,000 x 500,000", DamagedProductError)


def test_mutants(tmp_path: Path) -> None:
    assault(tmp_path, write_grd(tmp_path / "grd", TINY, TAKE), write_slc(tmp_path / "slc", TINY, TAKE))


# ---- the open catalogue ----


def test_names_of_the_open_catalogue() -> None:
    table = DATA / "sar-stac-commercial" / "iceye.parquet"
    if not table.is_file():
        pytest.skip("the open catalogue is not here")
    rows = pq.read_table(table, columns=["id", "assets"]).to_pylist()
    hrefs = [a["href"] for row in rows for a in (row["assets"] or {}).values() if a and a.get("href")]
    names = [href.rpartition("/")[2] for href in hrefs]
    ours = [name for name in names if re.search(r"_(GRD|SLC|CSI|QLK|THM|VID)\.\w+$", name)]
    assert len(ours) > 1000
    assert [name for name in ours if not NAME.fullmatch(name)] == []


def test_a_big_drawn_scene_is_written_in_reasonable_time(tmp_path: Path) -> None:
    ground = mini_scene(2.0, (600, 700))
    drawn = {"VV": np.full((600, 700), 0.1, np.float32)}
    seen = see(write_grd(tmp_path, Scene(ground.geobox, drawn=drawn), TAKE).path)
    assert np.nanmedian(seen.power["VV"]) == pytest.approx(0.1, rel=0.02)

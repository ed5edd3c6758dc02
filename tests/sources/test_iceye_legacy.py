"""ICEYE's legacy products, held against the scene and the take that they were written from."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from picture_tricks import TRICKS, trick
from product_makers import DATA
from product_mutants import assault
from product_truth import check, see

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.simulate.products.iceye_legacy import write_grd, write_slc
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.facts import Facts
from dashboard.sources.iceye.legacy_record import corners, incidence_of
from dashboard.sources.iceye.legacy_words import vector
from dashboard.sources.product import NotRead
from dashboard.sources.registry import products
from dashboard.sources.values import load_json

SCENE = mini_scene(1.0, (160, 210))
TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="iceye", platform="iceye-x6", mode="SLH", resolution_m=0.5)
Write = Callable[..., Written]


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError) -> None:
    """Assert that reading a path ends in an error of a kind that says so."""
    with pytest.raises(kind, match=words) as caught:
        list(products(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_truth(tmp_path: Path, write: Write, look: LookSide, way: PassDirection) -> None:
    take = replace(TAKE, look=look, pass_direction=way)
    found = check(write(tmp_path, SCENE, take), SCENE, take).product.acquisition
    assert found.geocoding is not None
    assert found.geocoding.kind == ("rpc" if write is write_grd else "sensor")
    assert (found.original is not None) == (write is write_slc)


@pytest.mark.parametrize("words", [{"xml": False}, {"tags": False}, {"rpcs": False}], ids=str)
def test_deliveries_of_amplitude(tmp_path: Path, words: dict[str, bool]) -> None:
    check(write_grd(tmp_path, SCENE, TAKE, **words), SCENE, TAKE)


def test_complex_numbers_without_an_xml(tmp_path: Path) -> None:
    check(write_slc(tmp_path, SCENE, TAKE, xml=False), SCENE, TAKE)


def test_scan_is_not_calibrated(tmp_path: Path) -> None:
    take = replace(TAKE, mode="SC")
    written = replace(write_grd(tmp_path, SCENE, take), quantity=None)
    assert "Scan" in check(written, SCENE, take).product.acquisition.calibration.why_not


@pytest.mark.parametrize(
    ("absent", "quantity"), [(("local_incidence_angle",), "sigma0"), (("calibration_factor",), None)]
)
def test_what_a_complex_product_lacks(tmp_path: Path, absent: tuple[str, ...], quantity: str | None) -> None:
    written = write_slc(tmp_path, SCENE, TAKE, xml=False)
    _without(written.path, *absent)
    check(replace(written, quantity=quantity), SCENE, TAKE)


def test_without_any_incidence_it_is_radar_brightness(tmp_path: Path) -> None:
    written = write_slc(tmp_path, SCENE, TAKE, xml=False)
    _without(written.path, "local_incidence_angle", "incidence_near", "incidence_far")
    check(replace(written, quantity="beta0"), SCENE, TAKE)


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", [write_grd, write_slc])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Write, how: str) -> None:
    written = write(tmp_path, SCENE, TAKE)
    trick(written.path, how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check(written, SCENE, TAKE)


def test_quick_looks_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "ICEYE_X6_QUICKLOOK_SLH_4119892_20240612T174339.tif"
    path.write_bytes(write_grd(tmp_path / "x", TINY, TAKE).path.read_bytes())
    found = [f for f in products(path) if isinstance(f, NotRead)]
    assert [f.error for f in found] == [None]


# ---- what must be refused ----


def test_without_words(tmp_path: Path) -> None:
    written = write_grd(tmp_path, TINY, TAKE, tags=False)
    xml = written.path.with_suffix(".xml")
    content = xml.read_bytes()
    xml.unlink()
    refused(written.path, re.escape(xml.name) + " is not there", DamagedProductError)
    xml.write_bytes(content)
    written.path.unlink()
    refused(xml, "the image of", DamagedProductError)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Metadata><product_name>&x;</product_name></Metadata>',
        '<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><Metadata/>',
        "<Metadata>" + "<a>" * 5000 + "</a>" * 5000 + "</Metadata>",
        "<Metadata><product_name>x</product_na",
        "<Metadata/>",
    ],
    ids=["entity", "external", "deep", "cut", "empty"],
)
def test_hostile_xml(tmp_path: Path, text: str) -> None:
    written = write_grd(tmp_path, TINY, TAKE, tags=False)
    xml = written.path.with_suffix(".xml")
    xml.write_text(text)
    refused(written.path, re.escape(xml.name), DamagedProductError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("acquisition_start_utc", b"never"), ("product_level", b"L9"), ("polarization", b"VV,VH"),
        ("number_of_azimuth_samples", 3), ("first_pixel_time", -1.0), ("azimuth_time_interval", 0.0),
        ("slant_range_spacing", b"wide"), ("posX", np.zeros(4)), ("state_vector_time_utc", np.array([b"x", b"y"])),
        ("calibration_factor", -3.0), ("avg_scene_height", 1e7), ("zerodoppler_start_utc", b"2001-01-01T00:00:00"),
        ("data_orientation", b"shadows_down"), ("look_side", b"up"),
    ],
)  # fmt: skip
def test_wrong_fields_are_named(tmp_path: Path, name: str, value: object) -> None:
    written = write_slc(tmp_path, TINY, TAKE, xml=False)
    _without(written.path, name)
    with h5py.File(written.path, "r+") as file:
        file[name] = value
    with pytest.raises(NightglassError, match=rf"{re.escape(written.path.name)}.*{name}"):
        see(written.path)


def test_without_an_orbit_there_is_no_place(tmp_path: Path) -> None:
    written = write_slc(tmp_path, TINY, TAKE, xml=False)
    _without(written.path, "posX")
    refused(written.path, "state_vector_time_utc", NoGeoreferenceError)


def test_pixels_of_another_file_are_not_read(tmp_path: Path) -> None:
    written = write_slc(tmp_path, TINY, TAKE, xml=False)
    other = tmp_path / "other.h5"
    other.write_bytes(written.path.read_bytes())
    _without(written.path, "s_q")
    with h5py.File(written.path, "r+") as file:
        file["s_q"] = h5py.ExternalLink("other.h5", "s_q")
    refused(written.path, "link", DamagedProductError)
    _without(written.path, "s_q")
    with h5py.File(written.path, "r+") as file:
        layout = h5py.VirtualLayout(file["s_i"].shape, "i2")
        layout[...] = h5py.VirtualSource(str(other), "s_q", file["s_i"].shape)
        file.create_virtual_dataset("s_q", layout)
    refused(written.path, "another file", DamagedProductError)


def test_an_announced_giant(tmp_path: Path) -> None:
    written = write_slc(tmp_path, TINY, TAKE, xml=False)
    _without(written.path, "s_i", "s_q")
    with h5py.File(written.path, "r+") as file:
        for name in ("s_i", "s_q"):
            file.create_dataset(name, (300_000, 300_000), "i2", chunks=(512, 512), compression="gzip")
    refused(written.path, r"s_i", DamagedProductError)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_truncated(tmp_path: Path, share: float) -> None:
    written = write_slc(tmp_path, TINY, TAKE, xml=False)
    whole = written.path.read_bytes()
    written.path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NightglassError, match=re.escape(written.path.name)):
        see(written.path)


def test_mutants(tmp_path: Path) -> None:
    assault(tmp_path, write_grd(tmp_path / "grd", TINY, TAKE), write_slc(tmp_path / "slc", TINY, TAKE))


# ---- what another reader takes from real products ----


def test_words_of_real_products() -> None:
    folder = DATA / "product-metadata" / "expected-by-another-reader"
    if not folder.is_dir():
        pytest.skip("another reader's account of real products is not here")
    taken = {
        entry["path"].removeprefix("Original_Product_Metadata/").removesuffix("/data").lower(): entry["value"]
        for name in ("Iceye_GRD_SL", "Iceye_SLC_SM")
        for entry in load_json(folder / f"{name}.json")["expectedContent"]["metadata"]
        if entry["path"].startswith("Original_Product_Metadata/")
    }
    facts = Facts(taken, "real")
    x, velocity = vector(facts, "posx"), vector(facts, "velx")
    assert x is not None
    assert velocity is not None
    # Positions of one orbit: their differences over a tenth of a second are the velocities beside them.
    step = np.diff(x) / ((velocity[1:] + velocity[:-1]) / 2)
    assert len(x) == len(velocity) > 50
    assert step == pytest.approx(np.full(len(step), step[0]), rel=1e-4)
    near = vector(facts, "coord_last_near")
    theta = vector(facts, "local_incidence_angle")
    assert near is not None
    assert near.tolist() == pytest.approx([1.0, 43820.0, 54.634749487, 18.765158269])
    assert theta is not None
    assert (np.diff(theta) > 0).all()
    assert incidence_of(Facts({"incidence_near": taken["incidence_near"], "incidence_far": "36.0"}, "real")) == (
        pytest.approx((35.31748083038844 + 36.0) / 2)
    )
    assert corners(facts) == []  # three of the four are not in that account


def _without(path: Path, *names: str) -> None:
    with h5py.File(path, "r+") as file:
        for name in names:
            del file[name]

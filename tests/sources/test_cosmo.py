"""COSMO-SkyMed of both generations against products of known truth."""

import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from product_truth import check, see

from dashboard.model.acquisition import Acquisition, LookSide, PassDirection
from dashboard.model.errors import UnknownProductError
from dashboard.simulate.products.cosmo import write_dgm, write_gec, write_gtc, write_scs
from dashboard.simulate.products.cosmo_attributes import Style
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.cosmo.systems import SYSTEMS
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products, reader_of

FIRST = Take(constellation="cosmo-skymed", platform="cosmo-skymed-4", mode="HIMAGE")
SECOND = Take(constellation="csg", platform="csg-1", mode="STRIPMAP", polarisations=("HH",))
SLANT = mini_scene(1.0, (200, 260))
MAP = mini_scene(2.0, (96, 128))

Writer = Callable[..., Written]
FORMS: tuple[tuple[Writer, Scene], ...] = ((write_scs, SLANT), (write_dgm, SLANT), (write_gec, MAP), (write_gtc, MAP))
RECORDS = Path(__file__).parents[2].parent / "shared" / "data" / "product-metadata" / "expected-by-another-reader"


def image_of(path: Path, change: Callable[[NDArray], NDArray]) -> None:
    """Replace the image of a product by another of its shape."""
    with h5py.File(path, "r+") as file:
        dataset = file["S01/SBI"]
        changed = change(dataset[...])
        dataset[...] = changed


def transposed(image: NDArray) -> NDArray:
    """Return rows and columns exchanged, in the same shape."""
    side = min(image.shape[:2])
    out = np.full_like(image, image[0, 0])
    out[:side, :side] = image[:side, :side].swapaxes(0, 1)
    return out


@pytest.mark.parametrize(("write", "scene"), FORMS)
@pytest.mark.parametrize("take", [FIRST, SECOND], ids=["first", "second"])
def test_every_form_gives_the_truth(write: Writer, scene: Scene, take: Take, tmp_path: Path) -> None:
    seen = check(write(tmp_path, scene, take), scene, take)
    assert seen.product.acquisition.look_azimuth_deg == pytest.approx(take.look_azimuth_deg, abs=0.01)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("write", [write_scs, write_dgm])
def test_both_sides_and_passes(write: Writer, look: LookSide, way: PassDirection, tmp_path: Path) -> None:
    take = replace(FIRST, look=look, pass_direction=way, incidence_deg=41.0)
    found = check(write(tmp_path, SLANT, take), SLANT, take).product.acquisition
    assert found.look_azimuth_deg == pytest.approx(take.look_azimuth_deg, abs=0.01)
    assert found.geocoding is not None
    assert found.geocoding.kind == "sensor"
    assert found.geocoding.error_m == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(
    "style",
    [
        Style(late_first=True),
        Style(far_first=True),
        Style(late_first=True, far_first=True),
        Style(constant_applied=True),
        Style(compensated=False),
        Style(balanced=False),
        Style(orbit=False),
        Style(orbit=False, late_first=True, far_first=True),
        Style(joined=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("write", [write_scs, write_dgm])
def test_every_style_gives_the_truth(write: Writer, style: Style, tmp_path: Path) -> None:
    found = check(write(tmp_path, SLANT, FIRST, style), SLANT, FIRST).product.acquisition
    assert found.geocoding is not None
    assert found.geocoding.kind == ("sensor" if style.orbit else "gcp")
    assert found.look_azimuth_deg == pytest.approx(FIRST.look_azimuth_deg, abs=2.0)


def test_pingpong_gives_both_polarisations(tmp_path: Path) -> None:
    take = replace(FIRST, mode="PINGPONG", polarisations=("HH", "HV"))
    for write, scene in FORMS:
        seen = check(write(tmp_path / write.__name__, scene, take), scene, take)
        assert tuple(seen.power) == ("HH", "HV")


def test_pingpong_channels_have_constants_of_their_own(tmp_path: Path) -> None:
    take = replace(FIRST, mode="PINGPONG", polarisations=("HH", "HV"))
    written = write_gec(tmp_path, MAP, take)
    with h5py.File(written.path, "r+") as file:
        file["S02"].attrs["Calibration Constant"] *= 2.0
    seen = see(written.path)
    ratio = np.nanmean(seen.power["HV"]) / np.nanmean(see(write_gec(tmp_path / "b", MAP, take).path).power["HV"])
    assert ratio == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("centre", [(36.7, 50.2), (36.7, -20.3), (-70.2, 8.1)])
@pytest.mark.parametrize("centres", [False, True])
def test_corners_may_be_centres_or_edges_in_any_zone(
    centre: tuple[float, float], centres: bool, tmp_path: Path
) -> None:
    scene = mini_scene(2.0, (96, 128), centre)
    seen = check(write_gec(tmp_path, scene, FIRST, Style(centres=centres)), scene, FIRST)
    assert seen.product.power is not None
    assert seen.product.power.geobox == scene.geobox
    assert seen.product.acquisition.geocoding is not None
    assert seen.product.acquisition.geocoding.shift_per_m == pytest.approx(1.54, abs=0.01)
    stated = dict(seen.product.acquisition.details)["proc:map_corners"]
    assert stated.startswith("centres" if centres else "outer")


@pytest.mark.parametrize("centre", [(36.7, 50.2), (36.7, -20.3)])
@pytest.mark.parametrize("take", [FIRST, SECOND], ids=["first", "second"])
def test_another_reader_takes_the_same_place_from_the_product(
    take: Take, centre: tuple[float, float], tmp_path: Path
) -> None:
    """GDAL knows both generations: what is written here is the format, not only what the own reader expects."""
    scene = mini_scene(2.0, (96, 128), centre)
    path = write_gec(tmp_path, scene, take).path
    image = "IMG" if take is SECOND else "SBI"
    with rasterio.open(f'HDF5:"{path}"://S01/{image}') as dataset:
        assert dataset.transform == scene.geobox.affine
        assert f"EPSG:{dataset.crs.to_epsg()}" == str(scene.geobox.crs)
        stored = dataset.read(1)
    product = see(path).product
    assert product.power is not None
    assert product.power.geobox == scene.geobox
    assert stored[10, 20] == pytest.approx(8000 * np.sqrt(scene.array(take.polarisations[0])[10, 20]), abs=0.6)


def test_polar_grids_are_read(tmp_path: Path) -> None:
    written = write_gec(tmp_path, MAP, FIRST)
    with h5py.File(written.path, "r+") as file:
        file.attrs["Projection ID"] = "UPS"
        file.attrs["Scene Centre Geodetic Coordinates"] = np.array([-86.0, 10.0, 0.0])
        for name, place in zip(("Top Left", "Top Right", "Bottom Left"), ((0, 0), (256, 0), (0, -192)), strict=True):
            file["S01/SBI"].attrs[f"{name} East-North"] = np.array([2_050_000.0 + place[0], 2_400_000.0 + place[1]])
    product = see(written.path).product
    assert product.power is not None
    assert str(product.power.geobox.crs) == "EPSG:5042"
    assert product.acquisition.bbox[1] == pytest.approx(-86.3, abs=0.3)


def test_uncalibrated_products_say_why(tmp_path: Path) -> None:
    first = see(write_scs(tmp_path, SLANT, FIRST, Style(balanced=False)).path).product.acquisition.calibration
    second = see(write_dgm(tmp_path / "2", SLANT, SECOND).path).product.acquisition.calibration
    assert "unbalanced" in first.why_not
    assert "contradict" in second.why_not


def test_sub_swaths_calibrated_apart_and_joined_are_no_backscatter(tmp_path: Path) -> None:
    take = replace(FIRST, mode="WIDEREGION")
    written = write_dgm(tmp_path, SLANT, take, Style(joined=True))
    with h5py.File(written.path, "r+") as file:
        file["S03"].attrs["Calibration Constant"] = 1.0
    found = see(written.path).product.acquisition.calibration
    assert not found.valid
    assert "different calibration constants" in found.why_not


def test_complex_scan_modes_are_refused_by_name(tmp_path: Path) -> None:
    for take in (replace(FIRST, mode="WIDEREGION"), replace(SECOND, mode="SCANSAR-2")):
        written = write_scs(tmp_path / take.constellation, SLANT, take)
        with pytest.raises(UnknownProductError, match=r"complex in the scan mode .*DGM, GEC or GTC"):
            see(written.path)


def test_a_second_image_of_a_polarisation_is_named_and_not_read(tmp_path: Path) -> None:
    written = write_scs(tmp_path, SLANT, replace(SECOND, mode="SPOTLIGHT-2A"), Style(second=True))
    found = dict(see(written.path).product.acquisition.details)
    assert found["proc:images_not_read"] == "S02/IMG"
    assert found["proc:mode_class"] == "spotlight"


def test_complex_products_keep_their_original(tmp_path: Path) -> None:
    found = see(write_scs(tmp_path, SLANT, FIRST).path).product.acquisition
    assert found.original is not None
    assert found.original.complex
    assert found.looks == 4.0
    assert dict(found.origin.files)[Path(found.original.path).name] == found.original.sha256
    assert see(write_dgm(tmp_path, SLANT, FIRST).path).product.acquisition.original is None


@pytest.mark.parametrize("write", [write_scs, write_dgm, write_gec])
@pytest.mark.parametrize(
    "wrong", [lambda i: i[::-1], lambda i: i[:, ::-1], lambda i: i[::-1, ::-1], transposed], ids="rctx"
)
def test_a_turned_image_fails(write: Writer, wrong: Callable[[NDArray], NDArray], tmp_path: Path) -> None:
    scene = MAP if write is write_gec else SLANT
    written = write(tmp_path, scene, FIRST)
    image_of(written.path, wrong)
    # Where a target should be there may be nothing but the plain: its place is then 0 / 0.
    with pytest.raises((AssertionError, RuntimeWarning), match=r"off by|targets off|not whole|invalid value"):
        check(written, scene, FIRST)


AZIMUTH = ("Zero Doppler Azimuth First Time", "Zero Doppler Azimuth Last Time")
RANGE = ("Zero Doppler Range First Time", "Zero Doppler Range Last Time")
NORTH = ("Top Left East-North", "Top Right East-North", "Bottom Left East-North")


@pytest.mark.parametrize(
    ("write", "places", "step", "share"),
    [
        (write_scs, AZIMUTH, "Line Time Interval", 1.0),  # two complex lines go into one archived one
        (write_scs, RANGE, "Column Time Interval", 1.0),
        (write_dgm, AZIMUTH, "Line Time Interval", 0.5),
        (write_gec, NORTH, "Line Spacing", 0.5),
    ],
)
def test_half_a_pixel_fails(write: Writer, places: tuple[str, ...], step: str, share: float, tmp_path: Path) -> None:
    scene = MAP if write is write_gec else SLANT
    written = write(tmp_path, scene, FIRST)
    with h5py.File(written.path, "r+") as file:
        stated = file["S01/SBI"].attrs
        for name in places:
            stated[name] = stated[name] + share * stated[step]
    with pytest.raises(AssertionError, match="all off by"):
        check(written, scene, FIRST)


def test_an_orbit_that_contradicts_the_corners_is_not_believed(tmp_path: Path) -> None:
    written = write_dgm(tmp_path, SLANT, FIRST)
    with h5py.File(written.path, "r+") as file:
        file.attrs["State Vectors Times"] = file.attrs["State Vectors Times"] + 1.0
    geocoding = check(written, SLANT, FIRST).product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.kind == "gcp"
    assert re.search(r"miss the stated corners by \d", geocoding.basis)


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    written = write_gec(tmp_path, MAP, FIRST)
    renamed = tmp_path / "delivery-7.dat"
    written.path.rename(renamed)
    assert see(renamed).product.acquisition.id == written.expected["id"]


def test_sheets_belong_to_their_product(tmp_path: Path) -> None:
    written = write_gec(tmp_path, MAP, FIRST)
    sheet = tmp_path / f"DFAS_{written.path.stem}.xml"
    sheet.write_text("<Sheet/>", encoding="utf-8")
    other = tmp_path / "DFDN_CSKS1_GEC_B_HI_01_VV_RD_SF_20200101000000_20200101000009.h5.xml"
    other.write_text("<Sheet/>", encoding="utf-8")
    found = list(products(tmp_path))
    product = next(item for item in found if isinstance(item, Product))
    assert set(product.paths) == {*written.files, sheet}
    (orphan,) = (item for item in found if isinstance(item, NotRead))
    assert orphan.path == other
    assert orphan.error is None
    (same,) = products(sheet)
    assert isinstance(same, Product)
    assert same.acquisition == product.acquisition


def test_two_products_of_a_folder_stay_two(tmp_path: Path) -> None:
    write_gec(tmp_path, MAP, FIRST)
    write_gec(tmp_path, MAP, SECOND)
    found = [item.acquisition.constellation for item in products(tmp_path) if isinstance(item, Product)]
    assert sorted(found) == ["cosmo-skymed", "csg"]


def test_ground_without_data_is_no_data(tmp_path: Path) -> None:
    drawn = np.full(MAP.geobox.shape, 0.1, np.float32)
    drawn[:20] = 0.0
    drawn.flags.writeable = False
    scene = Scene(MAP.geobox, drawn={"VV": drawn})
    power = see(write_gec(tmp_path, scene, FIRST).path).power["VV"]
    assert np.isnan(power[:20]).all()
    assert power[20:] == pytest.approx(0.1, rel=0.001)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.constellation)
def test_every_field_is_mapped_or_said_to_be_absent(system, tmp_path: Path) -> None:
    take = FIRST if system.constellation == "cosmo-skymed" else SECOND
    style = Style(second=system.constellation == "csg")
    written = [write(tmp_path / write.__name__, scene, take, style) for write, scene in FORMS]
    found = [see(one.path).product.acquisition for one in written]
    details = {key for one in found for key, _ in one.details}
    attributes = {field.name for field in fields(Acquisition)}
    for field in system.fields:
        assert field.note, field
        if field.where.startswith("details: "):
            assert field.where.removeprefix("details: ") in details, field
        elif field.where:
            assert field.where in attributes, field
    named = " ".join(field.note for field in system.fields)
    with h5py.File(written[1].path) as file:
        stated = {*file.attrs, *file["S01"].attrs, *file["S01/SBI" if take is FIRST else "S01/IMG"].attrs}
    unnamed = {name for name in stated if name not in named and not _covered(name)}
    assert not unnamed


def _covered(name: str) -> bool:
    """Whether an attribute is named by a group's shorter name in the table of fields."""
    shorter = (
        r"Incidence|Look Angle|Geodetic|Software|Doppler|Looks|Constant|Reference (Slant|Incid)|Wave|PRF|Range|Gen"
    )
    return re.search(shorter, name) is not None


def test_the_reader_is_sure_of_both_generations(tmp_path: Path) -> None:
    for take in (FIRST, SECOND):
        assert reader_of(write_gec(tmp_path, MAP, take).path).name == "cosmo-skymed"


def test_a_real_wide_region_product_lies_where_its_record_says(tmp_path: Path) -> None:
    """The bottom corners of CSKS4_DGM and its places inside: rows run from the first line, columns from near."""
    record = RECORDS / "CSKS4_DGM.json"
    if not record.is_file():
        pytest.skip(f"no real records at {RECORDS}")
    content = json.loads(record.read_text(encoding="utf-8"))["expectedContent"]
    rows, cols = content["sceneHeight"], content["sceneWidth"]
    stated = {item["path"].rsplit("/", 1)[-1]: item["value"] for item in content["metadata"]}
    low = [
        np.array([float(v) for v in stated[f"Bottom_{side}_Geodetic_Coordinates"].split(",")])
        for side in ("Left", "Right")
    ]
    inside = [
        (p["y"] / (rows - 1), p["x"] / (cols - 1), p["lat"], p["lon"]) for p in content["geoCoding"]["coordinates"]
    ]
    high = _top_corners(low, inside)
    written = write_dgm(tmp_path, SLANT, replace(FIRST, mode="WIDEREGION", pass_direction=PassDirection.ASCENDING),
                        Style(orbit=False, joined=True))  # fmt: skip
    with h5py.File(written.path, "r+") as file:
        del file["MBI"].attrs["Zero Doppler Azimuth First Time"]
        names = ("Top Left", "Top Right", "Bottom Left", "Bottom Right")
        for name, corner in zip(names, [*high, *low], strict=True):
            file["MBI"].attrs[f"{name} Geodetic Coordinates"] = corner
    seen = see(written.path).product
    assert seen.acquisition.geocoding is not None
    assert seen.acquisition.geocoding.heights == "constant 0 m"
    # Ascending and looking right: the radar looks east-south-east over the Strait of Gibraltar.
    assert seen.acquisition.look_azimuth_deg == pytest.approx(80.0, abs=5.0)
    grids = {grid["name"]: grid["expectedPixels"] for grid in content["tiePointGrids"]}
    west, south, east, north = seen.acquisition.bbox
    for place in grids["latitude"]:
        assert south < place["value"] < north
    for place in grids["longitude"]:
        assert west < place["value"] < east
    assert south == pytest.approx(high[1][0], abs=0.4)
    assert low[1][0] > low[0][0]  # far is north of near: it flies north and looks right


def _top_corners(low: list[NDArray], inside: list[tuple[float, float, float, float]]) -> list[NDArray]:
    """Return the top corners of the bilinear surface through the bottom ones and two places inside."""
    matrix = np.array([[(1 - v) * (1 - u), (1 - v) * u] for v, u, _, _ in inside])
    at = np.array([[lat, lon] for _, _, lat, lon in inside])
    rest = np.array([v * ((1 - u) * low[0][:2] + u * low[1][:2]) for v, u, _, _ in inside])
    top = np.linalg.solve(matrix, at - rest)
    return [np.array([*corner, 0.0]) for corner in top]

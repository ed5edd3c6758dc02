"""What is wrong with a COSMO-SkyMed product is said by the name of the file and of the attribute."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from product_mutants import assault
from product_truth import check, see

from dashboard.model.errors import (
    DamagedProductError,
    GridMismatchError,
    InputError,
    NightglassError,
    NoGeoreferenceError,
    UnknownProductError,
)
from dashboard.simulate.products.cosmo import write_dgm, write_gec, write_scs
from dashboard.simulate.products.cosmo_attributes import Style
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Given
from dashboard.sources.registry import products

TAKE = Take(constellation="cosmo-skymed", platform="cosmo-skymed-4", mode="HIMAGE")
TINY = mini_scene(4.0, (24, 32))
SLANT = mini_scene(1.0, (200, 260))
Change = Callable[[h5py.File], None]


@pytest.fixture
def gec(tmp_path: Path) -> Written:
    return write_gec(tmp_path, TINY, TAKE)


@pytest.fixture
def dgm(tmp_path: Path) -> Written:
    return write_dgm(tmp_path, TINY, TAKE, spacing_m=(4.0, 4.0))


def changed(written: Written, change: Change) -> Path:
    with h5py.File(written.path, "r+") as file:
        change(file)
    return written.path


def setting(name: str, value: object, place: str = "/") -> Change:
    def change(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return change


def without(name: str, place: str = "/") -> Change:
    def change(file: h5py.File) -> None:
        del file[place].attrs[name]

    return change


IMAGE = "S01/SBI"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (without("Mission ID"), UnknownProductError, "no Mission ID"),
        (setting("Mission ID", "XYZ"), UnknownProductError, "'XYZ'"),
        (setting("Mission ID", "KMPS"), UnknownProductError, "KOMPSAT-5"),
        (setting("Product Type", "RAW_B"), UnknownProductError, "raw echoes"),
        (setting("Product Type", "ZZZ"), UnknownProductError, "Product Type 'ZZZ'"),
        (without("Scene Sensing Start UTC"), DamagedProductError, "Scene Sensing Start UTC"),
        (setting("Scene Sensing Start UTC", "soon"), DamagedProductError, "Scene Sensing Start UTC is 'soon'"),
        (setting("Scene Sensing Stop UTC", "2001-01-01 00:00:00.0"), DamagedProductError, "before Scene Sensing Start"),
        (without("Polarisation", "S01"), DamagedProductError, "Polarisation is ''"),
        (setting("Polarisation", "XX", "S01"), DamagedProductError, "Polarisation is 'XX'"),
        (setting("Rescaling Factor", -1.0), DamagedProductError, "Rescaling Factor is -1"),
        (setting("Rescaling Factor", float("inf")), DamagedProductError, "Rescaling Factor is 'inf'"),
        (setting("Rescaling Factor", 1e308), DamagedProductError, "Rescaling Factor .* give a scale of 0"),
        (setting("Reference Slant Range Exponent", 1e6), DamagedProductError, "Reference Slant Range"),
        (setting("Radar Frequency", -9.6e9), DamagedProductError, "Radar Frequency"),
        (setting("Radar Frequency", np.arange(5.0)), DamagedProductError, "Radar Frequency .* not a number"),
        (setting("Near Incidence Angle", 120.0, IMAGE), DamagedProductError, "Incidence Angle is 120"),
        (setting("Orbit Number", 1.5), DamagedProductError, "Orbit Number"),
        (setting("Scene Centre Geodetic Coordinates", [95.0, 0.0, 0.0]), DamagedProductError, "Scene Centre"),
        (setting("Map Projection Zone", 99), NoGeoreferenceError, "Map Projection Zone 99"),
        (without("Map Projection Zone"), NoGeoreferenceError, "Map Projection Zone None"),
        (setting("Projection ID", "LAMBERT"), NoGeoreferenceError, "'LAMBERT'"),
        (setting("Ellipsoid Designator", "CLARKE"), NoGeoreferenceError, "Ellipsoid Designator is 'CLARKE'"),
        (without("Top Left East-North", IMAGE), NoGeoreferenceError, "Top Left East-North"),
        (without("Line Spacing", IMAGE), NoGeoreferenceError, "Line Spacing"),
        (setting("Column Spacing", 7.0, IMAGE), DamagedProductError, "East-North corners are"),
        (setting("Column Spacing", 1e-300, IMAGE), DamagedProductError, "Column Spacing"),
        (setting("Top Left East-North", [1e200, 0.0], IMAGE), DamagedProductError, "Top Left East-North"),
        (setting("Top Left East-North", [1.0, 2.0, 3.0], IMAGE), DamagedProductError, "Top Left East-North has the"),
        (setting("State Vectors Times", np.zeros(21)), DamagedProductError, "State Vectors Times"),
    ],
)
def test_a_wrong_attribute_is_named(gec: Written, change: Change, error: type[NightglassError], words: str) -> None:
    path = changed(gec, change)
    with pytest.raises(error, match=words) as caught:
        see(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "Rescaling Factor", "Reference Incidence Angle", "Reference Slant Range", "Reference Slant Range Exponent",
        "Calibration Constant Compensation Flag", "Incidence Angle Compensation Geometry",
    ],
)  # fmt: skip
def test_a_missing_constant_makes_it_uncalibrated(gec: Written, name: str) -> None:
    found = see(changed(gec, without(name))).product.acquisition.calibration
    assert not found.valid
    assert name in found.why_not


@pytest.mark.parametrize("nothing", [0.0, float("nan")])
@pytest.mark.parametrize("name", ["Rescaling Factor", "Reference Incidence Angle"])
def test_zero_and_nan_are_not_stated(gec: Written, name: str, nothing: float) -> None:
    found = see(changed(gec, setting(name, nothing))).product.acquisition.calibration
    assert not found.valid
    assert name in found.why_not


@pytest.mark.parametrize("name", ["Line Time Interval", "Column Time Interval"])
def test_steps_that_are_zero_follow_from_the_ends(tmp_path: Path, name: str) -> None:
    written = write_scs(tmp_path, SLANT, TAKE)
    changed(written, setting(name, 0.0, IMAGE))
    found = check(written, SLANT, TAKE).product.acquisition.geocoding
    assert found is not None
    assert found.kind == "sensor"


def test_a_missing_calibration_constant_makes_it_uncalibrated(gec: Written) -> None:
    found = see(changed(gec, without("Calibration Constant", "S01"))).product.acquisition.calibration
    assert not found.valid
    assert "Calibration Constant" in found.why_not


@pytest.mark.parametrize("name", ["Look Side", "Orbit Direction", "Satellite ID", "Product Generation UTC"])
def test_what_is_not_stated_stays_unknown(gec: Written, name: str) -> None:
    attribute = {"Look Side": "look", "Orbit Direction": "pass_direction", "Satellite ID": "platform"}
    found = see(changed(gec, without(name))).product.acquisition
    assert getattr(found, attribute.get(name, "received")) is None


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (setting("Lines Order", "SIDEWAYS"), DamagedProductError, "Lines Order is 'SIDEWAYS'"),
        (setting("Columns Order", "UP"), DamagedProductError, "Columns Order is 'UP'"),
        (setting("Line Time Interval", -1.0, IMAGE), DamagedProductError, "Line Time Interval is -1"),
        (
            setting("Ground to Slant Polynomial", np.ones(100)),
            DamagedProductError,
            "Ground to Slant Polynomial has 100",
        ),
        (setting("Top Left Geodetic Coordinates", [99.0, 0, 0], IMAGE), DamagedProductError, "Geodetic Coordinates"),
    ],
)
def test_wrong_geometry_is_named(dgm: Written, change: Change, error: type[NightglassError], words: str) -> None:
    path = changed(dgm, change)
    with pytest.raises(error, match=words) as caught:
        see(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("change", "basis"),
    [
        (without("State Vectors Times"), "no state vectors"),
        (without("Look Side"), "no Look Side"),
        (without("Ground to Slant Polynomial"), "no Ground to Slant Polynomial"),
        (setting("Ground to Slant Polynomial", np.array([0.0, -1.0])), "contradicts its Zero Doppler Range"),
        (without("Zero Doppler Azimuth First Time", IMAGE), "no Zero Doppler Azimuth First Time"),
    ],
)
def test_without_an_orbit_model_the_corners_place_it(dgm: Written, change: Change, basis: str) -> None:
    found = see(changed(dgm, change)).product.acquisition.geocoding
    assert found is not None
    assert found.kind == "gcp"
    assert basis in found.basis


def test_neither_orbit_nor_corners_is_no_georeference(dgm: Written) -> None:
    def change(file: h5py.File) -> None:
        del file.attrs["State Vectors Times"]
        del file[IMAGE].attrs["Top Left Geodetic Coordinates"]

    with pytest.raises(NoGeoreferenceError, match=r"no state vectors.*Top Left Geodetic"):
        see(changed(dgm, change))


def test_an_orbit_without_corners_is_enough(dgm: Written) -> None:
    found = see(changed(dgm, without("Top Left Geodetic Coordinates", IMAGE)), Given()).product.acquisition.geocoding
    assert found is not None
    assert (found.kind, found.error_m) == ("sensor", None)


def test_the_range_polynomial_may_hold_the_reference_range(dgm: Written) -> None:
    def change(file: h5py.File) -> None:
        polynomial = file.attrs["Ground to Slant Polynomial"]
        polynomial[0] += file.attrs["Ground Projection Polynomial Reference Range"]
        file.attrs["Ground to Slant Polynomial"] = polynomial

    found = see(changed(dgm, change)).product.acquisition.geocoding
    assert found is not None
    assert found.kind == "sensor"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(gec: Written, share: float) -> None:
    whole = gec.path.read_bytes()
    gec.path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=re.escape(gec.path.name)):
        see(gec.path)


def test_an_image_that_is_a_bomb_is_refused(gec: Written) -> None:
    def change(file: h5py.File) -> None:
        del file[IMAGE]
        file.create_dataset(IMAGE, (60_000, 60_000), "u2", chunks=(1000, 1000), compression="gzip")

    with pytest.raises(DamagedProductError, match=r"S01/SBI announces 7,200,000,000 bytes"):
        see(changed(gec, change))


def test_an_image_of_another_file_is_refused(gec: Written, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["S01/SBI"] = np.ones((24, 32), np.uint16)

    def change(file: h5py.File) -> None:
        del file["S01"]
        file["S01"] = h5py.ExternalLink("other.h5", "/S01")

    with pytest.raises(DamagedProductError, match=r"S01 is a link to another place"):
        see(changed(gec, change))


def test_missing_images_are_named(gec: Written) -> None:
    def change(file: h5py.File) -> None:
        del file[IMAGE]

    with pytest.raises(DamagedProductError, match="holds no image"):
        see(changed(gec, change))


def test_polarisations_of_different_size_are_refused(tmp_path: Path) -> None:
    written = write_gec(tmp_path, TINY, replace(TAKE, polarisations=("HH", "HV")))

    def change(file: h5py.File) -> None:
        del file["S02/SBI"]
        file["S02"]["SBI"] = np.ones((5, 5), np.uint16)

    with pytest.raises(GridMismatchError, match=r"S01/SBI 24 x 32, S02/SBI 5 x 5"):
        see(changed(written, change))


def test_complex_sub_swaths_of_their_own_size_are_refused(tmp_path: Path) -> None:
    written = write_scs(tmp_path, TINY, TAKE, Style(second=True), spacing_m=(4.0, 3.0))

    def change(file: h5py.File) -> None:
        del file["S02/SBI"]
        file["S02"]["SBI"] = np.ones((5, 5, 2), np.int16)

    with pytest.raises(UnknownProductError, match="2 sub-swaths"):
        see(changed(written, change))


def test_names_in_the_product_lead_nowhere(gec: Written) -> None:
    found = see(changed(gec, setting("Product Filename", "../../etc/passwd"))).product
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", found.acquisition.id)
    assert all(path.parent == gec.path.parent for path in found.paths)


def test_a_sheet_that_is_a_link_is_left_alone(gec: Written, tmp_path: Path) -> None:
    target = tmp_path.parent / "elsewhere.xml"
    target.write_text("<Secret/>", encoding="utf-8")
    (tmp_path / f"DFAS_{gec.path.stem}.xml").symlink_to(target)
    assert set(see(gec.path).product.paths) == set(gec.files)


def test_a_hostile_sheet_harms_nobody(gec: Written) -> None:
    gec.files[1].write_text(
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;">]><x>&b;</x>', encoding="utf-8"
    )
    assert gec.files[1] in see(gec.path).product.paths


def test_a_missing_sheet_is_no_harm(gec: Written) -> None:
    gec.files[1].unlink()
    assert see(gec.path).product.paths == (gec.path,)


def test_a_vrt_in_disguise_is_not_opened(gec: Written) -> None:
    gec.path.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'><SourceFilename>/etc/passwd</SourceFilename>")
    with pytest.raises(UnknownProductError, match="VRT"):
        see(gec.path)


def test_other_hdf5_is_no_product_of_cosmo(tmp_path: Path) -> None:
    path = tmp_path / "weather.h5"
    with h5py.File(path, "w") as file:
        file["temperature"] = np.zeros((3, 3))
    with pytest.raises(UnknownProductError, match="HDF5"):
        list(products(path))


def test_thousands_of_mutants_are_read_or_refused(tmp_path: Path) -> None:
    mini = mini_scene(8.0, (12, 16))
    assault(
        tmp_path,
        write_gec(tmp_path / "gec", mini, TAKE),
        write_dgm(tmp_path / "dgm", mini, TAKE, spacing_m=(8.0, 8.0)),
    )

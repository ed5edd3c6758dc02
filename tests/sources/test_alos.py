"""ALOS-2 and ALOS-4 products of every form give the scene that they were written from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from product_truth import check, check_footprint, check_targets, see

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.alos import Make, write_geotiff, write_l11, write_l15r, write_map
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.alos.image import CeosNative, read_image
from dashboard.sources.alos.reader import AlosReader
from dashboard.sources.product import Given
from dashboard.sources.registry import products

SLANT = mini_scene(4.0, (200, 260))
MAP = mini_scene(2.5, (96, 96))
TAKE = Take(
    constellation="alos", platform="alos-2", mode="UBD", polarisations=("HH", "HV"), frequency_ghz=1.2365,
    altitude_m=628_000.0,
)  # fmt: skip
WRITERS: dict[str, tuple[Callable[..., Written], Scene]] = {
    "1.1": (write_l11, SLANT),
    "1.5R": (write_l15r, SLANT),
    "1.5G": (write_map, MAP),
    "GeoTIFF": (write_geotiff, MAP),
}


@pytest.mark.parametrize("platform", ["alos-2", "alos-4"])
@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("form", WRITERS)
def test_a_product_gives_the_scene_it_was_written_from(
    tmp_path: Path, form: str, look: LookSide, platform: str
) -> None:
    write, scene = WRITERS[form]
    # Left-looking products are ascending here, right-looking ones descending: both of both are seen.
    way = PassDirection.ASCENDING if look is LookSide.LEFT else PassDirection.DESCENDING
    take = replace(TAKE, look=look, pass_direction=way, platform=platform)
    seen = check(write(tmp_path / "x", scene, take), scene, take)
    assert seen.product.acquisition.origin.guessed == {"received"}


@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("form", ["1.1", "1.5R"])
def test_the_other_pass_lies_as_well(tmp_path: Path, form: str, way: PassDirection) -> None:
    write, scene = WRITERS[form]
    take = replace(TAKE, pass_direction=way, look=LookSide.RIGHT, polarisations=("HH",), mode="UBS")
    check(write(tmp_path / "x", scene, take), scene, take)


@pytest.mark.parametrize(
    "make",
    [
        Make(level="2.1"),
        Make(map="M", crs="+proj=merc +lon_0=36 +lat_ts=50 +ellps=GRS80 +units=m"),
        Make(map="L", crs="+proj=lcc +lat_1=48 +lat_2=52 +lat_0=50 +lon_0=36 +x_0=0 +y_0=0 +ellps=GRS80"),
        Make(map="P", crs="EPSG:3413"),
        Make(turn_deg=7.0),
    ],
    ids=["2.1", "Mercator", "Lambert", "polar", "turned"],
)
def test_every_map_is_found_by_its_own_corners(tmp_path: Path, make: Make) -> None:
    seen = check(write_map(tmp_path / "x", MAP, TAKE, make), MAP, TAKE)
    geocoding = seen.product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.kind == "affine"


def test_a_map_that_is_not_understood_is_placed_by_the_polynomials(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", MAP, TAKE, Make(map="L", crs="EPSG:3035"))
    geocoding = check(written, MAP, TAKE).product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.kind == "sensor"
    assert geocoding.shift_per_m == 0.0
    assert "of which no height is known" in geocoding.basis


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Make(base=1), "counted from 1"),
        (Make(with_places=False), "counted from 0"),
        (Make(with_polynomials=False), "the places that its lines state"),
        (Make(scan="F2"), "counted from 0"),
    ],
    ids=["base 1", "no places", "no polynomials", "scan"],
)
def test_geometry_is_resolved_from_what_the_product_says(tmp_path: Path, make: Make, words: str) -> None:
    seen = check(write_l11(tmp_path / "x", SLANT, TAKE, make), SLANT, TAKE)
    geocoding = seen.product.acquisition.geocoding
    assert geocoding is not None
    assert words in geocoding.basis
    assert geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(TAKE.incidence_deg)), rel=0.01)


def test_the_height_of_the_product_comes_from_its_slant_range(tmp_path: Path) -> None:
    scene = Scene(SLANT.geobox, height_m=1870.0)
    seen = check(write_l11(tmp_path / "x", scene, replace(TAKE, platform="alos-4")), scene, TAKE)
    geocoding = seen.product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.heights == "constant 1870 m"


def test_a_dem_of_another_height_moves_the_picture(tmp_path: Path) -> None:
    lon, lat = SLANT.centre
    grid = rasterio.Affine(0.001, 0, lon - 0.05, 0, -0.001, lat + 0.05)
    dem = tmp_path / "dem.tif"
    with rasterio.open(
        dem, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32", crs="EPSG:4326", transform=grid
    ) as dataset:
        dataset.write(np.full((100, 100), SLANT.height_m + 40.0, np.float32), 1)
    written = write_l11(tmp_path / "x", SLANT, TAKE)
    with pytest.raises(AssertionError, match=r"targets off|not whole|off by"):
        check(written, SLANT, TAKE, Given(dem=dem))


def test_looks_are_those_of_the_product_times_those_averaged(tmp_path: Path) -> None:
    take = replace(TAKE, looks=2.0)
    acquisition = see(write_l11(tmp_path / "x", SLANT, take).path).product.acquisition
    assert acquisition.looks == pytest.approx(8.0)
    assert acquisition.original is not None
    assert acquisition.original.complex
    stored = dict(acquisition.origin.files)
    assert stored[Path(acquisition.original.path).name] == acquisition.original.sha256
    assert see(write_map(tmp_path / "y", MAP, take).path).product.acquisition.looks == pytest.approx(2.0)


def test_corners_of_the_summary_are_the_footprint_where_they_are_fine_enough(tmp_path: Path) -> None:
    wide = mini_scene(100.0, (400, 400))
    written = write_map(tmp_path / "x", wide, TAKE)
    seen = see(written.path)
    assert dict(seen.product.acquisition.details)["proc:footprint_source"] == "corners"
    check_footprint(seen, written)
    small = see(write_map(tmp_path / "y", MAP, TAKE).path)
    assert dict(small.product.acquisition.details)["proc:footprint_source"] == "affine"


def test_each_scan_is_an_acquisition_of_its_own(tmp_path: Path) -> None:
    take = replace(TAKE, mode="WBD")
    for scan in ("F1", "F2"):
        write_l11(tmp_path / "x", SLANT, take, Make(scan=scan))
    found = [p.acquisition for p in AlosReader().read(next((tmp_path / "x").glob("LED-*")))]
    assert [a.id[-3:] for a in found] == ["-F1", "-F2"]
    assert [dict(a.details)["proc:scan"] for a in found] == ["F1", "F2"]
    assert len({a.origin.product_sha256 for a in found}) == 2
    assert all(dict(a.details)["proc:mode_class"] == "scansar" for a in found)


def test_another_calibration_factor_is_used_and_said(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", SLANT, TAKE, Make(factor_db=-80.5))
    seen = check(written, SLANT, TAKE)
    assert "-80.5 dB" in dict(seen.product.acquisition.details)["proc:calibration_note"]


@pytest.mark.parametrize(
    ("mode", "beam", "made", "warned"),
    [
        ("WBD", "2", datetime(2016, 9, 1, tzinfo=UTC), True),
        ("WBD", "W2", datetime(2016, 9, 1, tzinfo=UTC), True),
        ("WBD", "2", datetime(2017, 1, 1, tzinfo=UTC), False),
        ("WBD", "3", datetime(2016, 9, 1, tzinfo=UTC), False),
        ("UBD", "2", datetime(2016, 9, 1, tzinfo=UTC), False),
    ],
)
def test_early_products_of_beam_w2_carry_a_warning(
    tmp_path: Path, mode: str, beam: str, made: datetime, warned: bool
) -> None:
    start = datetime(2016, 8, 30, 3, tzinfo=UTC)
    take = replace(TAKE, mode=mode, start=start, received=made)
    found = see(write_map(tmp_path / "x", MAP, take, Make(beam=beam)).path).product.acquisition
    assert ("beam W2" in dict(found.details).get("proc:calibration_note", "")) is warned
    assert found.calibration.valid


def test_a_leader_without_a_factor_leaves_the_product_uncalibrated(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", MAP, TAKE)
    leader = next((tmp_path / "x").glob("LED-*"))
    whole = leader.read_bytes()
    assert whole.count(b"-83.0000000") == 1
    leader.write_bytes(whole.replace(b"-83.0000000", b"           "))
    calibration = see(written.path).product.acquisition.calibration
    assert not calibration.valid
    assert "21-36" in calibration.why_not


def test_a_geotiff_says_that_its_factor_is_the_published_one(tmp_path: Path) -> None:
    found = see(write_geotiff(tmp_path / "x", MAP, TAKE).path).product.acquisition
    assert "published factor -83 dB" in dict(found.details)["proc:calibration_note"]
    assert found.calibration.valid


def test_without_a_summary_the_lines_say_when(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", SLANT, TAKE)
    (tmp_path / "x" / "summary.txt").unlink()
    found = see(written.path).product.acquisition
    assert abs((found.start - TAKE.middle).total_seconds()) < 2
    assert found.start < TAKE.middle < found.stop
    assert found.received == TAKE.received  # by the volume file


def test_the_summary_of_another_product_is_left_alone(tmp_path: Path) -> None:
    written = write_map(tmp_path / "x", MAP, TAKE)
    other = replace(TAKE, start=datetime(2019, 1, 1, tzinfo=UTC))
    summary = next(f for f in write_map(tmp_path / "y", MAP, other).files if f.name == "summary.txt")
    (tmp_path / "x" / "summary.txt").write_bytes(summary.read_bytes())
    found = see(written.path).product
    assert found.acquisition.start.year == TAKE.start.year
    assert tmp_path / "x" / "summary.txt" not in found.paths


def test_a_folder_of_two_products_gives_two(tmp_path: Path) -> None:
    for take in (TAKE, replace(TAKE, platform="alos-4")):
        write_map(tmp_path / "x", MAP, take)
    found = list(products(tmp_path / "x"))
    assert sorted(p.acquisition.platform for p in found) == ["alos-2", "alos-4"]  # type: ignore[union-attr]


@pytest.mark.parametrize("start", ["VOL-", "LED-", "TRL-", "summary", "IMG-HV"])
def test_any_file_of_a_product_leads_to_it(tmp_path: Path, start: str) -> None:
    written = write_map(tmp_path / "x", MAP, TAKE)
    file = next(f for f in written.files if f.name.startswith(start))
    assert see(file).product.acquisition.id == written.expected["id"]


def flip_rows(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[::-1]


def flip_cols(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[:, ::-1]


def transpose(pixels: NDArray[Any]) -> NDArray[Any]:
    """Exchange rows and columns, stretched to the same shape."""
    rows, cols = pixels.shape
    down, across = np.indices(pixels.shape)
    return pixels[across * rows // cols, down * cols // rows]


@pytest.mark.parametrize("harm", [flip_rows, flip_cols, transpose], ids=["rows", "columns", "transposed"])
@pytest.mark.parametrize("form", ["1.1", "1.5R", "1.5G"])
def test_a_flipped_product_would_be_noticed(
    tmp_path: Path, form: str, harm: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    write, scene = WRITERS[form]
    written = write(tmp_path / "x", scene, TAKE)
    image = read_image(written.path, "HH")
    lines = np.array(image.lines())
    lines["pixels"] = harm(np.array(lines["pixels"]))
    with written.path.open("r+b") as stream:
        stream.seek(720)
        stream.write(lines.tobytes())
    # Where a target is not in its place at all, its centre cannot even be computed.
    with pytest.raises((AssertionError, RuntimeWarning)):
        check_targets(see(written.path), "HH", written, scene, TAKE)


def test_half_a_pixel_would_be_noticed(tmp_path: Path) -> None:
    half = Scene(MAP.geobox.translate_pix(0.5, 0.5))
    written = write_map(tmp_path / "x", half, TAKE)
    with pytest.raises(AssertionError, match="all off by"):
        check_targets(see(written.path), "HH", written, MAP, TAKE)
    # A leader that counts from 1 while nothing in the lines says so is one pixel of the image off, half of the map's.
    written = write_l11(tmp_path / "y", SLANT, TAKE, Make(base=1, with_places=False))
    with pytest.raises(AssertionError, match="all off by"):
        check_targets(see(written.path), "HH", written, SLANT, TAKE)


def test_power_is_read_in_windows_and_zero_is_no_data(tmp_path: Path) -> None:
    written = write_l11(tmp_path / "x", SLANT, TAKE)
    image = read_image(written.path, "HH")
    with written.path.open("r+b") as stream:
        stream.seek(720 + 5 * image.record_bytes + image.prefix)
        stream.write(bytes(8) + np.array([np.nan + 1j], ">c8").tobytes() + np.array([1e30], ">c8").tobytes())
    native = CeosNative({"HH": image}, 1e-11)
    rows, cols = image.shape
    whole = native.read("HH", slice(0, rows), slice(0, cols))
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(whole[5, :4]), [True, True, True, False])
    np.testing.assert_array_equal(native.read("HH", slice(3, 9), slice(1, 7)), whole[3:9, 1:7])
    pixels = image.lines()["pixels"][9, 9]
    assert whole[9, 9] == pytest.approx(1e-11 * abs(complex(pixels)) ** 2, rel=1e-6)
    native.close()
    np.testing.assert_array_equal(native.read("HH", slice(3, 9), slice(1, 7)), whole[3:9, 1:7])


def test_every_field_of_the_format_is_mapped_or_said_to_be_absent() -> None:
    for system in AlosReader.systems:
        assert len(system.fields) > 30
        for field in system.fields:
            assert field.where or field.note, field.name
        assert len({field.name for field in system.fields}) == len(system.fields)


def test_mapped_details_are_there(tmp_path: Path) -> None:
    found = dict(see(write_l11(tmp_path / "x", SLANT, TAKE).path).product.acquisition.details)
    found |= dict(see(write_map(tmp_path / "y", MAP, TAKE).path).product.acquisition.details)
    wanted = {
        f.where.removeprefix("details: ") for f in AlosReader.systems[0].fields if f.where.startswith("details: ")
    }
    assert wanted <= found.keys()

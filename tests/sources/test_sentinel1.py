"""Sentinel-1 SAFE products of known truth: every form, right power in the right place, and nothing invented."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from product_truth import check, see

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.handling import Handling
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sentinel1 import Safe, write_grd, write_slc_bursts, write_slc_stripmap
from dashboard.simulate.products.sentinel1_files import OLD_BORDER_PX
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Evidence, Given
from dashboard.sources.sentinel1.reader import Sentinel1Reader

TAKE = Take(
    constellation="sentinel-1",
    platform="sentinel-1a",
    mode="IW",
    polarisations=("VV", "VH"),
    incidence_deg=38.0,
    track=7,
    altitude_m=693_000.0,
)
GROUND, SMALL, WIDE = (10.0, (110, 140)), (5.0, (90, 120)), (20.0, (80, 110))
FORMS: dict[str, tuple[Callable[..., Written], tuple[float, tuple[int, int]], Safe, str]] = {
    "grd": (write_grd, GROUND, Safe(), "IW"),
    "grd-cog": (write_grd, GROUND, Safe(cog=True), "IW"),
    "grd-zip": (write_grd, GROUND, Safe(zipped=True), "IW"),
    "slc-stripmap": (write_slc_stripmap, SMALL, Safe(), "SM"),
    "slc-bursts": (write_slc_bursts, WIDE, Safe(), "IW"),
    "slc-bursts-zip": (write_slc_bursts, WIDE, Safe(zipped=True), "IW"),
}


def written(form: str, folder: Path, take: Take = TAKE) -> tuple[Written, Scene, Take]:
    write, ground, how, mode = FORMS[form]
    scene, take = mini_scene(*ground), replace(take, mode=mode)
    return write(folder, scene, take, how), scene, take


@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("form", FORMS)
def test_a_product_is_read_as_it_is(form: str, way: PassDirection, tmp_path: Path) -> None:
    seen = check(*written(form, tmp_path, replace(TAKE, pass_direction=way)))
    found = seen.product.acquisition
    assert found.geocoding is not None
    assert (found.geocoding.kind, found.geocoding.heights) == ("sensor", "constant 130 m")
    assert found.geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(38.0)), rel=0.01)
    assert ("proc:calibration_note", "thermal noise removed") in found.details


@pytest.mark.parametrize("names", [("VV",), ("HH",), ("HH", "HV")])
@pytest.mark.parametrize("unit", "bcd")
def test_units_and_polarisations(names: tuple[str, ...], unit: str, tmp_path: Path) -> None:
    check(*written("grd", tmp_path, replace(TAKE, polarisations=names, platform=f"sentinel-1{unit}")))


def test_looks_and_resolution_are_inferred_where_the_definition_gives_them(tmp_path: Path) -> None:
    found = see(written("grd", tmp_path)[0].path).product.acquisition
    assert (found.resolution_m, found.looks) == (22.0, 4.4)
    assert found.origin.guessed == {"resolution_m", "looks"}
    assert found.original is None


@pytest.mark.parametrize(("form", "looks"), [("slc-stripmap", "2x2"), ("slc-bursts", "1x4")])
def test_complex_products_keep_their_original(form: str, looks: str, tmp_path: Path) -> None:
    product, _, _ = written(form, tmp_path)
    found = see(product.path).product.acquisition
    assert found.original is not None
    assert found.original.complex
    assert Path(found.original.path) == product.path
    assert dict(found.details)["proc:looks_taken"] == looks
    assert found.looks == 4.0
    assert found.resolution_m is None
    assert not found.origin.guessed


def test_the_original_in_an_archive_is_named_by_the_archive(tmp_path: Path) -> None:
    product, _, _ = written("slc-bursts-zip", tmp_path)
    original = see(product.path).product.acquisition.original
    assert original is not None
    assert original.path.startswith(f"{product.path}!/S1A_IW_SLC__")


def test_markings_of_real_data_and_of_an_exercise(tmp_path: Path) -> None:
    product, _, _ = written("grd", tmp_path)
    manifest = product.path / "manifest.safe"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(", EXERCISE - SYNTHETIC DATA", ""), encoding="utf-8")
    assert see(product.path).product.acquisition.handling == Handling(
        regimes=frozenset({"Copernicus-Sentinel"}),
        attributions=frozenset({"Contains modified Copernicus Sentinel data 2024"}),
    )


def test_every_field_is_there_or_said_to_be_absent(tmp_path: Path) -> None:
    found = see(written("grd", tmp_path)[0].path).product.acquisition
    keys = {key for key, _ in found.details} | {"sat:anx_datetime"}  # not in the miniature
    for system in Sentinel1Reader.systems:
        assert system.evidence in Evidence
        for field in system.fields:
            if field.where.startswith("details: "):
                assert field.where.removeprefix("details: ") in keys, field
            else:
                assert all(hasattr(found, name) for name in field.where.split(", ") if name), field
                assert field.where or field.note


def test_an_image_of_the_folder_gives_the_whole_product(tmp_path: Path) -> None:
    product, _, _ = written("grd", tmp_path)
    image = next((product.path / "measurement").iterdir())
    assert see(image).product.acquisition.id == see(product.path).product.acquisition.id


def test_a_renamed_folder_gets_its_id_from_the_manifest(tmp_path: Path) -> None:
    product, _, _ = written("grd", tmp_path)
    moved = product.path.rename(tmp_path / "download (1)")
    assert see(moved).product.acquisition.id == "S1A_IW_GRD_VV-VH_20240612T174339_20240612T174343_012345"


def test_a_dem_is_used_where_it_is_given(tmp_path: Path) -> None:
    product, scene, take = written("grd", tmp_path)
    lon, lat = scene.centre
    dem = tmp_path / "dem.tif"
    grid = rasterio.Affine(0.001, 0, lon - 0.05, 0, -0.001, lat + 0.05)
    with rasterio.open(
        dem, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32", crs="EPSG:4326", transform=grid
    ) as dataset:
        dataset.write(np.full((100, 100), scene.height_m, np.float32), 1)
    seen = check(product, scene, take, Given(dem=dem))
    assert seen.product.acquisition.geocoding is not None
    assert seen.product.acquisition.geocoding.heights.startswith("DEM dem.tif")


# What must be noticed


def change(product: Written, act: Callable[[NDArray[np.generic]], NDArray[np.generic]]) -> None:
    """Do something to the pixels of every image."""
    for path in sorted((product.path / "measurement").iterdir()):
        with rasterio.open(path, "r+") as dataset:
            values = dataset.read(1)
            dataset.write(act(values).astype(values.dtype), 1)


def transposed(values: NDArray[np.generic]) -> NDArray[np.generic]:
    rows, cols = values.shape
    side = max(rows, cols)
    padded = np.pad(values, ((0, side - rows), (0, side - cols)), mode="edge")
    return padded.T[:rows, :cols]


def half_a_pixel(values: NDArray[np.generic]) -> NDArray[np.generic]:
    power = values.astype(np.float64) ** 2
    return np.rint(np.sqrt((power + np.roll(power, 1, axis=1)) / 2))


WRONG = {"left-right": np.fliplr, "upside-down": np.flipud, "transposed": transposed, "half a pixel": half_a_pixel}


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_pixels_in_ground_range_are_noticed(wrong: str, tmp_path: Path) -> None:
    product, scene, take = written("grd", tmp_path, replace(TAKE, polarisations=("VV",)))
    change(product, WRONG[wrong])
    with pytest.raises(AssertionError):
        check(product, scene, take)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("form", ["slc-stripmap", "slc-bursts"])
@pytest.mark.parametrize(
    "wrong", [np.fliplr, np.flipud, transposed, lambda v: np.roll(v, 2, axis=0), lambda v: np.roll(v, 2, axis=1)]
)
def test_wrong_pixels_in_slant_range_are_noticed(form: str, wrong: Callable[..., NDArray], tmp_path: Path) -> None:
    product, scene, take = written(form, tmp_path, replace(TAKE, polarisations=("VV",)))
    change(product, wrong)
    with pytest.raises(AssertionError):
        check(product, scene, take)


Replacement = str | Callable[[re.Match[str]], str]


def edit(product: Written, pattern: str, by: Replacement, *, files: str = "annotation/*.xml", count: int = 0) -> None:
    """Replace text in XML files of a product, where it must be; the manifest forgets their sizes."""
    for path in sorted(product.path.glob(files)):
        text, hits = re.subn(pattern, by, path.read_text(encoding="utf-8"), count=count, flags=re.DOTALL)
        assert hits, f"{pattern} is not in {path.name}"
        path.write_text(text, encoding="utf-8")
    manifest = product.path / "manifest.safe"
    manifest.write_text(re.sub(r'size="\d+"', 'size="0"', manifest.read_text(encoding="utf-8")), encoding="utf-8")


def test_noise_counts(tmp_path: Path) -> None:
    """A product that says that its noise is gone keeps what is in it: then dark targets are too bright."""
    product, scene, take = written("grd", tmp_path)
    edit(product, "(thermalNoiseCorrectionPerformed>)false", r"\g<1>true")
    with pytest.raises(AssertionError, match=r"VV: off by|VH: off by"):
        check(product, scene, take)
    note = dict(see(product.path).product.acquisition.details)["proc:calibration_note"]
    assert note == "thermal noise removed by the processor"


def test_noise_in_other_units_is_left_and_said_to_be(tmp_path: Path) -> None:
    scene = mini_scene(*GROUND)
    product = write_grd(tmp_path, scene, TAKE, Safe(software="002.36"))
    note = dict(see(product.path).product.acquisition.details)["proc:calibration_note"]
    assert note.startswith("thermal noise not removed: version 2.36")


def test_borders_of_old_products_lose_their_noise(tmp_path: Path) -> None:
    scene = mini_scene(10.0, (200, 260))
    product = write_grd(tmp_path, scene, TAKE, Safe(software="002.70"))
    seen = see(product.path)
    with rasterio.open(next((product.path / "measurement").glob("*-vv-*"))) as dataset:
        values = dataset.read(1)
    assert (values[:, :OLD_BORDER_PX] > 0).all()
    kept = 1 - OLD_BORDER_PX / values.shape[1]
    area = np.isfinite(seen.power["VV"]).sum() * seen.product.power.geobox.affine.a**2
    assert area / (values.size * 100.0) == pytest.approx(kept, abs=0.015)
    # What is left is ground, whole and right.
    ground = seen.power["VV"][np.isfinite(seen.power["VV"])]
    assert np.median(10 * np.log10(ground)) == pytest.approx(-11.0, abs=0.05)
    assert ground.min() > 10 ** (-18 / 10)


def test_strips_and_tiles_equal_the_whole(tmp_path: Path) -> None:
    for form in ("grd", "slc-bursts"):
        power = see(written(form, tmp_path)[0].path).product.power
        rows, cols = power.geobox.shape
        whole = power.read("VV", slice(0, rows), slice(0, cols))
        tiles = np.full_like(whole, np.nan)
        for top in range(0, rows, 64):
            for left in range(0, cols, 48):
                window = slice(top, min(top + 64, rows)), slice(left, min(left + 48, cols))
                tiles[window] = power.read("VV", *window)
        both = np.isfinite(whole) & np.isfinite(tiles)
        assert both.sum() > 0.99 * np.isfinite(whole).sum()
        assert np.median(np.abs(tiles[both] / whole[both] - 1)) < 1e-4


def test_bursts_off_the_grid_are_moved_by_less_than_a_pixel(tmp_path: Path) -> None:
    product, scene, take = written("slc-bursts", tmp_path)

    def later(match: re.Match[str]) -> str:
        moment = datetime.fromisoformat(match[2]) + timedelta(microseconds=500)
        return f"{match[1]}{moment:%Y-%m-%dT%H:%M:%S.%f}"

    edit(product, r"(<burst>\s*<azimuthTime>)([^<]*)", later, files="annotation/*iw2*.xml")
    seen = check(product, scene, take)
    assert float(dict(seen.product.acquisition.details)["proc:burst_rounding_px"]) == pytest.approx(0.244, abs=0.01)


def test_a_zip_without_a_folder_of_its_own(tmp_path: Path) -> None:
    product, _, _ = written("grd", tmp_path)
    archive = Path(shutil.make_archive(str(tmp_path / product.path.stem), "zip", product.path))
    assert see(archive).product.acquisition.id == product.expected["id"]


def test_sentinel_1_looks_right(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="looks to the right"):
        written("grd", tmp_path, replace(TAKE, look=LookSide.LEFT))

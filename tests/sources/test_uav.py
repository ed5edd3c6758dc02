"""Orthomosaics of drones, held against the scene and the take that they were written from."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from picture_tricks import TRICKS, trick
from picture_truth import check_picture
from product_makers import write_tiff
from product_mutants import assault
from product_truth import see

from dashboard.catalog.records import row_of
from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take
from dashboard.simulate.products.uav import BETRAYING, Form, write_ortho
from dashboard.sources.product import Given
from dashboard.sources.registry import products, reader_of
from dashboard.sources.uav.reader import SURE, UavReader

MAP = mini_scene(0.25, (96, 128))
TINY = mini_scene(0.25, (30, 40))
TAKE = Take(constellation="uav", platform="uav")
GIVEN = Given(time=TAKE.start)


def read_all(path: Path, given: Given) -> None:
    """Read a path and raise what a walk would have reported."""
    for found in products(path, given):
        if getattr(found, "error", None) is not None:
            raise found.error


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError, given: Given = GIVEN) -> None:
    """Assert that reading a path ends in an error that says so."""
    with pytest.raises(kind, match=words) as caught:
        read_all(path, given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "form",
    [
        Form(), Form(alpha=False), Form(alpha=False, nodata=255), Form(cog=True), Form(world=True),
        Form(time="tag"), Form(time="stats"), Form(time="images"),
    ],
    ids=str,
)  # fmt: skip
def test_forms(tmp_path: Path, form: Form) -> None:
    given = GIVEN if form.time is None else Given()
    found = check_picture(write_ortho(tmp_path, MAP, TAKE, form), MAP, given=given).product
    assert found.power.geobox == MAP.geobox
    assert found.acquisition.origin.guessed == ({"start", "stop"} if form.time in {"tag", "stats"} else set())


def test_what_the_file_states_comes_before_what_is_given(tmp_path: Path) -> None:
    later = Given(time=TAKE.start + timedelta(days=3))
    for source in ("tag", "stats", "images"):
        found = see(write_ortho(tmp_path / source, TINY, TAKE, Form(time=source)).path, later).product.acquisition
        assert abs((found.start - TAKE.start).total_seconds()) < 1.0
        assert "UTC" in dict(found.details)["proc:time_source"] or source == "images"


def test_a_time_is_required(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    refused(written.path, r"odm_orthophoto\.tif states no time.*--time", DamagedProductError, Given())


def test_nothing_betrays_who_flew(tmp_path: Path) -> None:
    for source in ("tag", "images"):
        seen = see(write_ortho(tmp_path / source, TINY, TAKE, Form(time=source)).path)
        kept = repr(replace(seen.product.acquisition, footprint=None)) + repr(row_of(seen.product.acquisition))
        for secret in (*BETRAYING.values(), "SN1581", "DJI", "36.70022", "50.20011", "pilot", str(tmp_path)):
            assert secret.lower() not in kept.lower(), secret


@pytest.mark.parametrize("software", ["/home/pilot/bin/join", "C:\\join.exe", "x" * 80, "join\x07"])
def test_programs_with_paths_are_left_out(tmp_path: Path, software: str) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    with rasterio.open(written.files[0], "r+") as dataset:
        dataset.update_tags(TIFFTAG_SOFTWARE=software)
    assert "processing:software" not in dict(see(written.path, GIVEN).product.acquisition.details)


def test_that_it_was_a_drone_is_a_guess_unless_its_program_says_so(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    assert see(written.path, GIVEN).product.acquisition.origin.guessed == frozenset()
    with rasterio.open(written.files[0], "r+") as dataset:
        dataset.update_tags(TIFFTAG_SOFTWARE="pic 1.0")
    assert see(written.path, GIVEN).product.acquisition.origin.guessed == {"constellation", "platform"}


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("form", [Form(alpha=False), Form(alpha=False, world=True)], ids=["tags", "world file"])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, form: Form, how: str) -> None:
    written = write_ortho(tmp_path, MAP, TAKE, form)
    if form.world and how == TRICKS[3]:
        rows = [float(line) for line in written.files[1].read_text().split()]
        rows[4:] = [rows[4] + rows[0] / 2, rows[5] + rows[3] / 2]
        written.files[1].write_text("".join(f"{value}\n" for value in rows))
    else:
        trick(written.files[0], how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check_picture(written, MAP, given=GIVEN)


@pytest.mark.parametrize("form", [Form(), Form(alpha=False), Form(alpha=False, nodata=255)], ids=str)
def test_ground_that_was_not_flown_over_is_empty_and_black_is_not(tmp_path: Path, form: Form) -> None:
    rng = np.random.default_rng(8)
    drawn = {name: rng.integers(0, 250, TINY.geobox.shape).astype(np.float32) for name in "RGB"}
    for picture in drawn.values():
        picture[:7] = np.nan
        picture.flags.writeable = False
    seen = see(write_ortho(tmp_path, Scene(TINY.geobox, drawn=drawn), TAKE, form).path, GIVEN)
    for name, wanted in drawn.items():
        assert np.isnan(seen.power[name][:7]).all()
        assert np.array_equal(np.sqrt(seen.power[name][7:]), np.maximum(wanted[7:], 1))


def test_degrees_are_laid_on_utm(tmp_path: Path) -> None:
    lon, lat = MAP.centre
    picture = np.full((3, 50, 60), 90, np.uint8)
    picture[:, 10:20, 30:50] = 200
    grid = rasterio.Affine(4e-6, 0, lon, 0, -3e-6, lat)
    path = write_tiff(tmp_path / "flight.tif", picture, crs="EPSG:4326", transform=grid, photometric="RGB")
    seen = see(path, GIVEN)
    assert seen.product.power.geobox.crs == "EPSG:32637"
    assert seen.product.acquisition.geocoding.kind == "affine"
    assert seen.product.acquisition.resolution_m == pytest.approx(0.33, abs=0.05)
    numbers = np.sqrt(seen.power["G"])
    assert np.nanmax(numbers) == pytest.approx(200, abs=0.01)
    assert (numbers > 145).sum() / np.isfinite(numbers).sum() == pytest.approx(200 / 3000, rel=0.15)


def test_only_pictures_in_colour_on_a_map_are_taken(tmp_path: Path) -> None:
    colour = np.full((3, 20, 30), 90, np.uint8)
    reader = UavReader()
    assert reader.sniff(write_tiff(tmp_path / "flight.tif", colour.copy(), photometric="RGB")) == SURE
    big = write_tiff(tmp_path / "big.tif", colour.copy(), photometric="RGB", BIGTIFF="YES")
    assert reader.sniff(big) == SURE
    motorola = write_tiff(tmp_path / "mm.tif", colour.copy(), photometric="RGB", ENDIANNESS="BIG")
    assert reader.sniff(motorola) == SURE
    packed = write_tiff(tmp_path / "jpeg.tif", colour.copy(), photometric="YCBCR", compress="JPEG")
    assert reader.sniff(packed) == SURE
    others = [
        write_tiff(tmp_path / "grey.tif", colour[0].copy()),
        write_tiff(tmp_path / "deep.tif", colour.astype(np.uint16), photometric="RGB"),
        write_tiff(tmp_path / "scene_VV.tif", colour.copy(), photometric="RGB"),
        write_tiff(tmp_path / "nowhere.tif", colour.copy(), crs=None, transform=None, photometric="RGB"),
        write_tiff(tmp_path / "described.tif", colour.copy(), photometric="RGB"),
        write_tiff(tmp_path / "radar.tif", colour.copy(), photometric="RGB"),
    ]
    (tmp_path / "described.json").write_text("{}")
    with rasterio.open(others[-1], "r+") as dataset:
        dataset.update_tags(quantity="sigma0 composite")
    (tmp_path / "nowhere.txt").write_text("II*")
    assert [reader.sniff(path) for path in others] == [0.0] * len(others)
    assert reader.sniff(tmp_path / "nowhere.txt") == 0.0
    assert reader_of(others[0]).name == "geotiff"


@pytest.mark.parametrize("size", [4, 8, 15, 40, 200])
def test_a_cut_head_is_no_picture(tmp_path: Path, size: int) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    whole = written.files[0].read_bytes()
    written.files[0].write_bytes(whole[:size])
    assert UavReader().sniff(written.files[0]) == 0.0


def test_bad_input_is_named(tmp_path: Path) -> None:
    written = write_ortho(tmp_path / "a", TINY, TAKE, Form(world=True, alpha=False))
    written.files[2].write_text("PROJCS[nonsense")
    refused(written.path, r"odm_orthophoto\.prj states no map projection", NoGeoreferenceError)
    written.files[2].unlink()
    refused(written.path, r"odm_orthophoto\.tif states no map projection.*\.prj", NoGeoreferenceError)
    written = write_ortho(tmp_path / "b", TINY, TAKE, Form(time="stats"))
    report = written.files[-1]
    for text in ('{"processing_statistics": ', "[" * 100_000):
        report.write_text(text)
        refused(written.path, r"stats\.json", DamagedProductError)
    content = {"processing_statistics": {"start_date": "13/06/2024 at 10:00:00", "end_date": "12/06/2024 at 10:00:00"}}
    report.write_text(json.dumps(content))
    refused(written.path, r"stats\.json: the last picture .* is older", DamagedProductError)
    report.write_text(json.dumps({"processing_statistics": {"start_date": "never"}}))
    refused(written.path, r"states no time", DamagedProductError, Given())


def test_reports_outside_the_project_are_not_read(tmp_path: Path) -> None:
    written = write_ortho(tmp_path / "a", TINY, TAKE, Form(time="images"))
    report = written.files[-1]
    report.rename(tmp_path / "outside.json")
    report.symlink_to(tmp_path / "outside.json")
    refused(written.path, r"states no time", DamagedProductError, Given())


def test_truncated_pixels_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(1, 255, (3, 300, 400), dtype=np.uint8)
    path = write_tiff(tmp_path / "flight.tif", noise, photometric="RGB", tiled=True, copy_src_overviews=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(NightglassError, match=re.escape("flight.tif")):
        see(path, GIVEN)


def test_mutants(tmp_path: Path) -> None:
    tiny = mini_scene(0.25, (12, 16))
    assault(
        tmp_path,
        write_ortho(tmp_path / "a", tiny, TAKE, Form(time="tag", betraying=False)),
        write_ortho(tmp_path / "b", tiny, TAKE, Form(time="stats", betraying=False)),
        write_ortho(tmp_path / "c", tiny, TAKE, Form(world=True, time="tag", alpha=False)),
    )

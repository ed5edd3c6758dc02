"""SICD of every grid, pixel type, version and container, held against the scene that it was drawn from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sarkit.sicd
import shapely
from numpy.typing import NDArray
from product_truth import check, check_targets, check_words, see

from dashboard.model.acquisition import LookSide, PassDirection, Quantity
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.take import Take
from dashboard.sources.nitf.header import read_headers
from dashboard.sources.nitf.sicd_sensor import SicdSensor
from dashboard.sources.product import Given
from dashboard.sources.xml import parse_xml

MARKED = {"marking": "R", "releasable_to": ["DEU", "UKR"]}
TAKE = Take(constellation="umbra", platform="umbra-04", handling=MARKED)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return mini_scene(1.0, (200, 260))


@pytest.mark.parametrize("polar", [False, True], ids=["range-doppler", "polar"])
@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
def test_both_grids_on_both_sides_of_both_passes(
    tmp_path: Path, scene: Scene, polar: bool, look: LookSide, way: PassDirection
) -> None:
    taken = replace(TAKE, look=look, pass_direction=way)
    check(write_sicd(tmp_path, scene, taken, SicdForm(polar=polar)), scene, taken)


@pytest.mark.parametrize(
    "form",
    [
        SicdForm(pixels="RE16I_IM16I"),
        SicdForm(pixels="AMP8I_PHS8I"),
        SicdForm(pixels="AMP8I_PHS8I", table=False, quantity=None),
        SicdForm(quantity="beta0"),
        SicdForm(quantity="gamma0", nsif=True),
        SicdForm(quantity=None),
        SicdForm(squint_s=0.05),
        SicdForm(chip=(4, 5)),
        SicdForm(version="urn:SICD:1.1.0"),
        SicdForm(version="urn:SICD:1.2.1", polar=True),
        SicdForm(version="urn:SICD:1.4.0"),
    ],
    ids=lambda form: (
        f"{form.pixels[:3]}-{form.quantity}-{form.version[-5:]}-{form.squint_s}-{form.chip[0]}-{form.table}"
    ),
)
def test_every_form(tmp_path: Path, scene: Scene, form: SicdForm) -> None:
    if form.pixels == "AMP8I_PHS8I" and not form.table:  # without a table eight bits do not span the targets
        seen = see(write_sicd(tmp_path, scene, TAKE, form).path)
        assert not seen.product.acquisition.calibration.valid
        assert np.nanmax(seen.power["VV"]) > 50 * np.nanmedian(seen.power["VV"])
        return
    check(write_sicd(tmp_path, scene, TAKE, form), scene, TAKE)


def test_a_version_that_sarkit_does_not_list_is_read_alike(tmp_path: Path, scene: Scene) -> None:
    written = write_sicd(tmp_path, scene, TAKE, SicdForm(version="urn:SICD:1.2.1"))
    content = written.path.read_bytes()
    written.path.write_bytes(content.replace(b"urn:SICD:1.2.1", b"urn:SICD:1.2.0"))
    seen = check(written, scene, TAKE)
    assert dict(seen.product.acquisition.details)["proc:sicd_version"] == "1.2.0"


def test_an_image_in_several_segments(tmp_path: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarkit.sicd._constants, "IS_SIZE_MAX", 400_000)
    written = write_sicd(tmp_path, scene, TAKE)
    assert len(read_headers(written.path).images) >= 3
    check(written, scene, TAKE)


def test_what_the_original_was_is_kept(tmp_path: Path, scene: Scene) -> None:
    written = write_sicd(tmp_path, scene, TAKE)
    found = see(written.path).product.acquisition
    assert found.original is not None
    assert found.original.complex
    assert found.original.shape == read_headers(written.path).images[0].shape
    assert found.original.sha256 == found.origin.files[0][1]
    assert found.looks == pytest.approx(2 / 1.2, abs=0.01)  # one row, two columns, less the oversampling
    assert found.geocoding is not None
    assert found.geocoding.kind == "sensor"
    assert found.geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(TAKE.incidence_deg)), rel=0.02)


def test_a_given_height_model_moves_the_picture_back(tmp_path: Path, scene: Scene) -> None:
    import rasterio

    lon, lat = scene.centre
    dem = tmp_path / "dem.tif"
    grid = rasterio.Affine(0.001, 0, lon - 0.05, 0, -0.001, lat + 0.05)
    with rasterio.open(
        dem, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32", crs="EPSG:4326", transform=grid
    ) as dataset:
        dataset.write(np.full((100, 100), scene.height_m, np.float32), 1)
    check(write_sicd(tmp_path, scene, TAKE), scene, TAKE, Given(dem=dem))


@pytest.mark.parametrize(
    "centre", [(179.9993, 12.0), (-70.3, -33.5), (15.0, 78.2)], ids=["dateline", "south", "arctic"]
)
def test_anywhere_on_the_globe(tmp_path: Path, centre: tuple[float, float]) -> None:
    there = mini_scene(1.0, (120, 160), centre=centre)
    written = write_sicd(tmp_path, there, TAKE)
    seen = see(written.path)
    check_words(seen, written)
    check_targets(seen, "VV", written, there, TAKE)
    west, _, east, _ = seen.product.acquisition.bbox
    parts = shapely.get_parts(seen.product.acquisition.footprint)
    assert all(part.bounds[2] - part.bounds[0] < 0.01 for part in parts), (west, east)


def turned_over(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[::-1]


def mirrored(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[:, ::-1]


def transposed(pixels: NDArray[Any]) -> NDArray[Any]:
    side = min(pixels.shape)
    found = np.zeros_like(pixels)
    found[:side, :side] = pixels[:side, :side].T
    return found


def half_a_pixel_off(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.roll(pixels, 1, axis=1)  # two columns go into one pixel of the map


@pytest.mark.parametrize("wrong", [turned_over, mirrored, transposed, half_a_pixel_off])
def test_a_wrong_picture_is_found_out(
    tmp_path: Path, scene: Scene, wrong: Callable[[NDArray[Any]], NDArray[Any]]
) -> None:
    written = write_sicd(tmp_path, scene, TAKE, SicdForm(nsif=True))
    image = read_headers(written.path).images[0]
    pixels = np.memmap(written.path, ">c8", "r+", offset=image.span.start, shape=image.shape)
    pixels[...] = wrong(np.array(pixels))
    pixels.flush()
    with pytest.raises(AssertionError, match=r"off by|targets off|not whole|cover"):
        check(written, scene, TAKE)


def test_a_wrong_factor_is_found_out(tmp_path: Path, scene: Scene) -> None:
    written = write_sicd(tmp_path, scene, TAKE)
    content = written.path.read_bytes()
    assert content.count(b"SigmaZeroSFPoly") == 2
    written.path.write_bytes(content.replace(b"SigmaZeroSFPoly", b"GammaZeroSFPoly"))
    with pytest.raises(AssertionError):
        check(written, scene, TAKE)
    seen = see(written.path)
    assert seen.product.acquisition.calibration.quantity is Quantity.GAMMA0


def test_the_sensor_goes_there_and_back(tmp_path: Path, scene: Scene) -> None:
    written = write_sicd(tmp_path, scene, TAKE, SicdForm(polar=True, squint_s=0.02))
    headers = read_headers(written.path)
    span = headers.extensions[0].span
    root = parse_xml(written.path.read_bytes()[span.start : span.start + span.size], "x")
    sensor = SicdSensor(root, headers.images[0].shape, "x")
    rng = np.random.default_rng(3)
    rows, cols = (rng.uniform(0, side, (7, 11)) for side in sensor.shape)
    heights = rng.uniform(0, 400, (7, 11))
    for given in (rows, cols, heights):
        given.flags.writeable = False
    found = sensor.to_image(*sensor.to_ground(rows, cols, heights), heights)
    assert np.abs(found[0] - rows).max() < 0.01
    assert np.abs(found[1] - cols).max() < 0.01

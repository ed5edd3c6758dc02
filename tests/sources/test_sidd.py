"""SIDD of every version, pixel type and projection, held against the scene that it was drawn from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from product_truth import check

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.sidd import SiddForm, write_sidd
from dashboard.simulate.products.take import CAVEAT, Take
from dashboard.sources.nitf.header import read_headers
from dashboard.sources.nitf.sidd_sensor import SiddSensor
from dashboard.sources.product import Product
from dashboard.sources.registry import products
from dashboard.sources.xml import parse_xml

TAKE = Take(constellation="capella", platform="capella-14", handling={"marking": "R", "releasable_to": ["DEU", "UKR"]})


@pytest.fixture(scope="module")
def scene() -> Scene:
    return mini_scene(1.0, (96, 128))


@pytest.mark.parametrize("pixels", ["MONO8I", "MONO8LU", "MONO16I", "RGB8LU", "RGB24I"])
@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "3.0.0"])
def test_every_version_and_pixel_type(tmp_path: Path, scene: Scene, pixels: str, version: str) -> None:
    seen = check(write_sidd(tmp_path, scene, TAKE, SiddForm(pixels=pixels, version=version)), scene, TAKE)
    assert "remapped" in seen.product.acquisition.calibration.why_not


@pytest.mark.parametrize("geographic", [False, True], ids=["plane", "degrees"])
@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
def test_both_projections_on_both_sides_of_both_passes(
    tmp_path: Path, scene: Scene, geographic: bool, look: LookSide, way: PassDirection
) -> None:
    taken = replace(TAKE, look=look, pass_direction=way)
    form = SiddForm(geographic=geographic, nsif=geographic)
    seen = check(write_sidd(tmp_path, scene, taken, form), scene, taken)
    geocoding = seen.product.acquisition.geocoding
    assert geocoding is not None
    assert geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(TAKE.incidence_deg)), rel=0.01)
    assert "geographic" in geocoding.basis or not geographic


def test_several_images_are_several_products(tmp_path: Path, scene: Scene) -> None:
    written = write_sidd(tmp_path, scene, TAKE, SiddForm(images=2))
    found = list(products(written.path))
    assert all(isinstance(one, Product) for one in found)
    acquisitions = [one.acquisition for one in found if isinstance(one, Product)]
    assert [acquisition.id[-6:] for acquisition in acquisitions] == ["image1", "image2"]
    assert len({acquisition.origin.product_sha256 for acquisition in acquisitions}) == 2
    assert {acquisition.handling.marking for acquisition in acquisitions} == {"NATO RESTRICTED"}
    for one in found:
        if isinstance(one, Product):
            one.close()


@pytest.mark.parametrize("wrong", [np.flipud, np.fliplr, np.rot90, lambda p: np.roll(p, 1, axis=0)])
def test_a_wrong_picture_is_found_out(tmp_path: Path, wrong: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    square = mini_scene(1.0, (120, 120))
    written = write_sidd(tmp_path, square, TAKE)
    image = read_headers(written.path).images[0]
    pixels = np.memmap(written.path, ">u2", "r+", offset=image.span.start, shape=image.shape)
    assert image.shape[0] == image.shape[1]
    pixels[...] = wrong(np.array(pixels))
    pixels.flush()
    with pytest.raises(AssertionError, match=r"off by|targets off|not whole|cover"):
        check(written, square, TAKE)


def test_half_a_pixel_is_found_out(tmp_path: Path, scene: Scene) -> None:
    written = write_sidd(tmp_path, scene, TAKE)
    content = written.path.read_bytes()
    start = content.index(b"<si:Point><si:Row>") + len(b"<si:Point><si:Row>")
    end = content.index(b"<", start)
    moved = f"{float(content[start:end]) + 0.5:.{end - start - content[start:end].index(b'.') - 1}f}".encode()
    assert len(moved) == end - start
    written.path.write_bytes(content[:start] + moved + content[end:])
    with pytest.raises(AssertionError, match="all off by"):
        check(written, scene, TAKE)


def test_a_caveat_in_headers_and_a_release_in_the_metadata_are_kept(tmp_path: Path, scene: Scene) -> None:
    (found,) = products(write_sidd(tmp_path, scene, TAKE).path)
    assert isinstance(found, Product)
    handling = found.acquisition.handling
    assert handling.banner == f"NATO RESTRICTED // REL DEU UKR // {CAVEAT}"
    assert "ism" not in handling.banner
    assert "releasableTo=DEU UKR" in dict(found.acquisition.details)["rel:raw"]


@pytest.mark.parametrize("geographic", [False, True])
def test_the_sensor_goes_there_and_back(tmp_path: Path, scene: Scene, geographic: bool) -> None:
    written = write_sidd(tmp_path, scene, TAKE, SiddForm(geographic=geographic))
    headers = read_headers(written.path)
    span = headers.extensions[0].span
    root = parse_xml(written.path.read_bytes()[span.start : span.start + span.size], "x")
    sensor = SiddSensor(root, headers.images[0].shape, (102.0, 33.0), "x")
    rng = np.random.default_rng(3)
    rows, cols = (rng.uniform(0, side, (7, 11)) for side in sensor.shape)
    heights = rng.uniform(0, 400, (7, 11))
    for given in (rows, cols, heights):
        given.flags.writeable = False
    found = sensor.to_image(*sensor.to_ground(rows, cols, heights), heights)
    assert np.abs(found[0] - rows).max() < 0.01
    assert np.abs(found[1] - cols).max() < 0.01

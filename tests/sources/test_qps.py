"""QPS-SAR: truth of every level, nothing defaulted, everything found by an alias marked as a guess."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from picture_tricks import TRICKS, trick
from product_mutants import assault
from product_truth import check, see

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.model.errors import InputError, NightglassError
from dashboard.simulate.products.qps import write_level_11, write_level_12, write_level_13
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Given, NotRead
from dashboard.sources.qps.reader import QpsReader
from dashboard.sources.registry import products, reader_of

MAP = mini_scene(2.0, (96, 128))
SCENE = mini_scene(1.0, (200, 260))
TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="qps-sar", platform="qps-sar-7", mode="SL", polarisations=("HH",), resolution_m=0.6)


def refused(path: Path, words: str, given: Given | None = None) -> None:
    with pytest.raises(NightglassError, match=words) as caught:
        list(products(path, given or Given()))
    assert "\n" not in str(caught.value)


def changed(written: Written, change: Callable[[dict[str, Any]], object]) -> Path:
    side_car = written.path.with_suffix(".json")
    content = json.loads(side_car.read_text())
    change(content)
    side_car.write_text(json.dumps(content))
    return side_car


@pytest.mark.parametrize("image", ["SLA", "MLA"])
def test_level_13_is_on_the_map(tmp_path: Path, image: str) -> None:
    seen = check(write_level_13(tmp_path, MAP, TAKE, image), MAP, TAKE)
    assert seen.product.acquisition.geocoding.kind == "affine"
    assert seen.product.acquisition.original is None


@pytest.mark.parametrize("tags", ["gcp", "rpc"])
@pytest.mark.parametrize("look", LookSide)
def test_level_12_goes_by_its_tags(tmp_path: Path, tags: str, look: LookSide) -> None:
    take = replace(TAKE, look=look)
    seen = check(write_level_12(tmp_path, SCENE, take, tags=tags), SCENE, take)
    assert seen.product.acquisition.geocoding.kind == tags


@pytest.mark.parametrize("image", ["SLC", "SLA", "MLA"])
@pytest.mark.parametrize("way", PassDirection)
def test_level_11_goes_by_its_corners(tmp_path: Path, image: str, way: PassDirection) -> None:
    take = replace(TAKE, pass_direction=way)
    seen = check(write_level_11(tmp_path, SCENE, take, image), SCENE, take)
    found = seen.product.acquisition
    assert "geocoding" in found.origin.guessed
    assert found.original is not None
    assert found.original.complex == (image == "SLC")
    if image == "SLC":
        assert found.looks is not None
        assert found.looks >= 1


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", [write_level_13, write_level_12, write_level_11])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Callable[..., Written], how: str) -> None:
    scene = MAP if write is write_level_13 else SCENE
    written = write(tmp_path, scene, TAKE, "SLA")
    trick(written.path, how)
    with pytest.raises(AssertionError):
        check(written, scene, TAKE)


def test_everything_found_by_an_alias_is_a_guess(tmp_path: Path) -> None:
    found = see(write_level_13(tmp_path, MAP, TAKE).path).product.acquisition
    assert found.origin.guessed == {
        "platform", "start", "stop", "mode", "polarisations", "look", "pass_direction", "incidence_deg", "level",
        "resolution_m", "frequency_ghz", "received", "footprint",
    }  # fmt: skip
    assert "start = startTime" in dict(found.details)["proc:aliases"]


def test_what_is_not_stated_stays_unknown(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, MAP, TAKE)
    bare = written.path.with_name("QPS-SAR-7_20240612_L1.3.tif")
    written.path.rename(bare)
    written.path.with_suffix(".json").rename(bare.with_suffix(".json"))
    bare.with_suffix(".json").write_text(json.dumps({"info": "QPS-SAR", "startTime": "2024-06-12T17:43:39Z"}))
    found = see(bare).product.acquisition
    assert (found.look, found.pass_direction, found.incidence_deg, found.platform) == (None, None, None, None)
    assert found.polarisations == ()
    assert found.origin.guessed == {"start"}


def test_a_given_file_of_aliases_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "product"
    written = write_level_13(folder, MAP, TAKE)
    changed(written, lambda c: c.update(beganAt=c.pop("startTime")))
    names = tmp_path / "mine.toml"
    names.write_text('[qps.alias]\nstart = ["beganAt"]\n[qps.platforms]\n')
    found = see(written.path, Given(aliases=names)).product.acquisition
    assert found.start == TAKE.start
    assert found.look is None


@pytest.mark.parametrize("text", ["[qps", "[qps.alias]\nstart = 3\n", "qps = 1\n"])
def test_aliases_that_cannot_be_used_are_named(tmp_path: Path, text: str) -> None:
    written = write_level_13(tmp_path / "product", TINY, TAKE)
    names = tmp_path / "mine.toml"
    names.write_text(text)
    with pytest.raises(InputError, match=r"mine\.toml"):
        list(products(written.path, Given(aliases=names)))


def test_a_folder_gives_one_product(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    (found,) = products(tmp_path)
    assert set(found.paths) == set(written.files)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(startTime="yesterday"), r"\.json: startTime"),
        (lambda c: c.update(polarization="ZZ"), r"\.json: polarization"),
        (lambda c: c.update(incidenceAngle=190), r"\.json: incidenceAngle"),
        (lambda c: c.update(endTime="2001-01-01T00:00:00Z"), r"\.json: .*before it starts"),
        (lambda c: c.update(footprint={"type": "Polygon", "coordinates": [[[0, 95]] * 4]}), r"\.json: footprint"),
        (lambda c: c.update(imageFile="../../outside.tif"), r"leaves the product's folder"),
        (lambda c: c.update(imageFile="/etc/outside.tif"), r"leaves the product's folder"),
        (lambda c: c.update(imageFile="missing.tif"), r"names missing\.tif"),
    ],
)
def test_wrong_words_are_refused_by_name(tmp_path: Path, change: Callable[..., object], words: str) -> None:
    refused(changed(write_level_13(tmp_path, TINY, TAKE), change), words)


def test_a_missing_side_car_and_a_missing_image_are_named(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    side_car = written.path.with_suffix(".json")
    text = side_car.read_text()
    side_car.unlink()
    refused(written.path, r"no JSON of QPS-SAR beside it")
    side_car.write_text(text)
    written.path.unlink()
    refused(side_car, r"no GeoTIFF beside it")


def test_an_image_that_nothing_places_is_refused(tmp_path: Path) -> None:
    written = write_level_11(tmp_path, TINY, TAKE, "SLA")
    refused(changed(written, lambda c: c.pop("corners")), r"no map grid, control points or RPCs")


def test_a_truncated_image_and_a_vrt_in_disguise_are_refused(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    whole = written.path.read_bytes()
    written.path.write_bytes(whole[:200])
    refused(written.path, written.path.name)
    written.path.write_bytes(b"<VRTDataset rasterXSize='10' rasterYSize='10'></VRTDataset>")
    refused(written.path, written.path.name)


def test_a_json_beside_nitf_is_passed_over(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    written.path.unlink()
    written.path.with_suffix(".nitf").write_bytes(b"NITF02.10")
    (found,) = products(written.path.with_suffix(".json"))
    assert isinstance(found, NotRead)
    assert found.error is None


def test_deep_json_is_refused(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    written.path.with_suffix(".json").write_text('{"QPS-SAR": ' + '{"a": ' * 300 + "1" + "}" * 301)
    refused(written.path, r"nested more than")


def test_other_peoples_side_cars_are_left_to_them(tmp_path: Path) -> None:
    written = write_level_13(tmp_path, TINY, TAKE)
    side_car = written.path.with_suffix(".json")
    side_car.write_text(json.dumps({"constellation": "qps-sar", "start": "2024-06-12T17:43:39Z"}))
    assert not isinstance(reader_of(written.path), QpsReader)
    assert not isinstance(reader_of(side_car), QpsReader)


def test_thousands_of_mutants(tmp_path: Path) -> None:
    assault(
        tmp_path,
        write_level_13(tmp_path / "a", TINY, TAKE),
        write_level_12(tmp_path / "b", TINY, TAKE),
        write_level_11(tmp_path / "c", TINY, TAKE),
    )

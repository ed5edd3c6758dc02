"""Umbra's GEC and CSI, held against the scene and the take that they were written from."""

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
from dashboard.model.errors import NightglassError
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.simulate.products.umbra import write_csi, write_gec
from dashboard.sources.product import NotRead
from dashboard.sources.registry import products

MAP = mini_scene(2.0, (96, 128))
TINY = mini_scene(4.0, (30, 40))
TAKE = Take(constellation="umbra", platform="umbra-04", mode="SPOTLIGHT", resolution_m=1.0)


def refused(path: Path, words: str) -> None:
    with pytest.raises(NightglassError, match=words) as caught:
        list(products(path))
    assert "\n" not in str(caught.value)


def changed(written: Written, change: Callable[[dict[str, Any]], object], end: str = "_METADATA.json") -> Path:
    side_car = next(file for file in written.files if file.name.endswith(end))
    content = json.loads(side_car.read_text())
    change(content)
    side_car.write_text(json.dumps(content))
    return written.path


@pytest.mark.parametrize("side_cars", [("legacy",), ("stac",), ("legacy", "stac")])
@pytest.mark.parametrize("write", [write_gec, write_csi])
def test_both_forms_by_either_side_car(tmp_path: Path, write: Callable[..., Written], side_cars: tuple) -> None:
    check(write(tmp_path, MAP, TAKE, side_cars), MAP, TAKE)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
@pytest.mark.parametrize("turned", [False, True])
def test_the_look_is_told_from_the_azimuth_whichever_way_it_points(
    tmp_path: Path, look: LookSide, way: PassDirection, turned: bool
) -> None:
    take = replace(TAKE, look=look, pass_direction=way)
    written = write_gec(tmp_path, TINY, take, ("legacy",))
    if turned:
        changed(written, lambda c: c["collects"][0].update(angleAzimuthDegrees=take.look_azimuth_deg))
    found = see(written.path).product.acquisition
    assert found.look_azimuth_deg == pytest.approx(take.look_azimuth_deg)
    assert found.origin.guessed == {"look_azimuth_deg"}


@pytest.mark.parametrize("how", TRICKS)
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, how: str) -> None:
    written = write_gec(tmp_path, MAP, TAKE)
    trick(written.path, how)
    with pytest.raises(AssertionError):
        check(written, MAP, TAKE)


def test_a_folder_gives_every_form_once(tmp_path: Path) -> None:
    write_gec(tmp_path, TINY, TAKE)
    write_csi(tmp_path, TINY, TAKE)
    assert sorted(found.acquisition.level for found in products(tmp_path)) == ["CSI", "GEC"]


def test_a_side_car_of_other_forms_is_passed_over(tmp_path: Path) -> None:
    written = write_gec(tmp_path, TINY, TAKE, ("legacy",))
    written.path.unlink()
    (found,) = products(written.files[1])
    assert isinstance(found, NotRead)
    assert found.error is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["collects"][0].update(startAtUTC="soon"), r"METADATA\.json: startAtUTC|collects.*startAtUTC"),
        (lambda c: c["collects"][0].update(polarizations=["ZZ"]), r"polarizations: Polarisation 'ZZ'"),
        (lambda c: c["collects"][0].update(polarizations=[]), r"polarizations states 0"),
        (lambda c: c["collects"][0].update(angleIncidenceDegrees=-3), r"angleIncidenceDegrees"),
        (lambda c: c["collects"][0].update(endAtUTC="2001-01-01T00:00:00Z"), r"endAtUTC .* lies before"),
        (lambda c: c.update(collects=[]), r"collects"),
        (lambda c: c.update(collects={"a": 1}), r"collects"),
    ],
)
def test_wrong_words_are_refused_by_name(tmp_path: Path, change: Callable[..., object], words: str) -> None:
    refused(changed(write_gec(tmp_path, TINY, TAKE), change), words)


def test_missing_parts_and_damage_are_named(tmp_path: Path) -> None:
    written = write_gec(tmp_path, TINY, TAKE, ("legacy",))
    whole = written.path.read_bytes()
    written.path.write_bytes(whole[:300])
    refused(written.path, written.path.name)
    written.path.write_bytes(b"<VRTDataset rasterXSize='10' rasterYSize='10'></VRTDataset>")
    refused(written.path, written.path.name)
    written.path.write_bytes(whole)
    written.files[1].write_text("{" * 5000)
    refused(written.path, written.files[1].name)
    written.files[1].unlink()
    refused(written.path, r"has neither .*METADATA\.json")


def test_thousands_of_mutants(tmp_path: Path) -> None:
    first = write_gec(tmp_path / "a", TINY, TAKE, ("legacy",))
    assault(tmp_path, first, write_csi(tmp_path / "b", TINY, TAKE, ("stac",)))

"""BlackSky's pictures, held against the scene and the take that they were written from."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rasterio
from picture_tricks import TRICKS, trick
from picture_truth import check_picture, compare
from product_mutants import assault
from product_truth import Seen, see

from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.simulate.products.blacksky import CE90_M, Form, write_frame, write_ortho
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import Given, NotRead
from dashboard.sources.registry import products

MAP = mini_scene(1.0, (96, 128))
TINY = mini_scene(1.0, (30, 40))
TAKE = Take(constellation="blacksky", platform="blacksky-global-14", incidence_deg=17.0)
Write = Callable[..., Written]


def read_all(path: Path, given: Given) -> None:
    """Read a path and raise what a walk would have reported."""
    for found in products(path, given):
        if getattr(found, "error", None) is not None:
            raise found.error


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError) -> None:
    """Assert that reading a path ends in an error that says so."""
    with pytest.raises(kind, match=words) as caught:
        read_all(path, Given())
    assert "\n" not in str(caught.value)


def stated(written: Written) -> Path:
    return written.files[1]


def restated(written: Written, key: str, value: object) -> None:
    content: dict[str, Any] = json.loads(stated(written).read_text())
    content[key] = value
    stated(written).write_text(json.dumps(content))


@pytest.mark.parametrize(
    "form", [Form(), Form(order="BGR"), Form(pan=True), Form(remembered=False), Form(mask=False)], ids=str
)
@pytest.mark.parametrize("write", [write_ortho, write_frame])
def test_forms(tmp_path: Path, write: Write, form: Form) -> None:
    found = check_picture(write(tmp_path, MAP, TAKE, form), MAP).product.acquisition
    assert found.geocoding.kind == ("affine" if write is write_ortho else "rpc")
    assert found.geocoding.error_m == (CE90_M if form.remembered else None)
    remembered = {"geocoding", "incidence_deg", "look_azimuth_deg", "view:off_nadir"}
    assert (remembered <= found.origin.guessed) == form.remembered
    assert ("proc:mask_note" in dict(found.details)) == (form.mask and write is write_ortho)


def test_colours_that_no_one_names_are_a_guess(tmp_path: Path) -> None:
    named = see(write_ortho(tmp_path / "a", TINY, TAKE).path).product.acquisition
    plain = see(write_ortho(tmp_path / "b", TINY, TAKE, Form(coloured=False)).path).product.acquisition
    assert "polarisations" not in named.origin.guessed
    assert "polarisations" in plain.origin.guessed


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", [write_ortho, write_frame])
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Write, how: str) -> None:
    written = write(tmp_path, MAP, TAKE, Form(pan=True))
    if write is write_frame and how == TRICKS[3]:
        text = written.files[-1].read_text().splitlines()
        moved = [f"{line.split(': ')[0]}: {float(line.split()[1]) + 0.5}" for line in text[:2]]
        written.files[-1].write_text("\n".join(moved + text[2:]))
    else:
        trick(written.files[0], how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check_picture(written, MAP)


def test_colour_and_pan_of_one_bundle(tmp_path: Path) -> None:
    pan = write_ortho(tmp_path, MAP, TAKE, Form(pan=True))
    colour = write_ortho(tmp_path, MAP, TAKE)
    found = {product.acquisition.id: Seen(product) for product in products(tmp_path)}
    assert set(found) == {pan.expected["id"], colour.expected["id"]}
    for written in (pan, colour):
        seen = found[written.expected["id"]]
        compare(
            Seen(seen.product, {name: _whole(seen, name) for name in seen.product.power.polarisations}), written, MAP
        )


def _whole(seen: Seen, name: str):
    rows, cols = seen.product.power.geobox.shape
    return seen.product.power.read(name, slice(0, rows), slice(0, cols))


def test_a_frame_is_passed_over_where_its_ortho_image_lies_beside_it(tmp_path: Path) -> None:
    write_frame(tmp_path, TINY, TAKE)
    write_ortho(tmp_path, TINY, TAKE)
    first, second = products(tmp_path)
    assert first.acquisition.level == "ortho"
    assert isinstance(second, NotRead)
    assert second.error is None


def test_one_file_of_the_bundle_brings_the_rest(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    for path in (written.files[0], stated(written)):
        (product,) = products(path)
        assert set(written.files) <= set(product.paths)


def test_the_terms_hold_unless_it_is_an_exercise(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    written.files[2].write_text("End user licence agreement")
    with rasterio.open(written.files[0], "r+") as dataset:
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION="")
    found = see(written.path).product.acquisition
    assert (found.handling.redistribution, found.handling.regimes) == (False, {"BlackSky EULA"})
    assert dict(found.details)["proc:licence_text"] == "End user licence agreement"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("acquisitionDate", None, r"_metadata\.json states no acquisitionDate.*--time"),
        ("acquisitionDate", "noon", r"_metadata\.json: acquisitionDate"),
        ("gsd", -1, r"gsd .*between"),
        ("gsd", "fine", r"gsd is 'fine'"),
        ("cloudCoverPercent", 400, r"cloudCoverPercent .*between 0 and 100"),
        ("satelliteElevation", 120, r"satelliteElevation .*between 0 and 90"),
        ("geometry", {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}, r"geometry"),
        ("geometry", "everywhere", r"_metadata\.json: geometry"),
        ("width", "wide", r"width is 'wide'"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, key: str, value: object, words: str) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    restated(written, key, value)
    refused(written.path, words, DamagedProductError)


def test_missing_files_are_named(tmp_path: Path) -> None:
    written = write_frame(tmp_path / "a", TINY, TAKE)
    written.files[-1].unlink()
    refused(written.path, r"non-ortho\.tif has no map grid.*RPC", NoGeoreferenceError)
    written = write_ortho(tmp_path / "b", TINY, TAKE)
    written.files[0].unlink()
    refused(stated(written), r"_metadata\.json has no image beside it", DamagedProductError)


def test_damaged_rpcs_are_named(tmp_path: Path) -> None:
    written = write_frame(tmp_path, TINY, TAKE)
    text = written.files[-1].read_text()
    written.files[-1].write_text(text.replace("LINE_NUM_COEFF_7: ", "LINE_NUM_COEFF_7: x"))
    refused(written.path, r"_rpc\.txt: The RPCs state no usable LINE_NUM_COEFF", NoGeoreferenceError)


def test_hostile_metadata(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE)
    for text in ('{"acquisitionDate": ' + "[" * 100_000, '{"acquisitionDate": "2024', '["acquisitionDate"]'):
        stated(written).write_text(text)
        refused(stated(written), r"_metadata\.json", DamagedProductError)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    written = write_ortho(tmp_path / "a", TINY, TAKE)
    written.files[0].rename(tmp_path / "outside.tif")
    written.files[0].symlink_to(tmp_path / "outside.tif")
    refused(stated(written), "no image beside it", DamagedProductError)


def test_mutants(tmp_path: Path) -> None:
    tiny = mini_scene(1.0, (12, 16))
    take = replace(TAKE, orbit_number=7)
    assault(
        tmp_path,
        write_ortho(tmp_path / "a", tiny, take, Form(mask=False)),
        write_frame(tmp_path / "b", tiny, take, Form(pan=True)),
    )

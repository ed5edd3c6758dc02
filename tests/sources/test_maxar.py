"""Maxar's pictures, held against the scene and the take that they were written from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from picture_tricks import TRICKS, trick
from picture_truth import check_picture
from product_mutants import assault
from product_truth import see
from rasterio.errors import NotGeoreferencedWarning

from dashboard.model.errors import DamagedProductError, NightglassError, NoGeoreferenceError
from dashboard.simulate.products.maxar import LICENCE, Form, write_basic, write_ortho, write_standard
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.maxar.imd import load_parts, load_text
from dashboard.sources.maxar.reader import MaxarReader
from dashboard.sources.product import Given
from dashboard.sources.registry import products

MAP = mini_scene(0.5, (96, 128))
TINY = mini_scene(1.0, (30, 40))
TAKE = Take(constellation="maxar", platform="worldview-3", incidence_deg=21.0)
Write = Callable[..., Written]
ALL = [write_ortho, write_standard, write_basic]


def read_all(path: Path, given: Given) -> None:
    """Read a path and raise what a walk would have reported."""
    for found in products(path, given):
        if getattr(found, "error", None) is not None:
            raise found.error


def refused(path: Path, words: str, kind: type[NightglassError] = NightglassError, given: Given | None = None) -> None:
    """Assert that reading a path ends in an error that says so."""
    with pytest.raises(kind, match=words) as caught:
        read_all(path, given or Given())
    assert "\n" not in str(caught.value)


def metadata(written: Written, suffix: str = ".IMD") -> Path:
    return next(file for file in written.files if file.suffix == suffix)


def image(written: Written) -> Path:
    return metadata(written, ".TIF")


def restated(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("band_id", "dtype"), [("P", "uint8"), ("P", "uint16"), ("RGB", "uint8"), ("BGRN", "uint16"), ("Multi", "uint16")]
)
@pytest.mark.parametrize("write", ALL)
def test_forms(tmp_path: Path, write: Write, band_id: str, dtype: str) -> None:
    written = write(tmp_path, MAP, TAKE, Form(band_id=band_id, dtype=dtype))
    found = check_picture(written, MAP, dtype).product
    geocoding = found.acquisition.geocoding
    if write is write_basic:
        assert (geocoding.kind, geocoding.error_m) == ("rpc", 5.0)
        assert geocoding.shift_per_m == pytest.approx(np.tan(np.radians(TAKE.incidence_deg)), abs=0.02)
        assert found.acquisition.original is not None
    else:
        assert found.power.geobox == MAP.geobox
        assert (geocoding.shift_per_m is None) == (write is write_ortho)


@pytest.mark.parametrize("form", [Form(xml=False), Form(text=False), Form(cloud=-999)], ids=["text", "xml", "cloud"])
@pytest.mark.parametrize("tiles", [(1, 1), (2, 3)])
@pytest.mark.parametrize("write", ALL)
def test_deliveries(tmp_path: Path, write: Write, tiles: tuple[int, int], form: Form) -> None:
    check_picture(write(tmp_path, MAP, TAKE, replace(form, tiles=tiles)), MAP)


@pytest.mark.parametrize("how", TRICKS)
@pytest.mark.parametrize("write", ALL)
def test_a_picture_laid_wrongly_is_noticed(tmp_path: Path, write: Write, how: str) -> None:
    written = write(tmp_path, MAP, TAKE, Form(band_id="P"))
    if write is write_basic and how == TRICKS[3]:
        rpb, xml = metadata(written, ".RPB"), metadata(written, ".XML")
        xml.unlink()
        words = load_text(rpb)["IMAGE"]
        for key, name in (("LINEOFFSET", "lineOffset"), ("SAMPOFFSET", "sampOffset")):
            restated(rpb, f"{name} = {words[key]}", f"{name} = {float(words[key]) + 0.5}")
        written = replace(written, files=tuple(file for file in written.files if file != xml))
    else:
        trick(image(written), how)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|no target"):
        check_picture(written, MAP)


def test_pan_and_colour_of_one_order_are_two_acquisitions(tmp_path: Path) -> None:
    write_ortho(tmp_path, MAP, TAKE, Form(band_id="P"))
    write_ortho(tmp_path, MAP, TAKE, Form(band_id="BGRN"))
    found = [product.acquisition for product in products(tmp_path)]
    assert [acq.polarisations for acq in found] == [("R", "G", "B"), ("PAN",)]
    assert len({acq.id for acq in found}) == 2


def test_drawn_ground_is_delivered_as_it_was_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    drawn = {name: rng.integers(0, 256, MAP.geobox.shape).astype(np.float32) for name in "RGB"}
    drawn["R"][:20] = drawn["G"][:20] = drawn["B"][:20] = np.nan
    seen = see(write_ortho(tmp_path, Scene(MAP.geobox, drawn=drawn), TAKE).path)
    for name, wanted in drawn.items():
        assert np.isnan(seen.power[name][:20]).all()
        assert np.array_equal(np.sqrt(seen.power[name][20:]), np.maximum(wanted[20:], 1))


def test_black_is_a_number_where_another_band_is_bright(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, MAP, TAKE)
    with rasterio.open(image(written), "r+") as dataset:
        bands = dataset.read()
        bands[0, 5:9] = 0
        bands[:, 20:24] = 0
        dataset.write(bands)
    power = see(written.path).power
    assert (power["R"][5:9] == 1).all()
    assert np.isnan(power["G"][20:24]).all()
    assert np.isfinite(power["G"][5:9]).all()


def test_licences(tmp_path: Path) -> None:
    strict = see(write_ortho(tmp_path / "a", TINY, TAKE, Form(licence=None)).path).product.acquisition.handling
    assert (strict.redistribution, strict.derivatives, strict.regimes) == (False, True, {"Maxar EULA"})
    words = "End user licence. Derivative works are not permitted."
    worse = see(write_ortho(tmp_path / "b", TINY, TAKE, Form(licence=words)).path).product.acquisition
    assert (worse.handling.redistribution, worse.handling.derivatives) == (False, False)
    assert dict(worse.details)["proc:licence_text"] == words
    words = "Licensed under CC BY-NC 4.0"
    free = see(write_ortho(tmp_path / "c", TINY, TAKE, Form(licence=words)).path).product.acquisition.handling
    assert (free.redistribution, free.regimes) == (True, {"CC-BY-NC-4.0"})
    exercise = see(write_ortho(tmp_path / "d", TINY, TAKE, Form(licence=LICENCE)).path).product.acquisition.handling
    assert (exercise.redistribution, exercise.regimes) == (True, frozenset())


def test_a_dem_moves_what_the_camera_saw_obliquely(tmp_path: Path) -> None:
    written = write_basic(tmp_path / "order", MAP, TAKE, Form(band_id="P"))
    at = MAP.geobox.pad(80)
    dem = tmp_path / "dem.tif"
    with rasterio.open(
        dem, "w", driver="GTiff", height=at.shape[0], width=at.shape[1], count=1, dtype="float32",
        crs=str(at.crs), transform=at.affine,
    ) as dataset:  # fmt: skip
        dataset.write(np.full(at.shape, MAP.height_m, np.float32), 1)
    check_picture(written, MAP, given=Given(dem=dem))
    with rasterio.open(dem, "r+") as dataset:
        dataset.write(np.full(at.shape, MAP.height_m + 30.0, np.float32), 1)
    with pytest.raises(AssertionError, match=r"off|not whole|cover|footprint"):
        check_picture(written, MAP, given=Given(dem=dem))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("satId", "END_GROUP = X\nsatId", r"\.IMD: group .* does not end|ends before|\.IMD"),
        ("meanSatEl = 69.0", "meanSatEl = high", r"\.IMD: IMAGE/MEANSATEL is 'high'"),
        ("meanSatEl = 69.0", "meanSatEl = 690", r"MEANSATEL .* between 0 and 90"),
        ("latestAcqTime = 2024", "latestAcqTime = 2023", r"\.IMD: MAP_PROJECTED_PRODUCT/LATESTACQTIME.*not before"),
        ("earliestAcqTime = 2024-", "earliestAcqTime = yesterday-", r"EARLIESTACQTIME .*not a time"),
        ("ULLon = 3", "ULLon = 4", r"\.IMD: .*(corners|quadrangle)"),
    ],
)
def test_wrong_words_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    written = write_ortho(tmp_path, TINY, TAKE, Form(band_id="P", xml=False))
    restated(metadata(written), old, new)
    refused(written.path, words)


def test_missing_files_are_named(tmp_path: Path) -> None:
    written = write_basic(tmp_path / "rpb", TINY, TAKE, Form(xml=False))
    metadata(written, ".RPB").unlink()
    refused(written.path, r"\.TIF has no map grid.*\.RPB is not there", NoGeoreferenceError)
    written = write_basic(tmp_path / "til", TINY, TAKE, Form(xml=False, tiles=(1, 2)))
    metadata(written, ".TIL").unlink()
    refused(written.path, r"2 tiles.*\.TIL.* is not there", NoGeoreferenceError)
    written = write_ortho(tmp_path / "tile", TINY, TAKE, Form(tiles=(1, 2)))
    image(written).unlink()
    refused(written.path, r"\.TIL lists .*\.TIF, which is not there", DamagedProductError)
    written = write_ortho(tmp_path / "imd", TINY, TAKE, Form(xml=False))
    metadata(written).unlink()
    refused(metadata(written, ".TIL"), r"\.IMD, the metadata of .* is not there", DamagedProductError)


def test_time_may_be_given_where_none_is_stated(tmp_path: Path) -> None:
    written = write_basic(tmp_path, TINY, TAKE, Form(xml=False))
    path = metadata(written)
    lines = [line for line in path.read_text().splitlines() if "TLCTime" not in line and "firstLineTime" not in line]
    path.write_text("\n".join(lines))
    refused(written.path, r"\.IMD states no firstLineTime.*--time")
    assert see(written.path, Given(time=TAKE.start)).product.acquisition.start == TAKE.start


@pytest.mark.parametrize(
    "name", ["../outside.TIF", "/etc/passwd", "http://localhost:9/x.TIF", "sub/x.TIF", "C:\\\\x.TIF", ""]
)
def test_tiles_elsewhere_are_not_read(tmp_path: Path, name: str) -> None:
    written = write_ortho(tmp_path, TINY, TAKE, Form(xml=False))
    restated(metadata(written, ".TIL"), image(written).name, name)
    refused(written.path, r"FILENAME|href|not there", DamagedProductError)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.TIF"
    written = write_ortho(tmp_path / "order", TINY, TAKE)
    image(written).rename(outside)
    image(written).symlink_to(outside)
    refused(written.path, "by a link", DamagedProductError)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE isd [<!ENTITY a "b">]><isd><IMD>&a;</IMD></isd>',
        '<!DOCTYPE isd SYSTEM "file:///etc/passwd"><isd/>',
        "<isd>" + "<a>" * 300 + "</a>" * 300 + "</isd>",
        "<isd><IMD>",
    ],
)
def test_hostile_xml(tmp_path: Path, text: str) -> None:
    written = write_ortho(tmp_path, TINY, TAKE, Form(text=False))
    metadata(written, ".XML").write_text(text)
    refused(metadata(written, ".XML"), r"\.XML", DamagedProductError)


def test_endless_text(tmp_path: Path) -> None:
    path = tmp_path / "x.IMD"
    for text, words in (
        ("BEGIN_GROUP = A\n" * 50, "deeper"), ("a = (\n" + "1,\n" * 10, "does not end"), ("END_GROUP = A\n", "before"),
        ("BEGIN_GROUP = A\n", "does not end"), ("a = 1;\n" * 500_000, "lines"), (" " * (17 << 20), "bytes"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(DamagedProductError, match=f"x.IMD.*{words}"):
            load_text(path)


def test_both_spellings_say_the_same(tmp_path: Path) -> None:
    written = write_basic(tmp_path, TINY, TAKE, Form(band_id="Multi", tiles=(2, 2)))
    parts = load_parts(metadata(written, ".XML"))
    for name in ("IMD", "TIL", "RPB"):
        assert load_text(metadata(written, f".{name}")) == parts[name]


def test_absurd_size_and_other_kinds_of_number(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE, Form(xml=False))
    image(written).unlink()  # GDAL deletes what belongs to a file that it overwrites
    options = {"driver": "GTiff", "count": 1, "crs": "EPSG:32637", "transform": TINY.geobox.affine}
    with rasterio.open(
        image(written), "w", width=390_000, height=390_000, dtype="uint8", tiled=True, sparse_ok=True, **options
    ):
        pass
    refused(written.path, r"\.TIF announces 390,000 x 390,000")
    image(written).unlink()
    with rasterio.open(image(written), "w", width=40, height=30, dtype="float32", **options):
        pass
    refused(written.path, r"\.TIF stores 1 bands of float32")
    image(written).write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    refused(written.path, r"\.TIF is damaged|VRT")


def test_tiles_of_different_pictures(tmp_path: Path) -> None:
    written = write_ortho(tmp_path, TINY, TAKE, Form(tiles=(1, 2), xml=False))
    with rasterio.open(image(written), "r+") as dataset:
        dataset.transform = dataset.transform @ rasterio.Affine.translation(0.4, 0)
    refused(written.path, r"beside the pixels")
    with rasterio.open(image(written), "r+") as dataset:
        dataset.crs = "EPSG:32636"
    refused(written.path, r"another map")


def test_every_field_has_its_place() -> None:
    (system,) = MaxarReader.systems
    assert all(field.note for field in system.fields)
    assert {"sun elevation", "cloud", "tiles", "radiometry", "corners"} <= {field.name for field in system.fields}


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_mutants(tmp_path: Path) -> None:
    assert NotGeoreferencedWarning
    tiny = mini_scene(1.0, (12, 16))
    assault(
        tmp_path,
        write_ortho(tmp_path / "a", tiny, TAKE, Form(band_id="RGB", tiles=(1, 2), xml=False, extras=False)),
        write_basic(tmp_path / "b", tiny, TAKE, Form(band_id="P", xml=False, extras=False)),
        write_basic(tmp_path / "c", tiny, TAKE, Form(band_id="P", text=False, extras=False)),
    )

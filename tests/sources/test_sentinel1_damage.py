"""Damaged, hostile and foreign Sentinel-1 products: an error that names file and field, never anything else."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from product_mutants import assault, outcome
from test_sentinel1 import TAKE, edit

from dashboard.model.errors import NightglassError
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sentinel1 import write_grd, write_slc_bursts
from dashboard.simulate.products.take import Written
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products

ANNOTATION = "annotation/s1a-*.xml"
TABLE = "annotation/calibration/calibration-*.xml"
NOISE = "annotation/calibration/noise-*.xml"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_grd(tmp_path_factory.mktemp("grd"), mini_scene(10.0, (40, 50)), TAKE)


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_slc_bursts(tmp_path_factory.mktemp("slc"), mini_scene(20.0, (60, 60)), TAKE)


def copy(product: Written, folder: Path) -> Written:
    path = Path(shutil.copytree(product.path, folder / product.path.name))
    files = tuple(path / file.relative_to(product.path) for file in product.files)
    return Written(path=path, files=files, expected={}, quantity=None, footprint=product.footprint)


def refused(path: Path) -> str:
    """Return the error's text; pixels are read when the metadata still pass."""
    for found in products(path):
        if isinstance(found, NotRead):
            if found.error is not None:
                return str(found.error)
            continue
        assert isinstance(found, Product)
        assert found.power is not None
        rows, cols = found.power.geobox.shape
        with pytest.raises(NightglassError) as error:
            found.power.read("VV", slice(0, rows), slice(0, cols))
        found.close()
        return str(error.value)
    pytest.fail("nothing was found")


def only(product: Written, pattern: str) -> Path:
    return sorted(product.path.glob(pattern))[-1]  # vv


CASES: dict[str, tuple[Callable[[Written], object], str]] = {
    "no measurement": (lambda p: only(p, "measurement/*").unlink(), r"vv.*\.tiff.* the measurement is missing"),
    "no annotation": (lambda p: only(p, ANNOTATION).unlink(), r"vv.*\.xml.* the annotation is missing"),
    "no calibration": (lambda p: only(p, TABLE).unlink(), r"calibration-.*\.xml.* the calibration is missing"),
    "no noise": (lambda p: only(p, NOISE).unlink(), r"noise-.*\.xml.* the noise is missing"),
    "wrong polarisation": (
        lambda p: edit(p, "<polarisation>VV<", "<polarisation>HH<", files="annotation/*-vv-*.xml"),
        r"manifest\.safe states transmitterReceiverPolarisation VH\+VV.*HH\+VH",
    ),
    "unknown polarisation": (
        lambda p: edit(p, "Polarisation>VV<", "Polarisation>XX<", files="manifest.safe"),
        r"Polarisation 'XX' is unknown",
    ),
    "time backwards": (
        lambda p: edit(p, "(startTime>)2024", r"\g<1>2034", files="manifest.safe"),
        r"manifest\.safe states stopTime .* before startTime",
    ),
    "no time": (
        lambda p: edit(p, "<safe:startTime>.*?</safe:startTime>", "", files="manifest.safe"),
        r"manifest\.safe does not state .*startTime",
    ),
    "words for a number": (
        lambda p: edit(p, "(<azimuthTimeInterval>)[^<]*", r"\g<1>soon", files=ANNOTATION),
        r"s1a-.*\.xml states 'soon' as .*azimuthTimeInterval",
    ),
    "no step": (
        lambda p: edit(p, "(<rangePixelSpacing>)[^<]*", r"\g<1>0", files=ANNOTATION),
        r"s1a-.*\.xml states 0 as .*rangePixelSpacing",
    ),
    "absurd size": (
        lambda p: edit(p, "(<numberOfLines>)[^<]*", r"\g<1>999999999", files=ANNOTATION),
        r"s1a-.*\.xml announces 999,999,999 x",
    ),
    "other size": (
        lambda p: edit(p, "(<numberOfLines>)[^<]*", r"\g<1>71", files=ANNOTATION),
        r"\.tiff has .* states numberOfLines 71",
    ),
    "orbit elsewhere": (
        lambda p: edit(p, "<x>[^<]*", "<x>7e6", files=ANNOTATION),
        r"orbit",
    ),
    "grid elsewhere": (
        lambda p: edit(p, "(<longitude>)[^<]*", r"\g<1>12.5", files=ANNOTATION),
        r"s1a-.*\.xml: its orbit and its geolocationGrid disagree by",
    ),
    "grid off the globe": (
        lambda p: edit(p, "(<latitude>)[^<]*", r"\g<1>912.5", files=ANNOTATION),
        r"s1a-.*\.xml has a geolocationGridPoint that is not on the ground",
    ),
    "no conversion": (
        lambda p: edit(p, "<coordinateConversionList.*</coordinateConversionList>", "", files=ANNOTATION),
        r"s1a-.*\.xml has 0 records of coordinateConversion",
    ),
    "wild conversion": (
        lambda p: edit(p, "(<grsrCoefficients>)[^<]*", r"\g<1>-1e300 1e300 1e300", files=ANNOTATION),
        r"grsrCoefficients",
    ),
    "calibration of zero": (
        lambda p: edit(p, "(<sigmaNought>)[^<]*", r"\g<1>0 0 0", files=TABLE),
        r"calibration-.*\.xml has a (sigmaNought that is not positive|vector of)",
    ),
    "calibration too short": (
        lambda p: edit(p, "(<sigmaNought>)[^<]*", r"\g<1>5 5", files=TABLE),
        r"calibration-.*\.xml has a vector of \d+ pixels and 2 values",
    ),
    "negative noise": (
        lambda p: edit(p, "(<noiseRangeLut>)", r"\g<1>-", files=NOISE),
        r"noise-.*\.xml has a negative noiseRangeLut",
    ),
    "footprint of one point": (
        lambda p: edit(p, "(coordinates>)[^<]*", r"\g<1>50,36", files="manifest.safe"),
        r"manifest\.safe states a footPrint of 1 points",
    ),
    "entities": (
        lambda p: edit(p, r"\?>", "?><!DOCTYPE a [<!ENTITY x 'y'>]>", files=ANNOTATION, count=1),
        r"s1a-.*\.xml brings a document type",
    ),
    "external entity": (
        lambda p: edit(p, r"\?>", "?><!DOCTYPE a SYSTEM 'file:///etc/passwd'>", files="manifest.safe", count=1),
        r"manifest\.safe brings a document type",
    ),
    "path upwards": (
        lambda p: edit(p, r'href="\./measurement', 'href="../../measurement', files="manifest.safe"),
        r"leaves the product's folder",
    ),
    "absolute path": (
        lambda p: edit(p, r'href="\./measurement', 'href="/etc/measurement', files="manifest.safe"),
        r"leaves the product's folder",
    ),
    "web address": (
        lambda p: edit(p, r'href="\./measurement', 'href="http://127.0.0.1/measurement', files="manifest.safe"),
        r"manifest\.safe names 'http://127",
    ),
    "truncated image": (
        lambda p: only(p, "measurement/*").write_bytes(only(p, "measurement/*").read_bytes()[:3000]),
        r"\.tiff has 3,000 bytes; manifest\.safe states .* truncated",
    ),
    "truncated XML": (
        lambda p: only(p, ANNOTATION).write_bytes(only(p, ANNOTATION).read_bytes()[:3000] + b" " * 100_000),
        r"s1a-.*\.xml is not well-formed",
    ),
    "VRT in disguise": (
        lambda p: only(p, "measurement/*").write_bytes(
            b'<VRTDataset rasterXSize="9" rasterYSize="9"/>' + b" " * 500_000
        ),
        r"\.tiff is damaged or truncated",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_named(case: str, ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    act, words = CASES[case]
    act(product)
    assert_matches(words, refused(product.path))


BURST_CASES: dict[str, tuple[Callable[[Written], object], str]] = {
    "burst off the grid": (
        lambda p: edit(p, r"(<burst>\s*<azimuthTime>2024-06-12T17:43:)\d\d", r"\g<1>57", files=ANNOTATION, count=1),
        r"bursts lie farther apart in azimuthTime|bursts out of order",
    ),
    "too few samples": (
        lambda p: edit(p, "(<firstValidSample>)[^<]*", r"\g<1>1 2 3", files=ANNOTATION),
        r"s1a-.*\.xml states \d+ linesPerBurst and firstValidSample for 3",
    ),
    "nothing valid": (
        lambda p: edit(p, "(<firstValidSample>)([^<]*)", lambda m: m[1] + " ".join(["-1"] * len(m[2].split()))),
        r"has no valid sample in firstValidSample",
    ),
    "absurd samples": (
        lambda p: edit(p, "(<lastValidSample>)([^<]*)", lambda m: m[1] + " ".join(["9e9"] * len(m[2].split()))),
        r"absurd samples as lastValidSample",
    ),
    "one swath missing": (
        lambda p: [path.unlink() for path in p.path.glob("measurement/*iw2*")],
        r"iw2.*\.tiff.* the measurement is missing",
    ),
    "swath far away": (
        lambda p: edit(p, "(<slantRangeTime>)([^<]*)(</slantRangeTime>\n<pixelValue)", r"\g<1>9e-3\g<3>"),
        r"disagree by|slantRangeTime lies",
    ),
}


@pytest.mark.parametrize("case", BURST_CASES)
def test_bad_bursts_are_named(case: str, bursts: Written, tmp_path: Path) -> None:
    product = copy(bursts, tmp_path)
    act, words = BURST_CASES[case]
    act(product)
    assert_matches(words, refused(product.path))


def test_links_out_of_the_folder_are_not_followed(ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    path = only(product, "measurement/*")
    outside = path.rename(tmp_path / "outside.tiff")
    path.symlink_to(outside)
    assert_matches(r"leads out of the product's folder by a link", refused(product.path))


def test_other_levels_are_passed_over(ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    edit(product, "productType>GRD<", "productType>OCN<", files="manifest.safe")
    (found,) = products(product.path)
    assert isinstance(found, NotRead)
    assert found.error is None
    assert "type OCN" in found.reason
    assert set(found.paths) == set(product.files)


def test_an_image_without_its_manifest_is_no_safe_product(ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    (product.path / "manifest.safe").unlink()
    for found in products(product.path):
        assert not isinstance(found, Product) or not found.acquisition.calibration.valid


def test_a_broken_manifest_is_said_once(ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    (product.path / "manifest.safe").write_bytes(b"<xfdu:XFDU sentinel-1")
    found = list(products(product.path))
    assert [one.name for one in found if isinstance(one, NotRead)] == ["manifest.safe"]
    assert len(found) == 1


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_bomb_of_an_image_is_not_unpacked(ground: Written, tmp_path: Path) -> None:
    product = copy(ground, tmp_path)
    for path in (product.path / "measurement").iterdir():
        with rasterio.open(
            path, "w", driver="GTiff", width=60_000, height=60_000, count=1, dtype="uint16", tiled=True,
            compress="DEFLATE", SPARSE_OK="TRUE",
        ):  # fmt: skip
            pass
    edit(product, 'size="[0-9]+"', 'size="0"', files="manifest.safe")
    assert_matches(r"\.tiff has 60,000 x 60,000 pixels; .* states numberOfLines", refused(product.path))


def test_mutants(tmp_path: Path) -> None:
    """Sizes are not stated, so that a file that was cut is not refused for that alone."""
    take = replace(TAKE, polarisations=("VV",))
    ground = write_grd(tmp_path / "grd", mini_scene(10.0, (30, 40)), take)
    bursts = write_slc_bursts(tmp_path / "slc", mini_scene(20.0, (40, 40)), take)
    for product in (ground, bursts):
        edit(product, 'size="[0-9]+"', 'size="0"', files="manifest.safe")
    outcomes = assault(tmp_path, ground, bursts)
    assert sum(outcomes.values()) >= 2000


VALUES = (
    "",
    "0",
    "-1",
    "1",
    "nan",
    "inf",
    "1e308",
    "-1e308",
    "1e-308",
    "2147483648",
    "x",
    "0 0",
    "1 2 3",
    "-9999",
    "90",
)


@pytest.mark.parametrize("kind", ["grd", "slc"])
def test_wrong_values_in_sound_xml(kind: str, tmp_path: Path) -> None:
    """One element at a time gets another value, or goes, or comes twice: the XML stays sound, so that it is seen."""
    take = replace(TAKE, polarisations=("VV",))
    write, scene = (
        (write_grd, mini_scene(10.0, (30, 40))) if kind == "grd" else (write_slc_bursts, mini_scene(20.0, (40, 40)))
    )
    product = write(tmp_path, scene, take)
    edit(product, 'size="[0-9]+"', 'size="0"', files="manifest.safe")
    files = [product.path / "manifest.safe", *sorted(product.path.glob("annotation/**/*.xml"))]
    trees = {path: path.read_bytes() for path in files}
    outcomes: Counter[str] = Counter()

    @settings(max_examples=250, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(files),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["value", "value", "gone", "twice"]),
        st.sampled_from(VALUES),
    )
    def attack(path: Path, where: float, act: str, value: str) -> None:
        root = etree.fromstring(trees[path])
        leaves = [element for element in root.iter() if len(element) == 0 and element is not root]
        leaf = leaves[int(where * len(leaves))]
        if act == "value":
            leaf.text = value
        elif act == "gone":
            leaf.getparent().remove(leaf)
        else:
            leaf.addnext(deepcopy(leaf))
        path.write_bytes(etree.tostring(root))
        try:
            outcomes[outcome(product.path)] += 1
        finally:
            path.write_bytes(trees[path])

    attack()
    assert outcomes["refused"] > 50, outcomes
    assert outcomes["read"] > 50, outcomes
    assert outcomes["fatal"] == 0, outcomes


def assert_matches(words: str, text: str) -> None:
    assert re.search(words, text), text

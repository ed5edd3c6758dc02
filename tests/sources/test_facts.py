"""Metadata asked for by name give a value, nothing, or an error with the file's and the field's name."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine

from dashboard.model.acquisition import LookSide
from dashboard.model.errors import DamagedProductError
from dashboard.sources.facts import Facts
from dashboard.sources.tiff_head import GDAL_METADATA, IMAGE_DESCRIPTION, texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(JSON)
def test_any_content_gives_a_value_nothing_or_a_named_error(content: object) -> None:
    facts, said = Facts({"a": content}, "x.json"), []
    for ask in (
        lambda: facts.number("a", 0, 10), lambda: facts.whole("a"), lambda: facts.text("a"), lambda: facts.time("a"),
        lambda: facts.numbers("a"), lambda: facts.records("a"), lambda: facts.choice(LookSide, "a"),
        lambda: facts.need_number("a/b"), lambda: facts.need_text("a/b"), lambda: facts.need_time("a/b"),
    ):  # fmt: skip
        try:
            ask()
        except DamagedProductError as error:
            said.append(str(error))
    assert all("x.json" in text and "a" in text and "\n" not in text for text in said)


def test_values() -> None:
    facts = Facts({"a": {"b": "1.5", "n": [1, 2.5], "look": " Left "}, "none": None, "blank": ""}, "x.json")
    assert facts.number("a/b") == 1.5
    assert facts.numbers("a/n", 2).tolist() == [1.0, 2.5]
    assert facts.choice(LookSide, "a/look") is LookSide.LEFT
    assert facts.number("none") is facts.number("blank") is facts.number("a/x/y") is facts.time("blank") is None
    with pytest.raises(DamagedProductError, match=r"x\.json: a/b is '1\.5'; it must be between 2 and 3"):
        facts.number("a/b", 2, 3)
    with pytest.raises(DamagedProductError, match=r"x\.json does not state a/c"):
        facts.need_number("a/c")
    with pytest.raises(DamagedProductError, match="3 finite numbers"):
        facts.numbers("a/n", 3)


@pytest.mark.parametrize("options", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}], ids=str)
def test_texts_of_a_tiff_are_found_without_opening_it(tmp_path: Path, options: dict[str, str]) -> None:
    path = tmp_path / "x.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=9, height=7, count=1, dtype="uint8", crs="EPSG:32637",
        transform=Affine(2, 0, 5e5, 0, -2, 5e6), **options,
    ) as dataset:  # fmt: skip
        dataset.write(np.ones((1, 7, 9), np.uint8))
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION='{"collect": 1}', ICEYE_PROPERTIES="{}")
    found = texts(path)
    assert found[IMAGE_DESCRIPTION].startswith(b'{"collect"')
    assert b"ICEYE_PROPERTIES" in found[GDAL_METADATA]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_texts_of_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.tif"
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"):
        path.write_bytes(start + content)
        texts(path)

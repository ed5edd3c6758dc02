"""XML from strangers is read as text and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.errors import DamagedProductError
from dashboard.sources.xml import (
    MAX_DEPTH,
    find_all,
    load_xml,
    local,
    number_at,
    parse_xml,
    required_number,
    required_text,
    text,
)

NAMED = b"<p:a xmlns:p='urn:x'><p:b><c> 3.5 </c><c>4</c></p:b><empty/></p:a>"


def test_paths_ignore_namespaces() -> None:
    root = parse_xml(NAMED, "a.xml")
    assert local(root) == "a"
    assert text(root, "b/c") == "3.5"
    assert number_at(root, "b/c", "a.xml") == 3.5
    assert [c.text.strip() for c in find_all(root, "b/c")] == ["3.5", "4"]
    assert text(root, "empty") is None
    assert text(root, "b/nothing") is None


@pytest.mark.parametrize("path", ["empty", "b/nothing"])
def test_what_must_be_there_is_named(path: str) -> None:
    root = parse_xml(NAMED, "a.xml")
    with pytest.raises(DamagedProductError, match=f"a.xml does not state {path}"):
        required_text(root, path, "a.xml")
    with pytest.raises(DamagedProductError, match=f"a.xml does not state {path}"):
        required_number(root, path, "a.xml")


@pytest.mark.parametrize("words", ["east", "nan", "inf", "1e999"])
def test_a_number_must_be_finite(words: str) -> None:
    root = parse_xml(f"<a><b>{words}</b></a>".encode(), "a.xml")
    with pytest.raises(DamagedProductError, match=r"a.xml states .* as b, which is not a finite number"):
        number_at(root, "b", "a.xml")


LAUGHS = "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;&x;'>]><a>&y;</a>"
OUTSIDE = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"
REMOTE = "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("hostile", [LAUGHS, OUTSIDE, REMOTE])
def test_document_types_are_refused(hostile: str, encoding: str) -> None:
    with pytest.raises(DamagedProductError, match=r"a.xml (brings a document type|is not well-formed)"):
        parse_xml(hostile.encode(encoding), "a.xml")


def test_a_document_type_hidden_by_its_encoding_is_refused() -> None:
    hidden = b"<?xml version='1.0' encoding='UTF-7'?>" + OUTSIDE.encode("utf-7")
    with pytest.raises(DamagedProductError, match=r"a\.xml"):
        parse_xml(hidden, "a.xml")


def test_depth_and_size_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "a.xml")
    with pytest.raises(DamagedProductError, match="deeper than 200"):
        parse_xml(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "a.xml")
    with pytest.raises(DamagedProductError, match=r"a\.xml"):
        parse_xml(b"<a>" * 100_000 + b"</a>" * 100_000, "a.xml")
    monkeypatch.setattr("dashboard.sources.xml.MAX_XML_BYTES", 10)
    (tmp_path / "b.xml").write_bytes(NAMED)
    with pytest.raises(DamagedProductError, match=r"b\.xml has \d+ bytes of XML; the limit is 10"):
        load_xml(tmp_path / "b.xml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedProductError, match=r"gone\.xml cannot be read"):
        load_xml(tmp_path / "gone.xml")


@given(st.binary(max_size=200), st.integers(0, len(NAMED)))
def test_any_bytes_give_a_tree_or_the_one_error(noise: bytes, at: int) -> None:
    refused = None
    try:
        parse_xml(NAMED[:at] + noise + NAMED[at:], "a.xml")
    except DamagedProductError as error:
        refused = str(error)
    assert refused is None or "a.xml" in refused

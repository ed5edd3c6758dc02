"""Markings of every segment are read, the strictest counts, and what cannot be read is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nitf_makers import FSCLAS, FSCLSY, FSREL, ISCLAS, ISREL, with_bytes, with_xml
from product_truth import see

from dashboard.model.acquisition import Acquisition
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Rank
from dashboard.simulate.products.nitf import write_nitf
from dashboard.simulate.products.scene import mini_scene
from dashboard.simulate.products.sicd import SicdForm, write_sicd
from dashboard.simulate.products.sidd import write_sidd
from dashboard.simulate.products.take import CAVEAT, Take
from dashboard.sources.nitf.header import read_headers
from dashboard.sources.nitf.security import LETTERS, Stated, of_text, together

SCENE = mini_scene(4.0, (20, 24))
TAKE = Take(constellation="umbra", platform="umbra-04", handling={"marking": "R", "releasable_to": ["DEU", "UKR"]})
SMALL = SicdForm(spacing=(2.0, 2.5))


def acquisition(path: Path) -> Acquisition:
    return see(path).product.acquisition


def test_all_sources_agree(tmp_path: Path) -> None:
    found = acquisition(write_sicd(tmp_path, SCENE, TAKE, SMALL).path).handling
    assert (found.rank, found.marking) == (Rank.RESTRICTED, "NATO RESTRICTED")
    assert found.releasable_to == {"DEU", "UKR"}
    assert found.caveats == {CAVEAT}
    assert not found.conflict


@pytest.mark.parametrize("letter", "CST")
def test_a_stricter_image_counts_and_is_shown_as_a_conflict(tmp_path: Path, letter: str) -> None:
    path = write_sicd(tmp_path, SCENE, TAKE, SMALL).path
    with_bytes(path, read_headers(path).images[0].span.header + ISCLAS, letter.encode())
    found = acquisition(path)
    assert found.handling.marking == f"NATO {LETTERS[letter]}"
    assert found.handling.conflict
    raw = dict(found.details)["rel:raw"]
    assert f"image 1: CLAS {letter}" in raw
    assert "CLAS R" in raw


def test_a_stricter_extension_counts(tmp_path: Path) -> None:
    path = write_sicd(tmp_path, SCENE, TAKE, SMALL).path
    with_bytes(path, read_headers(path).extensions[0].span.header + 2 + 25 + 2, b"S")
    assert acquisition(path).handling.rank is Rank.SECRET


def test_stricter_words_in_the_metadata_count(tmp_path: Path) -> None:
    path = write_sicd(tmp_path, SCENE, TAKE, SMALL).path
    with_xml(path, {"<Classification>[^<]*<": "<Classification>GEHEIM//REL TO DEU//ATOMAL<"})
    found = acquisition(path).handling
    assert (found.rank, found.marking) == (Rank.SECRET, "GEHEIM")
    assert found.releasable_to == {"DEU"}
    assert "ATOMAL" in found.caveats
    assert found.conflict


def test_a_narrower_audience_of_the_image_counts(tmp_path: Path) -> None:
    path = write_nitf(tmp_path, SCENE, TAKE).path
    with_bytes(path, read_headers(path).images[0].span.header + ISREL, b"UKR    ")
    found = acquisition(path).handling
    assert found.releasable_to == {"UKR"}
    assert found.conflict


def test_words_that_nobody_knows_need_a_person(tmp_path: Path) -> None:
    path = write_sicd(tmp_path, SCENE, TAKE, SMALL).path
    with_xml(path, {"<Classification>[^<]*<": "<Classification>TAJNE<"})
    found = acquisition(path)
    assert found.handling.conflict
    assert "TAJNE" in dict(found.details)["rel:raw"]


def test_ism_of_a_sidd_counts(tmp_path: Path) -> None:
    path = write_sidd(tmp_path, SCENE, TAKE).path
    with_xml(path, {'ism:classification="R"': 'ism:classification="TS" ism:SCIcontrols="SI"'})
    found = acquisition(path).handling
    assert found.rank is Rank.TOP_SECRET
    assert "SI" in found.caveats
    assert found.conflict


def test_an_unknown_ism_letter_is_refused(tmp_path: Path) -> None:
    path = write_sidd(tmp_path, SCENE, TAKE).path
    with_xml(path, {'ism:classification="R"': 'ism:classification="Q"'})
    with pytest.raises(DamagedProductError, match="ism:classification 'Q'"):
        see(path)


@pytest.mark.parametrize("letter", [b"X", b"u", b"1", b"\xff"])
def test_a_letter_that_is_no_classification_is_refused(tmp_path: Path, letter: bytes) -> None:
    path = with_bytes(write_nitf(tmp_path, SCENE, TAKE).path, FSCLAS, letter)
    with pytest.raises(
        DamagedProductError, match=r"umbra-04.*\(CLAS\).*never guessed|UMBRA-04.*\(CLAS\).*never guessed"
    ):
        see(path)


@pytest.mark.parametrize("constellation", ["sarah", "sar-lupe"])
@pytest.mark.parametrize("write", [write_nitf, write_sidd])
def test_where_a_classification_is_mandatory_a_blank_one_is_refused(
    tmp_path: Path, constellation: str, write: object
) -> None:
    taken = Take(constellation=constellation, platform=f"{constellation}-1")
    path = with_bytes(write(tmp_path, SCENE, taken).path, FSCLAS, b" ")  # type: ignore[operator]
    with pytest.raises(DamagedProductError, match=r"FSCLAS is blank"):
        see(path)


def test_an_nsif_of_nobody_knows_whom_needs_one_too(tmp_path: Path) -> None:
    taken = Take(constellation="nobody", platform="nobody-1")
    path = with_bytes(write_nitf(tmp_path, SCENE, taken).path, FSCLAS, b" ")
    with pytest.raises(DamagedProductError, match=r"FSCLAS is blank"):
        see(path)


def test_the_headers_name_the_platform_where_the_metadata_do_not(tmp_path: Path) -> None:
    taken = Take(constellation="sarah", platform="sarah-1")
    path = write_sicd(tmp_path, SCENE, taken, SMALL).path
    with_xml(path, {"<CollectorName>[^<]*<": "<CollectorName>Objekt 7<"})
    assert acquisition(path).platform == "sarah-1"  # ISORCE
    with_bytes(path, FSCLAS, b" ")
    with pytest.raises(DamagedProductError, match=r"FSCLAS is blank"):
        see(path)


def test_elsewhere_a_blank_classification_takes_the_other_sources(tmp_path: Path) -> None:
    path = with_bytes(write_nitf(tmp_path, SCENE, TAKE).path, FSCLAS, b" ")
    assert acquisition(path).handling.rank is Rank.RESTRICTED


def test_national_systems_keep_their_digraph(tmp_path: Path) -> None:
    path = write_nitf(tmp_path, SCENE, TAKE).path
    with_bytes(with_bytes(path, FSCLSY, b"GM"), FSREL, b"FIN ITA GBR")
    found = acquisition(path)
    assert found.handling.rank is Rank.RESTRICTED
    assert found.handling.conflict
    assert found.handling.releasable_to == frozenset()
    assert "CLSY GM" in dict(found.details)["rel:raw"]


def test_japanese_systems_keep_their_regime(tmp_path: Path) -> None:
    taken = Take(constellation="qps-sar", platform="qps-sar-7")
    found = acquisition(write_sicd(tmp_path, SCENE, taken, SMALL).path)
    assert (found.constellation, found.platform) == ("qps-sar", "qps-sar-7")
    assert "JP-RSD" in found.handling.regimes
    assert any("TO BE STATED" in caveat for caveat in found.handling.caveats)


words = st.sampled_from(["UNCLASSIFIED", "NATO RESTRICTED", "CONFIDENTIAL//REL TO DEU", "SECRET//REL TO DEU, UKR", ""])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(words, max_size=5))
def test_together_is_as_strict_as_each(texts: list[str]) -> None:
    stated: list[Stated] = [one for number, text in enumerate(texts) for one in of_text(f"text {number}", text)]
    found, _ = together(stated)
    for one in stated:
        assert found.rank >= one.handling.rank
        if one.handling.releasable_to is not None:
            assert found.releasable_to is not None
            assert found.releasable_to <= one.handling.releasable_to
    assert found.conflict == (
        len({one.handling.rank for one in stated}) > 1
        or len({one.handling.releasable_to for one in stated} - {None}) > 1
    )

import pytest

from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Rank, Tlp
from dashboard.sources.marking import categorised, exercise, handling


def of(constellation: str = "iceye", **fields: object) -> object:
    return handling({name.replace("__", ":"): value for name, value in fields.items()}, constellation, 2024)


@pytest.mark.parametrize(
    ("words", "rank"),
    [
        ("NATO UNCLASSIFIED", Rank.UNCLASSIFIED),
        ("NATO RESTRICTED", Rank.RESTRICTED),
        ("VS-NfD", Rank.RESTRICTED),
        ("NATO CONFIDENTIAL REL UKR", Rank.CONFIDENTIAL),
        ("NATO SECRET", Rank.SECRET),
        ("STRENG GEHEIM", Rank.TOP_SECRET),
        ("COSMIC TOP SECRET", Rank.TOP_SECRET),
    ],
)
def test_words_have_a_rank_and_are_kept(words: str, rank: Rank) -> None:
    found = of(rel__marking=words)
    assert (found.rank, found.marking, found.conflict) == (rank, words, False)


def test_the_stricter_of_words_and_number_counts_and_is_flagged() -> None:
    found = of(rel__marking="NATO RESTRICTED", rel__rank=3)
    assert (found.rank, found.conflict) == (Rank.SECRET, True)


def test_words_that_nobody_knows_need_a_person() -> None:
    assert of(rel__marking="ZEBRA").conflict


def test_sharing_labels_in_their_spellings() -> None:
    assert of(rel__tlp="TLP:AMBER+STRICT").tlp is Tlp.AMBER_STRICT
    assert of(rel__tlp="white").tlp is Tlp.CLEAR


@pytest.mark.parametrize(
    "fields",
    [{"rel__tlp": "PURPLE"}, {"rel__rank": 9}, {"rel__licence_redistribution": "no"}, {"rel__embargo_until": "soon"}],
)
def test_what_cannot_be_understood_is_refused_not_opened(fields: dict[str, object]) -> None:
    with pytest.raises(DamagedProductError, match="rel:"):
        of(**fields)


def test_nobody_is_not_everybody() -> None:
    assert of(rel__releasable_to=[]).releasable_to == frozenset()
    assert of().releasable_to is None


def test_licences_that_come_with_a_constellation() -> None:
    assert of("qps-sar").regimes == {"JP-RSD"}
    assert of("alos").caveats == {"JP-RSD CATEGORY TO BE STATED BY SUPPLIER"}
    assert of("qps-sar", rel__regime=["exercise"]).regimes == {"exercise"}
    assert of("sentinel-1").attributions == {"Contains modified Copernicus Sentinel data 2024"}
    assert of(license="CC-BY-4.0").regimes == {"CC-BY-4.0"}


def test_a_category_takes_the_place_of_the_one_before() -> None:
    stated = categorised(of("qps-sar"), "corrected, 46 cm")
    assert stated.regimes == {"JP-RSD"}
    assert stated.caveats == {"JP-RSD CATEGORY: corrected, 46 cm"}
    assert categorised(stated, None) == of("qps-sar")


def test_the_caveat_of_an_exercise_is_found_in_free_text() -> None:
    assert exercise(None, "remarks: Exercise - Synthetic Data.").caveats == {"EXERCISE - SYNTHETIC DATA"}
    assert exercise(None, "", "synthetic aperture").caveats == frozenset()

"""The band between providers, against the differences it is made of."""

import pytest
import shapely
from front_makers import divided, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.geo.disagreement import disagreement, side_key
from dashboard.geo.geodesy import area_km2
from dashboard.model.errors import InputError


def square(west, east):
    return shapely.box(west, 48.0, east, 49.0)


@given(cut=st.floats(36.2, 37.8), other=st.floats(36.2, 37.8))
@settings(max_examples=25, deadline=None)
def test_the_band_is_the_ground_between_the_two_lines(cut: float, other: float) -> None:
    one = snapshot("a", BLUE=square(36, cut), ORANGE=square(cut, 38))
    two = snapshot("b", BLUE=square(36, other), ORANGE=square(other, 38))
    found, back = disagreement(one, two), disagreement(two, one)
    between = area_km2(square(min(cut, other), max(cut, other)))
    assert found.km2 == pytest.approx(between, rel=1e-9, abs=1e-9)
    assert found.km2 == pytest.approx(back.km2, rel=1e-9, abs=1e-9)
    assert sum(pair.km2 for pair in found.pairs) == pytest.approx(found.km2, rel=1e-9, abs=1e-9)
    if abs(cut - other) > 1e-6:
        (pair,) = found.pairs
        assert (pair.one, pair.other) == (("BLUE", "ORANGE") if cut > other else ("ORANGE", "BLUE"))
        assert [(p.one, p.other) for p in back.pairs] == [(pair.other, pair.one)]


def test_equal_snapshots_agree() -> None:
    front = divided("a", 0.0)
    found = disagreement(front, front)
    assert (found.km2, found.pairs) == (0.0, ())
    assert found.band.is_empty


def test_names_of_one_side_are_compared_as_one() -> None:
    ours = snapshot("a", BLUE=square(36, 37), ORANGE=square(37, 38))
    theirs = snapshot("b", **{"occupied": square(37.2, 37.6), "occupied before 2022": square(37.6, 38)})
    found = disagreement(ours, theirs)
    assert found.compared == (("ORANGE", "occupied + occupied before 2022"),)
    assert found.km2 == pytest.approx(area_km2(square(37, 37.2)), rel=1e-9)
    assert [(pair.one, pair.other) for pair in found.pairs] == [("ORANGE", "")]
    assert side_key(" Occupied ") == side_key("RU") == side_key("ORANGE") != side_key("UA")


def test_a_provider_of_one_side_speaks_of_everywhere_and_one_of_two_of_its_own_ground() -> None:
    ours = snapshot("a", BLUE=square(36, 37), ORANGE=square(37, 38))
    large = snapshot("b", occupied=square(37, 44))  # agrees where both speak
    found = disagreement(ours, large)
    assert found.km2 == 0.0
    assert "p map" in found.note
    everywhere = disagreement(snapshot("c", occupied=square(37, 38)), large)
    assert everywhere.km2 == pytest.approx(area_km2(square(38, 44)), rel=1e-9)
    assert everywhere.note == "compared everywhere"
    assert [(pair.one, pair.other) for pair in everywhere.pairs] == [("", "occupied")]


def test_a_person_may_say_which_sides_are_the_same() -> None:
    one, two = snapshot("a", RED=square(36, 37)), snapshot("b", Nord=square(36, 36.5))
    with pytest.raises(InputError, match=r"RED.*Nord.*no side in common"):
        disagreement(one, two)
    found = disagreement(one, two, same={"Nord": "RED"})
    assert found.km2 == pytest.approx(area_km2(square(36.5, 37)), rel=1e-9)
    assert found.compared == (("RED", "Nord"),)


def test_ground_contested_by_one_and_held_by_the_other_is_a_contradiction() -> None:
    one = snapshot("a", occupied=square(36, 37), contested=square(37, 38))
    two = snapshot("b", occupied=square(36, 38))
    (pair,) = disagreement(one, two).pairs
    assert (pair.one, pair.other) == ("contested", "occupied")
    third = snapshot("c", occupied=square(36, 37), liberated=square(37, 38))
    assert disagreement(one, third).pairs == ()  # neither is a side that both name


def test_overlaps_within_one_provider_are_counted_once_in_the_band() -> None:
    one = snapshot("a", BLUE=square(36, 37), ORANGE=square(36, 37))
    found = disagreement(one, snapshot("b", ORANGE=square(38, 39), BLUE=square(36, 37)))
    assert found.km2 <= sum(pair.km2 for pair in found.pairs)
    assert found.km2 == pytest.approx(area_km2(shapely.union_all([p.geometry for p in found.pairs])), rel=1e-9)
    assert shapely.is_valid(found.band)

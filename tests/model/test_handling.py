"""Handling is an algebra: combining is associative, commutative, idempotent and never loosens."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.handling import UNMARKED, Handling, Rank, Tlp, combine

words = st.frozensets(st.sampled_from(["UKR", "DEU", "JPN", "NATO"]), max_size=3)
handlings = st.builds(
    Handling,
    rank=st.sampled_from(Rank),
    marking=st.sampled_from(["", "NATO RESTRICTED", "VS-NfD", "SECRET"]),
    tlp=st.none() | st.sampled_from(Tlp),
    releasable_to=st.none() | words,
    caveats=words,
    regimes=words,
    attributions=words,
    redistribution=st.booleans(),
    derivatives=st.booleans(),
    embargo_until=st.none()
    | st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),
    conflict=st.booleans(),
)


@given(handlings, handlings)
def test_order_does_not_matter(a: Handling, b: Handling) -> None:
    assert a & b == b & a


@given(handlings, handlings, handlings)
def test_grouping_does_not_matter(a: Handling, b: Handling, c: Handling) -> None:
    assert (a & b) & c == a & (b & c)


@given(handlings)
def test_twice_is_once_and_unmarked_is_neutral(a: Handling) -> None:
    assert a & a == a
    assert a & UNMARKED == a
    assert combine([a, a]) == a


@given(handlings, handlings)
def test_nothing_gets_looser(a: Handling, b: Handling) -> None:
    both = a & b
    assert both.rank >= a.rank
    assert both.caveats >= a.caveats
    assert not (both.redistribution and not a.redistribution)
    if a.releasable_to is not None:
        assert both.releasable_to is not None
        assert both.releasable_to <= a.releasable_to


def test_blank_means_the_word_unmarked_never_a_guess() -> None:
    assert UNMARKED.banner == "UNMARKED"
    marked = Handling(marking="NATO RESTRICTED", tlp=Tlp.AMBER_STRICT, releasable_to=frozenset({"UKR", "DEU"}))
    assert marked.banner == "NATO RESTRICTED // TLP:AMBER+STRICT // REL DEU UKR"

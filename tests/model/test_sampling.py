"""Which changes were reviewed: told by rank alone, as a published test tells it, and never kinder than it is."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard.model.sampling import FEWEST, Choice, Sampling, sampling

_scores = st.lists(st.integers(0, 12).map(float), min_size=3, max_size=60)


@st.composite
def _drawn(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    scores = np.array(draw(_scores))
    mask = np.array(draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    scores.flags.writeable = mask.flags.writeable = False
    return scores, mask


@given(_drawn())
@settings(deadline=None)
def test_it_leans_where_the_test_of_ranks_says_so(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    scores, mask = drawn
    assume(0 < mask.sum() < len(mask))
    assume(scores.min() < scores.max())
    found = sampling(scores, mask)
    peer = stats.mannwhitneyu(scores[mask], scores[~mask], use_continuity=False, method="asymptotic")
    assume(abs(peer.pvalue - 0.05) > 1e-3)
    leans = found.choice in (Choice.SURER, Choice.UNSURER)
    if found.choice is Choice.SUREST:
        assert scores[mask].min() >= scores[~mask].max()
    else:
        assert leans == (peer.pvalue < 0.05)
        assert (found.choice is Choice.FEW) == (not leans and mask.sum() < FEWEST)


@given(_drawn())
@settings(deadline=None)
def test_only_the_order_of_the_scores_counts(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    scores, mask = drawn
    one, other = sampling(scores, mask), sampling(np.exp(scores) * 3.0, mask)
    assert (one.choice, one.surer, one.of, one.reviewed) == (other.choice, other.surer, other.of, other.reviewed)


@pytest.mark.parametrize("count", [1, 2, 9, 40, 299])
def test_from_the_surest_down_flatters_and_says_so(count: int) -> None:
    scores = np.geomspace(500.0, 2.0, 300)
    found = sampling(scores, np.arange(300) < count)
    assert found.choice is Choice.SUREST
    assert found.flatters
    assert "flatters the rest" in found.words
    assert found.scores == (scores[count - 1], 500.0)
    assert found.every == (2.0, 500.0)


def test_from_below_it_does_not_flatter() -> None:
    found = sampling(np.arange(300.0), np.arange(300) < 40)
    assert found.choice is Choice.UNSURER
    assert (found.surer, found.flatters, found.stands) == (0, False, False)


def test_a_random_choice_passes_as_one_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(11)
    scores = rng.lognormal(size=300)
    choices = [sampling(scores, rng.permutation(300) < 40).choice for _ in range(1500)]
    assert set(choices) <= {Choice.SPREAD, Choice.SURER, Choice.UNSURER}
    assert 0.93 < choices.count(Choice.SPREAD) / len(choices) < 0.97


def test_all_none_few_and_equal_scores_are_told_apart() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    everybody = sampling(scores, np.ones(5, dtype=bool))
    assert (everybody.choice, everybody.stands, everybody.words) == (Choice.ALL, True, "all 5 were reviewed")
    assert sampling(scores, np.zeros(5, dtype=bool)) == Sampling(of=5, every=(1.0, 5.0))
    assert sampling(np.array([]), np.array([], dtype=bool)) == Sampling()
    assert Sampling().words == ""
    few = sampling(scores, np.array([True, False, True, False, False]))
    assert few.choice is Choice.FEW
    assert "2 of 5 reviewed, 1 of them in the surer half: too few" in few.words
    alike = sampling(np.full(40, 7.0), np.arange(40) < 20)
    assert alike.choice is Choice.SPREAD
    assert sampling(scores, scores == 5.0).words == "reviewed were the surest of 5: the figure flatters the rest"

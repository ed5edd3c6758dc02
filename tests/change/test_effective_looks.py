"""Looks measured from a pair: right on speckle of known law, careful where there is change."""

import numpy as np
import pytest

from dashboard.change.looks import ENOUGH, effective_looks
from dashboard.change.ratio import p_values
from dashboard.model.errors import InputError
from dashboard.simulate.speckle import speckle


def ratios(before: float, after: float, shape=(600, 700), seed=0, gain_db=0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = 10 * np.log10(speckle(shape, after, rng) / speckle(shape, before, rng)) + np.float32(gain_db)
    found.flags.writeable = False
    return found


@pytest.mark.parametrize(("before", "after"), [(1.0, 1.0), (4.4, 4.4), (10.0, 10.0), (4.0, 10.0), (60.0, 60.0)])
@pytest.mark.parametrize("gain_db", [0.0, 2.3, -5.0])
def test_known_looks_and_common_change_are_found(before, after, gain_db):
    found = effective_looks(ratios(before, after, gain_db=gain_db), proportion=before / after)
    assert found.after == pytest.approx(after, rel=0.015)
    assert found.before == pytest.approx(before, rel=0.015)
    assert found.common_mode_db == pytest.approx(gain_db, abs=0.03)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(60):
        found = effective_looks(ratios(4.4, 4.4, (80, 90), seed))
        held += found.low <= 4.4 <= found.high
        assert found.high / found.low < 1.12
    assert 50 <= held <= 60


def test_the_rate_with_measured_looks_is_the_one_asked_for():
    scene = ratios(4.4, 4.4, (1500, 1500), gain_db=2.0)
    found = effective_looks(scene)
    p = p_values(scene - found.common_mode_db, looks_before=found.before, looks_after=found.after)
    assert (p <= 1e-2).mean() == pytest.approx(1e-2, rel=0.06)
    assert (p <= 1e-3).mean() == pytest.approx(1e-3, rel=0.15)


@pytest.mark.parametrize("db", [6.0, -6.0])
def test_some_change_makes_the_answer_careful_not_wild(db):
    changed = ratios(4.4, 4.4).copy()
    changed[:30] += db
    found = effective_looks(changed)
    assert 0.85 * 4.4 < found.after < 4.45
    assert abs(found.common_mode_db) < 0.4


def test_correlated_neighbours_keep_the_law():
    rng = np.random.default_rng(3)
    correlated = 10 * np.log10(speckle((500, 600), 4, rng, 1.0) / speckle((500, 600), 4, rng, 1.0))
    assert effective_looks(correlated).after == pytest.approx(4.0, rel=0.03)


def test_gaps_are_left_out():
    scene = ratios(4.4, 4.4).copy()
    scene[::2] = np.nan
    found = effective_looks(scene)
    assert found.pixels == 600 * 700 / 2
    assert found.after == pytest.approx(4.4, rel=0.02)


def test_too_few_pixels_measure_nothing():
    few = ratios(4.4, 4.4, (1, ENOUGH - 1))
    assert effective_looks(few) is None
    assert effective_looks(ratios(4.4, 4.4, (2, ENOUGH)), repeats=2.1) is None
    assert effective_looks(np.full((100, 100), np.nan)) is None


def test_pixels_drawn_several_times_count_once():
    scene = ratios(4.4, 4.4, (150, 150))
    once, twice = effective_looks(scene), effective_looks(np.repeat(np.repeat(scene, 2, 0), 2, 1), repeats=4.0)
    assert twice.pixels == once.pixels
    assert twice.after == pytest.approx(once.after, rel=1e-3)
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=1e-3)


def test_identical_images_are_the_most_looks_and_still_an_answer():
    found = effective_looks(np.zeros((200, 200), np.float32))
    assert found.after == pytest.approx(1e5)
    assert np.isfinite([found.low, found.high, found.common_mode_db]).all()


def test_an_impossible_proportion_is_refused():
    with pytest.raises(InputError):
        effective_looks(ratios(1, 1, (100, 100)), proportion=0.0)

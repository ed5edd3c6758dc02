"""Announced false polygons: never none, never fewer than come, and the confidence that follows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from dashboard.change.patches import scores
from dashboard.change.placebo import Calibration, Counts
from dashboard.change.rates import (
    MOST_SCORES,
    announce,
    confidences,
    searched,
    upper_end,
)
from dashboard.model.errors import InputError

windows_of_scores = st.lists(
    st.lists(st.floats(0, 50, allow_subnormal=False), max_size=30).map(np.array), min_size=1, max_size=8
)


@given(windows_of_scores, st.floats(0.1, 1e4), st.floats(0.1, 1.0))
@settings(max_examples=60, deadline=None)
def test_an_announcement_is_never_below_the_mean_seen_and_never_none(windows, area_km2, share):
    announced = announce(windows, area_km2, independent=share * len(windows))
    every = np.concatenate(windows) if windows else np.empty(0)
    for score in (0.0, *every, *announced.scores, 60.0):
        mean = (every >= score).sum() / len(windows) * 100.0 / area_km2
        assert announced.at(float(score)) >= mean
        assert announced.at(float(score)) > 0.0
    assert announced.windows == len(windows)


def test_where_none_was_seen_three_in_all_that_was_searched_are_not_excluded():
    announced = announce([np.empty(0)] * 5, 40.0)
    assert announced.at(0.0) == pytest.approx(-np.log(0.05) / 5 * 100 / 40)
    seen = announce([np.array([1.0, 2.0])] * 5, 40.0)
    assert seen.at(2.5) == pytest.approx(announced.at(0.0))


def test_where_many_were_seen_it_is_little_above_the_mean():
    windows = [np.arange(500) / 100.0] * 10
    assert announce(windows, 100.0).at(0.0) == pytest.approx(500, rel=0.03)


def test_the_upper_end_is_that_of_the_poisson_law():
    for seen in (0, 1, 7, 100):
        mean = float(upper_end(seen))
        assert stats.poisson(mean).cdf(seen) == pytest.approx(0.05, abs=1e-9)


def test_windows_that_repeat_each_other_count_for_fewer():
    windows = [np.array([1.0, 2.0]), np.array([1.5])] * 4
    alone, shared = announce(windows, 10.0), announce(windows, 10.0, independent=2.0)
    assert all(shared.at(score) > alone.at(score) for score in (0.0, 1.0, 2.0, 3.0))


def test_windows_that_differ_by_more_than_chance_are_told_with_more_care():
    even, uneven = ([np.linspace(1, 2, size) for size in sizes] for sizes in ((30, 30, 30, 30), (0, 0, 10, 110)))
    assert announce(uneven, 10.0).at(1.0) > 1.5 * announce(even, 10.0).at(1.0)
    assert announce(uneven, 10.0).at(3.0) == pytest.approx(announce(even, 10.0).at(3.0))


def test_long_lists_are_thinned_and_stay_careful():
    every = np.random.default_rng(1).exponential(2.0, 20_000)
    announced = announce([every], 1000.0)
    assert len(announced.scores) <= MOST_SCORES
    for score in np.quantile(every, [0.0, 0.3, 0.9, 0.999, 1.0]):
        mean = (every >= score).sum() / 10.0
        assert mean <= announced.at(float(score)) <= 1.35 * mean + 0.6


@given(windows_of_scores, st.lists(st.floats(0, 60), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_confidence_is_a_share_that_never_falls_with_the_score(windows, found):
    scored = np.array(found)
    sure = confidences(scored, announce(windows, 30.0), 30.0)
    assert ((sure >= 0.0) & (sure < 1.0)).all()
    order = np.argsort(scored, kind="stable")
    assert (np.diff(sure[order]) >= 0.0).all()
    np.testing.assert_array_equal(confidences(scored[order], announce(windows, 30.0), 30.0), sure[order])


def test_a_confidence_is_one_less_the_share_of_false_ones():
    windows = [np.linspace(0, 1, 10)] * 200
    found = np.concatenate([np.linspace(0, 1, 10), np.full(90, 5.0)])
    sure = confidences(found, announce(windows, 50.0), 50.0)
    assert sure[0] == pytest.approx(0.9, abs=0.01)
    assert sure[-1] > 0.99


def test_what_is_no_more_than_chance_gets_no_confidence():
    windows = [np.linspace(0, 5, 50)] * 20
    assert (confidences(np.linspace(0, 4, 40), announce(windows, 50.0), 50.0) == 0.0).all()
    assert confidences(np.empty(0), announce(windows, 50.0), 50.0).size == 0


def test_confidence_weighs_the_ground_that_was_searched():
    announced = announce([np.array([1.0, 2.0, 3.0])] * 50, 20.0)
    small, large = (confidences(np.full(100, 1.0), announced, area)[0] for area in (20.0, 400.0))
    assert 0.0 < large < small < 1.0


def field(generator: np.random.Generator, sigma=1.0, side=300) -> np.ndarray:
    """A moderated t squared of two polarisations under no change, smoothed; its mean is 1."""
    t2 = (generator.standard_t(22, (2, side, side)) ** 2).mean(axis=0) / (22 / 20)
    return ndimage.gaussian_filter(t2, sigma, mode="wrap").astype(np.float32)


@pytest.mark.parametrize("far", [1e-2, 1e-3])
def test_announced_is_at_least_what_comes_where_nothing_happened(far):
    """The whole chain on simulated ground: calibrate and announce on some windows, search others."""
    generator = np.random.default_rng(int(1 / far))
    past, present = [field(generator) for _ in range(12)], [field(generator) for _ in range(12)]
    counts = Counts.of(np.concatenate(past))
    law = Calibration.of(counts, len(past))
    rule = {"seed": law.threshold(far), "grow": law.threshold(10 * far), "least_px": 4, "resolution_px": 1.0}
    area = 300 * 300 * 900 / 1e6
    announced = announce([scores(energy, **rule) for energy in past], area)
    found = np.concatenate([scores(energy, **rule) for energy in present])
    searched_km2 = area * len(present)
    for score in (0.0, *np.quantile(found, [0.5, 0.9, 0.99, 1.0])):
        came = (found >= score).sum()
        expected = announced.at(float(score)) * searched_km2 / 100.0
        assert came <= expected + 2 * np.sqrt(expected)
    assert announced.at(0.0) * searched_km2 / 100.0 < 1.4 * found.size + 10


def test_searching_anew_gives_the_same_announcement():
    def scene(generator: np.random.Generator) -> np.ndarray:
        return generator.exponential(size=generator.poisson(5.0))

    first, second = (searched(scene, windows=20, area_km2=10.0, seed=3) for _ in range(2))
    assert first == second
    assert first.windows == 0
    assert first.at(0.0) == pytest.approx(upper_end(100) / 20 * 10, rel=0.3)


def test_nothing_searched_announces_nothing():
    for windows, area in (([], 1.0), ([np.empty(0)], 0.0)):
        with pytest.raises(InputError):
            announce(windows, area)
    with pytest.raises(InputError):
        announce([np.empty(0)], 1.0, independent=2.0)
    with pytest.raises(InputError):
        confidences(np.ones(1), announce([np.empty(0)], 1.0), 0.0)


def test_beyond_what_was_seen_the_figure_falls_slower_than_the_truth():
    generator, careful = np.random.default_rng(4), []
    for _ in range(40):
        windows = [generator.pareto(2.0, 60) + 1.0 for _ in range(10)]
        announced = announce(windows, 100.0)
        furthest = max(each.max() for each in windows)
        for times in (3.0, 30.0):
            truth = 60.0 * (times * furthest) ** -2.0
            careful.append(announced.at(times * furthest) >= truth)
        assert announced.at(30.0 * furthest) < announced.at(furthest) / 5.0
    assert np.mean(careful) > 0.95


def test_few_objects_or_few_windows_tell_no_tail():
    few = announce([np.linspace(1, 2, 7)] * 10, 100.0)
    assert few.at(1e6) == pytest.approx(float(upper_end(0)) / 10, rel=1e-9)
    every = [np.random.default_rng(n).exponential(1.0, 40) for n in range(10)]
    alone, repeated = announce(every, 100.0), announce(every, 100.0, independent=1.0)
    assert alone.at(1e4) < alone.at(float(np.max(every)) + 1e-9) / 10
    assert repeated.at(1e4) == pytest.approx(float(upper_end(0)))

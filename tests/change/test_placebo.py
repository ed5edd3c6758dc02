"""Calibration: counts that add, p-values that are counts, thresholds that give the asked rate, honest tails."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from dashboard.change.placebo import (
    BINS,
    EDGES,
    ENOUGH_IN_STRATUM,
    Calibration,
    Counts,
    bin_of,
    check,
    independent_samples,
    independent_windows,
    is_valid,
)
from dashboard.change.tail import TOP
from dashboard.model.errors import InputError


def drawn(size, seed=0, law=stats.expon):
    values = law.rvs(size=size, random_state=np.random.default_rng(seed)).astype(np.float32)
    values.flags.writeable = False
    return values


def calibrated(energy, **options) -> Calibration:
    return Calibration.of(Counts.of(energy), 1, **options)


@given(st.lists(st.floats(0, 1e9, width=32), min_size=1, max_size=50))
def test_every_energy_lies_in_its_bin(values):
    energy = np.array(values, np.float32)
    bins = bin_of(energy)
    assert (EDGES[bins] <= energy).all()
    upper = np.append(EDGES, np.inf)[bins + 1]
    assert (energy < upper).all()


def test_bins_are_fine_and_rise():
    assert EDGES.size == BINS
    assert (np.diff(EDGES) > 0).all()
    assert (EDGES[2:] / EDGES[1:-1]).max() <= 1 + 1 / 64


def test_counts_of_parts_add_up_to_those_of_the_whole():
    energy = drawn((100, 120))
    stratum = np.random.default_rng(1).integers(0, 9, energy.shape).astype(np.uint8)
    parts = [Counts.of(energy[rows], stratum[rows]) for rows in (slice(0, 33), slice(33, 80), slice(80, 100))]
    whole = Counts.of(energy, stratum)
    np.testing.assert_array_equal((parts[0] + parts[1] + parts[2]).table, whole.table)
    np.testing.assert_array_equal(whole.table.sum(axis=0), Counts.of(energy).table[0])
    assert whole.samples == energy.size


def test_counts_travel():
    whole = Counts.of(drawn(1000))
    sent = pickle.dumps(whole)
    np.testing.assert_array_equal(pickle.loads(sent).table, whole.table)
    assert len(sent) < 20_000


def test_what_was_not_observed_does_not_count():
    energy = drawn((50, 60)).copy()
    energy[10:20] = np.nan
    assert Counts.of(energy).samples == 40 * 60
    assert Counts.of(np.full((3, 3), np.nan)).samples == 0


def test_the_p_value_is_the_share_that_reached_it_with_itself_counted():
    energy = drawn(5000)
    law = calibrated(energy)
    edges = EDGES[(EDGES > 0) & (law.whole.start > EDGES)]
    counted = [(1 + (energy >= edge).sum()) / (1 + energy.size) for edge in edges]
    np.testing.assert_allclose(law.p(edges), counted, rtol=1e-9)
    between = (edges[:-1] + edges[1:]) / 2
    assert (law.p(between) <= law.p(edges[:-1])).all()
    assert (law.p(between) >= law.p(edges[1:])).all()


def test_samples_that_repeat_each_other_are_not_taken_for_many():
    energy = drawn(5000)
    plain, repeated = calibrated(energy), calibrated(np.repeat(energy, 10), independent=5000)
    edges = EDGES[(EDGES > 0) & (plain.whole.start > EDGES)]
    np.testing.assert_allclose(repeated.p(edges), plain.p(edges), rtol=1e-9)
    careful = calibrated(energy, independent=50)
    assert careful.threshold(1e-2) > plain.threshold(1e-2)
    assert careful.threshold(0.5) == pytest.approx(plain.threshold(0.5), rel=0.05)


def test_nothing_is_certain_and_nothing_unknown_is_judged():
    p = calibrated(drawn(5000)).p(np.array([0.0, 1e-9, 1e6, np.nan], np.float32))
    np.testing.assert_array_equal(p[:2], 1.0)
    assert 0.0 <= p[2] < 1e-6
    assert np.isnan(p[3])


@given(st.integers(0, 10_000), st.sampled_from([1000, 20_000]), st.sampled_from([0.0, 0.2, 0.5]))
@settings(max_examples=30, deadline=None)
def test_p_values_fall_and_thresholds_are_their_inverse(seed, size, shape):
    law = calibrated(drawn(size, seed, stats.genpareto(shape)))
    energy = np.geomspace(0.05, 20 * law.whole.start, 500)
    p = law.p(energy)
    assert (np.diff(p) <= 0).all()
    for far in (0.3, 1e-2, 1e-3, 1e-5, 1e-8):
        assert law.p(np.array([law.threshold(far)]))[0] == pytest.approx(far, rel=1e-6)


def test_the_asked_rate_is_the_rate_that_comes():
    law = calibrated(drawn(1_000_000))
    fresh = drawn(4_000_000, seed=9)
    for far, within in ((1e-2, 0.03), (1e-3, 0.08), (1e-4, 0.25)):
        assert (fresh >= law.threshold(far)).mean() == pytest.approx(far, rel=within)


@pytest.mark.parametrize("shape", [0.0, 0.25])
def test_the_tail_beyond_the_last_hundred_is_that_of_the_law(shape):
    law = calibrated(drawn(500_000, 3, stats.genpareto(shape)))
    assert law.whole.p(np.array([law.whole.start]))[0] == pytest.approx((1 + TOP) / 500_001, rel=0.3)
    for far, factor in ((1e-5, 1.6), (1e-6, 2.5)):
        assert far / factor < stats.genpareto(shape).sf(law.threshold(far)) < far * factor


def test_a_short_tail_is_prolonged_as_an_exponential():
    law = calibrated(drawn(200_000, 5, stats.uniform(0, 2)))
    assert law.whole.shape == 0.0
    assert law.p(np.array([2.5]))[0] > 0.0


def test_few_samples_still_give_careful_answers():
    law = calibrated(drawn(30))
    assert law.p(np.array([law.whole.start]))[0] <= 1.0
    assert law.threshold(1e-3) > drawn(30).max()


def stratified(size=ENOUGH_IN_STRATUM, small=500):
    """A calm stratum, one three times as busy, and a third with too few samples."""
    energy = np.concatenate([drawn(size, 1), 3 * drawn(size, 2), 9 * drawn(small, 3)])
    return energy, np.repeat(np.array([0, 4, 8], np.uint8), [size, size, small])


def test_a_stratum_speaks_for_itself_only_with_enough_samples():
    energy, stratum = stratified()
    law = Calibration.of(Counts.of(energy, stratum), 1)
    known = [number for number, own in enumerate(law.strata) if own is not None]
    assert known == [0, 4]
    p = law.p(np.array([5.0, 15.0, 15.0]), np.array([0, 4, 8], np.uint8))
    assert p[:2] == pytest.approx(np.exp(-5.0), rel=0.1)
    assert p[2] == law.p(np.array([15.0]))[0]


def test_evened_energies_are_as_rare_in_every_stratum():
    energy, stratum = stratified()
    law = Calibration.of(Counts.of(energy, stratum), 1)
    even = law.evened(energy, stratum)
    for far in (1e-1, 1e-2, 1e-3):
        got = [(even[stratum == number] >= law.threshold(far)).mean() for number in (0, 4)]
        assert got == pytest.approx([far, far], rel=0.2)
    for number in (0, 4, 8):
        line = np.geomspace(0.01, 1e4, 400).astype(np.float32)
        assert (np.diff(law.evened(line, np.full(line.shape, number, np.uint8))) >= 0).all()
    np.testing.assert_array_equal(even[stratum == 8], energy[stratum == 8])
    assert np.isnan(law.evened(np.array([np.nan], np.float32), np.zeros(1, np.uint8)))[0]


def test_what_samples_are_worth_is_stated():
    assert independent_windows(17, 3) == pytest.approx(17 / 3)
    assert independent_windows(19, 1) == 19
    worth = independent_samples(150_000, 15, worth=17 / 3, smooth_px=1.0)
    assert worth == pytest.approx(10_000 * (17 / 3) / (4 * np.pi))
    law = calibrated(drawn(150_000), independent=worth)
    assert law.smallest_rate == pytest.approx(10 / worth)
    assert law.independent == worth


def test_one_independent_value_of_a_smoothed_field_takes_that_many_pixels():
    """The variance of a mean of smoothed noise is that of so many independent values."""
    rng = np.random.default_rng(4)
    sigma, side = 1.5, 150
    means = []
    for _ in range(300):
        field = ndimage.gaussian_filter(rng.standard_normal((side, side)), sigma, mode="wrap")
        means.append((field.mean(), field.var()))
    spread, variance = np.var([mean for mean, _ in means]), np.mean([each for _, each in means])
    worth = independent_samples(side**2, 1, worth=1.0, smooth_px=sigma)
    assert variance / spread == pytest.approx(worth, rel=0.2)


def test_the_check_tells_how_far_a_theory_is_off():
    uniform = np.random.default_rng(6).random((300, 300))
    assert check(uniform, 1e-2) == pytest.approx(1.0, abs=0.15)
    assert is_valid(check(uniform, 1e-2))
    assert not is_valid(check(uniform**2, 1e-2))
    assert not is_valid(check(np.sqrt(uniform), 1e-2))
    holed = uniform.copy()
    holed[:100] = np.nan
    assert check(holed, 0.5) == pytest.approx(1.0, abs=0.05)


def test_what_cannot_be_calibrated_is_refused():
    with pytest.raises(InputError, match="pseudo-event"):
        calibrated(np.full((4, 4), np.nan))
    with pytest.raises(InputError):
        calibrated(drawn(100)).threshold(0.0)
    with pytest.raises(InputError):
        Counts.of(drawn((3, 4)), np.zeros((4, 3), np.uint8))
    with pytest.raises(InputError):
        Counts.of(drawn(3), np.array([0, 9, 1], np.uint8))
    with pytest.raises(InputError):
        Counts.of(drawn(3)) + Counts.of(drawn(3), np.zeros(3, np.uint8))
    with pytest.raises(InputError):
        check(np.array([np.nan]), 0.01)

"""The F test: the false-alarm rate that is asked for is the one that is got."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard.change.ratio import log_ratio, p_values, ratio_db, thresholds
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.simulate.speckle import speckle

LOOKS = [(1.0, 1.0), (4.4, 4.4), (10.0, 10.0), (1.0, 10.0), (13.2, 4.4)]


def pair(looks: tuple[float, float], shape=(700, 700), seed=0, mean=0.03):
    """Two looks at unchanged ground of very different brightness from place to place."""
    rng = np.random.default_rng(seed)
    ground = mean * rng.lognormal(0.0, 1.5, shape).astype(np.float32)
    images = []
    for each in looks:
        power = ground * speckle(shape, each, rng)
        power.flags.writeable = False
        images.append(xr.DataArray(power, dims=("y", "x")))
    return images


def test_the_table_is_within_a_millionth_of_the_exact_law():
    for before, after in [*LOOKS, (0.6, 0.6), (300.0, 300.0), (3.0, 40.0), (2000.0, 900.0)]:
        law = stats.f(2 * after, 2 * before)
        spread = 1.6 * np.sqrt(1 / before + 1 / after)
        ratio = np.exp(np.random.default_rng(1).normal(0, spread, 4000))
        exact = np.minimum(2 * np.minimum(law.cdf(ratio), law.sf(ratio)), 1)
        got = p_values(10 * np.log10(ratio), looks_before=before, looks_after=after)
        np.testing.assert_allclose(got, exact, rtol=1e-6)


@pytest.mark.parametrize("looks", LOOKS)
def test_p_values_are_uniform_under_no_change(looks):
    p = log_ratio(*pair(looks), looks_before=looks[0], looks_after=looks[1]).p_value.values.reshape(-1)
    assert stats.kstest(p[:200_000], "uniform").pvalue > 1e-3


@pytest.mark.parametrize("looks", LOOKS)
def test_the_false_alarm_rate_is_the_one_asked_for(looks):
    found = log_ratio(*pair(looks, (1500, 1500), seed=4), looks_before=looks[0], looks_after=looks[1])
    for far, tolerance in ((1e-2, 0.05), (1e-3, 0.12)):
        assert (found.p_value.values <= far).mean() == pytest.approx(far, rel=tolerance)
        low, high = thresholds(far, *looks)
        outside = (found.ratio_db.values < low) | (found.ratio_db.values > high)
        assert outside.mean() == pytest.approx(far, rel=tolerance)


def test_known_thresholds():
    for looks, expected in [((4.4, 4.4), (-10.97, 10.97)), ((4.4, 44.0), (-5.78, 9.96))]:
        assert thresholds(1e-3, *looks) == pytest.approx(expected, abs=0.01)
    assert thresholds(1e-3, 44.0, 4.4) == pytest.approx((-9.96, 5.78), abs=0.01)


@given(st.floats(0.3, 400), st.floats(0.3, 400), st.floats(1e-6, 0.3))
@settings(max_examples=25, deadline=None)
def test_thresholds_are_where_the_p_value_is_the_rate(before, after, far):
    ends = np.array(thresholds(far, before, after))
    np.testing.assert_allclose(p_values(ends, looks_before=before, looks_after=after), far, rtol=1e-5)


def test_a_common_gain_changes_nothing_once_it_is_named():
    before, after = pair((4.4, 4.4), (200, 300))
    plain = log_ratio(before, after, looks_before=4.4, looks_after=4.4)
    louder = log_ratio(before, after * np.float32(10**0.2), looks_before=4.4, looks_after=4.4, common_mode_db=2.0)
    np.testing.assert_allclose(plain.ratio_db, louder.ratio_db, atol=1e-4)
    np.testing.assert_allclose(plain.p_value, louder.p_value, rtol=1e-3, atol=1e-7)


def test_exchanging_the_dates_turns_the_sign_and_keeps_the_p_value():
    before, after = pair((4.4, 10.0), (200, 300))
    there = log_ratio(before, after, looks_before=4.4, looks_after=10.0)
    back = log_ratio(after, before, looks_before=10.0, looks_after=4.4)
    np.testing.assert_allclose(there.ratio_db, -back.ratio_db, atol=1e-5)
    np.testing.assert_allclose(there.p_value, back.p_value, rtol=2e-6)


def test_flipping_the_scene_flips_the_answer():
    before, after = pair((4.4, 4.4), (60, 80))
    whole = log_ratio(before, after, looks_before=4.4, looks_after=4.4)
    flipped = log_ratio(before[::-1, ::-1], after[::-1, ::-1], looks_before=4.4, looks_after=4.4)
    np.testing.assert_array_equal(whole.p_value.values[::-1, ::-1], flipped.p_value.values)


def test_pieces_equal_the_whole():
    before, after = pair((4.4, 4.4), (90, 110))
    whole = log_ratio(before, after, looks_before=4.4, looks_after=4.4)
    for rows in (slice(0, 37), slice(37, 90)):
        part = log_ratio(before[rows], after[rows], looks_before=4.4, looks_after=4.4)
        np.testing.assert_array_equal(part.p_value.values, whole.p_value.values[rows])
        np.testing.assert_array_equal(part.ratio_db.values, whole.ratio_db.values[rows])


@pytest.mark.parametrize("gap", [np.nan, 0.0, -1.0, np.inf])
def test_what_was_not_seen_twice_has_no_answer(gap):
    before, after = (image.copy(deep=True) for image in pair((4.4, 4.4), (20, 30)))
    before[3, 4] = gap
    after[5, 6] = gap
    found = log_ratio(before, after, looks_before=4.4, looks_after=4.4)
    missing = np.zeros((20, 30), bool)
    missing[3, 4] = missing[5, 6] = True
    np.testing.assert_array_equal(np.isnan(found.p_value.values), missing)
    np.testing.assert_array_equal(np.isnan(found.ratio_db.values), missing)
    np.testing.assert_array_equal(np.isnan(ratio_db(before.values, after.values)), missing)


def test_the_plain_ratio_is_the_same_ratio():
    before, after = pair((4.4, 4.4), (50, 60))
    found = log_ratio(before, after, looks_before=4.4, looks_after=4.4)
    np.testing.assert_allclose(ratio_db(before.values, after.values), found.ratio_db.values, atol=2e-5)


def test_extreme_ratios_have_extreme_and_finite_p_values():
    p = p_values(np.array([-400.0, -60.0, 0.0, 60.0, 400.0]), looks_before=4.0, looks_after=4.0)
    assert np.isfinite(p).all()
    assert p[2] == pytest.approx(1.0)
    assert (p[[0, 4]] <= p[[1, 3]]).all()


def test_impossible_questions_are_refused():
    before, after = pair((1.0, 1.0), (4, 5))
    with pytest.raises(GridMismatchError):
        log_ratio(before, after[:2], looks_before=1.0, looks_after=1.0)
    for looks in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="looks"):
            log_ratio(before, after, looks_before=looks, looks_after=1.0)
    for far in (0.0, 1.0, -0.1, np.nan):
        with pytest.raises(InputError, match="false-alarm"):
            thresholds(far, 1.0, 1.0)

"""The laws behind the omnibus thresholds: exact where the law is known otherwise, uniform where it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from dashboard.change.omnibus.laws import latest, table, whole
from dashboard.change.omnibus.levels import Gate, both_level, per_date, thresholds
from dashboard.change.ratio import p_values

LEVELS = np.array([0.3, 1e-2, 1e-4, 1e-9])


def beta_tail(looks, j, z):
    """P(-2 ln R_j > z) for one intensity: the share of the earlier dates in the sum is a beta variable."""
    middle = np.log(j - 1.0)

    def statistic(odds_log):  # of share / (1 - share)
        low, high = -np.logaddexp(0, -odds_log), -np.logaddexp(0, odds_log)
        return -2 * looks * ((j - 1) * (low - np.log((j - 1) / j)) + high + np.log(j))

    ends = [optimize.brentq(lambda v: statistic(v) - z, *sorted((middle, far))) for far in (-700.0, 700.0)]
    below, above = (special.expit(v) for v in (ends[0], -ends[1]))
    return special.betainc(looks * (j - 1), looks, below) + special.betainc(looks, looks * (j - 1), above)


def box(looks, order, dates, z):
    """Box's expansion of the law of -2 ln Q of complex Wishart matrices, good at many looks."""
    p, n, k = order, looks, dates
    f = (k - 1) * p**2
    rho = 1 - (2 * p**2 - 1) / (6 * (k - 1) * p) * (k / n - 1 / (n * k))
    omega = p**2 * (p**2 - 1) / (24 * rho**2) * (k / n**2 - 1 / (n * k) ** 2) - p**2 * (k - 1) / 4 * (1 - 1 / rho) ** 2
    return stats.chi2.sf(rho * z, f) + omega * (stats.chi2.sf(rho * z, f + 4) - stats.chi2.sf(rho * z, f))


@pytest.mark.parametrize("looks", [0.5, 1.0, 1.7, 4.4, 20.0])
@pytest.mark.parametrize("j", [2, 3, 12, 300])
def test_one_intensity_follows_the_beta_law(looks, j):
    z = np.array([0.01, 0.5, 4.0, 16.0, 40.0])
    expected = [beta_tail(looks, j, each) for each in z]
    np.testing.assert_allclose(table(latest((looks,), 1, j)).p(z), expected, rtol=5e-5)


@pytest.mark.parametrize("looks", [1.0, 4.4])
def test_two_dates_are_the_two_sided_f_test(looks):
    ratio_db = np.array([0.3, 2.0, 6.0, 15.0])
    r = 10 ** (ratio_db / 10)
    z = -2 * looks * (np.log(r) - 2 * np.log((1 + r) / 2))
    expected = p_values(ratio_db, looks_before=looks, looks_after=looks)
    np.testing.assert_allclose(table(whole((looks,), 1, 2)).p(z), expected, rtol=5e-5)


@pytest.mark.parametrize(("order", "dates"), [(1, 2), (1, 60), (2, 2), (2, 12), (2, 200)])
def test_many_looks_agree_with_box(order, dates):
    law = table(whole((60.0,), order, dates))
    z = law.threshold(LEVELS[:3])
    np.testing.assert_allclose(box(60.0, order, dates, z), LEVELS[:3], rtol=3e-3)


@pytest.mark.parametrize("looks", [2, 3])
def test_full_matrices_at_few_looks_are_uniform(looks):
    rng = np.random.default_rng(5)
    shape = (4, looks, 2, 60_000)
    field = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    c = np.einsum("klpn,klqn->knpq", field, field.conj()) / looks
    log = [np.log(np.linalg.det(each).real) for each in (c, c.mean(axis=0))]
    z = -2 * looks * (log[0].sum(axis=0) - 4 * log[1])
    assert stats.kstest(table(whole((float(looks),), 2, 4)).p(z), "uniform").pvalue > 1e-3


@given(st.floats(0.4, 100), st.integers(2, 300), st.floats(-30, -0.05), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_threshold_is_exceeded_as_often_as_it_says(looks, dates, log_level, dual):
    level = np.exp(log_level)
    for law in (whole, latest):
        exact = table(law((looks,) * (1 + dual), 1, dates))
        np.testing.assert_allclose(exact.p(exact.threshold(level)), level, rtol=2e-3)


@pytest.mark.parametrize(("looks", "order"), [((1.0,), 1), ((4.4, 4.4), 1), ((0.7, 9.0), 1), ((1.3,), 2)])
def test_interpolated_thresholds_are_as_good_as_exact_ones(looks, order):
    gate, step = thresholds(looks, order, 300, 1e-3, Gate.SIDAK)
    for k in (17, 117, 290):
        np.testing.assert_allclose(table(whole(looks, order, k)).p(gate[300, k]), 1e-3, rtol=2e-3)
        np.testing.assert_allclose(table(latest(looks, order, k)).p(step[300, k]), per_date(1e-3, 300), rtol=2e-3)


def test_the_common_level_lies_between_the_rate_and_its_root_and_rises_with_dates():
    for far in (1e-2, 1e-5):
        level = both_level((4.4, 4.4), 1, 100, far)
        assert level[0] == pytest.approx(far)
        assert np.all(np.diff(level) > 0)
        assert level[-1] < np.sqrt(far)


@pytest.mark.parametrize("law", [latest, whole])
def test_the_law_of_many_dates_is_finite_and_falls(law):
    for looks, order in (((0.5,), 1), ((1.0, 1.0), 1), ((1.02,), 2), ((300.0,), 1)):
        log_p = table(law(looks, order, 2000)).log_p
        assert np.isfinite(log_p).all()
        assert log_p[0] > -1e-6
        assert log_p[-1] < -60
        assert np.all(np.diff(log_p) <= 0)

"""The F test of means of several dates: exact for every pair of counts, whatever each pixel missed."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from dashboard.change.periods import Periods
from dashboard.change.ratio import common_mode, log_ratio, log_ratio_means
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.simulate.speckle import speckle

TIMES = np.datetime64("2024-01-01", "ns") + np.arange(15) * np.timedelta64(12, "D")
PERIODS = Periods(before=(TIMES[0], TIMES[9]), after=(TIMES[11], TIMES[14]))
"""10 dates before, 4 after, and one between them that belongs to neither."""


def as_stack(power, times=TIMES):
    power = np.asarray(power, np.float32)
    power.flags.writeable = False
    coords = {"time": times[: power.shape[0]], "polarisation": ["VV", "VH"][: power.shape[1]]}
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


def quiet(shape=(60, 70), looks=4.4, seed=0, gaps=0.0):
    rng = np.random.default_rng(seed)
    ground = 0.02 * rng.lognormal(0, 1.5, (1, 2, *shape))
    power = ground * speckle((15 * 2 * shape[0], shape[1]), looks, rng).reshape(15, 2, *shape)
    power[rng.random(power.shape) < gaps] = np.nan
    return power


@pytest.mark.parametrize("looks", [1.0, 4.4])
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_p_values_are_uniform_under_no_change(looks, gaps):
    found = log_ratio_means(as_stack(quiet((200, 300), looks, 3, gaps)), PERIODS, looks)
    for p in (found.p_value.values[0], found.p_value.values[1], found.p_any.values):
        assert stats.kstest(p[np.isfinite(p)], "uniform").pvalue > 1e-3
    for far, tolerance in ((1e-2, 0.1), (1e-3, 0.3)):
        assert np.nanmean(found.p_value.values <= far) / np.isfinite(found.p_value).mean() == pytest.approx(
            far, rel=tolerance
        )


def test_every_pair_of_counts_has_its_exact_law():
    found = log_ratio_means(as_stack(quiet(seed=5, gaps=0.5)), PERIODS, {"VV": 4.4, "VH": 2.0})
    for p, looks in ((0, 4.4), (1, 2.0)):
        here = found.isel(polarisation=p)
        known = np.isfinite(here.p_value.values)
        ratio = 10 ** (here.ratio_db.values[known] / 10.0)
        law = stats.f(2 * looks * here.dates_after.values[known], 2 * looks * here.dates_before.values[known])
        exact = np.minimum(2 * np.minimum(law.cdf(ratio), law.sf(ratio)), 1)
        np.testing.assert_allclose(here.p_value.values[known], exact, rtol=1e-4)
        assert np.unique(here.dates_before.values[known] * 100 + here.dates_after.values[known]).size > 20


def test_one_date_each_is_the_ratio_of_two_looks():
    stack = as_stack(quiet()[[0, 14]], TIMES[[0, 14]])
    means = log_ratio_means(stack, PERIODS, 4.4).isel(polarisation=1)
    pair = log_ratio(stack[0, 1], stack[1, 1], looks_before=4.4, looks_after=4.4)
    np.testing.assert_allclose(means.ratio_db, pair.ratio_db, atol=1e-4)
    np.testing.assert_allclose(means.p_value, pair.p_value, rtol=1e-4)


def test_the_ratio_is_that_of_the_means_of_the_dates_seen():
    power = quiet(gaps=0.4)
    with np.errstate(all="ignore"):
        seen = np.isfinite(power)
        sums = [np.nansum(power[part], axis=0) / seen[part].sum(axis=0) for part in (slice(0, 10), slice(11, 15))]
        expected = 10 * np.log10(sums[1] / sums[0])
    found = log_ratio_means(as_stack(power), PERIODS, 4.4)
    np.testing.assert_allclose(found.ratio_db, expected, atol=1e-4)
    np.testing.assert_array_equal(found.dates_before, seen[:10].sum(axis=0))
    np.testing.assert_array_equal(found.dates_after, seen[11:].sum(axis=0))


def test_a_gain_of_a_date_is_taken_out_exactly_once_named():
    power = quiet(gaps=0.1)
    gain_db = np.random.default_rng(1).normal(0, 2, (15, 2))
    named = xr.DataArray(gain_db, dims=("time", "polarisation"))
    plain = log_ratio_means(as_stack(power), PERIODS, 4.4)
    louder = as_stack(power * 10 ** (gain_db[:, :, None, None] / 10))
    found = log_ratio_means(louder, PERIODS, 4.4, common_mode_db=named)
    np.testing.assert_allclose(plain.ratio_db, found.ratio_db, atol=1e-4)
    np.testing.assert_allclose(plain.p_value, found.p_value, rtol=1e-3)


def test_the_common_mode_is_measured_within_its_error_and_restores_the_rate():
    gain_db = np.random.default_rng(1).normal(0, 1, (15, 2))
    gain_db[11:] += 2.0
    stack = as_stack(quiet((200, 300), seed=2, gaps=0.1) * 10 ** (gain_db[:, :, None, None] / 10))
    measured = common_mode(stack, PERIODS)
    used = np.r_[0:10, 11:15]
    expected = gain_db - gain_db[:10].mean(axis=0)
    np.testing.assert_allclose(measured.values[used], expected[used], atol=0.06)
    assert (measured.values[10] == 0).all()
    np.testing.assert_allclose(measured.values[:10].mean(axis=0), 0, atol=1e-12)
    raw = log_ratio_means(stack, PERIODS, 4.4).p_value.values
    clean = log_ratio_means(stack, PERIODS, 4.4, common_mode_db=measured).p_value.values
    assert np.mean(raw <= 1e-2) > 5e-2
    assert np.mean(clean <= 1e-2) == pytest.approx(1e-2, rel=0.1)


def test_a_step_is_found_with_its_size_and_sign():
    power = quiet()
    power[11:, :, :30] *= 10**-0.5
    found = log_ratio_means(as_stack(power), PERIODS, 4.4)
    assert float(found.ratio_db[:, :30].median()) == pytest.approx(-5, abs=0.15)
    # The law itself says how often such a step is found in one polarisation or the other.
    law, each = stats.f(2 * 4.4 * 4, 2 * 4.4 * 10), 1 - np.sqrt(1 - 1e-3)
    power_of_one = law.cdf(law.ppf(each / 2) * 10**0.5)
    expected = 1 - (1 - power_of_one) ** 2
    assert 0.6 < expected < 0.95
    assert (found.p_any.values[:30] < 1e-3).mean() == pytest.approx(expected, abs=0.03)
    assert (found.p_any.values[30:] < 1e-3).mean() < 0.01


def test_flips_and_pieces_change_nothing():
    power = quiet(gaps=0.2)
    whole = log_ratio_means(as_stack(power), PERIODS, 4.4)
    flipped = log_ratio_means(as_stack(power[..., ::-1, ::-1]), PERIODS, 4.4).isel(
        y=slice(None, None, -1), x=slice(None, None, -1)
    )
    piece = log_ratio_means(as_stack(power[:, :, 20:41]), PERIODS, 4.4)
    for name in ("ratio_db", "p_value", "dates_before", "dates_after", "p_any"):
        np.testing.assert_array_equal(whole[name], flipped[name])
        np.testing.assert_array_equal(whole[name][..., 20:41, :], piece[name])


def test_what_was_not_seen_in_both_periods_has_no_answer():
    power = quiet((4, 5))
    power[:10, 0, 0] = np.nan
    power[11:, :, 1] = 0.0
    found = log_ratio_means(as_stack(power), PERIODS, 4.4)
    assert np.isnan(found.p_value[0, 0]).all()
    assert np.isfinite(found.p_value[1, 0]).all()
    # One polarisation left: nothing to correct for.
    np.testing.assert_allclose(found.p_any[0], found.p_value[1, 0])
    assert np.isnan(found.p_any[1]).all()
    assert (found.dates_after[:, 1] == 0).all()


def test_impossible_questions_are_refused():
    stack = as_stack(quiet((3, 4)))
    for looks in (0.0, np.nan, np.inf):
        with pytest.raises(InputError, match="looks"):
            log_ratio_means(stack, PERIODS, looks)
    with pytest.raises(InputError, match="VH"):
        log_ratio_means(stack, PERIODS, {"VV": 4.4})
    with pytest.raises(InputError, match="0 after"):
        log_ratio_means(stack[:10], PERIODS, 4.4)
    with pytest.raises(GridMismatchError):
        log_ratio_means(stack, PERIODS, 4.4, common_mode_db=common_mode(stack, PERIODS)[:3])

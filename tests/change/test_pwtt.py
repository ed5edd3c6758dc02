"""The published statistic: every step held to a literal restatement."""

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage, stats
from test_energy import STACKS, WHEN, masks, periods, stack

from dashboard.change.energy.stacks import asked
from dashboard.change.pwtt import pwtt, spread, t_and_freedom
from dashboard.change.pwtt.discs import disc_mean, focal_median
from dashboard.model.errors import GridMismatchError, InputError


def lee(image):
    """Lee's filter of 3 x 3 pixels and 5 looks over what is seen."""
    seen = np.isfinite(image) & (image > 0)
    z = np.where(seen, image, 0.0).astype(np.float64)
    box = np.ones((3, 3))
    n, s, q = (ndimage.convolve(a, box, mode="constant") for a in (seen.astype(float), z, z * z))
    with np.errstate(all="ignore"):
        mean = s / n
        v = q / n - mean**2
        b = np.maximum(0, (v - mean**2 / 5) / (1 + 1 / 5) / v)
    return np.where(seen, (1 - np.nan_to_num(b)) * mean + np.nan_to_num(b) * z, np.nan)


def literal(each, before, after, *, welch, filtered=True):
    """|t| and df of (polarisation, y, x)."""
    power = each.values.astype(np.float64)
    if filtered:
        power = np.stack([[lee(image) for image in date] for date in each.values])
    x = np.log(power)
    a, b = np.ma.masked_invalid(x[before]), np.ma.masked_invalid(x[after])
    n1, n2 = a.count(axis=0).astype(float), b.count(axis=0).astype(float)
    v1, v2 = a.var(axis=0, ddof=1).filled(np.nan), b.var(axis=0, ddof=1).filled(np.nan)
    step = abs(b.mean(axis=0) - a.mean(axis=0)).filled(np.nan)
    with np.errstate(all="ignore"):
        if welch:
            e = v1 / n1 + v2 / n2
            df = e**2 / ((v1 / n1) ** 2 / (n1 - 1) + (v2 / n2) ** 2 / (n2 - 1))
            known = (n1 >= 3) & (n2 >= 2)
        else:
            df = n1 + n2 - 2
            e = ((n1 - 1) * v1 + np.nan_to_num((n2 - 1) * v2)) / df * (1 / n1 + 1 / n2)
            known = (n1 >= 3) & (n2 >= 1)
        return np.where(known, step / np.sqrt(e), np.nan), df


@pytest.mark.parametrize("filtered", [True, False])
@pytest.mark.parametrize("variance", ["welch", "pooled"])
def test_t_is_the_formula(variance, filtered):
    for each, dates, (before, after) in zip(STACKS, asked(STACKS, WHEN), masks(STACKS, WHEN), strict=True):
        t, df = literal(each, before, after, welch=variance == "welch", filtered=filtered)
        found = t_and_freedom(dates, variance, 2, 5.0 if filtered else 0.0)
        np.testing.assert_allclose(found[:, 0], t, rtol=2e-3, atol=2e-4)
        np.testing.assert_allclose(found[:, 1][np.isfinite(t)], df[np.isfinite(t)], rtol=5e-3)


def test_welch_is_scipys():
    each = stack(2, dates=12, gaps=0.0, shape=(20, 20))
    when = periods(12 * 7)
    ((before, after),) = masks([each], when)
    x = np.log(each.values.astype(np.float64))
    law = stats.ttest_ind(x[after], x[before], axis=0, equal_var=False)
    found = t_and_freedom(asked([each], when)[0], "welch", 1, 0.0)
    np.testing.assert_allclose(found[:, 0], abs(law.statistic), rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(found[:, 1], law.df, rtol=5e-3)


@pytest.mark.parametrize("orbits", ["stouffer", "max"])
def test_orbits_and_polarisations_combine_as_published(orbits):
    parts = [literal(each, *m, welch=True) for each, m in zip(STACKS, masks(STACKS, WHEN), strict=True)]
    (a, da), (b, db) = parts
    da, db = np.where(np.isfinite(a), da, 0), np.where(np.isfinite(b), db, 0)
    with np.errstate(all="ignore"):
        if orbits == "max":
            vv = np.fmax(a[0], b[0])
        else:
            top = np.sqrt(da[0]) * np.nan_to_num(a[0]) + np.sqrt(db[0]) * np.nan_to_num(b[0])
            vv = top / np.sqrt(da[0] + db[0])
    found = pwtt(STACKS, WHEN, orbits=orbits)
    expected = np.fmax(vv, a[1])
    np.testing.assert_allclose(found["t"], expected, rtol=3e-3, atol=3e-4)
    np.testing.assert_allclose(found["p_value"], np.minimum(1, 4 * stats.norm.sf(found["t"])), rtol=1e-5)


def test_discs_and_medians_are_the_literal_ones():
    values = np.random.default_rng(0).random((41, 37)).astype(np.float32)
    values[10:14, 20:22] = np.nan
    y, x = np.indices(values.shape)
    for radius in (1.0, 2.5, 5.0, 60.0):
        mean = disc_mean(values, radius)
        for at in ((0, 0), (20, 18), (12, 21), (40, 5)):
            inside = (y - at[0]) ** 2 + (x - at[1]) ** 2 <= radius**2
            assert mean[at] == pytest.approx(np.nanmean(values[inside]), rel=1e-5)
    median = focal_median(values, 1)
    assert median[5, 5] == pytest.approx(np.median(values[4:7, 4:7]))
    assert median[9, 20] == pytest.approx(np.nanmedian(values[8:11, 19:22]))
    assert median[0, 0] == pytest.approx(np.median(values[:2, :2]))
    assert np.isnan(median[11, 20])
    expected = np.mean([median, *(disc_mean(median, r) for r in (5, 10, 15))], axis=0)
    np.testing.assert_allclose(spread(values, 10.0), np.where(np.isfinite(values), expected, np.nan), rtol=1e-5)


def test_only_ground_with_buildings_is_judged_and_averaged():
    built = np.zeros(STACKS[0].shape[2:], bool)
    built[10:30, 10:30] = True
    found, everywhere = pwtt(STACKS, WHEN, footprints=built), pwtt(STACKS, WHEN)
    assert np.isnan(found["statistic"].values[~built]).all()
    np.testing.assert_array_equal(found["t"].values[built], everywhere["t"].values[built])
    assert abs(found["statistic"] - everywhere["statistic"]).max() > 0.01


def test_it_turns_with_the_ground_and_forgets_gains():
    plain = pwtt(STACKS, WHEN)
    turned = pwtt([each[..., ::-1, ::-1] for each in STACKS], WHEN)
    np.testing.assert_allclose(turned["statistic"], plain["statistic"][::-1, ::-1], rtol=1e-4)
    louder = pwtt([each * np.float32(100) for each in STACKS], WHEN)
    np.testing.assert_allclose(louder["t"], plain["t"], rtol=5e-3, atol=2e-3)


def test_too_few_looks_are_not_judged():
    each = STACKS[0]
    assert np.isnan(pwtt([each], periods(500, 600))["statistic"]).all()
    last = periods(12 * 12)
    assert np.isnan(pwtt([each], last)["t"]).all()
    assert np.isfinite(pwtt([each], last, variance="pooled")["t"]).mean() > 0.9


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"orbits": "sum"}, InputError),
        ({"variance": "none"}, InputError),
        ({"footprints": np.ones((2, 2), bool)}, GridMismatchError),
    ],
)
def test_what_is_no_choice_is_refused(choice, error):
    with pytest.raises(error, match=r"choice|pixels"):
        pwtt(STACKS, WHEN, **choice)


def test_inputs_are_left_alone():
    before = [each.copy(deep=True) for each in STACKS]
    pwtt(STACKS, WHEN)
    for now, then in zip(STACKS, before, strict=True):
        xr.testing.assert_identical(now, then)

"""A stack as it is stored: amplitudes say what their squares say, wherever a pixel's first look is."""

import numpy as np
import pytest
import xarray as xr
from energy_restated import energy as restated
from hypothesis import given, settings
from hypothesis import strategies as st
from test_energy import WHEN, masks, stack

from dashboard.change.energy import Options, change_tstat, log_series, placebo_energies, reference, stratum
from dashboard.change.energy.common import _median
from dashboard.change.pwtt import pwtt


@pytest.fixture(scope="module")
def stored():
    """Amplitudes on a scale of 1e4, and the power that they stand for."""
    power = stack(3)
    amplitude = np.clip(np.rint(1e4 * np.sqrt(np.nan_to_num(power.values))), 0, 65535).astype(np.uint16)
    amplitude.flags.writeable = False
    squared = np.where(amplitude > 0, np.square(amplitude.astype(np.float32)), np.float32(np.nan))
    return power.copy(data=amplitude), power.copy(data=squared)


def test_amplitudes_say_what_their_squares_say(stored):
    amplitude, power = stored
    known, other = (reference([each], WHEN) for each in stored)
    np.testing.assert_allclose(known.common[0].values, other.common[0].values, atol=1e-5)
    np.testing.assert_allclose(known.variance, other.variance, rtol=1e-5)
    np.testing.assert_allclose(known.brightness_edges, other.brightness_edges, rtol=1e-5)
    one, two = (change_tstat([each], WHEN, reference=known) for each in stored)
    xr.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    for (_, a), (_, b) in zip(*(placebo_energies([each], WHEN, reference=known) for each in stored), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    assert (stratum([amplitude], WHEN, reference=known) == stratum([power], WHEN, reference=known)).mean() > 0.999
    np.testing.assert_allclose(log_series(amplitude, known), log_series(power, known), atol=1e-5)
    for name in ("t", "statistic"):
        np.testing.assert_allclose(*(pwtt([each], WHEN)[name] for each in stored), rtol=1e-4)


def test_a_part_of_amplitudes_is_that_part(stored):
    amplitude, _ = stored
    known = reference([amplitude], WHEN)
    part = {"y": slice(9, 40), "x": slice(11, 53)}
    whole, piece = (
        change_tstat([each], WHEN, reference=known, options=Options(smooth_px=0))["energy"]
        for each in (amplitude, amplitude.isel(part))
    )
    np.testing.assert_allclose(piece, whole.isel(part), rtol=1e-5)


@pytest.mark.parametrize("late", [1, 3, 4, 6])
def test_ground_whose_first_looks_are_missing_is_its_formula(late):
    each = stack(5, dates=20, gaps=0.0)
    power = each.values.copy()
    power[:late, :, 10:30] = np.nan
    power[:, :, 50:] *= 1e-7
    each = each.copy(data=power)
    options = Options(smooth_px=0)
    known = reference([each], WHEN, options)
    found = change_tstat([each], WHEN, reference=known, options=options)["energy"]
    np.testing.assert_allclose(found, restated([each], masks([each], WHEN), known, options), rtol=1e-3, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 9), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_median_is_of_the_numbers(seed, rows, columns, gaps):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 2, columns, 3))
    values[rng.random(values.shape) < gaps] = np.nan
    for axis in (0, (2, 3), 3):
        keep = isinstance(axis, tuple)
        empty = np.isnan(values).all(axis=axis, keepdims=True)
        expected = np.where(empty, np.nan, np.nanmedian(np.where(empty, 0.0, values), axis, keepdims=True))
        expected = expected if keep else expected.squeeze(axis)
        np.testing.assert_allclose(_median(values, axis), expected, rtol=1e-12)

"""The sequential omnibus test of full dual-polarised covariance matrices."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from dashboard.change.omnibus import Direction, Gate, sequential_omnibus

MIX = np.array([[1.0, 0.0], [0.6, 0.8]])
"""Scattering of correlation 0.6 and equal power from two independent fields."""


def matrices(dates, looks, pixels, seed=0, mix=MIX):
    """(date, pixel, 2, 2) mean covariance of circular Gaussian scattering; `mix` may differ by date."""
    rng = np.random.default_rng(seed)
    shape = (dates, pixels, 2, looks)
    field = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) * np.sqrt(0.5)
    field = np.broadcast_to(mix, (dates, 2, 2))[:, None] @ field
    return field @ field.conj().swapaxes(-1, -2) / looks


def parts(c):
    """The stack of powers and the real and imaginary covariance, single precision, read-only."""
    arrays = [np.stack([c[..., 0, 0].real, c[..., 1, 1].real], axis=1)[:, :, None], c[..., 0, 1].real[:, None]]
    arrays.append(c[..., 0, 1].imag[:, None])
    arrays = [each.astype(np.float32) for each in arrays]
    for each in arrays:
        each.flags.writeable = False
    stack = xr.DataArray(arrays[0], dims=("time", "polarisation", "y", "x"))
    return stack, tuple(xr.DataArray(each, dims=("time", "y", "x")) for each in arrays[1:])


def answer(c, looks, **ask):
    stack, covariance = parts(c)
    return sequential_omnibus(stack, looks, full=True, covariance=covariance, **{"far": 1e-2, **ask})


@pytest.mark.parametrize("looks", [2, 5])
def test_p_values_are_uniform_and_the_rate_is_the_one_asked_for(looks):
    c = matrices(8, looks, 60_000, seed=1)
    found = answer(c, looks)
    assert stats.kstest(found.p_value.values.reshape(-1), "uniform").pvalue > 1e-3
    assert float((found["count"] > 0).mean()) == pytest.approx(1e-2, rel=0.15)
    dates_alone = answer(c, looks, gate=Gate.SIDAK)
    assert float((dates_alone["count"] > 0).mean()) == pytest.approx(1e-2, rel=0.15)


def test_any_basis_of_polarisation_gives_the_same_answer():
    c = matrices(9, 5, 400, seed=2)
    c[5:] *= 4
    turn = np.array([[1.0, 0.4 + 0.7j], [-0.2j, 0.9]])
    here, turned = answer(c, 5), answer(turn @ c @ turn.conj().T, 5)
    assert (here["count"] > 0).mean() > 0.5
    np.testing.assert_array_equal(here["count"], turned["count"])
    np.testing.assert_array_equal(here["date"], turned["date"])
    np.testing.assert_array_equal(here["direction"], turned["direction"])
    np.testing.assert_allclose(here.p_value, turned.p_value, rtol=2e-3)


def test_a_change_of_correlation_alone_is_seen_only_with_the_covariance():
    dates, step = 20, 11
    mix = np.where(np.arange(dates)[:, None, None] < step, np.array([[1.0, 0.0], [0.95, 0.312]]), np.eye(2))
    c = matrices(dates, 8, 300, seed=3, mix=mix)
    full = answer(c, 8, far=1e-3)
    assert (full["count"] > 0).mean() > 0.95
    # One singular-like matrix against a round one: some combination rose.
    assert (full.direction[0] == Direction.MIXED).mean() > 0.5
    diagonal = sequential_omnibus(parts(c)[0], 8, far=1e-3)
    assert (diagonal["count"] > 0).mean() < 0.1


@pytest.mark.parametrize(("factor", "direction"), [(20.0, Direction.BRIGHTER), (0.02, Direction.DARKER)])
def test_a_common_factor_has_a_definite_direction(factor, direction):
    c = np.broadcast_to(MIX @ MIX.T, (15, 4, 2, 2)).astype(complex).copy() * 1e-4
    c[9:] *= factor
    found = answer(c, 6, far=1e-4)
    assert (found["count"] == 1).all()
    assert (found["first"] == 9).all()
    assert (found.date_before[0] == 8).all()
    assert (found.direction[0] == direction).all()


def test_missing_and_singular_dates_are_left_out():
    c = matrices(12, 5, 50, seed=4)
    c[7:] *= 30
    kept = np.delete(c, [2, 8], axis=0)
    c[2] = np.nan
    c[8, :, 0, 1] = np.sqrt(c[8, :, 0, 0].real * c[8, :, 1, 1].real)  # perfectly correlated: no such measurement
    gaps, without = answer(c, 5), answer(kept, 5)
    assert (gaps.looks == 10).all()
    np.testing.assert_array_equal(gaps["count"], without["count"])
    np.testing.assert_allclose(gaps.p_value, without.p_value, rtol=1e-6)
    assert set(np.unique(without["first"])) <= {-1, *range(12)}
    index = without["first"].values
    np.testing.assert_array_equal(gaps["first"], index + (index >= 2) + (index >= 7))


def test_threads_and_pieces_change_nothing():
    c = matrices(10, 4, 2000, seed=5)
    c[6:, :300] *= 6
    whole = answer(c, 4)
    for name, values in answer(c, 4, threads=2).items():
        np.testing.assert_array_equal(whole[name], values)
    np.testing.assert_array_equal(whole["date"][..., :777], answer(c[:, :777], 4)["date"])
    assert (whole["first"][..., :300] == 6).mean() > 0.4


def test_a_step_on_dark_water_is_found_in_300_dates():
    c = matrices(300, 5, 40, seed=6) * 1e-9
    c[200:] *= 10
    found = answer(c, 5, far=1e-3)
    assert np.isfinite(found.p_value).all()
    assert (found.date == 200).any("change").mean() > 0.7

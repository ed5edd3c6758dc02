import numpy as np
import pytest
from scipy import stats

from dashboard.model.errors import InputError
from dashboard.simulate.speckle import gaussian_taps, speckle, speckle_fields


@pytest.mark.parametrize("looks", [1, 3, 4])
@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_the_one_pixel_law_is_gamma_whatever_the_correlation(looks: int, correlation: float) -> None:
    field = speckle((900, 900), looks, np.random.default_rng(looks), correlation)
    far_apart = field[::9, ::9].ravel()  # independent draws: beyond the filter's reach
    assert stats.kstest(far_apart, stats.gamma(looks, scale=1 / looks).cdf).pvalue > 0.01
    assert field.dtype == np.float32


def test_a_fraction_of_a_look_is_exact_without_correlation() -> None:
    field = speckle((300, 300), 4.4, np.random.default_rng(1))
    assert stats.kstest(field.ravel(), stats.gamma(4.4, scale=1 / 4.4).cdf).pvalue > 0.01


@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.5])
def test_neighbours_are_correlated_as_stated(sigma: float) -> None:
    field = speckle((1000, 1000), 1, np.random.default_rng(7), sigma).astype(float)
    taps = gaussian_taps(sigma).astype(float)
    stated = (taps[1:] * taps[:-1]).sum() ** 2
    centred = field - field.mean()
    for a, b in ((centred[1:], centred[:-1]), (centred[:, 1:], centred[:, :-1])):
        assert (a * b).mean() / centred.var() == pytest.approx(stated, abs=0.02)


def test_a_steady_phasor_meets_a_real_part_of_the_right_variance() -> None:
    _, real = speckle_fields((500, 500), 4, np.random.default_rng(3), 0.6)
    assert real.var() == pytest.approx(0.5 / 4, rel=0.03)


def test_the_same_seed_draws_the_same_field() -> None:
    a, b = (speckle((40, 50), 2, np.random.default_rng(5), 0.6) for _ in range(2))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("looks", "correlation"), [(0.0, 0.0), (-1.0, 0.6), (2.5, 0.6)])
def test_impossible_looks_are_refused(looks: float, correlation: float) -> None:
    with pytest.raises(InputError, match="looks"):
        speckle((4, 4), looks, np.random.default_rng(0), correlation)

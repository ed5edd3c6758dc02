"""Coherence: its estimate beside a literal restatement, its law beside simulated pairs, and a pixel's history."""

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, ndimage, special, stats

from dashboard.change.coherence import (
    Estimator,
    below,
    coherence,
    effective_looks,
    expected,
    history_score,
    oversampling,
    thresholds,
)
from dashboard.model.errors import GridMismatchError, InputError


def circular(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return ((rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)).astype(np.complex64)


def image(values: np.ndarray) -> xr.DataArray:
    values = np.ascontiguousarray(values, np.complex64)
    values.flags.writeable = False
    return xr.DataArray(values, dims=("y", "x"))


def pair(seed: int, level: float, shape=(200, 220)) -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(seed)
    a = circular(rng, shape)
    return image(a), image(level * a + np.sqrt(1 - level**2) * circular(rng, shape))


def literal(a: xr.DataArray, b: xr.DataArray, window: tuple[int, int], estimator: Estimator) -> np.ndarray:
    """Restate both estimators with sums of everything in the window, double precision."""
    first, second = a.values.astype(complex), b.values.astype(complex)
    there = np.isfinite(first) & np.isfinite(second)
    first, second = (np.where(there, v, 0.0) for v in (first, second))

    def total(values: np.ndarray) -> np.ndarray:
        return ndimage.convolve(values, np.ones(window), mode="constant")

    product = first * second.conj()
    size = np.abs(total(product.real) + 1j * total(product.imag))
    one, two = total(np.abs(first) ** 2), total(np.abs(second) ** 2)
    with np.errstate(all="ignore"):
        value = 2 * size / (one + two) if estimator is Estimator.EQUAL_VARIANCE else size / np.sqrt(one * two)
    enough = there & (total(there.astype(float)) >= 0.5 * window[0] * window[1])
    return np.where(enough, value, np.nan)


@pytest.mark.parametrize("estimator", list(Estimator))
@pytest.mark.parametrize("window", [(1, 1), (3, 3), (5, 5), (3, 9), (11, 1)])
def test_it_is_the_formula_also_beside_gaps_and_edges(window, estimator):
    a, b = pair(1, 0.6, (140, 50))
    holes = a.values.copy()
    holes[20:30, 10:20] = np.nan
    holes[100, 30] = np.inf
    a = image(holes)
    found = coherence(a, b, window, estimator=estimator)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.values, literal(a, b, window, estimator), atol=2e-6)
    assert np.isnan(found.values[100, 30])


def test_rows_done_apart_leave_no_seams(monkeypatch):
    a, b = pair(2, 0.5, (90, 40))
    whole = coherence(a, b)
    monkeypatch.setattr("dashboard.change.coherence.estimate._ROWS", 7)
    np.testing.assert_array_equal(coherence(a, b).values, whole.values)


def test_gain_phase_and_exchange_change_nothing():
    a, b = pair(3, 0.5)
    value = coherence(a, b).values
    np.testing.assert_allclose(coherence(b, a).values, value, atol=1e-6)
    np.testing.assert_allclose(coherence(image(a.values * 300j), b).values, value, atol=1e-6)
    np.testing.assert_allclose(coherence(a[::-1, ::-1], b[::-1, ::-1]).values[::-1, ::-1], value, atol=1e-6)
    np.testing.assert_allclose(coherence(a.transpose("x", "y"), b.transpose("x", "y")).values.T, value, atol=1e-6)


def test_equal_variances_are_punished_for_a_change_of_brightness():
    a, b = pair(4, 0.8)
    brighter = image(b.values * np.sqrt(10.0))
    sample, equal = (coherence(a, brighter, estimator=e).values for e in Estimator)
    assert (equal <= sample + 1e-6)[~np.isnan(sample)].all()
    assert np.nanmean(equal) == pytest.approx(np.nanmean(sample) * 2 * np.sqrt(10) / 11, rel=0.02)


def test_a_bright_target_leaves_nothing_behind():
    a, b = pair(5, 0.5)
    bright = a.values.copy()
    bright[50, 50] *= 1e6
    value, other = coherence(a, b).values, coherence(image(bright), b).values
    far = np.ones(value.shape, bool)
    far[48:53, 48:53] = False
    np.testing.assert_array_equal(value[far], other[far])


def test_nothing_that_came_back_has_no_coherence():
    zero = image(np.zeros((9, 9)))
    assert np.isnan(coherence(zero, zero).values).all()
    one = image(np.full((9, 9), 1 + 2j))
    corner = coherence(one, one).values
    assert np.isnan(corner[0, 0])
    assert np.nanmin(corner) == pytest.approx(1.0)


@pytest.mark.parametrize(("size", "level"), [(3, 0.0), (3, 0.5), (5, 0.0), (5, 0.3), (5, 0.7), (7, 0.9)])
def test_thresholds_are_passed_as_often_as_asked(size, level):
    shape = (600, 600)
    a, b = pair(6, level, shape)
    apart = np.s_[size // 2 :: size, size // 2 :: size]  # windows that share no pixel
    value = coherence(a, b, size).values[apart]
    value = value[~np.isnan(value)]
    for far in (0.1, 0.01):
        noise = 3.5 * np.sqrt(far / value.size)
        assert (value < thresholds(size**2, level, far)).mean() == pytest.approx(far, abs=noise)
        assert (value > thresholds(size**2, level, far, tail="above")).mean() == pytest.approx(far, abs=noise)
    assert value.mean() == pytest.approx(expected(size**2, level), abs=4 * value.std() / np.sqrt(value.size))


def test_published_thresholds_are_met():
    assert thresholds(25, 0.7, 1e-2) == pytest.approx(0.504, abs=5e-4)
    assert thresholds(25, 0.7, 1e-3) == pytest.approx(0.416, abs=5e-4)


@pytest.mark.parametrize(("looks", "level"), [(4.0, 0.3), (9.5, 0.7), (25.0, 0.95), (60.0, 0.5)])
def test_the_law_is_the_integral_of_the_hypergeometric_density(looks, level):
    def density(d: float) -> float:
        z = (d * level) ** 2
        stable = (1 - z) ** (1 - 2 * looks) * special.hyp2f1(1 - looks, 1 - looks, 1, z)
        return 2 * (looks - 1) * (1 - level**2) ** looks * d * (1 - d * d) ** (looks - 2) * stable

    for value in (0.2, 0.6, 0.9):
        area, _ = integrate.quad(density, 0, value, epsabs=1e-12, limit=200)
        assert float(below(value, looks, level)) == pytest.approx(area, abs=1e-9)
    mean, _ = integrate.quad(lambda d: d * density(d), 0, 1, limit=200)
    assert expected(looks, level) == pytest.approx(mean, rel=1e-8)


@pytest.mark.parametrize("looks", [1.5, 5.0, 30.0, 1000.0])
def test_without_coherence_the_law_is_closed(looks):
    values = np.linspace(0, 1, 21)
    np.testing.assert_allclose(below(values, looks, 0.0), 1 - (1 - values**2) ** (looks - 1), atol=1e-12)
    ratio = special.gammaln(looks) + special.gammaln(1.5) - special.gammaln(looks + 0.5)
    assert expected(looks, 0.0) == pytest.approx(np.exp(ratio))
    for tail in ("below", "above"):
        near = thresholds(looks, 1e-9, 1e-3, tail=tail)
        assert thresholds(looks, 0.0, 1e-3, tail=tail) == pytest.approx(near, rel=1e-6)


def test_many_looks_are_nearly_normal():
    wide = stats.norm(np.arctanh(0.9), np.sqrt(0.5 / 5000)).cdf(np.arctanh(0.901))
    assert float(below(0.901, 5000.0, 0.9)) == pytest.approx(wide, abs=0.01)


def test_the_law_stays_finite_and_ordered_at_its_ends():
    for looks in (1.1, 20.0, 5000.0):
        for level in (0.0, 0.5, 0.999):
            chance = below(np.linspace(0, 1, 101), looks, level)
            assert chance[0] == 0.0
            assert chance[-1] == pytest.approx(1.0)
            assert (np.diff(chance) >= -1e-12).all()
        rising = [thresholds(looks, level, 0.01) for level in (0.0, 0.3, 0.6, 0.9, 0.99)]
        assert rising == sorted(rising)


@pytest.mark.parametrize("fine", [(1.0, 1.0), (1.5, 2.0), (3.0, 1.0)])
def test_oversampled_looks_are_measured_and_obey_the_law(fine):
    rng = np.random.default_rng(7)
    shape = (400, 400)

    def banded(values: np.ndarray) -> np.ndarray:
        spectrum = np.fft.fft2(values)
        for axis, times in enumerate(fine):
            frequency = np.abs(np.fft.fftfreq(shape[axis]))
            keep = frequency < 0.5 / times
            spectrum *= keep[:, None] if axis == 0 else keep
        return np.fft.ifft2(spectrum) * np.sqrt(fine[0] * fine[1])

    a, w = banded(circular(rng, shape)), banded(circular(rng, shape))
    first, second = image(a), image(0.6 * a + 0.8 * w)
    measured = oversampling(first)
    assert measured == pytest.approx(fine, rel=0.06)
    looks = effective_looks(7, measured)
    value = coherence(first, second, 7).values
    assert (value < thresholds(looks, 0.6, 0.01)).mean() == pytest.approx(0.01, rel=0.6)
    if max(fine) > 1:
        assert (value < thresholds(49, 0.6, 0.01)).mean() > 0.02
    else:
        assert looks == pytest.approx(49, rel=0.01)


def test_bright_ground_and_gaps_do_not_look_like_oversampling():
    rng = np.random.default_rng(8)
    a = circular(rng, (300, 300))
    a[100:200, 50:90] *= 30.0
    a[:, 250:270] = np.nan
    assert oversampling(image(a)) == pytest.approx((1.0, 1.0), abs=0.05)


def test_without_change_the_history_score_keeps_within_its_law():
    scores = []
    for seed in range(3):
        pairs = [coherence(*pair(100 * seed + n, 0.6, (150, 150)), 5).values for n in range(9)]
        history = xr.DataArray(np.stack(pairs[:8]), dims=("pair", "y", "x"))
        scores.append(history_score(history, xr.DataArray(pairs[8], dims=("y", "x"))).values)
    score = np.stack(scores)
    score = score[np.isfinite(score)]
    law = stats.t(4 + 7)
    for far in (0.1, 0.01):
        assert 0.5 * far < (score < law.ppf(far)).mean() < 1.15 * far


def test_lost_coherence_scores_low_and_gaps_none():
    history = np.stack([coherence(*pair(n, 0.7, (80, 80)), 5).values for n in range(5)])
    event = coherence(*pair(50, 0.7, (80, 80)), 5).values.copy()
    event[20:40, 20:40] = coherence(*pair(51, 0.1, (20, 20)), 5).values
    event[60, 60] = np.nan
    history[:2, 70] = np.nan
    score = history_score(xr.DataArray(history, dims=("pair", "y", "x")), xr.DataArray(event, dims=("y", "x"))).values
    assert np.nanmedian(score[24:36, 24:36]) < -4
    assert abs(np.nanmedian(score[45:])) < 0.3
    assert np.isnan(score[60, 60])
    assert np.isnan(score[70]).all()


def test_what_cannot_be_judged_is_refused():
    a, b = pair(9, 0.5, (20, 20))
    for window in (4, (3, 2), 0, -3):
        with pytest.raises(InputError, match="odd"):
            coherence(a, b, window)
    with pytest.raises(GridMismatchError):
        coherence(a, b[:10])
    with pytest.raises(InputError, match="complex"):
        coherence(np.abs(a), np.abs(b))
    for looks, level in ((1.0, 0.5), (5.0, 1.0), (5.0, -0.1), (np.nan, 0.5)):
        with pytest.raises(InputError):
            below(0.5, looks, level)
    with pytest.raises(InputError):
        thresholds(5.0, 0.5, 1.0)
    with pytest.raises(InputError, match="resolution cell"):
        effective_looks(5, (0.5, 1.0))
    with pytest.raises(InputError, match="too few"):
        oversampling(a)
    with pytest.raises(InputError, match="3 pairs"):
        history_score(xr.DataArray(np.ones((3, 2, 2)), dims=("pair", "y", "x")), xr.DataArray(np.ones((2, 2))))
    with pytest.raises(GridMismatchError):
        history_score(xr.DataArray(np.ones((4, 2, 2)), dims=("pair", "y", "x")), xr.DataArray(np.ones((3, 2))))

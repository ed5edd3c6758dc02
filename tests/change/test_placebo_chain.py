"""The whole chain on simulated ground: energy, pseudo-events, calibration, objects, announcement."""

import numpy as np
import pytest
import xarray as xr

from dashboard.change.energy import Options, change_tstat, placebo_energies, reference
from dashboard.change.patches import patches, scores
from dashboard.change.periods import Periods
from dashboard.change.placebo import Calibration, Counts, independent_samples, independent_windows
from dashboard.change.rates import announce, confidences
from dashboard.simulate.speckle import speckle

BEFORE, AFTER, SIDE = 17, 3, 200
PIXEL_KM2 = 9e-4
OPTIONS = Options()


def ground(seed: int) -> xr.DataArray:
    """Four looks of speckle, neighbours correlated over a pixel, on ground that never changes."""
    rng = np.random.default_rng(seed)
    power = [[speckle((SIDE, SIDE), 4, rng, 1.0) for _ in range(2)] for _ in range(BEFORE + AFTER)]
    times = np.datetime64("2023-01-01", "ns") + np.arange(BEFORE + AFTER) * np.timedelta64(12, "D")
    coords = {"time": times, "polarisation": ["VV", "VH"]}
    return xr.DataArray(np.array(power, np.float32), dims=("time", "polarisation", "y", "x"), coords=coords)


def asked(stack: xr.DataArray) -> Periods:
    times = stack.time.values
    return Periods(before=(times[0], times[BEFORE - 1]), after=(times[BEFORE], times[-1]))


def searched(stack: xr.DataArray):
    """Return the statistic, the calibration, the rule and the announcement of one question."""
    periods = asked(stack)
    known = reference([stack], periods, OPTIONS)
    seen = change_tstat([stack], periods, reference=known, options=OPTIONS)
    past = [each for _, each in placebo_energies([stack], periods, reference=known, options=OPTIONS)]
    counts = sum((Counts.of(each) for each in past[1:]), Counts.of(past[0]))
    worth = independent_windows(BEFORE, AFTER)
    apart = independent_samples(counts.samples, len(past), worth=worth, smooth_px=OPTIONS.smooth_px)
    law = Calibration.of(counts, len(past), independent=apart)
    rule = {"seed": law.threshold(1e-3), "grow": law.threshold(1e-2), "least_px": 4, "resolution_px": 1.0}
    announced = announce([scores(each, **rule) for each in past], SIDE**2 * PIXEL_KM2, independent=worth)
    return seen, law, rule, announced


@pytest.fixture(scope="module")
def quiet():
    return [searched(ground(seed)) for seed in range(3)]


def test_the_asked_rate_comes(quiet):
    for far in (1e-2, 1e-3):
        got = np.mean([(seen.energy.values >= law.threshold(far)).mean() for seen, law, *_ in quiet])
        assert far / 2 < got < 2 * far


def test_no_more_false_polygons_come_than_were_announced(quiet):
    came = expected = 0.0
    for seen, _, rule, announced in quiet:
        came += scores(seen.energy, **rule).size
        expected += announced.at(0.0) * SIDE**2 * PIXEL_KM2 / 100.0
    assert came <= expected + 2 * np.sqrt(expected)
    assert expected < 2.5 * came + 10


def test_what_is_found_where_nothing_happened_gets_little_confidence(quiet):
    for seen, _, rule, announced in quiet:
        found = scores(seen.energy, **rule)
        assert np.mean(confidences(found, announced, SIDE**2 * PIXEL_KM2) < 0.5) >= 0.8


def test_what_happened_is_found_surely():
    stack = ground(9)
    rng = np.random.default_rng(10)
    truth = np.zeros((SIDE, SIDE), bool)
    for top, left in rng.integers(10, SIDE - 10, (40, 2)):
        truth[top : top + 4, left : left + 4] = True
    gain = np.where(truth, 10 ** (rng.choice([0.6, 0.6, 0.6, -0.6], truth.shape)), 1.0)
    power = stack.values.copy()
    power[BEFORE:] *= gain.astype(np.float32)
    seen, _, rule, announced = searched(stack.copy(data=power))
    found = patches(seen.energy, seen.step_db, **rule)
    sure = confidences(np.array([each.score for each in found.found]), announced, SIDE**2 * PIXEL_KM2)
    true = np.array([truth[found.labels == each.label].any() for each in found.found])
    assert sure[true].mean() > 0.85
    # The promise of a confidence: among all at least so sure, no larger share is false than it leaves, within chance.
    for least in (0.5, 0.8, 0.9, 0.95):
        chosen = sure >= least
        expected = (1.0 - sure[chosen].min()) * chosen.sum()
        assert (~true[chosen]).sum() <= expected + 2 * np.sqrt(expected)
    inside = found.labels > 0
    assert (inside & truth).sum() / (inside | truth).sum() > 0.7

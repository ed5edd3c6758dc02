"""The sequential omnibus test of intensities: its rate, its laws, and one pixel of every kind."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from dashboard.change.omnibus import Direction, Gate, sequential_omnibus
from dashboard.model.errors import GridMismatchError, InputError
from dashboard.simulate.speckle import speckle

VARIABLES = ("count", "first", "last", "p_value", "looks", "date", "date_before", "direction")


def as_stack(power):
    power = np.asarray(power, np.float32)
    power.flags.writeable = False
    times = np.datetime64("2024-01-01", "ns") + np.arange(power.shape[0]) * np.timedelta64(12, "D")
    names = ["VV", "VH", "HH", "HV"][: power.shape[1]]
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords={"time": times, "polarisation": names})


def quiet(dates=10, shape=(40, 50), looks=4.4, pols=2, seed=0):
    rng = np.random.default_rng(seed)
    ground = 0.02 * rng.lognormal(0, 1.5, (1, pols, *shape))
    return ground * speckle((dates * pols * shape[0], shape[1]), looks, rng).reshape(dates, pols, *shape)


def pixel(values, pols=2):
    """One pixel, all polarisations alike or each with its own series."""
    series = np.asarray(values, float)
    series = np.stack([series] * pols, axis=1) if series.ndim == 1 else series
    return as_stack(series[:, :, None, None])


def same(a, b):
    for name in VARIABLES:
        rtol = 1e-9 if name == "p_value" else 0.0  # the order of a sum, and logarithms of another level
        np.testing.assert_allclose(a[name].values, b[name].values, rtol=rtol, err_msg=name)


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize(("looks", "dates", "pols"), [(1.0, 5, 1), (1.0, 24, 2), (4.4, 12, 2)])
def test_a_whole_stack_alarms_as_often_as_asked(gate, looks, dates, pols):
    stack = as_stack(quiet(dates, (300, 400), looks, pols, seed=3))
    found = sequential_omnibus(stack, looks, far=1e-2, gate=gate)
    rate = float((found["count"] > 0).mean())
    if gate is Gate.Q:
        assert 0.5e-2 < rate < 1.08e-2
    else:
        assert rate == pytest.approx(1e-2, rel=0.1)  # 3.5 standard deviations


@pytest.mark.parametrize("looks", [1.0, 4.4])
def test_p_values_are_uniform_also_where_dates_are_missing(looks):
    power = quiet(7, (200, 300), looks, seed=8)
    power[np.random.default_rng(9).random(power.shape) < 0.1] = np.nan
    p = sequential_omnibus(as_stack(power), looks, far=1e-2).p_value.values
    assert stats.kstest(p[np.isfinite(p)], "uniform").pvalue > 1e-3


def test_polarisations_may_have_looks_of_their_own():
    rng = np.random.default_rng(2)
    power = np.stack([speckle((8 * 300, 400), n, rng).reshape(8, 300, 400) for n in (2.0, 9.0)], axis=1)
    found = sequential_omnibus(as_stack(power), {"VV": 2.0, "VH": 9.0}, far=1e-2)
    assert stats.kstest(found.p_value.values.reshape(-1), "uniform").pvalue > 1e-3
    assert float((found["count"] > 0).mean()) == pytest.approx(1e-2, rel=0.1)


@pytest.mark.parametrize("gate", Gate)
def test_gain_flip_polarisation_order_and_pieces_change_nothing(gate):
    power = quiet()
    power[6:, :, 10:20] *= 8
    power[3, 0, 5:9] = np.nan
    ask = {"far": 1e-2, "gate": gate}
    whole = sequential_omnibus(as_stack(power), 4.4, **ask)
    assert (whole["count"] > 0).any()
    same(whole, sequential_omnibus(as_stack(power * 2.0**-20), 4.4, **ask))
    same(whole, sequential_omnibus(as_stack(power), 4.4, threads=3, **ask))
    same(whole, sequential_omnibus(as_stack(power[:, ::-1]), 4.4, **ask))
    flipped = sequential_omnibus(as_stack(power[..., ::-1, ::-1]), 4.4, **ask)
    same(whole, flipped.isel(y=slice(None, None, -1), x=slice(None, None, -1)))
    for rows in (slice(0, 13), slice(13, 40)):
        same(whole.isel(y=rows), sequential_omnibus(as_stack(power[:, :, rows]), 4.4, **ask))


def test_a_date_that_nobody_saw_changes_nothing_but_the_numbers_of_later_dates():
    power = quiet(9)
    power[5:, :, :20] *= 10
    gap = np.insert(power, 4, np.nan, axis=0)
    without, with_gap = (sequential_omnibus(as_stack(each), 4.4, far=1e-2) for each in (power, gap))
    for name in ("count", "p_value", "looks", "direction"):
        np.testing.assert_allclose(without[name].values, with_gap[name].values, rtol=1e-9)
    for name in ("first", "last", "date", "date_before"):
        index = without[name].values
        np.testing.assert_array_equal(np.where(index >= 4, index + 1, index), with_gap[name].values)


def test_each_pixel_is_judged_by_its_own_dates():
    power = quiet(12, (6, 7), seed=4)
    power[8:, :, 2] *= 20
    missing = np.random.default_rng(5).random((12, 6, 7)) < 0.3
    power[:, 1][missing] = np.nan
    found = sequential_omnibus(as_stack(power), 4.4, far=1e-2)
    for y, x in np.ndindex(6, 7):
        there = np.flatnonzero(~missing[:, y, x])
        alone = sequential_omnibus(as_stack(power[there][:, :, y : y + 1, x : x + 1]), 4.4, far=1e-2).isel(y=0, x=0)
        here = found.isel(y=y, x=x)
        assert int(here.looks) == there.size
        assert int(here["count"]) == int(alone["count"])
        assert float(here.p_value) == pytest.approx(float(alone.p_value), rel=1e-9)
        if int(here["count"]):
            assert int(here["first"]) == there[int(alone["first"])]


def test_reversing_time_keeps_the_evidence():
    power = quiet(9, seed=6)
    there, back = (sequential_omnibus(as_stack(each), 4.4, far=1e-2) for each in (power, power[::-1]))
    np.testing.assert_allclose(there.p_value, back.p_value, rtol=1e-8)


WOBBLE = 1 + 0.2 * np.sin(7.0 * np.arange(30))
KINDS = {
    "no change": (np.ones(30), []),
    "one step": (np.repeat([1.0, 8.0], [17, 13]), [(17, Direction.BRIGHTER)]),
    "two steps": (np.repeat([1.0, 8.0, 60.0], [9, 12, 9]), [(9, Direction.BRIGHTER), (21, Direction.BRIGHTER)]),
    "back to before": (np.repeat([1.0, 0.1, 1.0], [11, 7, 12]), [(11, Direction.DARKER), (18, Direction.BRIGHTER)]),
    "one date only": (np.repeat([1.0, 30.0, 1.0], [14, 1, 15]), [(14, Direction.BRIGHTER), (15, Direction.DARKER)]),
    "last date": (np.repeat([1.0, 30.0], [29, 1]), [(29, Direction.BRIGHTER)]),
    "second date": (np.repeat([1.0, 30.0], [1, 5]), [(1, Direction.BRIGHTER)]),
}


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixel(kind, gate):
    level, changes = KINDS[kind]
    found = sequential_omnibus(pixel(0.01 * level * WOBBLE[: level.size]), 4.4, far=1e-3, gate=gate).isel(y=0, x=0)
    count = len(changes)
    assert int(found["count"]) == count
    assert found.date.values[:count].tolist() == [date for date, _ in changes]
    assert found.date_before.values[:count].tolist() == [date - 1 for date, _ in changes]
    assert found.direction.values[:count].tolist() == [int(direction) for _, direction in changes]
    assert int(found["first"]) == (changes[0][0] if changes else -1)
    assert int(found["last"]) == (changes[-1][0] if changes else -1)
    assert (found.date.values[count:] == -1).all()
    assert (found.direction.values[count:] == Direction.NONE).all()


def test_polarisations_that_disagree_are_mixed():
    series = 0.01 * np.stack([np.repeat([1.0, 9.0], 8), np.repeat([1.0, 0.1], 8)], axis=1)
    found = sequential_omnibus(pixel(series), 4.4, far=1e-3).isel(y=0, x=0)
    assert int(found["first"]) == 8
    assert int(found.direction[0]) == Direction.MIXED


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("level", [1e-3, 1e-9, 1e-30])
def test_a_step_on_dark_water_is_found_in_300_dates(gate, level):
    power = level * quiet(300, (20, 30), seed=7) / 0.02
    power[200:] *= 10
    found = sequential_omnibus(as_stack(power), 4.4, far=1e-3, gate=gate)
    assert np.isfinite(found.p_value).all()
    assert (found["count"] > 0).all()
    assert (found.date == 200).any("change").mean() > 0.5


def test_more_changes_than_asked_for_are_counted_and_the_last_is_known():
    level = np.tile([1.0, 50.0], 6)
    found = sequential_omnibus(pixel(level), 10.0, far=1e-3, gate="sidak", most_dates=2).isel(y=0, x=0)
    assert found.date.values.tolist() == [1, 2]
    assert int(found["count"]) == 11
    assert int(found["last"]) == 11


def test_what_was_never_seen_twice_has_no_answer():
    power = quiet(5, (3, 4))
    power[1:, 0, 0] = np.nan
    power[:, :, 1] = [[0.0], [-1.0]]
    power[:, 1, 2] = np.inf
    found = sequential_omnibus(as_stack(power), 4.4, far=0.5, gate="sidak")
    assert np.isnan(found.p_value).all()
    assert found.looks.values.tolist() == [[1] * 4, [0] * 4, [0] * 4]
    assert (found["count"] == 0).all()


def test_one_date_is_an_answer_without_changes():
    found = sequential_omnibus(as_stack(quiet(1)), 4.4, far=1e-2)
    assert np.isnan(found.p_value).all()
    assert (found["first"] == -1).all()


def test_impossible_questions_are_refused():
    stack = as_stack(quiet(4, (3, 4)))
    for far in (0.0, 1.0, np.nan):
        with pytest.raises(InputError, match="false-alarm"):
            sequential_omnibus(stack, 4.4, far=far)
    for looks in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="looks"):
            sequential_omnibus(stack, looks, far=1e-2)
    with pytest.raises(InputError, match="VH"):
        sequential_omnibus(stack, {"VV": 4.4}, far=1e-2)
    with pytest.raises(InputError, match="gate"):
        sequential_omnibus(stack, 4.4, far=1e-2, gate="none")
    with pytest.raises(InputError, match="at least 1"):
        sequential_omnibus(stack, 4.4, far=1e-2, most_dates=0)
    with pytest.raises(InputError, match="stack"):
        sequential_omnibus(stack[:, 0], 4.4, far=1e-2)
    with pytest.raises(InputError, match="covariance"):
        sequential_omnibus(stack, 4.4, far=1e-2, full=True)
    part = stack[:, 0, :2]
    with pytest.raises(GridMismatchError):
        sequential_omnibus(stack, 4.4, far=1e-2, full=True, covariance=(part, part))
    with pytest.raises(InputError, match="above 1"):
        sequential_omnibus(stack, 1.0, far=1e-2, full=True, covariance=(stack[:, 0], stack[:, 0]))

"""The energy of change: held to a restatement, and to the laws that any statistic of change must keep."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from energy_restated import energy as restated
from energy_restated import logs, t_squared
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.change.energy import HALO_PX, CommonMode, Options, change_tstat, log_series, reference
from dashboard.change.periods import Periods
from dashboard.model.errors import GridMismatchError, InputError

START = np.datetime64("2023-01-03T04:00", "ns")
DAY = np.timedelta64(1, "D")


def stack(seed=0, *, dates=14, planes=("VV", "VH"), shape=(60, 70), looks=4.4, every=12, offset=0, gaps=0.1):
    """A stack of speckle over ground of several brightnesses, with rain on one date and gaps; read only."""
    rng = np.random.default_rng(seed)
    power = rng.gamma(looks, 1 / looks, (dates, len(planes), *shape))
    power *= 10 ** rng.uniform(-2, 0.5, shape)
    power[dates // 2] *= 1.4
    power[rng.random(power.shape) < gaps] = np.nan
    power = power.astype(np.float32)
    power.flags.writeable = False
    times = START + offset * DAY + np.arange(dates) * every * DAY
    coords = {
        "time": times,
        "polarisation": list(planes),
        "y": 5e6 - 20.0 * np.arange(shape[0]),
        "x": 3e5 + 20.0 * np.arange(shape[1]),
    }
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


def periods(days=120, until=400):
    return Periods(before=(START, START + days * DAY), after=(START + (days + 1) * DAY, START + until * DAY))


STACKS = (stack(0), stack(1, dates=20, planes=("VV",), every=8, offset=3))
"""Two tracks, dual and single polarisation."""
WHEN = periods()


def masks(stacks, when):
    return [tuple(np.flatnonzero(m) for m in when.split(each["time"].values)) for each in stacks]


@pytest.fixture(scope="module")
def known():
    return reference(STACKS, WHEN)


@pytest.mark.parametrize(
    "options", [Options(), Options(prior_dof=0, smooth_px=0), Options(smooth_px=1.7, common_mode=False)]
)
def test_it_is_its_formula(options):
    ref = reference(STACKS, WHEN, options)
    found = change_tstat(STACKS, WHEN, reference=ref, options=options)
    np.testing.assert_allclose(
        found["energy"], restated(STACKS, masks(STACKS, WHEN), ref, options), rtol=1e-3, atol=1e-4
    )
    for index, each in enumerate(STACKS):
        alone = restated([each], masks([each], WHEN), ref.only(index), options)
        np.testing.assert_allclose(found["stack_energy"][index], alone, rtol=1e-3, atol=1e-4)


def test_step_and_looks_are_their_formulas(known):
    found = change_tstat(STACKS, WHEN, reference=known)
    parts = []
    for index, (each, (before, after)) in enumerate(zip(STACKS, masks(STACKS, WHEN), strict=True)):
        series = logs(each, known.common[index])
        parts.append(t_squared(series, before, after, known.variance[index], Options()))
    (_, a1, a2, a), (_, b1, b2, b) = parts
    wa, wb = a1[0] * a2[0] / (a1[0] + a2[0]), b1[0] * b2[0] / (b1[0] + b2[0])
    expected = (np.nan_to_num(a[0]) * wa + np.nan_to_num(b[0]) * wb) / (wa + wb) * 10 / np.log(10)
    np.testing.assert_allclose(found["step_db"].sel(polarisation="VV"), expected, atol=2e-4)
    np.testing.assert_allclose(found["step_db"].sel(polarisation="VH"), a[1] * 10 / np.log(10), atol=2e-4)
    np.testing.assert_array_equal(found["looks_before"], a1.max(axis=0) + b1[0])
    np.testing.assert_array_equal(found["looks_after"], a2.max(axis=0) + b2[0])


def test_types_coordinates_and_names(known):
    found = change_tstat(STACKS, WHEN, reference=known)
    assert {name: (array.dims, array.dtype) for name, array in found.data_vars.items()} == {
        "energy": (("y", "x"), np.float32),
        "step_db": (("polarisation", "y", "x"), np.float32),
        "looks_before": (("y", "x"), np.int16),
        "looks_after": (("y", "x"), np.int16),
        "level": (("y", "x"), np.float32),
        "stack_energy": (("stack", "y", "x"), np.float32),
    }
    assert found["polarisation"].values.tolist() == ["VV", "VH"]
    np.testing.assert_array_equal(found["x"], STACKS[0]["x"])


@pytest.mark.parametrize("looks", [1.0, 4.4, 20.0])
@pytest.mark.parametrize("count", [(20, 1), (12, 4)])
def test_its_mean_is_1_where_nothing_changed(looks, count):
    quiet = stack(7, dates=sum(count), looks=looks, shape=(200, 200), gaps=0.0)
    when = periods(12 * (count[0] - 1))
    energy = change_tstat([quiet], when, options=Options(smooth_px=0))["energy"]
    assert float(energy.mean()) == pytest.approx(1.0, abs=0.05 if looks > 1 else 0.12)


@pytest.mark.parametrize("gaps", [0.0, 0.1])
@settings(max_examples=8, deadline=None)
@given(st.floats(-60, 60), st.integers(0, 1000))
def test_gains_drop_out(gaps, overall_db, seed):
    """One gain for all, and one for each date and polarisation, change nothing.

    Where pixels lack dates, pixels' means and dates' levels are taken in turn until they agree to a thousandth of a
    neper, and a level is known to 0.016 nepers (0.07 dB): that is a hundredth or two of an energy.
    """
    each = stack(0, gaps=gaps)
    gains = np.random.default_rng(seed).normal(overall_db, 3.0, (*each.shape[:2], 1, 1))
    other = each * (10 ** (gains / 10)).astype(np.float32)
    plain, gained = (change_tstat([a], WHEN) for a in (each, other))
    near = 2e-2 if gaps else 5e-3
    np.testing.assert_allclose(gained["energy"], plain["energy"], rtol=near, atol=near)
    np.testing.assert_allclose(gained["step_db"], plain["step_db"], atol=0.07 if gaps else 5e-3)


@pytest.mark.parametrize(
    "turned",
    [
        lambda a: a[..., ::-1, :],
        lambda a: a[..., ::-1],
        lambda a: a[..., ::-1, ::-1],
        lambda a: a.transpose(*a.dims[:-2], "x", "y").rename(x="y", y="x"),
    ],
    ids=["up down", "left right", "half turn", "transposed"],
)
def test_it_turns_with_the_ground(turned, known):
    common = tuple(
        CommonMode(
            times=each.times, polarisations=each.polarisations, values=each.values.mean(axis=(2, 3), keepdims=True),
            y=each.y[:1], x=each.x[:1],
        )
        for each in known.common
    )  # fmt: skip
    flat = replace(known, common=common)
    there = change_tstat([turned(each) for each in STACKS], WHEN, reference=flat)["energy"]
    np.testing.assert_allclose(there, turned(change_tstat(STACKS, WHEN, reference=flat)["energy"]), rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 59), st.integers(0, 69), st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.0, 1.0, 2.0]))
def test_a_tile_with_its_halo_equals_the_whole(known, top, left, height, width, sigma):
    options = Options(smooth_px=sigma)
    whole = change_tstat(STACKS, WHEN, reference=known, options=options)
    halo = HALO_PX(options)
    rows, columns = slice(max(top - halo, 0), top + height + halo), slice(max(left - halo, 0), left + width + halo)
    tile = change_tstat([each[..., rows, columns] for each in STACKS], WHEN, reference=known, options=options)
    inside = {"y": whole["y"][top : top + height], "x": whole["x"][left : left + width]}
    for name in ("energy", "step_db", "stack_energy", "looks_before"):
        np.testing.assert_allclose(tile[name].sel(inside), whole[name].sel(inside), rtol=1e-5, atol=1e-5, err_msg=name)


def test_threads_change_nothing(known):
    one, three = (change_tstat(STACKS, WHEN, reference=known, threads=n) for n in (1, 3))
    xr.testing.assert_identical(one, three)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_dates_within_a_period_is_irrelevant(random):
    each = STACKS[0]
    before, after = masks([each], WHEN)[0]
    order = np.concatenate([random.sample(list(before), len(before)), random.sample(list(after), len(after))])
    other = each.copy(data=each.values[order])
    found = [change_tstat([a], WHEN, options=Options(common_mode=False))["energy"] for a in (each, other)]
    np.testing.assert_allclose(found[1], found[0], rtol=2e-4, atol=1e-5)


def test_a_date_in_neither_period_is_not_looked_at(known):
    each = STACKS[0]
    when = Periods(before=WHEN.before, after=(WHEN.after[0] + 20 * DAY, WHEN.after[1]))
    left_out = np.flatnonzero(~np.logical_or(*when.split(each["time"].values)))
    assert left_out.size
    power = each.values.copy()
    power[left_out] = 1e6
    found = [change_tstat([a], when, reference=known.only(0))["energy"] for a in (each, each.copy(data=power))]
    xr.testing.assert_identical(found[0], found[1])


def test_ground_without_a_look_is_not_judged(known):
    """No look after, or fewer than three before, in every stack: NaN; in one stack of two: the other's word."""
    first, second = (each.copy(data=each.values.copy()) for each in STACKS)
    (before, after), (_, also_after) = masks(STACKS, WHEN)
    first.values[after, :, :5] = np.nan
    first.values[before[2:], :, 10:15] = 0.0
    second.values[also_after, :, :5, :10] = np.inf
    found = change_tstat([first, second], WHEN, reference=known, options=Options(smooth_px=0))
    assert np.isnan(found["energy"][:5, :10]).all()
    assert np.isnan(found["stack_energy"][0, :5]).all()
    assert np.isnan(found["stack_energy"][0, 10:15]).all()
    assert np.isnan(found["step_db"].sel(polarisation="VH")[:5]).all()
    np.testing.assert_array_equal(found["energy"][:5, 10:], found["stack_energy"][1, :5, 10:])
    assert np.isfinite(found["energy"][20:]).mean() > 0.99
    assert (found["looks_after"][:5, :10] == 0).all()


def test_smoothing_leaves_gaps_and_takes_nothing_from_them(known):
    power = STACKS[0].values.copy()
    power[:, :, 20:23, 30:33] = np.nan
    holed = change_tstat([STACKS[0].copy(data=power)], WHEN, reference=known.only(0))
    assert np.isnan(holed["energy"][20:23, 30:33]).all()
    assert np.isfinite(holed["energy"][19, 30:33]).all()


@pytest.mark.parametrize("flips", [False, True], ids=["one sign", "every other pixel the other way"])
def test_a_change_stands_out_and_its_step_is_right(flips):
    each = stack(3, dates=20, gaps=0.0, shape=(90, 90))
    when = periods(12 * 16)
    sign = np.where(np.indices((6, 6)).sum(axis=0) % 2, 1 - 2 * flips, 1)
    power = each.values.copy()
    power[17:, :, 40:46, 40:46] *= 10 ** (0.5 * sign).astype(np.float32)
    found = change_tstat([each.copy(data=power)], when)
    inside, energy = found["energy"][42:44, 42:44].values, found["energy"].values.copy()
    energy[36:50, 36:50] = 0
    assert inside.min() > 1.5 * energy.max()
    step = found["step_db"].values[:, 40:46, 40:46] * sign
    assert step.mean() == pytest.approx(5.0, abs=0.5)


def test_what_is_not_float32_in_order_gives_the_same(known):
    each = STACKS[0]
    expected = change_tstat([each], WHEN, reference=known.only(0))
    double = each.astype(np.float64)
    strided = each.copy(data=np.asfortranarray(each.values))
    for other in (double, strided):
        xr.testing.assert_allclose(change_tstat([other], WHEN, reference=known.only(0)), expected, rtol=1e-6)


def test_no_date_after_or_before_says_nothing():
    nothing = change_tstat([STACKS[0]], periods(days=500, until=600))
    assert np.isnan(nothing["energy"]).all()
    assert int(nothing["looks_after"].max()) == 0
    early = Periods(before=(START - 9 * DAY, START - 8 * DAY), after=(START, START + 400 * DAY))
    assert np.isnan(change_tstat([STACKS[0]], early)["energy"]).all()


def test_all_gaps_say_nothing():
    empty = STACKS[0].copy(data=np.full_like(STACKS[0].values, np.nan))
    assert np.isnan(change_tstat([empty], WHEN)["energy"]).all()


def test_log_series_is_ln_power_less_the_common_mode(known):
    found = log_series(STACKS[1], known, 1)
    np.testing.assert_allclose(found, logs(STACKS[1], known.common[1]), atol=1e-5)
    assert found.dtype == np.float32


def test_a_reference_travels(known):
    again = pickle.loads(pickle.dumps(known))
    xr.testing.assert_identical(
        change_tstat(STACKS, WHEN, reference=again), change_tstat(STACKS, WHEN, reference=known)
    )


def test_one_polarisation_of_two_finds_its_own_reference(known):
    one = STACKS[0].sel(polarisation=["VH"])
    options = Options(smooth_px=0)
    alone = change_tstat([one], WHEN, reference=known.only(0), options=options)["energy"]
    flat = reference([one], WHEN, options)
    assert float(alone.mean()) == pytest.approx(
        float(change_tstat([one], WHEN, reference=flat)["energy"].mean()), rel=0.05
    )


@pytest.mark.parametrize(
    ("stacks", "error", "words"),
    [
        ((), InputError, "No stack"),
        ((STACKS[0][:, 0],), InputError, "dimensions"),
        ((STACKS[0][::-1],), InputError, "do not rise"),
        ((STACKS[0], STACKS[1][..., 1:]), GridMismatchError, "different grids"),
    ],
)
def test_what_cannot_be_compared_is_refused(stacks, error, words):
    with pytest.raises(error, match=words):
        change_tstat(stacks, WHEN)


def test_a_reference_of_something_else_is_refused(known):
    with pytest.raises(InputError, match="knows 2 stacks"):
        change_tstat([*STACKS, STACKS[0]], WHEN, reference=known)
    with pytest.raises(InputError, match="does not know"):
        change_tstat([STACKS[0]], WHEN, reference=known.only(1))


@pytest.mark.parametrize("wrong", [{"prior_dof": -1}, {"smooth_px": -0.5}, {"smooth_px": 1e3}, {"common_mode_cell": 0}])
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError, match="give"):
        Options(**wrong)

"""The changes of every pixel: laws of number, date, interval and step, and one named pixel for each kind of series."""

import numpy as np
import pytest
import xarray as xr

from dashboard.change.energy import CommonMode, Options, Reference
from dashboard.change.points import change_point
from dashboard.change.points.law import gate
from dashboard.change.points.pixel import FAR
from dashboard.model.errors import InputError
from dashboard.simulate.speckle import speckle

PLAIN = Options(smooth_px=0.0)
SMOOTH = Options()


def stack(seed: int, shape=(40, 50), dates=24, looks=9.0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    power = (0.05 * rng.standard_gamma(looks, (dates, 2, *shape)) / looks).astype(np.float32)
    times = np.datetime64("2023-01-01", "ns") + 12 * np.arange(dates).astype("timedelta64[D]")
    coords = {"time": times, "polarisation": ["VV", "VH"]}
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


def calm(array: xr.DataArray, variance: float = 0.118) -> Reference:
    """Return the reference of a scene without a common mode, whose speckle has 9 looks."""
    zero = np.array([0.0])
    values = np.zeros((*array.shape[:2], 1, 1), np.float32)
    common = CommonMode(times=array.time.values, polarisations=("VV", "VH"), values=values, y=zero, x=zero)
    return Reference(common=(common,), variance=(np.full(2, variance, np.float32),))


def found(array: xr.DataArray, options: Options = SMOOTH, **choices) -> xr.Dataset:
    array.values.flags.writeable = False
    return change_point(array, reference=calm(array), options=options, **choices)


def same(one: xr.Dataset, other: xr.Dataset) -> None:
    for name in ("index", "low", "high"):
        assert np.mean(one[name].values != other[name].values) < 1e-3, name
    for name in ("energy", "step_db", "peak"):
        np.testing.assert_allclose(one[name].values, other[name].values, rtol=2e-4, atol=2e-3)


def test_every_kind_of_series_is_told_apart():
    """One block of like pixels each: no change, one step, there and back, three steps, dark water, too few looks."""
    one = stack(1, (12, 60))
    power = one.values
    power[10:, :, :, 10:20] *= 10**0.5
    power[8:14, :, :, 20:30] *= 10**-0.6
    for first, db in ((6, 6), (12, 6), (18, -8)):
        power[first:, :, :, 30:40] *= np.float32(10 ** (db / 10))
    power[..., 40:50] *= 1e-3
    power[15:, :, :, 40:50] *= 10**0.5
    power[2:, :, :, 50:] = np.nan
    result = found(one)
    index = result["index"].values[:, 6]
    assert index.shape[0] == 3
    for column, dates in ((5, []), (15, [10]), (25, [8, 14]), (35, [6, 12, 18]), (45, [15]), (55, [])):
        assert index[:, column].tolist() == [*dates, *[-1] * (3 - len(dates))], column
    steps = result["step_db"].values
    for left, expected in ((10, [5.0]), (20, [-6.0, 6.0]), (30, [6.0, 6.0, -8.0])):
        for change, db in enumerate(expected):
            medians = np.nanmedian(steps[change, :, :, left : left + 10], axis=(1, 2))
            assert medians == pytest.approx([db, db], abs=0.3)
    assert np.isnan(steps[1:, :, 6, 15]).all()
    assert np.isnan(result["peak"].values[:, 50:]).all()
    assert np.isfinite(result["peak"].values[:, :47]).all()


@pytest.mark.parametrize(("options", "looks", "correlation"), [(PLAIN, 9, 0.0), (SMOOTH, 9, 0.0), (SMOOTH, 4, 1.0)])
def test_the_gate_lets_through_no_more_than_it_says(options, looks, correlation):
    rng = np.random.default_rng(5)
    shape = (160, 160)
    power = np.stack([[speckle(shape, looks, rng, correlation) for _ in range(2)] for _ in range(20)])
    one = stack(0, shape, 20).copy(data=power)
    result = change_point(one, options=options)
    assert (result["index"].values[0] >= 0).mean() <= FAR
    assert np.nanmax(result["peak"].values) > 5.0


def test_the_law_of_one_instant_is_exact_for_normal_series():
    rng = np.random.default_rng(6)
    one = stack(0, (300, 300), 12).copy(data=np.exp(0.3 * rng.standard_normal((12, 2, 300, 300))).astype(np.float32))
    options = Options(smooth_px=0.0, prior_dof=0.0)
    peak = found(one, options)["peak"].values
    for far in (0.1, 0.01, 0.001):
        assert 0.25 * far < (peak > gate(far, 12, 2, 0.0)).mean() < far


@pytest.mark.parametrize("flips", [0.0, 0.25])
def test_neighbours_help_to_date_a_step(flips):
    rng = np.random.default_rng(7)
    inside = np.zeros((40, 50), bool)
    for row in range(2, 36, 7):
        for column in range(2, 46, 7):
            inside[row : row + 3, column : column + 3] = True
    sign = np.where(rng.random(inside.shape) < flips, -1, 1)
    one = stack(8)
    one.values[17:] *= np.where(inside, 10 ** (0.3 * sign), 1.0).astype(np.float32)
    alone, helped = (found(one, options)["index"].values[0][inside] == 17 for options in (PLAIN, SMOOTH))
    assert helped.mean() > max(0.9, alone.mean() + 0.2)


@pytest.mark.parametrize("db", [1.5, 3.0, 5.0])
def test_the_interval_holds_the_date_as_often_as_it_says(db):
    one = stack(9, (60, 60))
    one.values[16:] *= np.float32(10 ** (db / 10))
    for options in (PLAIN, SMOOTH):
        result = found(one, options, most=1, gate=0.0)
        low, high = result["low"].values[0], result["high"].values[0]
        assert ((low <= 16) & (high >= 16)).mean() > 0.95
        index = result["index"].values[0]
        assert ((low <= index) & (index <= high)).all()


def test_a_common_gain_flips_and_order_of_polarisations_change_nothing():
    one = stack(10)
    one.values[9:, :, 10:20, 10:30] *= 3.0
    result = found(one)
    same(found(one * np.float32(64.0)), result)
    same(found(one[:, :, ::-1, ::-1]).isel(y=slice(None, None, -1), x=slice(None, None, -1)), result)
    backwards = one[:, ::-1]
    swapped = change_point(backwards, reference=calm(one))
    same(swapped.isel(polarisation=slice(None, None, -1)), result)


def test_turning_time_around_turns_the_changes_around():
    one = stack(11)
    one.values[6:, :, 5:20, 10:30] *= 4.0
    one.values[15:, :, 5:20, 10:30] *= 0.2
    result = found(one)
    turned = found(one.copy(data=one.values[::-1].copy()))
    there = (result["index"].values >= 0).sum(axis=0) == 2
    assert there.mean() > 0.12
    assert np.mean(turned["index"].values[:2, there][::-1] == 24 - result["index"].values[:2, there]) > 0.999


def test_a_tile_with_its_halo_equals_the_whole():
    one = stack(12, (60, 70))
    one.values[9:, :, 20:40, 20:50] *= 3.0
    one.values[16:, :, 20:40, 30:60] *= 0.3
    whole = found(one)
    reference, halo = calm(one), 4 * 3
    tile = change_point(one[:, :, 20 - halo : 34 + halo, 25 - halo : 41 + halo], reference=reference, options=SMOOTH)
    inner = {"y": slice(halo, halo + 14), "x": slice(halo, halo + 16)}
    same(tile.isel(inner), whole.isel(y=slice(20, 34), x=slice(25, 41)))


def test_blocks_and_threads_leave_no_seams(monkeypatch):
    one = stack(13)
    one.values[9:, :, 10:30, 10:30] *= 3.0
    one.values[16:, :, 15:30, 15:40] *= 0.3
    whole = found(one)
    monkeypatch.setattr("dashboard.change.points.pixel._BLOCK", (7, 11))
    same(found(one), whole)


def test_a_missing_look_is_no_look():
    """Leaving dates out everywhere, or blanking them, is the same but for their numbers."""
    one = stack(14)
    one.values[12:, :, 10:20, 10:30] *= 4.0
    gone = [3, 11, 12, 20]
    blank = one.copy(deep=True)
    blank.values[gone] = np.nan
    blank.values[gone[0], 0] = 0.0
    blank.values[gone[1], 1] = np.inf
    fewer = one.isel(time=[t for t in range(24) if t not in gone])
    level = gate(FAR, 24, 2, SMOOTH.prior_dof)
    full, short = found(blank, gate=level), found(fewer, gate=level)
    np.testing.assert_allclose(full["peak"].values, short["peak"].values, rtol=1e-3, atol=1e-3)
    for a, b in zip(full["index"].values[0].flat, short["index"].values[0].flat, strict=True):
        assert (a < 0) == (b < 0)
        if a >= 0:
            assert full.time.values[a] == short.time.values[b]


def test_pixels_with_a_gap_stand_beside_pixels_without():
    one = stack(15)
    one.values[12:, :, 10:30, 10:40] *= 4.0
    holes = one.copy(deep=True)
    holes.values[5, :, 20, 25] = np.nan
    a, b = found(one)["index"].values[0], found(holes)["index"].values[0]
    assert np.mean(a == b) > 0.999
    assert b[20, 25] == 12


def test_what_the_scene_shares_is_no_change():
    one = stack(16)
    one.values[12:] *= 4.0
    assert (change_point(one)["index"].values < 0).mean() > 0.999
    assert (change_point(one, options=Options(common_mode=False))["index"].values[0] == 12).mean() > 0.99


def test_what_cannot_be_scanned_is_refused():
    one = stack(17, (4, 5))
    with pytest.raises(InputError, match="At most 0"):
        change_point(one, most=0)
    with pytest.raises(InputError, match="2 dates"):
        change_point(one[:2])
    with pytest.raises(InputError, match="do not rise"):
        change_point(one[::-1])
    with pytest.raises(InputError, match="false-alarm rate"):
        gate(0.0, 12, 2, 7.0)

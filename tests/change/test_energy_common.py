"""The common mode: weather goes, events stay, and what a tile is told is what the whole measured."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from test_energy import STACKS, START, WHEN, periods, stack

from dashboard.change.energy import CommonMode, Options, change_tstat, merged, reference
from dashboard.change.energy.common import believed, between
from dashboard.model.errors import InputError

SIDE = 160
WIDE = Options(common_mode_cell=320.0)
"""Cells of 16 pixels of 20 m: ten each way."""


@pytest.fixture(scope="module")
def quiet():
    return stack(21, dates=20, shape=(SIDE, SIDE), gaps=0.0)


@pytest.fixture(scope="module")
def when():
    return periods(12 * 16)


def scaled(each, decibels):
    """The stack with a field of decibels (time, y, x) on both polarisations."""
    return each.copy(data=each.values * (10 ** (decibels[:, None] / 10)).astype(np.float32))


def hills(rng):
    """Rain of each date: a level of its own and a slope over the scene, in decibels."""
    y, x = np.meshgrid(*2 * [np.linspace(-1, 1, SIDE)], indexing="ij")
    level, down, across = rng.normal(0, 1.5, (3, 20, 1, 1))
    return level + 0.5 * down * y + 0.5 * across * x


def test_rain_that_varies_over_the_scene_is_taken_out(quiet, when):
    rained = scaled(quiet, hills(np.random.default_rng(5)))
    calm, wet, blind = (
        float(change_tstat([each], when, options=options)["energy"].quantile(0.99))
        for each, options in ((quiet, WIDE), (rained, WIDE), (rained, replace(WIDE, common_mode=False)))
    )
    assert wet == pytest.approx(calm, rel=0.1)
    assert blind > 1.5 * calm


def test_a_quarter_larger_than_a_cell_is_no_weather(quiet, when):
    """40 pixels wide, 16 cells whole: the departure is beyond all that these cells ever did, so it stays in."""
    field = hills(np.random.default_rng(5)) * 0.3
    field[17:, 60:100, 60:100] += 3.0
    hit = scaled(quiet, field)
    held, followed = (
        change_tstat([hit], when, options=replace(WIDE, common_mode_limit=limit))["step_db"]
        for limit in (WIDE.common_mode_limit, 1e6)
    )
    inside = {"y": slice(68, 92), "x": slice(68, 92)}
    assert float(held.isel(inside).mean()) > 1.5
    assert float(followed.isel(inside).mean()) < 0.5
    assert abs(float(held.isel(y=slice(0, 50), x=slice(0, 50)).mean())) < 0.2


def test_small_objects_are_not_eaten(quiet, when):
    field = np.zeros((20, SIDE, SIDE))
    field[17:, 50:55, 50:55] = 5.0
    step = change_tstat([scaled(quiet, field)], when, options=WIDE)["step_db"][:, 50:55, 50:55]
    assert float(step.mean()) == pytest.approx(5.0, abs=0.5)


def test_rows_of_an_orchard_are_not_the_scene(quiet, when):
    """Every tenth column changes; eight equally spread pixels of a cell 80 wide would all be in such columns."""
    field = np.zeros((20, SIDE, SIDE))
    field[17:, :, 5::10] = 6.0
    coarse = replace(WIDE, common_mode_cell=1600.0, common_mode_limit=1e6)
    step = change_tstat([scaled(quiet, field)], when, options=coarse)["step_db"].values
    between_rows = np.arange(SIDE) % 10 != 5
    assert abs(float(step[..., between_rows].mean())) < 1.5


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 20), st.integers(0, 1000).map(lambda n: n / 100))
def test_departures_are_believed_as_far_as_their_past_goes(seed, dates, limit):
    off = np.random.default_rng(seed).normal(0, 1, (dates + 3, 2, 3, 4)) * np.array([0.1, 1, 10])[:, None]
    before = np.arange(dates + 3) < dates
    found = believed(off, before, Options(common_mode_limit=limit))
    about = off - np.median(off[before], axis=0)
    spread = 1.4826 * np.median(abs(about[before]), axis=0)
    if dates < 8:
        spread = np.median(spread, axis=(1, 2), keepdims=True)
    assert (abs(found) <= limit * spread + 1e-12).all()
    within = abs(about) <= limit * spread
    np.testing.assert_allclose(found[within], about[within], atol=1e-12)
    assert (np.sign(found[~within]) == np.sign(about[~within]) * (limit > 0)).all()


def test_what_was_not_seen_departs_by_nothing():
    off = np.full((10, 1, 2, 2), np.nan)
    off[:, :, 0] = np.arange(10)[:, None, None]
    found = believed(off, np.arange(10) < 9, Options())
    assert np.isfinite(found).all()
    assert (found[:, :, 1] == 0).all()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.booleans(), st.integers(1, 6))
def test_between_is_linear_interpolation_and_constant_beyond(at, falling, count):
    nodes = np.arange(count) * 7.0 - 11.0
    nodes = nodes[::-1] if falling else nodes
    values = np.random.default_rng(count).normal(size=count)
    low, weight = between(nodes, np.array(at))
    found = values[low] * (1 - weight) + values[np.minimum(low + 1, count - 1)] * weight
    order = np.argsort(nodes)
    np.testing.assert_allclose(found, np.interp(at, nodes[order], values[order]), atol=1e-5)


def test_a_common_mode_is_laid_on_any_grid():
    """Finer, coarser or turned: the same place has the same value."""
    mode = CommonMode(
        times=np.array([START]), polarisations=("VV",), values=np.arange(12.0, dtype=np.float32).reshape(1, 1, 3, 4),
        y=np.array([30.0, 20.0, 10.0]), x=np.array([0.0, 10.0, 20.0, 30.0]),
    )  # fmt: skip
    np.testing.assert_allclose(mode.on(mode.y, mode.x), mode.values)
    fine = mode.on(np.array([25.0, 99.0]), np.array([5.0, 15.0, 99.0]))
    np.testing.assert_allclose(fine[0, 0], [[2.5, 3.5, 5.0], [0.5, 1.5, 3.0]])
    np.testing.assert_allclose(mode.on(mode.y[::-1], mode.x), mode.values[:, :, ::-1])


def test_a_coarse_copy_knows_the_common_mode(quiet, when):
    """Averaged by 2 x 2 it sees the same weather; its variances are not those of the grid, a sample's are."""
    rained = scaled(quiet, hills(np.random.default_rng(9)))
    coarse = rained.coarsen(y=2, x=2).mean().astype(np.float32)
    whole, small = reference([rained], when, WIDE), reference([coarse], when, replace(WIDE, common_mode_cell=640.0))
    y, x = rained["y"].values, rained["x"].values
    gauge = [mode.on(y, x) for mode in (whole.common[0], small.common[0])]
    off = gauge[0] - gauge[1]
    off = off - off.mean(axis=0)
    assert np.quantile(abs(off), 0.99) < 0.15
    assert (small.variance[0] < 0.5 * whole.variance[0]).all()
    samples = [reference([rained[..., at : at + 60, at : at + 60]], when, WIDE) for at in (0, 50, 100)]
    both = merged(small, samples)
    np.testing.assert_allclose(both.variance[0], whole.variance[0], rtol=0.1)
    assert both.common is small.common
    np.testing.assert_allclose(both.brightness_edges, whole.brightness_edges, atol=0.3)
    energy = change_tstat([rained], when, reference=both, options=WIDE)["energy"]
    assert float(energy.mean()) == pytest.approx(1.0, abs=0.1)


def test_a_merger_needs_a_sample(quiet, when):
    with pytest.raises(InputError, match="No sample"):
        merged(reference([quiet], when), [])


def test_without_a_common_mode_nothing_is_taken_out(quiet, when):
    known = reference([quiet], when, Options(common_mode=False))
    assert (known.common[0].values == 0).all()


def test_a_strip_with_empty_corners_is_finite_everywhere(quiet, when):
    y, x = np.indices((SIDE, SIDE))
    power = np.where(abs(y - x) < 50, quiet.values, np.nan).astype(np.float32)
    known = reference([quiet.copy(data=power)], when, WIDE)
    assert np.isfinite(known.common[0].values).all()
    found = change_tstat([quiet.copy(data=power)], when, reference=known, options=WIDE)
    np.testing.assert_array_equal(np.isfinite(found["energy"]), abs(y - x) < 50)
    assert float(found["energy"].mean()) == pytest.approx(1.0, abs=0.1)


def test_dates_that_a_district_lacks_leave_no_step(quiet, when):
    """Half the scene lacks the wettest dates before; its pixels' means lack them, and nothing is announced there."""
    field = np.zeros((20, SIDE, SIDE))
    field[[2, 5, 9]] = 4.0
    power = scaled(quiet, field).values.copy()
    power[[2, 5, 9], :, :, : SIDE // 2] = np.nan
    step = change_tstat([quiet.copy(data=power)], when, options=WIDE)["step_db"].mean(("polarisation", "y"))
    assert abs(float(step[: SIDE // 2].mean()) - float(step[SIDE // 2 :].mean())) < 0.2


def test_references_of_one_scene_are_equal_and_inputs_untouched():
    copies = [each.copy(deep=True) for each in STACKS]
    one, two = (reference(STACKS, WHEN, threads=n) for n in (1, 3))
    for a, b in zip(one.common, two.common, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    for now, then in zip(STACKS, copies, strict=True):
        xr.testing.assert_identical(now, then)

"""Pseudo-events: the same statistic inside the quiet past; and the classes of ground that they are counted by."""

import numpy as np
import pytest
import xarray as xr
from energy_restated import energy as restated
from energy_restated import logs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_energy import STACKS, WHEN, masks, periods, stack

from dashboard.change.energy import (
    HALO_PX,
    STRATA,
    Options,
    brightness,
    change_tstat,
    placebo_energies,
    reference,
    stratum,
)
from dashboard.change.energy.placebo import windows
from dashboard.change.energy.stacks import asked


@pytest.fixture(scope="module")
def known():
    return reference(STACKS, WHEN)


def placebo_masks(stacks, when, window):
    found = []
    for (before, _), part in zip(masks(stacks, when), window, strict=True):
        found.append((np.delete(before, part), before[part]))
    return found


@pytest.mark.parametrize("options", [Options(), Options(prior_dof=0.0, smooth_px=0.0), Options(prior_dof=3.0)])
def test_each_window_is_the_formula(options):
    when = periods(150, 190)
    ref = reference(STACKS, when, options)
    chosen = windows(asked(STACKS, when))
    found = list(placebo_energies(STACKS, when, reference=ref, options=options))
    assert [number for number, _ in found] == list(range(len(chosen)))
    for (_, energy), window in zip(found, chosen, strict=True):
        expected = restated(STACKS, placebo_masks(STACKS, when, window), ref, options)
        np.testing.assert_allclose(energy, expected, rtol=2e-3, atol=2e-4)
        assert energy.dtype == np.float32


def test_a_window_is_what_the_question_would_find_there():
    """The placebo of dates at the end of the past is the real question asked with the event at their beginning."""
    each = stack(5, dates=18, gaps=0.05)
    when = periods(12 * 14)
    ref = reference([each], when)
    *_, (_, last) = placebo_energies([each], when, reference=ref)
    earlier = periods(12 * 11, 12 * 14)
    np.testing.assert_allclose(last, change_tstat([each], earlier, reference=ref)["energy"], rtol=2e-3, atol=2e-4)


def test_windows_of_stacks_begin_together():
    when = periods(150, 190)
    dates = asked(STACKS, when)
    chosen = windows(dates)
    counts = [each.after.size for each in dates]
    assert len(chosen) == max(each.before.size - each.after.size + 1 for each in dates)
    for window in chosen:
        assert [part.stop - part.start for part in window] == counts
        starts = [each.times[each.before[part.start]] for each, part in zip(dates, window, strict=True)]
        full = [part.stop < each.before.size for each, part in zip(dates, window, strict=True)]
        assert not all(full) or abs(starts[0] - starts[1]) <= np.timedelta64(12, "D")


@pytest.mark.parametrize("most", [1, 2, 5, 1000])
def test_at_most_so_many(known, most):
    every = len(windows(asked(STACKS, WHEN)))
    found = list(placebo_energies(STACKS, WHEN, reference=known, most=most))
    assert len(found) == min(most, every)


def test_a_stack_without_past_is_left_out_and_none_at_all_gives_none():
    short = stack(4, dates=2, offset=40)
    when = periods(120, 160)
    ref = reference([STACKS[0], short], when)
    both = list(placebo_energies([STACKS[0], short], when, reference=ref))
    alone = list(placebo_energies([STACKS[0]], when, reference=ref.only(0)))
    np.testing.assert_allclose([e for _, e in both], [e for _, e in alone], rtol=1e-6)
    assert list(placebo_energies([short], when, reference=ref.only(1))) == []
    never = periods(500, 600)
    assert list(placebo_energies([STACKS[0]], never, reference=ref.only(0))) == []


def test_few_windows_at_a_time_are_all_windows(known, monkeypatch):
    together = [e for _, e in placebo_energies(STACKS, WHEN, reference=known)]
    monkeypatch.setattr("dashboard.change.energy.placebo._SHARE", 1e-9)
    few = [e for _, e in placebo_energies(STACKS, WHEN, reference=known)]
    np.testing.assert_allclose(few, together, rtol=1e-5)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 50), st.integers(0, 60), st.integers(1, 30))
def test_a_tile_with_its_halo_equals_the_whole(known, top, left, size):
    halo = HALO_PX(Options())
    rows, columns = (slice(max(at - halo, 0), at + size + halo) for at in (top, left))
    whole = placebo_energies(STACKS, WHEN, reference=known, most=3)
    tiles = placebo_energies([each[..., rows, columns] for each in STACKS], WHEN, reference=known, most=3)
    for (_, expected), (_, tile) in zip(whole, tiles, strict=True):
        inside = tile[top - rows.start :, left - columns.start :][:size, :size]
        np.testing.assert_allclose(inside, expected[top : top + size, left : left + size], rtol=1e-4, atol=1e-5)


def test_chance_is_alike_in_the_question_and_in_its_pseudo_events():
    """Where nothing changes, both exceed a level equally often: what makes the calibration fair."""
    quiet = stack(11, dates=24, shape=(200, 200), gaps=0.0)
    when = periods(12 * 20)
    ref = reference([quiet], when)
    placebo = np.concatenate([e.ravel() for _, e in placebo_energies([quiet], when, reference=ref)])
    level = np.quantile(placebo, 0.99)
    assert float((change_tstat([quiet], when, reference=ref)["energy"] > level).mean()) == pytest.approx(0.01, rel=0.35)


def test_strata_are_terciles_of_brightness_and_variability(known):
    found = stratum(STACKS, WHEN, reference=known)
    assert found.dtype == np.uint8
    assert found.max() < STRATA
    means = np.concatenate(
        [np.nanmean(logs(each, mode)[before], axis=0)
         for each, mode, (before, _) in zip(STACKS, known.common, masks(STACKS, WHEN), strict=True)]
    ).mean(axis=0)  # fmt: skip
    expected = np.digitize(means, known.brightness_edges)
    assert (found // 3 == expected).mean() > 0.999
    by_the_way = change_tstat(STACKS, WHEN, reference=known)["level"].values
    np.testing.assert_allclose(by_the_way, means, atol=1e-4)
    assert (brightness(by_the_way, known) == expected).mean() > 0.999
    shares = np.bincount(found.ravel() // 3) / found.size
    np.testing.assert_allclose(shares, 1 / 3, atol=0.02)
    np.testing.assert_allclose(np.bincount(found.ravel() % 3) / found.size, 1 / 3, atol=0.02)


def test_strata_of_a_tile_are_those_of_the_whole(known):
    whole = stratum(STACKS, WHEN, reference=known)
    tile = stratum([each[..., 7:31, 20:41] for each in STACKS], WHEN, reference=known)
    assert (tile == whole[7:31, 20:41]).mean() > 0.999


def test_busier_ground_is_in_a_higher_class():
    rng = np.random.default_rng(2)
    calm = stack(8, dates=20, gaps=0.0, shape=(60, 60))
    power = calm.values.copy()
    power[:, :, :, 30:] *= rng.lognormal(0, 0.8, (20, 2, 60, 30)).astype(np.float32)
    found = stratum([calm.copy(data=power)], periods(12 * 16)) % 3
    assert (found[:, 30:] >= 1).mean() > 0.95
    assert (found[:, :30] <= 1).mean() > 0.95


def test_ground_without_looks_is_class_0(known):
    empty = [each.copy(data=np.full_like(each.values, np.nan)) for each in STACKS]
    assert (stratum(empty, WHEN, reference=known) == 0).all()


def test_inputs_are_left_alone(known):
    before = [each.copy(deep=True) for each in STACKS]
    list(placebo_energies(STACKS, WHEN, reference=known, most=2))
    stratum(STACKS, WHEN, reference=known)
    for now, then in zip(STACKS, before, strict=True):
        xr.testing.assert_identical(now, then)

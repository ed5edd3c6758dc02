"""What is recorded: few objects of chance on any ground, never more than a run holds; and parts by their dates."""

import numpy as np
import pytest
import xarray as xr

from dashboard.change.energy import Options, reference
from dashboard.change.patches import Patch, Patches
from dashboard.change.periods import Periods
from dashboard.model.change import Announced, ChangeSign
from dashboard.workflows.detection.floor import MOST_OBJECTS, crowded, from_score, least_score, left_out
from dashboard.workflows.detection.onset import onset, onset_halo

KNOWN = Announced(
    scores=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0), per_100km2=(5000.0, 900.0, 100.0, 40.0, 4.0, 0.4), windows=9, area_km2=50.0
)
SIDE, DATES = 96, 30
EARLY, LATE, LONG_AGO, UNCLEAR = 22, 26, 8, DATES + 1


@pytest.mark.parametrize(
    ("area_km2", "least"),
    [(100.0, 2.0), (10_000.0, 2.0), (10.0, 1.0), (1.0, -np.inf), (100_000.0, 3.0), (2_000_000.0, 5.0)],
)
def test_large_ground_holds_no_more_objects_and_small_ground_keeps_weak_ones(area_km2, least):
    assert least_score(KNOWN, area_km2) == least
    if np.isfinite(least) and area_km2 < 1e6:
        assert KNOWN.at(least) * area_km2 / 100.0 <= max(MOST_OBJECTS, 100.0)


def test_without_an_announcement_all_is_recorded_and_nothing_is_said():
    assert least_score(None, 100.0) == -np.inf
    assert left_out(-np.inf) == ()
    assert "from a score of 2.5 on" in left_out(2.5)[0]


def test_a_crowd_is_cut_to_its_strongest():
    scores = np.random.default_rng(2).exponential(size=MOST_OBJECTS + 500)
    least = crowded(list(scores), 0.0)
    assert (scores >= least).sum() == MOST_OBJECTS
    assert crowded([1.0, 2.0], 0.5) == 0.5
    same = [1.0] * (MOST_OBJECTS + 1) + [2.0]
    assert crowded(same, 0.0) > 1.0


def test_what_stays_is_numbered_anew_in_order():
    labels = np.array([[1, 1, 0, 2], [3, 0, 0, 2]], np.int32)
    labels.flags.writeable = False
    found = tuple(
        Patch(label=n + 1, pixels=2, seeds=1, score=score, sign=ChangeSign.DARKER, magnitudes=(), peak=score)
        for n, score in enumerate((5.0, 1.0, 4.0))
    )
    every = Patches(labels=labels, found=found)
    kept = from_score(every, 2.0)
    assert kept.labels.tolist() == [[1, 1, 0, 0], [2, 0, 0, 0]]
    assert [(each.label, each.score) for each in kept.found] == [(1, 5.0), (2, 4.0)]
    assert from_score(every, -np.inf) is every


@pytest.fixture(scope="module", name="stacks")
def _stacks():
    rng = np.random.default_rng(7)
    times = np.datetime64("2024-01-01", "ns") + 12 * np.arange(DATES) * np.timedelta64(1, "D")
    power = rng.gamma(4.0, 0.25, (DATES, 2, SIDE, SIDE)).astype(np.float32)
    power[EARLY:, :, 20:40, 20:40] *= 6.0
    power[LATE:, :, 20:40, 40:60] *= 6.0
    power[LONG_AGO:, :, 70:85, 70:85] *= 6.0
    power.flags.writeable = False
    places = np.arange(SIDE) * 10.0
    return [
        xr.DataArray(
            power,
            dims=("time", "polarisation", "y", "x"),
            coords={"time": times, "polarisation": ["VV", "VH"], "y": places[::-1], "x": places},
        )
    ]


def _dates(stacks, part=(slice(None), slice(None))):
    times = stacks[0].time.values
    periods = Periods(before=(times[0], times[19]), after=(times[27], times[-1]))
    known = reference(stacks, periods, Options())
    return onset([each[(..., *part)] for each in stacks], periods, reference=known, options=Options())


def test_neighbours_that_changed_at_different_times_are_told_apart(stacks):
    dates = _dates(stacks)
    assert (dates[23:37, 23:37] == EARLY).mean() > 0.95
    assert (dates[23:37, 43:57] == LATE).mean() > 0.95
    assert (dates[72:83, 72:83] == UNCLEAR).mean() > 0.95
    assert (dates[50:68, :] == UNCLEAR).mean() > 0.98


def test_a_tile_with_its_halo_tells_what_the_whole_tells(stacks):
    halo = onset_halo(Options())
    inner = slice(20, 60)
    wide = slice(20 - halo, 60 + halo)
    part = _dates(stacks, (wide, wide))[halo:-halo, halo:-halo]
    np.testing.assert_array_equal(part, _dates(stacks)[inner, inner])

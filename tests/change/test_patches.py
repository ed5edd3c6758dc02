"""Patches: seeds, growth, outlines, dates and facts, on layouts drawn by hand and against the rule said once more."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dashboard.change.patches import UNDATED, Patch, patches, scores
from dashboard.model.change import ChangeSign
from dashboard.model.errors import GridMismatchError, InputError

RULE = {"seed": 8.0, "grow": 3.0, "least_px": 4, "resolution_px": 1.0}
SEED, GROWN = 10.0, 5.5
EIGHT = np.ones((3, 3))


def scene(*layout: tuple[object, object, float], shape=(40, 50)) -> np.ndarray:
    energy = np.ones(shape, np.float32)
    for rows, cols, value in layout:
        energy[rows, cols] = value
    energy.flags.writeable = False
    return energy


def steps(*images: np.ndarray, names=("VV", "VH")) -> xr.DataArray:
    values = np.stack(images).astype(np.float32)
    values.flags.writeable = False
    return xr.DataArray(values, dims=("polarisation", "y", "x"), coords={"polarisation": list(names[: len(images)])})


def search(energy: np.ndarray, step: xr.DataArray | None = None, dates=None, **changed: object):
    return patches(energy, steps(np.ones(energy.shape)) if step is None else step, dates=dates, **{**RULE, **changed})


def only(energy: np.ndarray, step: xr.DataArray | None = None, **changed: object) -> Patch:
    found = search(energy, step, **changed).found
    assert len(found) == 1
    return found[0]


def test_a_seed_grows_into_weaker_neighbours():
    energy = scene((slice(10, 16), slice(10, 18), GROWN), (12, 12, SEED))
    found = search(energy)
    np.testing.assert_array_equal(found.labels > 0, energy > 1)
    assert (found.found[0].pixels, found.found[0].seeds, found.found[0].peak) == (48, 1, SEED)


def test_growth_without_a_seed_is_nothing():
    assert search(scene((slice(10, 16), slice(10, 18), GROWN))).found == ()


@pytest.mark.parametrize(("least", "count"), [(1, 1), (6, 1), (7, 0)])
def test_small_patches_are_left_out(least, count):
    assert len(search(scene((slice(3, 5), slice(3, 6), SEED)), least_px=least).found) == count


def test_corners_connect():
    assert only(scene((slice(3, 5), slice(3, 5), SEED), (slice(5, 7), slice(5, 7), SEED))).pixels == 8


@pytest.mark.parametrize(("resolution", "count"), [(1.0, 2), (2.0, 2), (2.5, 1), (3.0, 1)])
def test_patches_nearer_than_a_resolution_cell_are_one(resolution, count):
    energy = scene((slice(3, 6), slice(3, 6), SEED), (slice(3, 6), slice(8, 11), SEED))
    found = search(energy, resolution_px=resolution)
    assert len(found.found) == count
    np.testing.assert_array_equal(found.labels > 0, energy > 1)  # the ground between them is not changed ground


def test_what_was_not_seen_is_never_inside_and_parts_patches():
    energy = scene((slice(10, 20), slice(10, 20), SEED)).copy()
    energy[:, 14] = np.nan
    found = search(energy)
    assert [each.pixels for each in found.found] == [40, 50]
    assert not found.labels[np.isnan(energy)].any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(1.5, 1.0), (2.9, 1.5), (2.0, 2.0)]), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_patches_are_the_grown_ones_that_hold_a_seed(seed, ends, least):
    """The same rule said once more with plain sets of pixels."""
    energy = np.random.default_rng(seed).exponential(1.0, (30, 40)).astype(np.float32)
    energy = np.minimum(energy, 1.99 * ends[1])  # none is cut back
    energy[np.random.default_rng(seed).random(energy.shape) < 0.05] = np.nan
    grown, count = ndimage.label(energy >= ends[1], EIGHT)
    kept = [n for n in range(1, count + 1) if (grown == n).sum() >= least and (energy[grown == n] >= ends[0]).any()]
    found = search(energy, seed=ends[0], grow=ends[1], least_px=least)
    inside = np.isin(grown, kept)
    assert (found.labels[inside] > 0).all()
    filled = (found.labels > 0) & ~inside
    holes, number = ndimage.label(~inside)
    small = [n for n in range(1, number + 1) if (holes == n).sum() < least and not _at_edge(holes == n)]
    np.testing.assert_array_equal(filled, np.isin(holes, small) & np.isfinite(energy))
    for label, each in enumerate(found.found, start=1):
        own = grown[(found.labels == label) & inside]
        assert len(np.unique(own)) == 1
        pixels = energy[grown == own[0]]
        excess = np.log(pixels[pixels >= ends[0]].astype(float) / ends[0])
        assert each.score == pytest.approx(excess.sum(), abs=1e-6)
        assert (each.label, each.seeds, each.peak) == (label, (pixels >= ends[0]).sum(), pixels.max())
        assert each.pixels == (found.labels == label).sum()


def _at_edge(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_a_pseudo_event_is_searched_by_the_same_rule(seed):
    energy = ndimage.gaussian_filter(np.random.default_rng(seed).exponential(4.0, (60, 70)), 0.7)
    found = search(energy)
    np.testing.assert_array_equal([each.score for each in found.found], scores(energy, **RULE))


def test_the_score_of_a_bare_threshold_is_nothing_and_rises_with_size_and_strength():
    rows, cols = slice(3, 6), slice(3, 6)
    assert only(scene((rows, cols, RULE["seed"]))).score == 0.0
    weak, strong = (only(scene((rows, cols, value))).score for value in (SEED, 2 * SEED))
    assert 0.0 < weak < strong
    assert only(scene((slice(3, 9), cols, SEED))).score > weak


def test_an_infinite_energy_still_gives_a_number():
    energy = scene((slice(3, 6), slice(3, 6), np.inf))
    assert np.isfinite(only(energy).score)
    assert np.isfinite(only(energy).peak)


@pytest.mark.parametrize("flip", [np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]])
def test_flipping_the_scene_flips_the_patches(flip):
    energy = ndimage.gaussian_filter(np.random.default_rng(7).exponential(6.0, (60, 70)), 0.8).astype(np.float32)
    energy[20:26, 30:36] += 80.0
    there, back = search(energy), search(energy[flip])
    np.testing.assert_array_equal(there.labels > 0, back.labels[flip] > 0)
    assert sorted(each.score for each in there.found) == pytest.approx(sorted(each.score for each in back.found))


@pytest.mark.parametrize("strength", [30.0, 200.0])
def test_a_patch_is_cut_back_to_where_it_was(strength):
    truth = np.zeros((60, 60), bool)
    truth[20:30, 20:34] = True
    energy = 1.0 + ndimage.gaussian_filter(strength * truth, 1.5)
    found = search(energy, resolution_px=1.5).labels > 0
    spread = energy >= RULE["grow"]
    assert spread.sum() > 1.3 * truth.sum()
    assert (found & truth).sum() / (found | truth).sum() > 0.9


def test_a_weak_part_of_a_strong_patch_stays():
    truth = np.zeros((60, 80), bool)
    truth[20:30, 10:60] = True
    energy = np.where(truth, GROWN + 2, 1.0)
    energy[20:30, 10:20] = 200.0
    assert (search(energy).labels[20:30, 26:60] > 0).all()


def test_a_strong_point_keeps_a_pixel_however_sharp():
    energy = scene((slice(10, 13), slice(10, 13), GROWN), (11, 11, 100 * SEED))
    assert only(energy).pixels >= 1
    assert search(energy).labels[11, 11] == 1


def test_small_holes_are_filled_and_large_ones_stay():
    energy = scene((slice(5, 25), slice(5, 25), SEED)).copy()
    energy[10, 10] = energy[10, 11] = energy[11, 10] = 1.0
    energy[15:17, 15:17] = 1.0
    energy[20, 20] = np.nan
    found = search(energy)
    assert found.labels[10, 10] == found.labels[10, 11] == found.labels[11, 10] == 1
    assert not found.labels[15:17, 15:17].any()
    assert not found.labels[20, 20]
    assert found.found[0].pixels == 400 - 4 - 1


def test_a_bay_at_the_edge_of_the_image_is_no_hole():
    energy = scene((slice(0, 5), slice(0, 5), SEED)).copy()
    energy[0, 2] = 1.0
    assert not search(energy).labels[0, 2]


def dated(left: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    dates = np.full((40, 50), UNDATED)
    dates[10:20, 10:20], dates[10:20, 20:30] = left, right
    return scene((slice(10, 20), slice(10, 30), SEED)), dates


@pytest.mark.parametrize(("right", "parts"), [(5, 1), (6, 1), (4, 1), (7, 2), (30, 2)])
def test_parts_of_different_dates_are_different_objects(right, parts):
    energy, dates = dated(5, right)
    found = search(energy, dates=dates)
    assert [each.pixels for each in found.found] == [200 // parts] * parts
    assert len(np.unique(found.labels[10:20, 10:20])) == 1


def test_stray_dates_do_not_break_an_object_up_and_undated_pixels_follow():
    energy, dates = dated(5, 20)
    dates[12, 12] = dates[15, 13] = 33
    dates[10:20, 18:20] = UNDATED
    found = search(energy, dates=dates)
    assert (found.labels[10:20, 10:19] == 1).all()
    assert (found.labels[10:20, 19:30] == 2).all()
    stray = np.random.default_rng(1).integers(0, 40, dates.shape) * 2
    assert len(search(energy, dates=stray).found) == 1


def test_dates_may_be_missing_as_nan():
    energy, dates = dated(5, 20)
    plain = np.where(dates == UNDATED, np.nan, dates)
    np.testing.assert_array_equal(search(energy, dates=plain).labels, search(energy, dates=dates).labels)


def test_splitting_keeps_every_seed_and_pixel():
    energy, dates = dated(5, 20)
    whole, parts = search(energy), search(energy, dates=dates)
    np.testing.assert_array_equal(whole.labels > 0, parts.labels > 0)
    assert sum(each.seeds for each in parts.found) == whole.found[0].seeds


def test_magnitudes_are_those_of_the_pixels_inside():
    rng = np.random.default_rng(2)
    energy = scene((slice(5, 15), slice(5, 20), SEED), (slice(30, 37), slice(40, 43), SEED))
    up, down = rng.normal(3, 2, energy.shape), rng.normal(-2, 1, energy.shape)
    up[6, 7] = np.nan
    down[30:37, 40:43] = np.nan
    found = search(energy, steps(up, down))
    for each in found.found:
        for (name, median, p95), image in zip(each.magnitudes, (up, down), strict=True):
            inside = image[(found.labels == each.label) & np.isfinite(image)].astype(np.float32)
            if not inside.size:
                assert np.isnan([median, p95]).all()
                continue
            assert name in {"VV", "VH"}
            assert median == pytest.approx(np.median(inside), abs=1e-5)
            assert p95 == pytest.approx(np.quantile(np.abs(inside), 0.95, method="inverted_cdf"), abs=1e-5)


@pytest.mark.parametrize(
    ("brighter", "expected"),
    [(10, ChangeSign.BRIGHTER), (8, ChangeSign.BRIGHTER), (7, ChangeSign.MIXED), (2, ChangeSign.DARKER)],
)
def test_the_sign_is_that_of_most_pixels_in_the_polarisation_that_moved_most(brighter, expected):
    energy = scene((5, slice(5, 15), SEED))
    large, small = np.full(energy.shape, -6.0), np.full(energy.shape, 0.5)
    large[5, 5 : 5 + brighter] = 6.0
    assert only(energy, steps(small, large)).sign is expected


def test_data_arrays_are_taken_as_they_come():
    energy = scene((slice(5, 9), slice(5, 9), SEED))
    named = xr.DataArray(energy, dims=("y", "x"))
    np.testing.assert_array_equal(search(named).labels, search(energy).labels)


def test_nothing_in_nothing_out():
    for empty in (np.full((5, 6), np.nan, np.float32), np.ones((5, 6), np.float32)):
        found = search(empty)
        assert found.found == ()
        assert found.labels.shape == (5, 6)
        assert not found.labels.any()
        assert scores(empty, **RULE).size == 0


@pytest.mark.parametrize(
    "wrong", [{"grow": 9.0}, {"grow": 0.0}, {"seed": np.inf}, {"least_px": 0}, {"resolution_px": 0.0}]
)
def test_impossible_rules_are_refused(wrong):
    with pytest.raises(InputError):
        search(scene(), **wrong)
    with pytest.raises(InputError):
        scores(scene(), **{**RULE, **wrong})


def test_other_grids_are_refused():
    with pytest.raises(GridMismatchError):
        search(scene(), steps(np.ones((40, 51))))
    with pytest.raises(GridMismatchError):
        search(scene(), dates=np.zeros((41, 50)))
    with pytest.raises(InputError):
        scores(np.ones(5), **RULE)

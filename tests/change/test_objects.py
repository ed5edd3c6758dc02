"""Objects: seeds and growth, counted on layouts drawn by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dashboard.change.objects import ChangeObject, objects
from dashboard.change.ratio import p_values, thresholds
from dashboard.model.change import ChangeSign
from dashboard.model.errors import InputError

LOOKS = {"looks_before": 4.4, "looks_after": 4.4}
FAR = 1e-3
SEED = thresholds(FAR, 4.4, 4.4)[1] + 0.5
GROWN = thresholds(20 * FAR, 4.4, 4.4)[1] + 0.5


def scene(*patches: tuple[slice, slice, float], shape=(40, 50)) -> np.ndarray:
    ratio = np.zeros(shape, np.float32)
    for rows, cols, db in patches:
        ratio[rows, cols] = db
    ratio.flags.writeable = False
    return ratio


def only(ratio: np.ndarray, **options: object) -> ChangeObject:
    found = objects(ratio, far=FAR, **LOOKS, **options).found
    assert len(found) == 1
    return found[0]


def test_a_seed_grows_into_weaker_neighbours():
    ratio = scene((slice(10, 16), slice(10, 18), GROWN), (slice(12, 13), slice(12, 13), SEED))
    found = objects(ratio, far=FAR, **LOOKS)
    np.testing.assert_array_equal(found.labels > 0, ratio > 0)
    assert (found.found[0].pixels, found.found[0].seeds) == (48, 1)


def test_growth_without_a_seed_is_nothing():
    assert objects(scene((slice(10, 16), slice(10, 18), GROWN)), far=FAR, **LOOKS).found == ()


@pytest.mark.parametrize(("least", "count"), [(4, 1), (6, 1), (7, 0)])
def test_small_objects_are_left_out(least, count):
    ratio = scene((slice(3, 5), slice(3, 6), SEED))
    assert len(objects(ratio, far=FAR, **LOOKS, min_pixels=least).found) == count


def test_corners_connect():
    ratio = scene((slice(3, 5), slice(3, 5), SEED), (slice(5, 7), slice(5, 7), SEED))
    assert only(ratio).pixels == 8


@pytest.mark.parametrize(
    ("brighter", "expected"),
    [
        (10, ChangeSign.BRIGHTER),
        (8, ChangeSign.BRIGHTER),
        (7, ChangeSign.MIXED),
        (3, ChangeSign.MIXED),
        (2, ChangeSign.DARKER),
        (0, ChangeSign.DARKER),
    ],
)
def test_the_sign_is_that_of_most_pixels(brighter, expected):
    ratio = np.zeros((20, 20), np.float32)
    ratio[5, 5:15] = -SEED
    ratio[5, 5 : 5 + brighter] = SEED
    assert only(ratio).sign is expected


def test_facts_are_those_of_the_pixels_inside():
    rng = np.random.default_rng(2)
    ratio = np.zeros((60, 60), np.float32)
    ratio[10:20, 10:25] = rng.uniform(SEED, SEED + 8, (10, 15))
    ratio[40:47, 30:33] = -rng.uniform(SEED, SEED + 8, (7, 3))
    found = objects(ratio, far=FAR, **LOOKS)
    for each, patch in zip(found.found, (ratio[10:20, 10:25], ratio[40:47, 30:33]), strict=True):
        np.testing.assert_array_equal(ratio[found.labels == each.label], patch.reshape(-1))
        assert each.pixels == patch.size
        assert each.median_db == pytest.approx(np.median(patch), abs=1e-5)
        assert each.p95_db == pytest.approx(np.quantile(np.abs(patch), 0.95, method="inverted_cdf"), abs=1e-5)
        assert each.p_value == pytest.approx(p_values(patch, **LOOKS).min(), rel=1e-6)


def test_what_was_not_seen_is_never_inside_and_parts_objects():
    ratio = scene((slice(10, 20), slice(10, 20), SEED)).copy()
    ratio[:, 14] = np.nan
    found = objects(ratio, far=FAR, **LOOKS)
    assert [each.pixels for each in found.found] == [40, 50]
    assert not found.labels[np.isnan(ratio)].any()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1e-2, 0.2, 0.5]), st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_objects_are_the_grown_patches_that_hold_a_seed(seed, far, least):
    """The same rule said once more with plain sets of pixels."""
    ratio = np.random.default_rng(seed).normal(0, 4, (30, 40)).astype(np.float32)
    p = p_values(ratio, **LOOKS)
    grow = far if far >= 0.3 else min(0.3, 20 * far)
    patches, count = ndimage.label(p <= grow, np.ones((3, 3)))
    kept = [n for n in range(1, count + 1) if (patches == n).sum() >= least and (p[patches == n] <= far).any()]
    found = objects(ratio, far=far, **LOOKS, min_pixels=least)
    np.testing.assert_array_equal(found.labels > 0, np.isin(patches, kept))
    assert [each.label for each in found.found] == list(range(1, len(kept) + 1))
    for each in found.found:
        assert len(np.unique(patches[found.labels == each.label])) == 1


def test_flipping_the_scene_flips_the_objects():
    ratio = np.random.default_rng(7).normal(0, 5, (60, 70)).astype(np.float32)
    there, back = (objects(image, far=1e-2, **LOOKS) for image in (ratio, ratio[::-1, ::-1]))
    np.testing.assert_array_equal(there.labels > 0, back.labels[::-1, ::-1] > 0)
    assert sorted(each.pixels for each in there.found) == sorted(each.pixels for each in back.found)


def test_nothing_in_nothing_out():
    assert objects(np.full((5, 6), np.nan, np.float32), far=FAR, **LOOKS).found == ()
    assert not objects(np.zeros((5, 6), np.float32), far=FAR, **LOOKS).labels.any()


def test_impossible_sizes_and_rates_are_refused():
    with pytest.raises(InputError):
        objects(scene(), far=FAR, **LOOKS, min_pixels=0)
    with pytest.raises(InputError):
        objects(scene(), far=0.0, **LOOKS)

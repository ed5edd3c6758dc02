"""Decibel bytes and palettes: exact tables, honest gaps, many threads at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.errors import GridMismatchError, InputError
from dashboard.model.view import Stretch, StretchKind
from dashboard.render.levels import (
    DB_CEILING,
    DB_FLOOR,
    DB_STEP,
    byte_to_db,
    decibel_bytes,
    histogram,
    limits_db,
    palette,
    ratio_levels,
)

ALL = np.arange(65536, dtype=np.uint16).reshape(256, 256)
ALL.flags.writeable = False


def db(amplitude: np.ndarray, scale: float = 1e4) -> np.ndarray:
    return 20 * np.log10(amplitude / scale)


def test_every_archive_value_becomes_its_nearest_byte():
    seen = ALL.reshape(-1)[1:].astype(float)
    got = byte_to_db(decibel_bytes(ALL).reshape(-1)[1:])
    expected = np.clip(db(seen), DB_FLOOR, DB_CEILING)
    assert np.abs(got - expected).max() <= DB_STEP / 2 + 1e-9


def test_no_data_is_byte_zero_and_nothing_else_is():
    levels = decibel_bytes(ALL)
    assert levels[0, 0] == 0
    assert (levels.reshape(-1)[1:] > 0).all()
    assert np.isnan(byte_to_db(np.zeros(1, np.uint8))).all()


def test_bytes_never_fall_with_amplitude():
    assert (np.diff(decibel_bytes(ALL).reshape(-1).astype(int)) >= 0).all()


def test_another_scale_shifts_the_decibels():
    dn = np.array([[500, 1000, 2000]], np.uint16)
    np.testing.assert_array_equal(decibel_bytes(dn, 1e3), decibel_bytes((dn * 10).astype(np.uint16), 1e4))


def test_views_that_are_not_contiguous_are_read_right():
    np.testing.assert_array_equal(decibel_bytes(ALL[::3, ::-2]), decibel_bytes(ALL)[::3, ::-2])


@given(st.integers(1, 65535), st.integers(1, 65535), st.sampled_from([3.0, 10.0, 20.0]))
def test_a_ratio_byte_is_the_nearest_to_the_ratio(before, after, limit):
    a, b = np.array([[before]], np.uint16), np.array([[after]], np.uint16)
    level = float(ratio_levels(a, b, limit)[0, 0])
    expected = np.clip(128 + 127 / limit * (db(b.astype(float)) - db(a.astype(float))), 1, 255).item()
    assert abs(level - expected) <= 0.5 + 1e-3


@given(st.integers(1, 65535))
def test_equal_is_the_middle_byte(value):
    a = np.array([[value]], np.uint16)
    assert ratio_levels(a, a)[0, 0] == 128


def test_exchanging_before_and_after_mirrors_the_ratio():
    rng = np.random.default_rng(1)
    a, b = (rng.integers(100, 60000, (50, 60)).astype(np.uint16) for _ in range(2))
    there, back = (ratio_levels(*pair).astype(int) for pair in ((a, b), (b, a)))
    assert np.abs(there + back - 256).max() <= 1


def test_a_ratio_needs_both_looks():
    a, b = np.array([[0, 5, 0, 5]], np.uint16), np.array([[5, 0, 0, 5]], np.uint16)
    np.testing.assert_array_equal(ratio_levels(a, b) > 0, [[False, False, False, True]])


def test_scales_of_both_dates_count():
    dn = np.array([[3000]], np.uint16)
    assert ratio_levels(dn, dn, scale_a=1e4, scale_b=1e4 * 10 ** (3 / 20))[0, 0] == round(128 - 3 * 12.7)


def test_ratios_refuse_other_grids_and_empty_limits():
    with pytest.raises(GridMismatchError):
        ratio_levels(np.ones((2, 2), np.uint16), np.ones((2, 3), np.uint16))
    with pytest.raises(InputError):
        ratio_levels(np.ones((2, 2), np.uint16), np.ones((2, 2), np.uint16), 0.0)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 4097])
def test_the_histogram_counts_every_byte(size):
    levels = np.random.default_rng(size).integers(0, 256, size).astype(np.uint8).reshape(1, -1)
    np.testing.assert_array_equal(histogram(levels), np.bincount(levels.reshape(-1), minlength=256))


counts = st.lists(st.integers(0, 5000), min_size=256, max_size=256).map(lambda c: np.array(c, np.int64))
stretches = st.one_of(
    st.tuples(st.floats(0, 49), st.floats(51, 100)).map(lambda p: Stretch(StretchKind.PERCENTILE, *p)),
    st.tuples(st.floats(-50, -11), st.floats(-10, 20)).map(lambda p: Stretch(StretchKind.FIXED, *p)),
    st.just(Stretch(StretchKind.EQUALISE)),
)


@given(stretches, counts)
def test_palettes_never_fall(stretch, found):
    greys = palette(stretch, found)
    assert greys.shape == (256,)
    assert greys.dtype == np.uint8
    assert (np.diff(greys[1:].astype(int)) >= 0).all()


@given(stretches, counts)
def test_legend_limits_are_what_is_drawn_black_and_white(stretch, found):
    low, high = limits_db(stretch, found)
    assert low < high
    if stretch.kind is not StretchKind.EQUALISE:
        greys, decibels = palette(stretch, found)[1:], byte_to_db(np.arange(1, 256, dtype=np.uint8))
        assert (greys[decibels <= low] == 0).all()
        assert (greys[decibels >= high] == 255).all()


def test_percentiles_leave_out_what_was_not_observed():
    counted = np.zeros(256, np.int64)
    counted[101:201] = 10
    with_gaps = counted.copy()
    with_gaps[0] = 10**7
    assert limits_db(Stretch(), counted) == limits_db(Stretch(), with_gaps)
    low, high = limits_db(Stretch(StretchKind.PERCENTILE, 10.0, 90.0), counted)
    assert low == pytest.approx(byte_to_db(np.array([110], np.uint8))[0])
    assert high == pytest.approx(byte_to_db(np.array([190], np.uint8))[0])


def test_equalisation_gives_every_grey_its_share():
    levels = np.clip(np.random.default_rng(2).normal(120, 25, 400_000), 1, 255).astype(np.uint8)
    greys = palette(Stretch(StretchKind.EQUALISE), histogram(levels))[levels]
    shares = np.histogram(greys, bins=8, range=(0, 256))[0] / greys.size
    assert np.abs(shares - 1 / 8).max() < 0.03


@pytest.mark.parametrize("kind", [StretchKind.PERCENTILE, StretchKind.EQUALISE])
def test_scenes_of_nothing_or_one_value_still_have_a_palette(kind):
    one = np.zeros(256, np.int64)
    for fill in (0, 1000):
        one[77] = fill
        greys = palette(Stretch(kind), one)
        assert (np.diff(greys[1:].astype(int)) >= 0).all()
        assert limits_db(Stretch(kind), one)[0] < limits_db(Stretch(kind), one)[1]


def test_kernels_run_in_many_threads_at_once():
    rng = np.random.default_rng(3)
    scenes = [rng.integers(0, 65536, (300, 400)).astype(np.uint16) for _ in range(12)]

    def work(scene):
        return decibel_bytes(scene), ratio_levels(scene, scene[::-1]), histogram(decibel_bytes(scene))

    alone = [work(scene) for scene in scenes]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, scenes))
    for one, other in zip(alone, together, strict=True):
        for x, y in zip(one, other, strict=True):
            np.testing.assert_array_equal(x, y)

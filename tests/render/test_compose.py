"""Composed pictures: what each colour means, and that nothing is drawn where nothing was seen."""

import colorsys
from itertools import pairwise

import numpy as np
import pytest

from dashboard.model.errors import GridMismatchError, InputError
from dashboard.render.compose import grey, log_ratio, ratio_palette, swipe, two_colour

RAMP = np.arange(256, dtype=np.uint8)
EVERY = np.arange(256, dtype=np.uint8).reshape(16, 16)
EVERY.flags.writeable = False


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def lightness(colour: str) -> float:
    """Return CIE L*, written out: the one property the palette is chosen for."""
    channel = rgb(colour) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def test_grey_looks_up_the_palette():
    table = RAMP[::-1].copy()
    drawn = grey(EVERY, table)
    np.testing.assert_array_equal(drawn[..., 3], np.where(EVERY > 0, 255, 0))
    for channel in range(3):
        np.testing.assert_array_equal(drawn[..., channel][EVERY > 0], table[EVERY[EVERY > 0]])


def test_a_is_red_and_b_is_cyan():
    a, b = np.array([[200, 50, 120, 0, 9, 0]], np.uint8), np.array([[50, 200, 120, 9, 0, 0]], np.uint8)
    drawn = two_colour(a, b, RAMP, RAMP)
    np.testing.assert_array_equal(
        drawn[0], [[200, 50, 50, 255], [50, 200, 200, 255], [120, 120, 120, 255], [0] * 4, [0] * 4, [0] * 4]
    )


def test_the_diverging_palette_is_grey_in_the_middle_and_perceptually_ordered():
    palette = ratio_palette()
    assert len(palette) == 256
    assert np.ptp(rgb(palette[128])) <= 2
    light = [lightness(colour) for colour in palette[1:]]
    assert all(later - earlier > -0.5 for earlier, later in pairwise(light))
    steps = np.diff(np.convolve(light, np.ones(16) / 16, mode="valid"))
    assert steps.std() / steps.mean() < 0.25
    hues = [colorsys.rgb_to_hsv(*(rgb(palette[end]) / 255))[0] * 360 for end in (1, 255)]
    assert 200 < hues[0] < 260, "darker is blue"
    assert 40 < hues[1] < 70, "brighter is yellow"


def test_log_ratio_draws_the_palette():
    drawn = log_ratio(EVERY)
    expected = np.array([rgb(colour) for colour in ratio_palette()])
    np.testing.assert_array_equal(drawn[EVERY > 0][:, :3], expected[EVERY[EVERY > 0]])
    np.testing.assert_array_equal(drawn[..., 3], np.where(EVERY > 0, 255, 0))


def test_a_smaller_limit_spreads_the_colours():
    palette = [tuple(rgb(colour)) for colour in ratio_palette()]
    drawn = log_ratio(np.array([[1, 128, 160, 192, 255]], np.uint8), 5.0)
    assert [tuple(pixel[:3]) for pixel in drawn[0]] == [palette[i] for i in (1, 128, 192, 255, 255)]
    with pytest.raises(InputError):
        log_ratio(EVERY, -1.0)


@pytest.mark.parametrize(("split", "column"), [(0.0, 0), (0.1, 1), (0.15, 2), (0.5, 5), (1.0, 10)])
def test_swipe_shows_a_left_of_the_line(split, column):
    a, b = np.full((4, 10, 4), 10, np.uint8), np.full((4, 10, 4), 20, np.uint8)
    drawn = swipe(a, b, split)
    assert (drawn[:, :column] == 10).all()
    assert (drawn[:, column:] == 20).all()


def test_two_pictures_must_share_a_grid():
    with pytest.raises(GridMismatchError):
        two_colour(EVERY, EVERY[:4], RAMP, RAMP)
    with pytest.raises(GridMismatchError):
        swipe(grey(EVERY, RAMP), grey(EVERY[:4], RAMP), 0.5)


def test_palettes_are_not_changed_by_drawing():
    table = RAMP.copy()
    table.flags.writeable = False
    grey(EVERY, table)
    two_colour(EVERY, EVERY, table, table)

"""Optical pictures: colours near the truth, nothing where nothing was seen, one table for screen and page."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dashboard.model.errors import GridMismatchError
from dashboard.render.compose import grey, two_colour
from dashboard.render.visible import brightness, indexed, limits


def scene(seed: int = 3, bands: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:60, 0:80]
    waves = [200 + 150 * np.sin(across / (9 + k) + k) * np.cos(down / 11) for k in range(bands)]
    found = np.clip(np.stack(waves) + rng.normal(0, 5, (bands, 60, 80)), 1, 1000).astype(np.uint16)
    found[:, :5] = 0
    found.flags.writeable = False
    return found


def test_colours_are_near_the_stretched_numbers() -> None:
    bands = scene()
    low, high = limits(bands)
    levels, colours = indexed(bands, (low, high))
    wanted = np.clip((bands - low) / (high - low), 0, 1) * 255
    drawn = np.moveaxis(grey(levels, colours)[..., :3], -1, 0).astype(float)
    assert np.abs(drawn - wanted)[:, 5:].mean() < 12
    assert np.array_equal(levels == 0, ~bands.any(axis=0))
    assert not grey(levels, colours)[:5].any()


def test_a_panchromatic_picture_is_a_ramp() -> None:
    bands = scene(bands=1)
    levels, colours = indexed(bands, limits(bands))
    assert (colours[:, 0] == colours[:, 2]).all()
    order = np.argsort(bands[0, 5:].ravel())
    assert (np.diff(colours[levels[5:].ravel()[order], 0].astype(int)) >= 0).all()


@given(arrays(np.uint16, (3, 6, 7)))
def test_brightness_is_zero_exactly_where_nothing_was_seen(bands: np.ndarray) -> None:
    assert np.array_equal(brightness(bands) == 0, ~bands.any(axis=0))


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_the_composite_takes_a_colour_by_its_brightness(red: int, green: int, blue: int) -> None:
    colours = np.zeros((256, 3), np.uint8)
    colours[7] = red, green, blue
    one = np.full((1, 1), 7, np.uint8)
    drawn = two_colour(one, one, colours, colours)[0, 0]
    assert drawn[0] == drawn[1] == drawn[2]
    assert abs(int(drawn[0]) - (0.3 * red + 0.59 * green + 0.11 * blue)) < 2.5


def test_two_bands_are_no_picture() -> None:
    with pytest.raises(GridMismatchError, match="1 or 3 bands"):
        indexed(np.ones((2, 3, 3), np.uint16), (0, 1))

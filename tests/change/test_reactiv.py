"""The picture of a whole stack: its law beside simulated speckle, its colours beside the standard library's."""

import colorsys

import numpy as np
import pytest
import xarray as xr

from dashboard.change.reactiv import LAST_HUE, reactiv, rgb, speckle_variation
from dashboard.model.errors import InputError

SHAPE = (300, 310)


def stack(seed: int, looks: float, dates: int = 30, shape: tuple[int, int] = SHAPE) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    power = (0.05 * rng.standard_gamma(looks, (dates, 2, *shape)) / looks).astype(np.float32)
    times = np.datetime64("2023-01-01", "ns") + (6 * np.arange(dates)).astype("timedelta64[D]")
    coords = {"time": times, "polarisation": ["VV", "VH"], "y": np.arange(shape[0]) * -10.0}
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords=coords)


@pytest.mark.parametrize("looks", [1.0, 4.4, 20.0])
def test_the_law_of_variation_is_that_of_speckle(looks):
    variation = reactiv(stack(1, looks, 60), looks)["variation"].values
    law = speckle_variation(looks)
    assert variation.mean() == pytest.approx(law.mean, rel=0.01)
    assert variation.std() == pytest.approx(law.spread / np.sqrt(60), rel=0.05)


@pytest.mark.parametrize("looks", [1.0, 4.4, 20.0])
def test_colour_is_full_on_one_percent_of_ground_that_never_changed(looks):
    saturation = reactiv(stack(2, looks, 40), looks)["saturation"].values
    assert 0.004 < (saturation >= 1.0).mean() < 0.014
    assert saturation.min() == 0.0


def test_colour_says_when_it_was_brightest():
    one = stack(3, 5.0)
    one.values[:, :, 10:20] *= 0.5
    one.values[12, 0, 10:20] = 40.0
    one.values.flags.writeable = False
    found = reactiv(one, 5.0)
    assert (found["date"].values[10:20] == one.time.values[12]).all()
    np.testing.assert_allclose(found["hue"].values[10:20], LAST_HUE * 12 / 29, rtol=1e-5)
    assert (found["saturation"].values[10:20] == 1.0).all()
    assert (found["value"].values[10:20] == 1.0).all()
    other = reactiv(one, 5.0, polarisation="VH")
    assert np.mean(other["date"].values[10:20] == one.time.values[12]) < 0.2
    np.testing.assert_array_equal(found["y"], one["y"])


def test_hue_follows_time_and_not_the_number_of_the_date():
    one = stack(4, 5.0, 3, (2, 2))
    times = np.array(["2023-01-01", "2023-01-11", "2023-04-11"], "datetime64[ns]")
    one = one.assign_coords(time=times)
    one.values[1] = 1e3
    np.testing.assert_allclose(reactiv(one, 5.0)["hue"].values, LAST_HUE * 0.1, rtol=1e-5)


def test_common_gain_changes_nothing_and_tiles_agree_on_brightness():
    one = stack(5, 4.0)
    found = reactiv(one, 4.0)
    louder = reactiv(one * np.float32(16.0), 4.0)
    for name in ("hue", "saturation", "value"):
        np.testing.assert_allclose(louder[name].values, found[name].values, atol=1e-4)
    part = reactiv(one[:, :, 40:90], 4.0, brightest=0.9)
    whole = reactiv(one, 4.0, brightest=0.9)
    for name in ("hue", "saturation", "value", "date"):
        np.testing.assert_array_equal(part[name].values, whole[name].values[40:90])


def test_gaps_are_left_out_and_two_looks_show_nothing():
    one = stack(6, 4.0)
    holes = one.copy(deep=True)
    holes.values[::3, 0, 100:] = np.nan
    holes.values[2:, 0, 200:] = np.nan
    found = reactiv(holes, 4.0)
    kept = [t for t in range(30) if t % 3]
    fewer = reactiv(one.isel(time=kept), 4.0)
    np.testing.assert_allclose(found["variation"][100:200], fewer["variation"][100:200], rtol=1e-5)
    assert (found["date"].values[100:200] == fewer["date"].values[100:200]).all()
    assert np.isnan(found["saturation"].values[200:]).all()
    assert np.isnat(found["date"].values[200:]).all()
    assert (rgb(found)[200:] == 0).all()


def test_colours_are_those_of_the_standard_conversion():
    rng = np.random.default_rng(7)
    parts = {name: (("y", "x"), rng.random((20, 30), np.float32)) for name in ("hue", "saturation", "value")}
    found = rgb(xr.Dataset(parts))
    assert found.dtype == np.uint8
    for y, x in np.ndindex(20, 30):
        expected = colorsys.hsv_to_rgb(*(float(parts[name][1][y, x]) for name in ("hue", "saturation", "value")))
        np.testing.assert_allclose(found[y, x], 255 * np.array(expected), atol=0.51)


def test_first_and_last_date_have_different_colours():
    assert rgb(xr.Dataset({n: (("y", "x"), [[v]]) for n, v in (("hue", 0.0), ("saturation", 1.0), ("value", 1.0))}))[
        0, 0
    ].tolist() == [255, 0, 0]
    assert rgb(
        xr.Dataset({n: (("y", "x"), [[v]]) for n, v in (("hue", LAST_HUE), ("saturation", 1.0), ("value", 1.0))})
    )[0, 0].tolist() == [255, 0, 255]


def test_what_cannot_be_shown_is_refused():
    one = stack(8, 4.0, 5, (4, 4))
    with pytest.raises(InputError, match="no polarisation HH"):
        reactiv(one, 4.0, polarisation="HH")
    with pytest.raises(InputError, match="2 dates"):
        reactiv(one[:2], 4.0)
    with pytest.raises(InputError, match="looks"):
        reactiv(one, 0.1)
    with pytest.raises(InputError, match="brightest"):
        reactiv(one, 4.0, brightest=0.0)

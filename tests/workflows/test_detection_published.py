"""The published statistic on any grid: its discs are metres on the ground, and a part says what all of it says."""

import numpy as np
import pytest
import xarray as xr

from dashboard.change.periods import Periods
from dashboard.workflows.detection.published import Published

TIMES = np.datetime64("2024-01-01", "ns") + np.arange(10) * np.timedelta64(12, "D")
PERIODS = Periods(before=(TIMES[0], TIMES[6]), after=(TIMES[7], TIMES[9]))


def stack(side, corner=0.0, seed=1, shape=(90, 110)):
    """Speckle on a grid whose pixels are `side` of its own units wide."""
    power = np.random.default_rng(seed).gamma(4.0, 0.02, (10, 1, *shape)).astype(np.float32)
    power[7:, 0, 40:50, 50:60] *= 4.0
    coords = {
        "time": TIMES, "polarisation": ["VV"],
        "y": corner - np.arange(shape[0]) * side, "x": corner + np.arange(shape[1]) * side,
    }  # fmt: skip
    return xr.DataArray(power, coords=coords, dims=("time", "polarisation", "y", "x"))


@pytest.mark.parametrize("pixel_m", [10.0, 9.997, 10.004])
def test_the_units_of_the_grid_are_nothing_to_it(pixel_m):
    measure = Published(periods=PERIODS, looks=(7, 3), pixel_m=pixel_m)
    metres, degrees, mercator = (
        measure.see([stack(side, at)]).field for side, at in ((10.0, 5e5), (1e-4, 37.0), (14.1, 4e6))
    )
    np.testing.assert_array_equal(metres, degrees)
    np.testing.assert_array_equal(metres, mercator)
    assert np.nanmax(metres) > 3.0


@pytest.mark.parametrize("pixel_m", [10.0, 12.5, 19.7, 30.0])
def test_a_part_with_its_halo_says_what_all_of_it_says(pixel_m):
    measure, whole = Published(periods=PERIODS, looks=(7, 3), pixel_m=pixel_m), stack(pixel_m)
    field = measure.see([whole]).field
    rows, cols, halo = slice(30, 60), slice(33, 80), measure.halo
    part = whole[..., rows.start - halo : rows.stop + halo, cols.start - halo : cols.stop + halo]
    inner = measure.see([part]).field[halo:-halo, halo:-halo]
    np.testing.assert_allclose(inner, field[rows, cols], rtol=2e-7)  # running sums begin elsewhere

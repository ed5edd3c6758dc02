"""Looks measured from a stack: right on speckle, careful on ground that varies, and refused where not well known."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import special

from dashboard.change.enl import Enl, estimate_enl, looks_of_variance
from dashboard.model.errors import InputError
from dashboard.simulate.speckle import speckle

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "opera-rtc-s1-california"


def wrapped(power: np.ndarray, names: list[str]) -> xr.DataArray:
    power = power.astype(np.float32)
    power.flags.writeable = False
    return xr.DataArray(power, dims=("time", "polarisation", "y", "x"), coords={"polarisation": names})


def still(looks: float, dates: int, size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.05 * rng.standard_gamma(looks, (dates, 1, size, size)) / looks


@pytest.mark.parametrize("looks", [0.2, 1.0, 4.4, 37.0, 5000.0])
def test_looks_and_variance_of_the_log_are_inverse(looks):
    variance = np.array([special.polygamma(1, looks)])
    assert looks_of_variance(variance) == pytest.approx([looks], rel=1e-9)


@pytest.mark.parametrize(("looks", "dates"), [(1.0, 12), (4.4, 12), (10.0, 24), (50.0, 4)])
def test_known_looks_are_found_within_their_interval(looks, dates):
    for seed in range(6):
        found = estimate_enl(wrapped(still(looks, dates, 100, seed), ["VV"]))
        assert found.looks[0] == pytest.approx(looks, rel=0.05)
        assert found.low[0] <= looks <= found.high[0]


def test_texture_and_what_a_date_shares_do_not_count():
    rng = np.random.default_rng(1)
    scene = still(9.0, 16, 120, 2)
    ground = rng.gamma(1.5, size=(120, 120)) * np.where(np.arange(120) < 60, 1.0, 0.01)[:, None]
    weather = np.exp(rng.normal(0.0, 0.5, (16, 1, 1, 1)))
    plain, varied = (estimate_enl(wrapped(power, ["VV"])) for power in (scene, scene * ground * weather))
    assert varied.looks[0] == pytest.approx(plain.looks[0], rel=1e-3)


def test_ground_that_varies_lies_in_the_tail():
    rng = np.random.default_rng(3)
    scene = still(9.0, 16, 150, 4)
    scene[:, :, :60] *= np.exp(rng.normal(0.0, 0.6, (16, 1, 60, 150)))
    found = estimate_enl(wrapped(scene, ["VV"]))
    assert found.looks[0] == pytest.approx(9.0, rel=0.03)


def test_each_polarisation_has_its_own():
    both = np.concatenate([still(12.0, 12, 100, 5), still(6.0, 12, 100, 6)], axis=1)
    found = estimate_enl(wrapped(both, ["VV", "VH"]))
    assert found.polarisations == ("VV", "VH")
    assert found.looks == pytest.approx([12.0, 6.0], rel=0.04)
    assert found.for_law("VH") == found.looks[1]


def test_correlated_neighbours_keep_the_value_and_widen_the_interval():
    rng = np.random.default_rng(7)
    smooth = np.stack([[speckle((100, 100), 4, rng, 1.5)] for _ in range(12)])
    rough = estimate_enl(wrapped(still(4.0, 12, 100, 8), ["VV"]))
    found = estimate_enl(wrapped(smooth, ["VV"]))
    assert found.low[0] <= 4.0 <= found.high[0]
    assert found.high[0] - found.low[0] > rough.high[0] - rough.low[0]


def test_gaps_are_left_out():
    scene = still(4.4, 12, 100, 9)
    scene[3] = np.nan
    scene[:, :, 40:60] = 0.0
    scene[::2, :, 80:] = np.nan
    found = estimate_enl(wrapped(scene, ["VV"]))
    assert found.looks[0] == pytest.approx(4.4, rel=0.04)


def test_badly_known_looks_are_refused_to_a_law():
    well = Enl(polarisations=("VV",), looks=(10.0,), low=(9.6,), high=(10.4,))
    badly = Enl(polarisations=("VV",), looks=(10.0,), low=(9.0,), high=(10.4,))
    assert well.known("VV")
    assert well.for_law("VV") == 10.0
    assert not badly.known("VV")
    with pytest.raises(InputError, match="between 9 and 10"):
        badly.for_law("VV")
    with pytest.raises(InputError, match="HH"):
        well.for_law("HH")


def test_too_little_is_refused():
    with pytest.raises(InputError, match="2 dates"):
        estimate_enl(wrapped(still(4.0, 2, 60, 10), ["VV"]))
    with pytest.raises(InputError, match="larger area"):
        estimate_enl(wrapped(still(4.0, 5, 15, 11), ["VV"]))
    with pytest.raises(InputError, match="larger area"):
        estimate_enl(wrapped(np.full((5, 1, 60, 60), np.nan), ["VV"]))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real Sentinel-1 stack is not at {REAL}")
def test_real_land_has_no_single_number():
    """Nominally alike bursts of one product: within one season, between 4 and 14 looks."""
    import rasterio

    looks = []
    days = sorted(p for p in REAL.iterdir() if p.is_dir())[:6]
    for burst in ("292319", "292320", "292322", "292324"):
        images = []
        for day in days:
            pair = []
            for name in ("VV", "VH"):
                with rasterio.open(next(day.glob(f"*{burst}-IW2*_{name}.tif"))) as opened:
                    pair.append(opened.read(1))
            images.append(pair)
        looks += estimate_enl(wrapped(np.array(images), ["VV", "VH"])).looks
    assert 3.5 < min(looks) < 6
    assert 11 < max(looks) < 16

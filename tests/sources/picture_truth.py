"""Hold what a reader makes of a visible-band picture against the numbers that it was written with."""

import numpy as np
from product_truth import PIXEL, SHIFT, Seen, _shift, _window, check_footprint, check_words, see
from pyproj import Transformer

from dashboard.model.acquisition import Kind
from dashboard.simulate.products.picture import level
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import Written
from dashboard.sources.product import NOTHING_GIVEN, Given


def check_picture(written: Written, scene: Scene, dtype: str = "uint8", given: Given = NOTHING_GIVEN) -> Seen:
    """Read a written picture and compare metadata, numbers, places, footprint and markings with the truth."""
    seen = see(written.path, given)
    compare(seen, written, scene, dtype)
    assert set(written.files) <= set(seen.product.paths), set(written.files) - set(seen.product.paths)
    return seen


def compare(seen: Seen, written: Written, scene: Scene, dtype: str = "uint8") -> None:
    found = seen.product.acquisition
    check_words(seen, written)
    assert found.kind is Kind.OPTICAL
    assert found.calibration.why_not == "visible-band image: no backscatter"
    assert seen.product.archive_scale == 1.0
    assert tuple(seen.power) == found.polarisations
    for band in seen.power:
        check_numbers(seen, band, scene, dtype, exact=found.geocoding.kind == "affine")
    check_footprint(seen, written)


def check_numbers(seen: Seen, band: str, scene: Scene, dtype: str, *, exact: bool) -> None:
    """Compare the numbers and the places of the squares of the scene."""
    source = seen.product.power
    numbers, grid = np.sqrt(seen.power[band]), source.geobox.affine
    to_map = Transformer.from_crs("OGC:CRS84", str(source.geobox.crs), always_xy=True)
    shifts = []
    for target in scene.targets:
        x, y = to_map.transform(target.lon, target.lat)
        col, row = (x - grid.c) / grid.a - 0.5, (y - grid.f) / grid.e - 0.5
        half = target.half_m / grid.a
        inner = _window(numbers, row, col, half * 0.6)
        wanted = level(target.sigma0("VV"), band, dtype)
        assert np.isfinite(inner).all(), f"target at {row:.0f}, {col:.0f} is not whole"
        allowed = 0.01 if exact else 0.5
        assert np.abs(inner - wanted).max() <= allowed, f"{band}: off, {inner.mean():.1f} instead of {wanted:.0f}"
        shifts.append(_shift(numbers, row, col, half))
    assert np.abs(shifts).max() < PIXEL, f"{band}: targets off by {np.round(shifts, 2)} pixels"
    assert np.abs(np.mean(shifts, axis=0)).max() < SHIFT, f"all off by {np.round(np.mean(shifts, axis=0), 2)} pixels"

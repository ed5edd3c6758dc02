"""Hold what a reader makes of a product against the truth that it was written from."""

from dataclasses import dataclass, field
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from dashboard.model.acquisition import Quantity
from dashboard.simulate.products.scene import Scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.product import NOTHING_GIVEN, Given, Product
from dashboard.sources.registry import products

DB = 0.1
"""Targets are this near to their backscatter."""
PIXEL = 1.0
"""Each target is this near to its place, in pixels of the map ..."""
SHIFT = 0.3
"""... and all of them together, so that half a pixel, a flip or a transposition fails."""
FOOTPRINT = 0.01
"""Share of area by which the footprint may differ."""


@dataclass(frozen=True)
class Seen:
    """A product as its reader gave it, pixels included."""

    product: Product
    power: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def see(path: Path, given: Given = NOTHING_GIVEN) -> Seen:
    """Read the one product of a path, and its pixels in strips as ingest does."""
    (product,) = products(path, given)
    assert isinstance(product, Product), product
    source = product.power
    if source is None:
        return Seen(product)
    try:
        rows, cols = source.geobox.shape
        power = {
            name: np.concatenate(
                [source.read(name, slice(top, min(top + 50, rows)), slice(0, cols)) for top in range(0, rows, 50)]
            )
            for name in source.polarisations
        }
    finally:
        product.close()
    return Seen(product, power)


def check(written: Written, scene: Scene, take: Take, given: Given = NOTHING_GIVEN) -> Seen:
    """Read a written product and compare metadata, power, places, footprint and markings with the truth."""
    seen = see(written.path, given)
    check_words(seen, written)
    for polarisation in seen.power:
        check_targets(seen, polarisation, written, scene, take)
    check_footprint(seen, written)
    assert set(written.files) <= set(seen.product.paths), set(written.files) - set(seen.product.paths)
    return seen


def check_words(seen: Seen, written: Written) -> None:
    """Compare metadata, calibration and markings."""
    found = seen.product.acquisition
    for name, wanted in written.expected.items():
        if name == "details":
            stated = dict(found.details)
            assert {key: stated.get(key) for key in wanted} == dict(wanted)
            continue
        got = getattr(found, name)
        _same(name, got, wanted)
    assert found.calibration.valid == (written.quantity is not None), found.calibration
    if written.quantity is not None:
        assert found.calibration.quantity == Quantity(written.quantity)
    else:
        assert found.calibration.why_not
    for name, wanted in written.handling.items():
        assert getattr(found.handling, name) == wanted, name


def check_targets(seen: Seen, polarisation: str, written: Written, scene: Scene, take: Take) -> None:
    """Compare the power and the place of every target."""
    source = seen.product.power
    assert source is not None
    power, grid = seen.power[polarisation], source.geobox.affine
    to_map = Transformer.from_crs("OGC:CRS84", str(source.geobox.crs), always_xy=True)
    shifts, levels = [], []
    for target in scene.targets:
        x, y = to_map.transform(target.lon, target.lat)
        col, row = (x - grid.c) / grid.a - 0.5, (y - grid.f) / grid.e - 0.5
        half = target.half_m / grid.a
        inner = _window(power, row, col, half * 0.6)
        assert np.isfinite(inner).all(), f"target at {row:.0f}, {col:.0f} is not whole"
        levels.append(10 * np.log10(inner.mean(dtype=np.float64) / _wanted(target.sigma0(polarisation), written, take)))
        shifts.append(_shift(power, row, col, half))
    levels_db = np.array(levels) - (0 if written.quantity else np.mean(levels))
    assert np.abs(levels_db).max() < DB, f"{polarisation}: off by {np.round(levels_db, 3)} dB"
    assert np.abs(shifts).max() < PIXEL, f"{polarisation}: targets off by {np.round(shifts, 2)} pixels"
    assert np.abs(np.mean(shifts, axis=0)).max() < SHIFT, f"all off by {np.round(np.mean(shifts, axis=0), 2)} pixels"


def check_footprint(seen: Seen, written: Written) -> None:
    """Compare the stated footprint and the ground that holds data with the truth."""
    footprint = seen.product.acquisition.footprint
    wrong = footprint.symmetric_difference(written.footprint).area / written.footprint.area
    assert wrong <= FOOTPRINT, f"footprint differs by {wrong:.1%}"
    source = seen.product.power
    if source is None:
        return
    to_map = Transformer.from_crs("OGC:CRS84", str(source.geobox.crs), always_xy=True)
    ring = shapely.get_coordinates(written.footprint)
    area = shapely.Polygon(np.stack(to_map.transform(ring[:, 0], ring[:, 1]), axis=1)).area
    for name, power in seen.power.items():
        covered = float(np.isfinite(power).sum()) * source.geobox.affine.a**2
        assert abs(covered / area - 1) < 0.03, f"{name}: data cover {covered / area:.1%} of the footprint"


def _wanted(sigma0: float, written: Written, take: Take) -> float:
    theta = radians(take.incidence_deg)
    factor = {"beta0": 1 / sin(theta), "gamma0": 1 / cos(theta)}.get(written.quantity or "", 1.0)
    return sigma0 * factor


def _window(power: NDArray[np.float32], row: float, col: float, half: float) -> NDArray[np.float32]:
    top, left = (max(0, int(np.ceil(v - half))) for v in (row, col))
    bottom, right = (int(np.floor(v + half)) + 1 for v in (row, col))
    return power[top:bottom, left:right]


def _shift(power: NDArray[np.float32], row: float, col: float, half: float) -> tuple[float, float]:
    """Return how far the centre of a target's difference from the plain lies from where it is: (rows, columns)."""
    reach = half * 1.5 + 2
    part = _window(power, row, col, reach).astype(np.float64)
    top, left = (max(0, int(np.ceil(v - reach))) for v in (row, col))
    ring = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    difference = np.nan_to_num(part - np.nanmedian(ring))
    assert np.abs(difference).max() > 0, f"targets off: none at {row:.0f}, {col:.0f}"
    inside = np.abs(difference) > 0.3 * np.abs(difference).max()
    weight = np.where(inside, np.minimum(np.abs(difference), 0.7 * np.abs(difference).max()), 0.0)
    down, across = np.indices(part.shape)
    middle = (weight * down).sum() / weight.sum(), (weight * across).sum() / weight.sum()
    return middle[0] + top - row, middle[1] + left - col


def _same(name: str, got: Any, wanted: Any) -> None:
    if isinstance(wanted, float):
        near = got is not None and abs(got - wanted) <= 1e-3 * max(1.0, abs(wanted))
        assert near, f"{name}: {got} != {wanted}"
    elif hasattr(wanted, "tzinfo"):
        near = got is not None and abs((got - wanted).total_seconds()) < 1e-3
        assert near, f"{name}: {got} != {wanted}"
    else:
        assert got == wanted, f"{name}: {got!r} != {wanted!r}"

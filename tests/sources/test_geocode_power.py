"""Geocoded pixels: right power, right place, whatever the side, the pass, the looks and the size of a tile."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from product_truth import Seen, check_targets
from pyproj import Transformer
from shapely import Polygon

from dashboard.model.acquisition import Acquisition, LookSide, Origin, PassDirection
from dashboard.simulate.products.orbit import Orbit, orbit_over
from dashboard.simulate.products.scene import Scene, mini_scene
from dashboard.simulate.products.take import Take, Written
from dashboard.sources.geocode.doppler import ImagePlane, OrbitPath, RangeDoppler, slant_plane
from dashboard.sources.geocode.points import ControlPoint, PointSensor
from dashboard.sources.geocode.power import GeocodedPower
from dashboard.sources.geocode.terrain import Level, terrain
from dashboard.sources.product import Product

TAKE = Take(constellation="made-up", platform="made-up-1")
LINE_S, STEP_M = 1.6 / 7000, 0.9


class Picture:
    """Power in memory by row and column."""

    polarisations = ("VV",)

    def __init__(self, power: NDArray[np.float32]) -> None:
        self.power = power
        self.power.flags.writeable = False
        self.shape = (power.shape[0], power.shape[1])

    def read(self, polarisation: str, rows: slice, cols: slice) -> NDArray[np.float32]:
        assert 0 <= rows.start < rows.stop <= self.shape[0]
        assert 0 <= cols.start < cols.stop <= self.shape[1]
        return self.power[rows, cols]

    def close(self) -> None:
        pass


def slant_image(scene: Scene, take: Take) -> tuple[Picture, RangeDoppler, Orbit, tuple[NDArray, NDArray]]:
    """Return an image of the scene in slant range that covers all of it."""
    orbit = orbit_over(*scene.centre, scene.height_m, take)
    lon, lat = np.array(scene.footprint.exterior.coords).T
    t, r = orbit.zero_doppler(lon, lat, scene.height_m)
    rows, cols = int(np.ptp(t) / LINE_S) + 20, int(np.ptp(r) / STEP_M) + 20
    first_t, first_r = t.min() - 10 * LINE_S, r.min() - 10 * STEP_M
    times, ranges = first_t + np.arange(rows) * LINE_S, first_r + np.arange(cols) * STEP_M
    ground = orbit.ground(times[:, None], ranges[None, :], scene.height_m)
    states = np.arange(-20.0, 21.0, 2.0)
    range_of, column_of = slant_plane(first_r, STEP_M)
    plane = ImagePlane(first_time_s=first_t, line_s=LINE_S, range_of=range_of, column_of=column_of)
    sensor = RangeDoppler(
        OrbitPath(states, orbit.position(states)), plane, (rows, cols), take.look, height_m=scene.height_m
    )
    power = scene.sample("VV", *ground).astype(np.float32)
    return Picture(power), sensor, orbit, ground


def seen(power: GeocodedPower, scene: Scene) -> Seen:
    rows, cols = power.geobox.shape
    found = power.read("VV", slice(0, rows), slice(0, cols))
    acquisition = Acquisition(
        id="x", constellation="made-up", start=TAKE.start, stop=TAKE.stop, footprint=scene.footprint,
        origin=Origin(reader="test", reader_version="0", product_sha256="0"),
    )  # fmt: skip
    return Seen(Product(acquisition=acquisition, power=power, paths=()), {"VV": found})


def truth(scene: Scene) -> Written:
    return Written(path=Path(), files=(), expected={}, quantity="sigma0", footprint=scene.footprint)


@pytest.mark.parametrize("look", LookSide)
@pytest.mark.parametrize("way", PassDirection)
def test_targets_keep_power_and_place(look: LookSide, way: PassDirection) -> None:
    take = Take(constellation="made-up", platform="made-up-1", look=look, pass_direction=way)
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, take)
    power = GeocodedPower(picture, sensor, Level(scene.height_m))
    check_targets(seen(power, scene), "VV", truth(scene), scene, take)


def test_strips_and_tiles_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, TAKE)
    power = GeocodedPower(picture, sensor, Level(scene.height_m))
    rows, cols = power.geobox.shape
    whole = power.read("VV", slice(0, rows), slice(0, cols))
    monkeypatch.setattr("dashboard.sources.geocode.power.MOST_SOURCE", 5_000)
    monkeypatch.setattr("dashboard.sources.geocode.power.TILE", 64)
    strips = np.concatenate([power.read("VV", slice(t, min(t + 37, rows)), slice(0, cols)) for t in range(0, rows, 37)])
    differs = ~((strips == whole) | (np.isnan(strips) & np.isnan(whole)))
    # Places are interpolated from other corners: a probe on the border between two pixels may fall either way.
    assert differs.mean() < 0.01


def test_total_power_is_kept() -> None:
    """Speckle: the sum of power times area over the inner ground is the same before and after, within its noise."""
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, ground = slant_image(scene, TAKE)
    rng = np.random.default_rng(7)
    speckled = Picture((picture.power * rng.exponential(size=picture.shape)).astype(np.float32))
    power = GeocodedPower(speckled, sensor, Level(scene.height_m))
    rows, cols = power.geobox.shape
    found = power.read("VV", slice(0, rows), slice(0, cols))
    xs = power.geobox.affine.c + power.geobox.affine.a * (np.arange(cols) + 0.5)
    ys = power.geobox.affine.f + power.geobox.affine.e * (np.arange(rows) + 0.5)
    left, bottom, right, top = (v + d for v, d in zip(scene.bounds, (40, 40, -40, -40), strict=True))
    inner = (xs[None] > left) & (xs[None] < right) & (ys[:, None] > bottom) & (ys[:, None] < top)
    to_map = Transformer.from_crs("OGC:CRS84", str(power.geobox.crs), always_xy=True)
    x, y = (np.asarray(v) for v in to_map.transform(*ground))
    before = (x > left) & (x < right) & (y > bottom) & (y < top)
    assert 10 * np.log10(found[inner].mean() / np.nanmean(speckled.power[before])) == pytest.approx(0, abs=0.02)


def test_looks_are_averaged_in_power() -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, TAKE)
    power = GeocodedPower(picture, sensor, Level(scene.height_m), complex_pixels=True)
    assert power.looks_taken == (2, 2) or min(power.looks_taken) == 1
    check_targets(seen(power, scene), "VV", truth(scene), scene, TAKE)


def test_a_wrong_height_moves_the_picture_by_the_stated_shift() -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, TAKE)
    power = GeocodedPower(picture, sensor, Level(scene.height_m + 20.0))
    shift = power.geocoding.shift_per_m
    assert shift == pytest.approx(1 / np.tan(np.radians(TAKE.incidence_deg)), rel=0.02)
    with pytest.raises(AssertionError, match=r"targets off|not whole|off by"):
        check_targets(seen(power, scene), "VV", truth(scene), scene, TAKE)


def test_a_dem_of_the_true_height_puts_it_right(tmp_path: Path) -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, TAKE)
    lon, lat = scene.centre
    grid = rasterio.Affine(0.001, 0, lon - 0.05, 0, -0.001, lat + 0.05)
    dem = tmp_path / "dem.tif"
    with rasterio.open(
        dem, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32", crs="EPSG:4326", transform=grid
    ) as dataset:
        dataset.write(np.full((100, 100), scene.height_m, np.float32), 1)
    power = GeocodedPower(picture, sensor, terrain(dem, 0.0))
    assert power.geocoding.heights.startswith("DEM dem.tif")
    check_targets(seen(power, scene), "VV", truth(scene), scene, TAKE)


@pytest.mark.parametrize("knots", [(10, 10), (2, 10), (2, 2)])
def test_control_points_of_a_grid_place_the_picture(knots: tuple[int, int]) -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, (lon, lat) = slant_image(scene, TAKE)
    at = [np.linspace(0, side - 1, count).astype(int) for side, count in zip(picture.shape, knots, strict=True)]
    points = [ControlPoint(r, c, lon[r, c], lat[r, c], scene.height_m) for r in at[0] for c in at[1]]
    placed = PointSensor(points, picture.shape, look=(TAKE.look_azimuth_deg, TAKE.incidence_deg))
    power = GeocodedPower(picture, placed, Level(scene.height_m))
    check_targets(seen(power, scene), "VV", truth(scene), scene, TAKE)
    rows, cols = sensor.to_image(lon[::40, ::40], lat[::40, ::40], np.full(lon[::40, ::40].shape, 150.0))
    other_rows, other_cols = placed.to_image(lon[::40, ::40], lat[::40, ::40], np.full(lon[::40, ::40].shape, 150.0))
    assert np.nanmax(np.hypot(rows - other_rows, cols - other_cols)) < 1.0  # the shift by height goes the same way


def test_the_data_cover_the_footprint() -> None:
    scene = mini_scene(1.0, (300, 400))
    picture, sensor, _, _ = slant_image(scene, TAKE)
    power = GeocodedPower(picture, sensor, Level(scene.height_m))
    found = seen(power, scene).power["VV"]
    to_map = Transformer.from_crs("OGC:CRS84", str(power.geobox.crs), always_xy=True)
    area = Polygon(np.stack(to_map.transform(*np.array(scene.footprint.exterior.coords).T), axis=1)).area
    assert np.isfinite(found).sum() * power.geobox.affine.a**2 == pytest.approx(area, rel=0.01)

"""Against real Sentinel-1 metadata: the annotation of a true product, and what a catalogue says of others."""

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from dashboard.model.acquisition import LookSide, PassDirection
from dashboard.sources.footprint import bounds_footprint
from dashboard.sources.geocode.sensor import GEOD
from dashboard.sources.product import NotRead, Product
from dashboard.sources.registry import products
from dashboard.sources.sentinel1.annotation import Annotation, load_annotation
from dashboard.sources.sentinel1.geometry import GridHeights, check_grid, sensor_of
from dashboard.sources.sentinel1.lut import load_calibration, load_noise

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sentinel1"
NAME = "S1A_IW_GRDH_1SDV_20150203T043109_20150203T043134_004454_00574F_6D00"
ZIP = DATA / f"{NAME}.zip"
EPOCH = datetime(2015, 2, 3, 4, 31, 9, 448219, tzinfo=UTC)
BLOCK = (8000, 12_000, 256)
"""First line, first sample and size of the only pixels in the made-up measurement."""

pytestmark = pytest.mark.skipif(not ZIP.is_file(), reason="the real Sentinel-1 product is not on this machine")


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real product, its missing measurement replaced by nothing but one block of a known number."""
    folder = tmp_path_factory.mktemp("real")
    with zipfile.ZipFile(ZIP) as held:
        held.extractall(folder)
    path = folder / f"{NAME}.SAFE"
    manifest = (path / "manifest.safe").read_text(encoding="utf-8")
    top, left, size = BLOCK
    for name in re.findall(r"\./(measurement/.*?\.tiff)", manifest):
        with rasterio.open(
            path / name, "w", driver="GTiff", width=25_560, height=16_712, count=1, dtype="uint16", tiled=True,
            compress="DEFLATE", SPARSE_OK="TRUE", crs="EPSG:4326", gcps=[],
            transform=rasterio.Affine(1e-4, 0, 21, 0, -1e-4, 39),
        ) as dataset:  # fmt: skip
            dataset.write(np.full((size, size), 1000, np.uint16), 1, window=Window(left, top, size, size))
    (path / "manifest.safe").write_text(re.sub(r'size="\d{9}"', 'size="1"', manifest), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def annotation(safe: Path) -> Annotation:
    return load_annotation(next((safe / "annotation").glob("s1a-iw-grd-vv-*.xml")), EPOCH)


def test_the_zip_without_measurement_says_so() -> None:
    (found,) = products(ZIP)
    assert isinstance(found, NotRead)
    assert re.search(r"s1a-iw-grd-v.-.*\.tiff, which is not there; the measurement is missing", found.reason)
    assert found.paths == (ZIP,)
    assert found.name == f"{ZIP.name}: manifest.safe"


def test_the_orbit_places_every_point_of_the_real_grid(annotation: Annotation) -> None:
    """The product's own 210 ground points, from its orbit and slant ranges: half a metre."""
    assert len(annotation.grid) == 210
    assert check_grid(annotation) < 1.0


def test_places_and_pixels_of_the_real_grid_belong_together(annotation: Annotation) -> None:
    """By line and pixel alone: within a third of a pixel, of which the grid's own azimuth times make 0.18."""
    grid, sensor = annotation.grid, sensor_of(annotation)
    rows, cols = sensor.to_image(grid[:, 3], grid[:, 2], grid[:, 4])
    assert np.abs(rows - grid[:, 0]).max() < 0.3
    assert np.abs(cols - grid[:, 1]).max() < 0.1
    lon, lat = sensor.to_ground(grid[:, 0], grid[:, 1], grid[:, 4])
    _, _, metres = GEOD.inv(lon, lat, grid[:, 3], grid[:, 2])
    assert np.max(metres) < 3.0


def test_the_stated_corners_are_those_of_the_image(annotation: Annotation) -> None:
    sensor, last = sensor_of(annotation), np.array(annotation.shape) - 1.0
    rows, cols = np.array([last[0], last[0], 0.0, 0.0]), np.array([0.0, last[1], last[1], 0.0])
    lon, lat = sensor.to_ground(rows, cols, np.zeros(4))
    stated = [(24.318159, 37.434208), (21.466175, 37.833176), (21.777096, 39.334534), (24.688988, 38.937008)]
    _, _, metres = GEOD.inv(lon, lat, *np.array(stated).T)
    assert np.max(metres) < 500.0  # the corners lie at other heights


def test_there_and_back_again(annotation: Annotation) -> None:
    sensor = sensor_of(annotation)
    rows, cols = np.meshgrid(np.linspace(0, 16_711, 23), np.linspace(0, 25_559, 31), indexing="ij")
    heights = np.full(rows.shape, 250.0)
    back = sensor.to_image(*sensor.to_ground(rows, cols, heights), heights)
    assert np.abs(back[0] - rows).max() < 1e-3
    assert np.abs(back[1] - cols).max() < 0.02
    far = sensor.to_image(np.array([10.0, 23.0]), np.array([38.0, -38.0]), np.zeros(2))
    assert np.isnan(far[0]).all()


def test_heights_between_the_points_of_the_grid(annotation: Annotation) -> None:
    grid = annotation.grid
    ground = GridHeights(grid)
    assert ground.words == "product's grid, 4 to 329 m"
    assert ground.heights(grid[:, 3], grid[:, 2]) == pytest.approx(grid[:, 4], abs=0.01)
    anywhere = ground.heights(np.linspace(20, 26, 50), np.linspace(36, 41, 50))
    assert np.isfinite(anywhere).all()
    assert anywhere.min() >= 3.6
    assert anywhere.max() <= 328.8


def test_the_look_goes_across_the_real_grid(safe: Path, annotation: Annotation) -> None:
    (product,) = products(safe)
    product.close()
    line = annotation.grid[annotation.grid[:, 0] == sorted(set(annotation.grid[:, 0]))[5]]
    near, far = line[9], line[11]  # on both sides of the middle, of equal height within metres
    azimuth, _, _ = GEOD.inv(near[3], near[2], far[3], far[2])
    assert product.acquisition.look_azimuth_deg == pytest.approx(azimuth % 360, abs=0.5)


def test_real_metadata(safe: Path) -> None:
    (product,) = products(safe)
    assert isinstance(product, Product)
    found = product.acquisition
    product.close()
    assert (found.id, found.platform, found.mode, found.level) == (NAME, "sentinel-1a", "IW", "GRD")
    assert found.start == EPOCH
    assert found.stop == datetime(2015, 2, 3, 4, 31, 34, 447735, tzinfo=UTC)
    assert found.polarisations == ("VV", "VH")
    assert (found.look, found.pass_direction, found.track) == (LookSide.RIGHT, PassDirection.DESCENDING, 7)
    assert found.incidence_deg == pytest.approx(38.97773)
    assert found.frequency_ghz == pytest.approx(5.405000454)
    assert (found.resolution_m, found.looks) == (22.0, 4.4)
    assert found.received == datetime(2016, 4, 18, 8, 30, 57, tzinfo=UTC)
    assert found.footprint.bounds == pytest.approx((21.466175, 37.434208, 24.688988, 39.334534))
    assert found.handling.attributions == {"Contains modified Copernicus Sentinel data 2015"}
    details = dict(found.details)
    assert details["sat:absolute_orbit"] == "4454"
    assert details["sat:anx_datetime"] == "2015-02-03T03:52:25.094140Z"
    assert details["processing:software"] == "Sentinel-1 IPF 002.70"
    assert details["processing:facility"] == "Copernicus S1 Core Ground Segment - UPA"
    assert details["proc:slice"] == "7 of 9"
    assert details["sar:looks_range"] == "5"
    assert set(product.paths) == {path for path in safe.rglob("*") if path.is_file()}
    assert bounds_footprint(product.power.geobox).contains(found.footprint.buffer(-0.01))
    assert found.geocoding.heights == "product's grid, 4 to 329 m"
    assert found.geocoding.shift_per_m == pytest.approx(1 / np.tan(np.radians(39)), rel=0.02)


def test_real_tables_calibrate_where_the_real_geometry_puts_it(safe: Path, annotation: Annotation) -> None:
    """The one block of 1,000s: its sigma0 by the real tables, its place by the real orbit, and nothing elsewhere."""
    (product,) = products(safe)
    top, left, size = BLOCK
    row, col = np.array([top + size / 2 - 0.5]), np.array([left + size / 2 - 0.5])
    height = GridHeights(annotation.grid)
    lon, lat = sensor_of(annotation).to_ground(row, col, np.array([100.0]))
    lon, lat = sensor_of(annotation).to_ground(row, col, height.heights(lon, lat))
    grid = product.power.geobox
    x, y = rasterio.warp.transform("EPSG:4326", str(grid.crs), lon, lat)
    across, down = ~grid.affine * (x[0], y[0])
    window = slice(int(down) - 200, int(down) + 200), slice(int(across) - 200, int(across) + 200)
    power = product.power.read("VV", *window)
    product.close()
    seen = np.argwhere(np.isfinite(power))
    middle = seen.mean(axis=0) + 0.5 + np.array([part.start for part in window])
    assert middle == pytest.approx([down, across], abs=0.5)
    assert len(seen) == pytest.approx(size * size, rel=0.03)  # 10 m pixels onto 10 m pixels
    calibration = next((safe / "annotation/calibration").glob("calibration-*-vv-*"))
    noise = load_noise(next((safe / "annotation/calibration").glob("noise-*-vv-*")))
    whole = slice(top, top + size), slice(left, left + size)
    wanted = (1e6 - noise.at(*whole)) / load_calibration(calibration).at(*whole) ** 2
    assert np.nanmean(power) == pytest.approx(wanted.mean(), rel=1e-3)


def test_definitions_agree_with_a_catalogue() -> None:
    """Resolution and looks that the products do not state, as catalogued by others."""
    from dashboard.sources.sentinel1.reader import DOCUMENTED

    for path in [*DATA.glob("stac-grd/*/*.json"), DATA / "sentinel-1-grd-ew.json"]:
        item = json.loads(path.read_text(encoding="utf-8"))["properties"]
        resolution, looks = DOCUMENTED[("GRD", item["sar:instrument_mode"], float(item["sar:pixel_spacing_range"]))]
        assert resolution == max(item["sar:resolution_range"], item["sar:resolution_azimuth"])
        assert looks == item["sar:looks_equivalent_number"]

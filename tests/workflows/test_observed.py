"""Ground area of a grid: the sum over its pixels is the area of its outline, on any projection."""

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from dashboard.geo.geodesy import area_km2
from dashboard.geo.mercator import bbox_of, extent_of, screen_geobox
from dashboard.workflows.extent import box_of
from dashboard.workflows.observed import pixel_areas


@pytest.mark.parametrize("bbox", [(35.0, 48.0, 35.4, 48.2), (145.1, 43.2, 145.2, 43.3), (-60.0, -40.0, -30.0, -10.0)])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (201, 333)])
def test_the_parts_of_a_mercator_screen_sum_to_its_ground(bbox, shape):
    extent = extent_of(bbox, margin=0.0)
    areas = pixel_areas(screen_geobox(extent, shape[1], shape[0]))
    west, south, east, north = bbox_of(extent)
    # Parallels are not geodesics: follow them with many short sides.
    lon = np.linspace(west, east, 400)
    ring = [*zip(lon, np.full(400, south), strict=True), *zip(lon[::-1], np.full(400, north), strict=True)]
    expected = area_km2(shapely.Polygon(ring))
    tolerance = 1e-3 if min(shape) > 100 or bbox[2] - bbox[0] < 1 else 0.1
    assert areas.sum_km2(np.ones(shape, bool)) == pytest.approx(expected, rel=tolerance)


def test_a_utm_pixel_is_nearly_its_nominal_size():
    lattice = GeoBox((500, 700), Affine(10, 0, 350_000, 0, -10, 4_800_000), "EPSG:32655")
    areas = pixel_areas(lattice)
    assert areas.middle_m2 == pytest.approx(100, rel=2e-3)
    chosen = np.zeros((500, 700), bool)
    chosen[100:300, 50:450] = True
    assert areas.sum_km2(chosen) == pytest.approx(200 * 400 * 100 / 1e6, rel=2e-3)
    assert areas.sum_km2(np.zeros((500, 700), bool)) == 0.0


def test_halves_sum_to_the_whole():
    areas = pixel_areas(screen_geobox(extent_of((35.0, 48.0, 35.4, 48.2)), 301, 207))
    chosen = np.random.default_rng(1).random((207, 301)) < 0.3
    parts = areas.sum_km2(chosen) + areas.sum_km2(~chosen)
    assert parts == pytest.approx(areas.sum_km2(np.ones_like(chosen)))


def test_the_box_of_a_grid_holds_its_corners():
    lattice = GeoBox((500, 700), Affine(10, 0, 350_000, 0, -10, 4_800_000), "EPSG:32655")
    west, south, east, north = box_of(lattice)
    assert 145.1 < west < east < 145.3
    assert 43.2 < south < north < 43.4
    extent = extent_of((35.0, 48.0, 35.4, 48.2))
    assert box_of(screen_geobox(extent, 300, 200)) == pytest.approx(bbox_of(extent))

"""Grid lines lie where MGRS puts them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.geo import utm
from dashboard.geo.coordinates import parse_position
from dashboard.geo.graticule import degree_ticks, mgrs_lines
from dashboard.geo.mercator import bbox_of, extent_of, to_lonlat, to_mercator

DONBAS = extent_of((37.9, 48.5, 38.1, 48.6), aspect=1.75)


@pytest.mark.parametrize(("size", "step"), [(6.0, 100_000), (0.5, 10_000), (0.08, 1_000), (0.008, 100), (0.0008, 100)])
def test_the_step_fits_the_map(size, step):
    grid = mgrs_lines(extent_of((37, 48, 37 + size, 48 + size / 2)))
    assert grid.step_m == step
    assert len(grid.paths) <= 90


def test_a_map_of_the_world_shows_zones_only():
    grid = mgrs_lines(extent_of((-180, -80, 180, 84)))
    assert grid.step_m == 0
    texts = {text for _, _, text in grid.labels}
    assert len(texts) >= 120
    assert all(text[:2].isdigit() and text[2] in utm.BANDS for text in texts)


def test_every_line_is_a_whole_step_in_its_own_zone_and_inside_the_map():
    extent = extent_of((35.8, 48.0, 36.3, 48.3), aspect=1.75)  # two zones meet at 36° E
    west, south, east, north = bbox_of(extent)
    grid = mgrs_lines(extent)
    for path in grid.paths:
        lon, lat = to_lonlat(path[:, 0], path[:, 1])
        assert lon.min() >= west - 1e-9
        assert lon.max() <= east + 1e-9
        assert lat.min() >= south - 1e-9
        assert lat.max() <= north + 1e-9
        if np.ptp(lon) < 1e-9:
            assert lon[0] == pytest.approx(36)  # the border of the zones
            continue
        zone = 36 if lon.mean() < 36 else 37
        assert (lon.max() <= 36 + 1e-9) == (zone == 36)
        easting, northing = utm.to_utm(zone, south=False).transform(lon, lat)
        off = [np.abs(values - np.round(values / grid.step_m) * grid.step_m).max() for values in (easting, northing)]
        assert min(off) < 5  # metres: a line of 25 points is cut between them


def test_labels_are_the_digits_that_a_reader_appends():
    grid = mgrs_lines(DONBAS)
    assert grid.step_m in {1000, 10000}
    squares = {text for _, _, text in grid.labels if len(text) == 6}
    assert squares
    for square in squares:
        parse_position(square)
    for x, y, text in grid.labels:
        if text in squares:
            continue
        lon, lat = to_lonlat(x, y)
        zone = utm.zone_of(lon + 1e-9, lat)
        values = utm.to_utm(zone, south=False).transform(lon, lat)
        near = {round(value / grid.step_m) % (100_000 // int(grid.step_m)) for value in values}
        assert int(text) in near


@settings(max_examples=40, deadline=None)
@given(st.floats(-179, 170), st.floats(-84, 82), st.floats(1e-3, 9))
def test_any_map_has_a_grid_that_stays_small(west, south, size):
    grid = mgrs_lines(extent_of((west, south, west + size, min(south + size / 2, 85)), aspect=1.75))
    assert len(grid.paths) < 400
    assert all(path.ndim == 2 and path.shape[1] == 2 and np.isfinite(path).all() for path in grid.paths)


def test_the_equator_is_a_line():
    grid = mgrs_lines(extent_of((29, -1, 31, 1)))
    assert any(np.abs(path[:, 1]).max() < 1e-6 for path in grid.paths)


def test_ticks_are_round_and_where_they_say():
    across, up = degree_ticks(DONBAS)
    assert 3 <= len(across) <= 9
    for coordinate, label in across:
        assert label.endswith("° E")
        assert coordinate == pytest.approx(to_mercator(float(label[:-3]), 0.0)[0])
        assert DONBAS.x0 <= coordinate <= DONBAS.x1
    for coordinate, label in up:
        assert coordinate == pytest.approx(to_mercator(0.0, float(label[:-3]))[1])
    south_west = degree_ticks(extent_of((-71, -34, -70, -33)))
    assert all(label.endswith("° W") for _, label in south_west[0])
    assert all(label.endswith("° S") for _, label in south_west[1])

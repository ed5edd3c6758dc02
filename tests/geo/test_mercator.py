"""Degrees and Mercator metres are two names of one place."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from dashboard.geo.mercator import bbox_of, extent_of, project, screen_geobox, to_lonlat, to_mercator, unproject
from dashboard.model.errors import InputError
from dashboard.model.view import MERCATOR_LIMIT_M, Extent

LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(-85, 85)


@given(LONGITUDES, LATITUDES)
def test_there_and_back_is_within_a_micrometre(lon, lat):
    x, y = to_mercator(lon, lat)
    again = to_mercator(*to_lonlat(x, y))
    assert again == pytest.approx((x, y), abs=1e-6)


@given(LONGITUDES, LATITUDES)
def test_the_formulas_are_those_of_proj(lon, lat):
    expected = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    assert to_mercator(lon, lat) == pytest.approx(expected, abs=1e-6)


def test_arrays_give_what_scalars_give_and_are_left_alone():
    lon, lat = np.linspace(-180, 180, 7), np.linspace(-85, 85, 7)
    for array in (lon, lat):
        array.flags.writeable = False
    x, y = to_mercator(lon, lat)
    scalars = [to_mercator(float(a), float(b)) for a, b in zip(lon, lat, strict=True)]
    np.testing.assert_allclose(np.column_stack([x, y]), scalars, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(np.array(to_lonlat(x, y)), np.array([lon, lat]), atol=1e-11)


@pytest.mark.parametrize("lat", [-90.0, -86.0, 86.0, 90.0])
def test_latitudes_beyond_the_square_world_stop_at_its_edge(lat):
    assert abs(to_mercator(0.0, lat)[1]) == pytest.approx(MERCATOR_LIMIT_M, abs=1e-3)
    assert np.all(np.abs(to_mercator(np.zeros(1), np.array([lat]))[1]) <= MERCATOR_LIMIT_M + 1e-3)


def test_invalid_geometry_is_projected_as_it_is():
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    projected = project(bow_tie)
    assert not projected.is_valid
    assert shapely.get_num_coordinates(projected) == 5
    assert unproject(projected).equals_exact(bow_tie, 1e-12)


@given(st.floats(-179, 178), st.floats(-84, 83), st.floats(1e-4, 1), st.one_of(st.none(), st.floats(0.3, 3)))
def test_the_map_of_a_box_holds_the_box_and_has_the_aspect(west, south, size, aspect):
    box = (west, south, west + size, south + size)
    extent = extent_of(box, aspect=aspect)
    shown = bbox_of(extent)
    assert shown[0] <= box[0] + 1e-9
    assert shown[1] <= box[1] + 1e-9
    assert shown[2] >= box[2] - 1e-9
    assert shown[3] >= box[3] - 1e-9
    if aspect is not None:
        assert (extent.x1 - extent.x0) / (extent.y1 - extent.y0) == pytest.approx(aspect, rel=1e-6)


def test_a_point_the_world_and_a_corner_have_maps():
    point = extent_of((38.0, 48.0, 38.0, 48.0))
    assert point.x1 - point.x0 == pytest.approx(20)
    world = extent_of((-180, -90, 180, 90), aspect=2)
    assert world == Extent(-MERCATOR_LIMIT_M, -MERCATOR_LIMIT_M, MERCATOR_LIMIT_M, MERCATOR_LIMIT_M)
    corner = extent_of((179.9, 80, 180, 81))
    assert corner.x1 == MERCATOR_LIMIT_M


@pytest.mark.parametrize("box", [(170, 0, -170, 1), (0, 5, 1, 4), (0, 0, 181, 1), (float("nan"), 0, 1, 1)])
def test_what_is_no_box_is_refused_with_the_way_out(box):
    with pytest.raises(InputError, match="split"):
        extent_of(box)


def test_the_screen_fills_its_extent_exactly():
    extent = Extent(100.5, 200.25, 1500.5, 1000.75)
    geobox = screen_geobox(extent, 1400, 801)
    assert geobox.shape == (801, 1400)
    assert geobox.crs.epsg == 3857
    assert tuple(geobox.boundingbox.bbox) == pytest.approx((100.5, 200.25, 1500.5, 1000.75), abs=1e-9)
    assert geobox.affine.e < 0
    with pytest.raises(InputError, match="at least 1 x 1"):
        screen_geobox(extent, 0, 10)

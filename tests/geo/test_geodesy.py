"""Lengths and areas are those of the ground."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from dashboard.geo.geodesy import (
    area_km2,
    area_m2,
    bearing_deg,
    distance_m,
    length_km,
    representative_fraction,
    scale_bar,
)
from dashboard.geo.mercator import extent_of, to_lonlat
from dashboard.model.errors import InputError

OUTER = [(37, 48), (38, 48), (38, 49), (37, 49)]
HOLE = [(37.4, 48.4), (37.6, 48.4), (37.6, 48.6), (37.4, 48.6)]
EQUAL_AREA = Transformer.from_crs(4326, 6933, always_xy=True)


def equal_area_m2(geometry):
    dense = shapely.segmentize(geometry, 0.001)
    return shapely.transform(dense, EQUAL_AREA.transform, interleaved=False).area


@pytest.mark.parametrize("outer", [OUTER, OUTER[::-1]], ids=["anticlockwise", "clockwise"])
@pytest.mark.parametrize("hole", [HOLE, HOLE[::-1]], ids=["hole anticlockwise", "hole clockwise"])
def test_area_does_not_depend_on_how_rings_run(outer, hole):
    polygon = shapely.Polygon(outer, [hole])
    assert area_m2(polygon) == pytest.approx(
        area_m2(shapely.Polygon(OUTER)) - area_m2(shapely.Polygon(HOLE)), rel=1e-12
    )
    assert area_m2(polygon) == pytest.approx(equal_area_m2(polygon), rel=1e-3)


def test_area_adds_up_over_parts_and_ignores_what_has_none():
    polygon, other = shapely.Polygon(OUTER), shapely.box(10, -20, 10.1, -19.9)
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([polygon, other]), shapely.Point(1, 1)])
    assert area_km2(mixed) == pytest.approx((area_m2(polygon) + area_m2(other)) / 1e6)
    assert area_km2(shapely.LineString(OUTER)) == 0
    assert area_km2(shapely.MultiPolygon()) == 0


@given(st.floats(-170, 160), st.floats(-60, 59), st.floats(0.001, 0.1))
def test_area_of_a_small_box_is_that_of_the_equal_area_projection(lon, lat, size):
    # The sides of a box along parallels are not geodesics; below 0.1 degrees the difference is nothing.
    box = shapely.box(lon, lat, lon + size, lat + size)
    assert area_m2(box) == pytest.approx(equal_area_m2(box), rel=1e-3)


def test_a_degree_of_the_equator_and_its_bearings():
    expected = math.radians(1) * 6_378_137
    assert distance_m(0, 0, 1, 0) == pytest.approx(expected, abs=1e-3)
    assert length_km(shapely.MultiLineString([[(0, 0), (1, 0)], [(2, 0), (3, 0)]])) == pytest.approx(2 * expected / 1e3)
    assert bearing_deg(0, 0, 1, 0) == pytest.approx(90)
    assert bearing_deg(0, 0, -1, 0) == pytest.approx(270)
    assert bearing_deg(0, 0, 0, 1) % 360 == pytest.approx(0)


@given(st.floats(-178, 170), st.floats(-80, 78), st.floats(1e-3, 8), st.floats(200, 4000))
def test_a_scale_bar_is_round_fits_and_is_true_on_the_ground(west, south, size, width_px):
    extent = extent_of((west, south, west + size, south + size / 2), aspect=1.75)
    bar = scale_bar(extent, width_px)
    assert 0 < bar.pixels <= 160 + 1e-6
    assert bar.pixels > 60 or width_px < 320  # the next round length would not have fitted
    assert f"{bar.length_m:e}"[0] in "125"
    x, y = extent.centre
    half = bar.pixels / width_px * (extent.x1 - extent.x0) / 2
    ends = (*to_lonlat(x - half, y), *to_lonlat(x + half, y))
    assert Geod(ellps="WGS84").inv(*ends)[2] == pytest.approx(bar.length_m, rel=1e-6)


def test_a_scale_bar_says_so_where_mercator_stretches():
    small = scale_bar(extent_of((38.0, 48.59, 38.02, 48.60)), 1400)
    assert (small.note, small.label[-2:]) == ("", " m")
    large = scale_bar(extent_of((30, 44, 40, 52)), 1400)
    assert large.variation > 2
    assert large.note == f"scale true at {large.latitude:.1f}° N"
    assert large.label == f"{large.length_m / 1000:g} km"
    south = scale_bar(extent_of((130, -40, 140, -30)), 1400)
    assert south.note.endswith("S")


def test_variation_is_that_of_the_edge_that_departs_most():
    bar = scale_bar(extent_of((0, -20, 10, 30), margin=0), 1000)
    expected = max(abs(math.cos(math.radians(lat)) / math.cos(math.radians(bar.latitude)) - 1) for lat in (-20, 0, 30))
    assert bar.variation == pytest.approx(100 * expected)


def test_the_naive_mercator_bar_would_be_half_too_long_in_ukraine():
    extent = extent_of((38.0, 48.59, 38.1, 48.61), margin=0)
    bar = scale_bar(extent, 1000)
    mercator_m = bar.pixels / 1000 * (extent.x1 - extent.x0)
    assert mercator_m / bar.length_m == pytest.approx(1.51, abs=0.01)


def test_representative_fraction():
    extent = extent_of((38.0, 48.59, 38.1, 48.61), margin=0)
    ground = distance_m(38.0, 48.6, 38.1, 48.6)
    assert representative_fraction(extent, 0.25) == pytest.approx(ground / 0.25, rel=0.005)
    with pytest.raises(InputError, match="width above 0"):
        representative_fraction(extent, 0)
    with pytest.raises(InputError, match="more than 0"):
        scale_bar(extent, 0)

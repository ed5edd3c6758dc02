"""Teeth stand to the right of a front, of one size, apart from each other, and stay where they are."""

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LinearRing, LineString, MultiLineString, Point, box

from dashboard.geo.teeth import BASE, HEIGHT, teeth
from dashboard.model.errors import InputError
from dashboard.model.view import Extent

STRAIGHT = LineString([(0, 0), (1000, 0)])


def rough(count, length, seed=1):
    """Return a line as crooked at every scale as fronts are."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(count)
    frequency[0] = 1
    y = np.fft.irfft((rng.normal(size=frequency.size) + 1j * rng.normal(size=frequency.size)) * frequency**-1.7, count)
    return LineString(np.column_stack([np.linspace(0, length, count), y * length * 0.08 / np.abs(y).max()]))


def circle(radius, *, clockwise=False):
    angle = np.linspace(0, 2 * np.pi, 100, endpoint=False) * (-1 if clockwise else 1)
    return LinearRing(radius * np.column_stack([np.cos(angle), np.sin(angle)]))


def upper_half(tooth):
    one, *_, other, tip, _ = (np.array(corner) for corner in tooth.exterior.coords)
    return shapely.Polygon([(one + tip) / 2, tip, (other + tip) / 2])


def tips(found):
    return np.array([tooth.exterior.coords[-2] for tooth in found]).reshape(-1, 2)


def test_teeth_are_even_and_right_of_the_direction():
    found = teeth(STRAIGHT, 1.0)
    assert len(found) == round(1000 / 26)
    assert np.all(tips(found)[:, 1] == pytest.approx(-HEIGHT * 9))
    np.testing.assert_allclose(np.diff(tips(found)[:, 0]), 1000 / len(found))
    assert np.all(tips(teeth(STRAIGHT.reverse(), 1.0))[:, 1] > 0)


@pytest.mark.parametrize("scale", [0.01, 1.0, 7.3, 50.0])
def test_teeth_have_one_size_on_the_screen(scale):
    line = shapely.transform(STRAIGHT, lambda points: points * scale)
    for tooth in teeth(line, scale, size_px=12, spacing_px=40):
        west, south, east, north = tooth.bounds
        assert (east - west) / scale == pytest.approx(BASE * 12)
        assert (north - south) / scale == pytest.approx(HEIGHT * 12)


def test_a_line_shorter_than_a_tooth_has_none_and_a_short_one_has_one_in_its_middle():
    assert teeth(LineString([(0, 0), (9, 0)]), 1.0) == []
    (only,) = teeth(LineString([(0, 0), (20, 0)]), 1.0)
    assert tips([only])[0] == pytest.approx([10.0, -8.1])
    assert teeth(STRAIGHT, 200.0) == []
    assert teeth(LineString(), 1.0) == teeth(Point(0, 0), 1.0) == []


def test_closed_fronts_have_teeth_all_round_on_the_right_side():
    outward, inward = teeth(circle(100), 1.0), teeth(circle(100, clockwise=True), 1.0)
    assert len(outward) == len(inward) == round(200 * np.pi / 26)
    assert np.hypot(*tips(outward).T) == pytest.approx(108.1, abs=0.5)
    assert np.hypot(*tips(inward).T) == pytest.approx(91.9, abs=0.5)


def test_an_area_has_teeth_on_its_edges_and_parts_have_their_own():
    assert len(teeth(box(0, 0, 100, 100), 1.0)) == len(teeth(box(0, 0, 100, 100).exterior, 1.0)) > 10
    parts = MultiLineString([[(0, 0), (100, 0)], [(0, 50), (100, 50)], [(0, 80), (5, 80)]])
    found = teeth(parts, 1.0)
    assert len(found) == 8
    assert sorted(set(np.round(tips(found)[:, 1]))) == [-8.0, 42.0]


def test_no_tooth_stands_where_a_kink_would_cut_it():
    hairpin = LineString([(0, 0), (100, 0), (0, -6)])
    found = teeth(hairpin, 1.0)
    outside = [tooth for tooth in found if not shapely.Polygon([(0, 0), (100, 0), (0, -6)]).buffer(1).covers(tooth)]
    assert len(found) == len(outside)
    assert not any(upper_half(tooth).intersects(hairpin) for tooth in found)
    assert 0 < len(found) < 8


# Whole metres: legs that differ by less than a float can tell apart are one leg to every predicate.
metres = st.integers(0, 400)
lines = st.lists(st.tuples(metres, metres), min_size=2, max_size=12, unique=True).map(LineString)


@settings(max_examples=60, deadline=None)
@given(lines, st.floats(0.3, 5))
def test_teeth_never_overlap_nor_does_the_line_run_through_one(line, scale):
    found = teeth(line, scale)
    tree = shapely.STRtree(found)
    one, other = tree.query(found, predicate="intersects") if found else (np.array([]), np.array([]))
    assert np.all(one == other)
    for tooth in found:
        assert not upper_half(tooth).intersects(line)
        assert all(Point(corner).distance(line) < scale for corner in tooth.exterior.coords[:5])
        assert tooth.is_valid


def test_moving_the_map_leaves_the_teeth_where_they_are():
    line, scale = rough(20_000, 400_000), 40.0
    everywhere = {tooth.wkb for tooth in teeth(line, scale)}
    middle = np.array(line.coords[10_000])
    for dx, dy in ((0, 0), (3_333, 0), (-7_001, 2_500), (12_345, -6_789)):
        x, y = middle + np.array([dx, dy])
        extent = Extent(x - 14_000, y - 8_000, x + 14_000, y + 8_000)
        seen = teeth(line, scale, extent=extent)
        assert {tooth.wkb for tooth in seen} <= everywhere
        inside = {
            each
            for each in everywhere
            if shapely.from_wkb(each).within(box(*(x - 14_000, y - 8_000, x + 14_000, y + 8_000)))
        }
        assert inside <= {tooth.wkb for tooth in seen}
        assert len(inside) > 20


def test_a_view_beside_the_front_has_no_teeth():
    assert teeth(STRAIGHT, 1.0, extent=Extent(0, 5000, 100, 5100)) == []


def test_the_input_is_left_alone_and_sizes_are_checked():
    before = STRAIGHT.wkb
    teeth(STRAIGHT, 3.0)
    assert STRAIGHT.wkb == before
    for scale, spacing, size in ((0.0, 26, 9), (1.0, 10, 9), (1.0, 26, 0), (float("nan"), 26, 9)):
        with pytest.raises(InputError, match="cannot be drawn"):
            teeth(STRAIGHT, scale, spacing_px=spacing, size_px=size)


@pytest.mark.parametrize("scale", [5000.0, 300.0, 20.0, 1.0, 0.05])
def test_a_long_front_is_fast_at_every_zoom(scale):
    line = rough(50_000, 1_000_000)
    x, y = line.coords[25_000]
    half = min(700 * scale, 1e7)
    extent = Extent(x - half, y - half, x + half, y + half)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        teeth(line, scale, extent=extent)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.06  # about 7 ms on an idle core; the promise is measured in benchmarks

"""Ground that changed hands, against independent areas and on real days."""

import csv
import time
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from dashboard.geo.control import SLIVER_M2, ground_changes
from dashboard.geo.geodesy import area_km2, area_m2
from dashboard.model.frontline import ControlArea, FrontlineSnapshot

DAYS = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily"
needs_days = pytest.mark.skipif(not DAYS.is_dir(), reason="the real frontline days are not on this machine")
WHEN = datetime(2024, 7, 8, tzinfo=UTC)


def snapshot(**sides):
    areas = tuple(ControlArea(side=side, geometry=geometry) for side, geometry in sides.items())
    return FrontlineSnapshot(id="x", provider="x", valid_from=WHEN, areas=areas, sha256="", retrieved=WHEN)


def test_gained_and_lost_are_the_two_differences():
    old, new = shapely.box(37, 48, 37.2, 48.2), shapely.box(37.1, 48, 37.3, 48.2)
    (change,) = ground_changes(snapshot(blue=old), snapshot(blue=new))
    assert change.gained.equals(shapely.MultiPolygon([shapely.box(37.2, 48, 37.3, 48.2)]))
    assert change.lost.equals(shapely.MultiPolygon([shapely.box(37, 48, 37.1, 48.2)]))
    assert change.gained_km2 == pytest.approx(area_km2(change.gained))
    assert change.gained_km2 - change.lost_km2 == pytest.approx(area_km2(new) - area_km2(old), abs=1e-6)


def test_a_side_that_appears_or_vanishes_gains_or_loses_all():
    square = shapely.box(37, 48, 37.1, 48.1)
    gone, came = ground_changes(snapshot(blue=square), snapshot(orange=square))
    assert (gone.side, gone.gained_km2, came.side, came.lost_km2) == ("blue", 0, "orange", 0)
    assert gone.lost_km2 == came.gained_km2 == pytest.approx(area_km2(square))


def test_exchange_of_before_and_after_exchanges_gained_and_lost():
    a, b = snapshot(x=shapely.box(0, 0, 1, 1)), snapshot(x=shapely.box(0.5, 0.5, 2, 2))
    (there,), (back,) = ground_changes(a, b), ground_changes(b, a)
    assert (there.gained_km2, there.lost_km2) == (back.lost_km2, back.gained_km2)
    assert there.gained.equals(back.lost)


def test_slivers_are_counted_and_not_drawn():
    old = shapely.box(37, 48, 37.1, 48.1)
    sliver = shapely.box(37.1, 48, 37.1 + 1e-9, 48.1)
    new = shapely.union_all([old, sliver, shapely.box(37, 48.1, 37.1, 48.2)])
    (change,) = ground_changes(snapshot(x=old), snapshot(x=new))
    assert all(area_m2(part) >= SLIVER_M2 for part in change.gained.geoms)
    (only,) = ground_changes(snapshot(x=old), snapshot(x=shapely.union_all([old, sliver])))
    assert only.gained.is_empty
    assert 0 < only.gained_km2 < SLIVER_M2 / 1e6


def test_invalid_and_overlapping_areas_are_put_right_first():
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    twice = FrontlineSnapshot(
        id="x",
        provider="x",
        valid_from=WHEN,
        areas=(ControlArea(side="x", geometry=bow_tie), ControlArea(side="x", geometry=bow_tie, colour="#112233")),
        sha256="",
        retrieved=WHEN,
    )
    (change,) = ground_changes(snapshot(x=shapely.MultiPolygon()), twice)
    assert change.gained.is_valid
    assert change.gained_km2 == pytest.approx(area_km2(shapely.make_valid(bow_tie)), rel=1e-9)
    assert change.colour == "#112233"


@needs_days
def test_real_days_agree_with_an_equal_area_projection_and_are_quick():
    days = geopandas.read_parquet(DAYS / "deepstate_daily.parquet")
    with (DAYS / "area_by_day.csv").open(newline="") as file:
        stated = [float(row["area_km2"]) for row in csv.DictReader(file)]
    equal_area = days.to_crs(6933).geometry
    for i, j in ((0, 1), (0, 700), (300, 400), (500, 768)):
        before, after = (snapshot(occupied=days.geometry[k]) for k in (i, j))
        started = time.perf_counter()
        (change,) = ground_changes(before, after)
        seconds = time.perf_counter() - started
        gained = equal_area[j].difference(equal_area[i]).area / 1e6
        lost = equal_area[i].difference(equal_area[j]).area / 1e6
        assert change.gained_km2 == pytest.approx(gained, rel=1e-3, abs=0.05)
        assert change.lost_km2 == pytest.approx(lost, rel=1e-3, abs=0.05)
        assert area_km2(days.geometry[j]) == pytest.approx(stated[j], rel=1e-3)
        assert change.gained_km2 - change.lost_km2 == pytest.approx(stated[j] - stated[i], abs=0.5)
        assert seconds < 0.3


def local_km2(geometry, lon, lat):
    """Return an area by another way than geodesics: on an equal-area plane around the place, edges cut fine."""
    plane = Transformer.from_crs("EPSG:4326", f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True)
    cut = shapely.segmentize(geometry, 0.005)
    return shapely.transform(cut, lambda xy: np.column_stack(plane.transform(xy[:, 0], xy[:, 1]))).area / 1e6


rings = st.lists(st.floats(0.2, 1.0), min_size=5, max_size=24)


def blob(radii, lon, lat):
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    ring = np.column_stack([lon + np.array(radii) * np.cos(angles), lat + np.array(radii) * np.sin(angles)])
    return shapely.segmentize(shapely.Polygon(ring), 0.02)  # as finely drawn as real fronts are


@given(one=rings, two=rings, lat=st.floats(-60, 60), shift=st.floats(-1.5, 1.5))
@settings(max_examples=40, deadline=None)
def test_gained_minus_lost_is_the_change_of_area_and_both_agree_with_an_equal_area_plane(one, two, lat, shift):
    old, new = blob(one, 37.0, lat), blob(two, 37.0 + shift, lat)
    (change,) = ground_changes(snapshot(side=old), snapshot(side=new))
    assert change.gained_km2 - change.lost_km2 == pytest.approx(area_km2(new) - area_km2(old), abs=1e-3)
    centre = (37.0 + shift / 2, lat)
    assert change.gained_km2 == pytest.approx(local_km2(new - old, *centre), rel=1e-3, abs=1e-3)
    assert change.lost_km2 == pytest.approx(local_km2(old - new, *centre), rel=1e-3, abs=1e-3)


def test_two_sides_that_share_a_square_gain_what_the_other_loses():
    def parted(at):
        return snapshot(west=shapely.box(36, 48, at, 49), east=shapely.box(at, 48, 38, 49))

    east, west = ground_changes(parted(37.0), parted(37.3))
    assert (west.gained_km2, west.lost_km2) == pytest.approx((east.lost_km2, east.gained_km2), abs=1e-9)
    assert west.gained_km2 > 2000

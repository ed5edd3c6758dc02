"""Displacement of lines whose movement is known, and of real days."""

import time
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from front_makers import GEOD, bulge, divided, line, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.geo.displacement import displacement, front_length_km
from dashboard.geo.front_sides import front_of, ground_of
from dashboard.model.errors import InputError

DAYS = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily"


def inner(profile, margin_km=15.0):
    """Return the movement away from the ends of the front, where the nearest place is around a corner."""
    km, moved = profile
    return moved[(km > margin_km) & (km < km[-1] - margin_km)]


@given(km=st.floats(-12, 12).filter(lambda km: abs(km) > 0.01))
@settings(max_examples=6, deadline=None)
def test_a_straight_front_moved_sideways_moves_alike_everywhere(km: float) -> None:
    before, after = divided("a", 0.0, count=401), divided("b", km, count=401)
    west = displacement(before, after, "WEST", step_km=2.0)
    assert inner(west.profile) == pytest.approx(km, rel=1e-4)
    east = displacement(before, after, "EAST", step_km=2.0)
    assert inner(east.profile) == pytest.approx(-km, rel=1e-4)


@pytest.mark.parametrize(("depth", "half"), [(3.0, 20.0), (8.0, 10.0), (10.0, 4.0), (-6.0, 8.0)])
def test_a_salient_gives_its_depth_and_nothing_elsewhere(depth: float, half: float) -> None:
    before, after = divided("a", 0.0), divided("b", bulge(depth, half))
    for old, new, sign in ((before, after, 1.0), (after, before, -1.0)):  # grown, and given up again
        found = displacement(old, new, "WEST", step_km=0.5)
        _, moved = found.profile
        peak = moved[np.argmax(np.abs(moved))]
        assert peak == pytest.approx(sign * depth, rel=2e-3)
        lat = np.array([shapely.get_coordinates(s.line)[:, 1].mean() for s in found.segments])
        outside = np.abs(lat - 48.0) * 111.2 > half + 1.0
        assert np.all(moved[outside] == 0.0)
        assert np.all(np.sign(moved[~outside][moved[~outside] != 0]) == np.sign(sign * depth))


def test_the_profile_of_a_salient_is_its_shape() -> None:
    """Over a straight line each place is given how deep the salient is above it."""
    shape = bulge(5.0, 25.0)
    found = displacement(divided("a", 0.0), divided("b", shape), "WEST", step_km=1.0)
    lat = np.array([shapely.get_coordinates(s.line)[:, 1].mean() for s in found.segments])
    _, moved = found.profile
    assert moved == pytest.approx(shape(lat), abs=0.25)  # the greatest of a segment 1 km long, on a slope of 0.3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=4, deadline=None)
def test_what_does_not_move_is_not_moved_and_exchange_of_sides_exchanges_signs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    waves = rng.uniform(-4, 4, 3)

    def course(lat):
        return sum(w * np.sin(lat * (n + 2) * 9.0) for n, w in enumerate(waves))

    before, after = divided("a", course, count=301), divided("b", lambda lat: course(lat) + 2.0, count=301)
    still = displacement(before, before, "WEST")
    assert not np.any(still.profile[1])
    assert still.ribbon == ()
    west, east = (displacement(before, after, side) for side in ("WEST", "EAST"))
    assert inner(west.profile) == pytest.approx(-inner(east.profile))
    assert (west.ribbon[0].gained, east.ribbon[0].gained) == (True, False)  # the outer corners differ by slivers
    assert west.ribbon[0].km2 == pytest.approx(east.ribbon[0].km2, rel=2e-2)


def test_segments_follow_the_front_and_the_ribbon_is_the_ground_between() -> None:
    before, after = divided("a", 0.0), divided("b", bulge(6.0, 15.0))
    found = displacement(before, after, "WEST", step_km=1.0)
    true_km = GEOD.line_length(*line(0.0).T) / 1e3
    assert found.length_before_km == pytest.approx(true_km, rel=1e-9)
    assert found.length_before_km == front_length_km(before, "WEST") == pytest.approx(front_length_km(before))
    assert found.length_after_km > found.length_before_km
    along, _ = found.profile
    assert np.all(np.diff(along) > 0)
    assert np.diff(along) == pytest.approx(np.diff(along)[0], rel=1e-3)
    whole = shapely.line_merge(shapely.union_all([segment.line for segment in found.segments]))
    assert shapely.hausdorff_distance(whole, front_of(before, "WEST")) < 1e-9
    largest = found.ribbon[0]
    assert largest.gained
    assert not largest.apart
    ground = shapely.difference(ground_of(after, "WEST"), ground_of(before, "WEST"))
    assert shapely.symmetric_difference(largest.geometry, ground).area < 1e-6


def test_a_pocket_that_closes_is_no_march_of_the_front() -> None:
    """It lies 70 km behind the line: its edge is given the pocket's radius, and the line elsewhere stays."""
    front = shapely.Polygon([*line(0.0), (34, 49), (34, 47)])
    hole = shapely.buffer(shapely.Point(36.0, 48.0), 0.05)
    before, after = snapshot("a", RED=front - hole), snapshot("b", RED=front)
    closed = displacement(before, after, "RED", step_km=1.0)
    assert max(closed.profile[1]) == pytest.approx(0.05 * 74.6, rel=0.03)  # a degree of longitude at 48 north
    assert [strip.apart for strip in closed.ribbon] == [True]
    assert closed.ribbon[0].gained
    opened = displacement(after, before, "RED", step_km=1.0)
    assert not np.any(opened.profile[1])  # there was no line where the pocket opened
    assert [(strip.apart, strip.gained) for strip in opened.ribbon] == [(True, False)]


def test_one_side_alone_is_followed_along_its_outline() -> None:
    found = displacement(
        snapshot("a", occupied=shapely.box(36, 48, 37, 49)), snapshot("b", occupied=shapely.box(36, 48, 37.1, 49)),
        "occupied",
    )  # fmt: skip
    assert max(found.profile[1]) == pytest.approx(7.4, abs=0.15)
    assert min(found.profile[1]) == 0.0


def test_refusals_name_what_can_be_asked() -> None:
    before, after = divided("a", 0.0), divided("b", 1.0)
    with pytest.raises(InputError, match="WEST, EAST"):
        displacement(before, after, "NORTH")
    with pytest.raises(InputError, match="too short"):
        displacement(before, after, "WEST", step_km=0.001)
    with pytest.raises(InputError, match="too short"):
        displacement(before, after, "WEST", step_km=0.0)


@pytest.mark.skipif(not DAYS.is_dir(), reason="the real frontline days are not on this machine")
def test_real_days_are_followed_quickly_and_to_the_depth_of_their_gains() -> None:
    days = geopandas.read_parquet(DAYS / "deepstate_daily.parquet").geometry
    for i, j, seconds in ((300, 301, 1.0), (0, 768, 2.0)):
        started = time.process_time()
        found = displacement(snapshot("a", o=days[i]), snapshot("b", o=days[j]), "o")
        assert time.process_time() - started < seconds
        gained = [strip for strip in found.ribbon if strip.gained and not strip.apart]
        moved = max(found.profile[1])
        widest = max(shapely.maximum_inscribed_circle(strip.geometry).length for strip in gained)
        assert moved > widest * 70 / 2  # nowhere is the ground gained wider than the line moved
        assert 0 < moved < 60

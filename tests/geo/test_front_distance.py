"""Distance to the front against geodesics to every place of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from front_makers import GEOD, LON, divided, snapshot
from pyproj import Transformer

from dashboard.geo.displacement import displacement
from dashboard.geo.front_distance import FrontDistance
from dashboard.geo.nearest import NearestLines, Plane
from dashboard.model.errors import InputError

DAYS = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily"


def brute_km(lon, lat, line):
    """Return the least geodesic distance to the places of a line, densely taken."""
    xy = shapely.get_coordinates(shapely.segmentize(line, 0.0005))
    near = xy[np.argsort(np.hypot((xy[:, 0] - lon) * np.cos(np.radians(lat)), xy[:, 1] - lat))[:4000]]
    return GEOD.inv(np.full(len(near), lon), np.full(len(near), lat), near[:, 0], near[:, 1])[2].min() / 1e3


@pytest.mark.parametrize("far_km", [-80.0, -12.5, -0.25, 0.03, 4.0, 60.0])
def test_distance_from_a_meridian_is_the_geodesic_across_it(far_km: float) -> None:
    lon, lat, _ = GEOD.fwd(LON, 48.0, 90.0, far_km * 1e3)
    (found,) = FrontDistance(divided("a", 0.0)).relate([shapely.Point(lon, lat)])
    assert found.km == pytest.approx(abs(far_km), rel=1e-5)
    assert found.side == ("WEST" if far_km < 0 else "EAST")


def test_what_the_front_crosses_is_at_no_distance_and_what_is_outside_has_no_side() -> None:
    front = FrontDistance(divided("a", 0.0))
    on_it = shapely.box(36.99, 47.9, 37.02, 48.0)
    found = front.relate([on_it, shapely.Point(36, 47.5), shapely.LineString([(36.9, 48), (37.1, 48)]),
                          shapely.Point(37, 40), shapely.Point(37.0, 48.0)])  # fmt: skip
    assert [relation.km == 0.0 for relation in found] == [True, False, True, False, True]
    assert [relation.side for relation in found][:2] == ["EAST", "WEST"]
    assert found[3].side == ""
    assert found[3].km == pytest.approx(GEOD.inv(37, 40, 37, 47)[2] / 1e3, rel=1e-6)
    assert front.relate([]) == []


def test_the_nearest_place_of_the_thing_counts_not_its_middle() -> None:
    front = FrontDistance(divided("a", 0.0))
    wide = shapely.box(35.0, 47.9, 36.9, 48.1)
    corner, edge = front.relate([shapely.Point(36.9, 48.0), wide])
    assert edge.km == pytest.approx(corner.km, rel=2e-3)
    assert edge.side == "WEST"


def test_long_edges_are_as_straight_as_they_are_drawn() -> None:
    """An edge along a parallel is that parallel: on any plane its ends would be joined hundreds of metres off."""
    edge = NearestLines([shapely.LineString([(30.0, 48.0), (34.0, 48.0)])])
    found = edge.find(np.array([shapely.Point(32.0, 48.02)], dtype=object))
    assert found.metres[0] == pytest.approx(GEOD.inv(32.0, 48.02, 32.0, 48.0)[2], rel=1e-4)


def test_lines_across_the_pole_and_the_antimeridian_are_near_each_other() -> None:
    lines = NearestLines([shapely.LineString([(179.9, 70.0), (179.9, 71.0)])])
    found = lines.find(np.array([shapely.Point(-179.9, 70.5)], dtype=object))
    assert found.metres[0] == pytest.approx(GEOD.inv(179.9, 70.5, -179.9, 70.5)[2], rel=1e-3)


def test_an_empty_thing_and_an_empty_front_are_refused() -> None:
    front = FrontDistance(divided("a", 0.0))
    with pytest.raises(InputError, match="Geometry 1 is empty"):
        front.relate([shapely.Point(36, 48), shapely.Point()])
    with pytest.raises(InputError, match="no line"):
        FrontDistance(snapshot("nothing"))


@pytest.mark.skipif(not DAYS.is_dir(), reason="the real frontline days are not on this machine")
def test_a_real_front_is_measured_exactly_and_quickly() -> None:
    ground = geopandas.read_parquet(DAYS / "deepstate_daily.parquet").geometry[300]
    front = FrontDistance(snapshot("real-300", occupied=ground))
    rng = np.random.default_rng(5)
    centres = np.column_stack([rng.uniform(33, 40, 5000), rng.uniform(45, 51, 5000)])
    changes = [shapely.Point(xy).buffer(0.0008, quad_segs=3) for xy in centres]
    started = time.process_time()
    found = front.relate(changes)
    assert time.process_time() - started < 0.8
    points = front.relate([shapely.Point(xy) for xy in centres[:60]])
    for (lon, lat), near in zip(centres[:60], points, strict=True):
        assert near.km == pytest.approx(brute_km(lon, lat, ground.boundary), rel=1e-3, abs=0.03)
        assert (near.side == "occupied") == ground.contains(shapely.Point(lon, lat))
    assert max(abs(a.km - b.km) for a, b in zip(found, points, strict=False)) < 0.1


@pytest.mark.parametrize(("lon", "lat"), [(37.0, 48.0), (179.9, 70.5), (-60.0, -33.0), (0.0, 0.0), (10.0, 88.0)])
def test_the_plane_is_that_of_the_projection_library_and_has_a_way_back(lon: float, lat: float) -> None:
    plane = Plane(lon, lat)
    rng = np.random.default_rng(3)
    places = np.column_stack([rng.uniform(lon - 5, lon + 5, 500), rng.uniform(lat - 5, min(lat + 5, 89.9), 500)])
    crs = f"+proj=stere +lat_0={lat} +lon_0={lon} +k=1 +ellps=WGS84"
    peer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    metres = plane.metres(places)
    assert metres == pytest.approx(np.column_stack(peer.transform(*places.T)), abs=1e-6)
    assert plane.degrees(metres) == pytest.approx(places, abs=1e-10)
    assert plane.degrees(np.zeros((1, 2)))[0] == pytest.approx((lon, lat), abs=1e-10)


def test_one_front_answers_many_threads_alike() -> None:
    rng = np.random.default_rng(9)
    things = [shapely.Point(xy) for xy in np.column_stack([rng.uniform(34, 40, 400), rng.uniform(47, 49, 400)])]
    for number in range(5):
        front = FrontDistance(divided(f"shared-{number}", 1.0, count=301))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, front=front: front.relate(things), range(8)))
        assert all(one == found[0] for one in found)


def test_asking_changes_nothing_in_the_snapshot() -> None:
    given = divided("untouched", 1.0)
    FrontDistance(given).relate([shapely.Point(36, 48)])
    displacement(given, divided("moved", 2.0), "WEST", step_km=5.0)
    assert not any(shapely.is_prepared(area.geometry) for area in given.areas)

"""The basemap is whole, honest about Crimea, quick, and small."""

import json
import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.geo.basemap import LABELS, LAYERS, basemap
from dashboard.geo.layers import layer
from dashboard.geo.mercator import extent_of, project, to_mercator
from dashboard.model.errors import InputError

LEVELS = ("110m", "50m", "10m")
UKRAINE = extent_of((22, 44, 41, 53), aspect=1.75)
CITIES = {
    "Kyiv": (30.52, 50.45),
    "Kherson": (32.60, 46.66),
    "Simferopol": (34.11, 44.957),
    "Sevastopol": (33.56, 44.58),
    "Kerch": (36.40, 45.35),
}


def point(lon, lat):
    return shapely.Point(to_mercator(lon, lat))


def countries(level, *more):
    """Return the pieces that borders, drawn 3 km wide to close what rounding opened, leave of the land."""
    window = project(shapely.box(20, 43, 42, 54))
    land, borders = layer(f"land-{level}"), layer(f"borders-{level}")
    ground = shapely.union_all(shapely.clip_by_rect(land.shapes[land.tree.query(window)], *window.bounds))
    lines = shapely.union_all([*borders.shapes[borders.tree.query(window)], *more])
    return shapely.get_parts(ground.difference(lines.buffer(1500)))


@pytest.mark.parametrize("level", LEVELS)
def test_crimea_is_one_country_with_kyiv(level):
    pieces = countries(level)
    # Coasts of the coarser levels leave ports in the sea: nearest land counts.
    home = {name: int(np.argmin(shapely.distance(pieces, point(*at)))) for name, at in CITIES.items()}
    assert set(home.values()) == {home["Kyiv"]}
    for at in [(37.6, 51.7), (28.0, 53.0), (38.98, 45.03)]:  # Russia, Belarus, Kuban across the strait
        assert not pieces[home["Kyiv"]].covers(point(*at))


def test_the_check_would_see_a_border_at_perekop():
    line = project(shapely.LineString([(32.5, 46.0), (33.7, 46.15), (35.2, 46.12), (36.0, 46.1)]))
    pieces = countries("10m", line)
    kyiv, simferopol = (
        int(np.argmin(shapely.distance(pieces, point(*CITIES[name])))) for name in ("Kyiv", "Simferopol")
    )
    assert kyiv != simferopol


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["borders", "disputed"])
def test_no_border_runs_at_perekop_or_in_the_strait_of_kerch(level, kind):
    crimea = project(shapely.box(32.4, 44.3, 36.8, 46.4))
    assert not shapely.intersects(layer(f"{kind}-{level}").shapes, crimea).any()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["land", "water", "borders", "disputed", "rivers"])
def test_every_layer_is_there_valid_and_in_the_world(level, kind):
    shapes = layer(f"{kind}-{level}").shapes
    assert len(shapes)
    assert shapely.is_valid(shapes).all()
    bounds = shapely.total_bounds(shapes)
    assert np.all(np.abs(bounds) <= 20_037_508.343)


@pytest.mark.parametrize(
    ("lon", "lat", "land"),
    [(30.5, 50.4, True), (145.0, 43.3, True), (-119.9, 34.6, True), (31.0, 43.0, False), (37.0, 46.0, False)],
)
def test_land_is_land_and_sea_is_sea(lon, lat, land):
    for level in LEVELS:
        assert bool(shapely.contains(layer(f"land-{level}").shapes, point(lon, lat)).any()) is land


def test_detail_grows_as_the_map_narrows():
    world, country, town = (
        basemap(extent_of(box)) for box in [(-180, -80, 180, 80), (30, 44, 40, 50), (33.3, 44.5, 33.7, 44.7)]
    )
    assert sum(len(ring) for rings in world.land for ring in rings) < 20_000
    assert len(country.rivers) > 10
    assert {"Kyiv", "Tokyo", "London"} <= {label.name for label in world.places}
    assert "Sevastopol" in {label.name for label in town.places}


@settings(max_examples=25, deadline=None)
@given(st.floats(-179, 150), st.floats(-80, 70), st.floats(0.01, 30))
def test_any_map_is_drawable(west, south, size):
    extent = extent_of((west, south, west + size, south + size / 2), aspect=1.75)
    ground = basemap(extent)
    reach = 0.25 * (extent.x1 - extent.x0)
    for name in LAYERS:
        for item in getattr(ground, name):
            for path in item if isinstance(item, tuple) else (item,):
                assert path.shape[1] == 2
                assert len(path) >= 2
                assert not path.flags.writeable
                assert path[:, 0].min() >= extent.x0 - reach
                assert path[:, 1].max() <= extent.y1 + reach
    assert len(ground.places) <= LABELS
    assert [label.rank in range(5) for label in ground.places].count(False) == 0


def test_names_do_not_run_into_each_other():
    width = UKRAINE.x1 - UKRAINE.x0
    labels = basemap(UKRAINE).places
    assert len(labels) > 20
    for i, a in enumerate(labels):
        for b in labels[:i]:
            first, second = sorted((a, b))
            assert second.x - first.x > 0.007 * len(first.name) * width or abs(a.y - b.y) > 0.02 * width


def test_warm_maps_are_quick_and_small_pans_are_free():
    basemap(UKRAINE)
    for box in [(22, 44, 41, 53), (33, 47, 39, 50), (36, 48, 37, 48.5), (144, 43, 146, 44), (-121, 33.5, -117, 35.5)]:
        seconds = []
        for _ in range(3):  # the best of three: the machine may be busy with something else
            basemap.__globals__["_ground"].cache_clear()
            started = time.perf_counter()
            basemap(extent_of(box, aspect=1.75))
            seconds.append(time.perf_counter() - started)
        assert min(seconds) < 0.1
    here = extent_of((36, 48, 37, 48.5))
    nudged = type(here)(here.x0 + 1, here.y0 + 1, here.x1 + 1, here.y1 + 1)
    assert basemap(here) is basemap(nudged)


def feature(kind, geometry):
    return {"type": "Feature", "properties": {"kind": kind}, "geometry": geometry.__geo_interface__}


def test_a_local_layer_is_drawn_with_the_rest(tmp_path):
    area, line = shapely.box(145.0, 43.25, 145.05, 43.3), shapely.LineString([(144.9, 43.2), (145.2, 43.35)])
    kinds = {"water": area, "built": area, "forest": area, "field": area, "runway": area}
    lines = {"river": line, "road": line, "bridge": line}
    path = tmp_path / "ground.geojson"
    features = [feature(kind, shape) for kind, shape in {**kinds, **lines}.items()]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    extent = extent_of((144.98, 43.24, 145.1, 43.31))
    plain, ground = basemap(extent), basemap(extent, path)
    for name in ("water", "built", "forest", "fields", "paved", "rivers", "roads", "bridges"):
        assert len(getattr(ground, name)) == len(getattr(plain, name)) + 1
    np.testing.assert_allclose(ground.built[0][0].min(axis=0), to_mercator(145.0, 43.25), rtol=1e-9)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features[:1]}), encoding="utf-8")
    assert len(basemap(extent, path).built) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a GeoJSON"),
        ("[]", "not a GeoJSON"),
        ('{"features": [{"properties": {}, "geometry": null}]}', "not a GeoJSON"),
        (json.dumps({"features": [feature("lava", shapely.box(0, 0, 1, 1))]}), "'lava'"),
        (json.dumps({"features": [feature("forest", shapely.LineString([(0, 0), (1, 1)]))]}), "LineString"),
    ],
)
def test_a_bad_local_layer_is_refused_with_its_name(tmp_path, text, reason):
    path = tmp_path / "bad.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        basemap(extent_of((0, 0, 1, 1)), path)
    with pytest.raises(InputError, match="cannot be read"):
        basemap(extent_of((0, 0, 1, 1)), tmp_path / "absent.geojson")

"""Places are found by any of their names, and by where they are, without a network."""

import time

import numpy as np
import pytest

from dashboard.geo.geodesy import distance_m
from dashboard.geo.places import Place, find, gazetteer, largest, nearest
from dashboard.model.errors import InputError


@pytest.mark.parametrize("text", ["Kyiv", "kyiv", "Kiev", "Київ", "київ", "  KYIV ", "Киев"])
def test_every_name_of_kyiv_finds_it_first(text):
    best = find(text)[0]
    assert (best.name, best.country) == ("Kyiv", "Ukraine")


@pytest.mark.parametrize(
    ("text", "name"),
    [("avdi", "Avdiyivka"), ("Авдіївка", "Avdiyivka"), ("malmo", "Malmö"), ("Malmö", "Malmö"), ("根室", "Nemuro")],
)
def test_beginnings_accents_and_scripts(text, name):
    assert find(text)[0].name == name


def test_whole_names_come_first_and_then_the_populous():
    found = find("paris", limit=5)
    assert (found[0].name, found[0].country) == ("Paris", "France")
    assert len(found) == len(set(found)) == 5
    beginning = find("santa barb")
    assert {"Santa Barbara"} <= {place.name for place in beginning}


def test_nothing_is_found_for_nothing():
    assert find("") == find("   ") == find("'") == []
    assert find("zzzzqq") == []
    with pytest.raises(InputError, match="1 or more"):
        find("x", limit=0)


@pytest.mark.parametrize(
    ("lon", "lat", "name"), [(30.5, 50.45, "Kyiv"), (145.58, 43.33, "Nemuro"), (34.1, 44.95, "Simferopol")]
)
def test_nearest(lon, lat, name):
    assert nearest(lon, lat).name == name


def test_nearest_is_nearest_across_the_antimeridian_and_quick():
    rng = np.random.default_rng(7)
    known = gazetteer()
    for lon, lat in [(179.999, -16.5), (-179.999, -16.5), *rng.uniform((-180, -60), (180, 70), (5, 2)).tolist()]:
        found = nearest(lon, lat)
        # The sphere and the ellipsoid disagree by at most half a percent.
        sample = rng.integers(0, len(known.names), 300)
        best = min(distance_m(lon, lat, known.lon[i], known.lat[i]) for i in sample)
        assert distance_m(lon, lat, found.lon, found.lat) <= best * 1.006
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        nearest(38.0, 48.6)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.005


def test_the_places_of_crimea_are_in_ukraine():
    for name in ("Simferopol", "Sevastopol", "Kerch", "Yalta"):
        assert find(name)[0].country == "Ukraine"
    assert {place.country for place in largest((33.0, 44.4, 36.5, 45.3), limit=30)} == {"Ukraine"}


def test_the_shipped_gazetteer_and_the_searched_one_agree():
    assert gazetteer().place(0) == Place(
        name=find("Shanghai")[0].name,
        country="China",
        lon=121.4581,
        lat=31.2222,
        population=find("Shanghai")[0].population,
    )


def test_capitals_count_for_more_than_their_people():
    names = [place.name for place in largest((148, -39, 154, -27), limit=4)]
    assert "Canberra" in names

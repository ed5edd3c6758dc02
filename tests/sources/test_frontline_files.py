import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from product_makers import DATA, write_json

from dashboard.model.errors import DamagedProductError, InputError, UnknownProductError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.sources.frontlines import FrontSource, frontlines

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = datetime(2024, 5, 6, tzinfo=UTC)
SQUARE = [[30.0, 49.0], [31.0, 49.0], [31.0, 50.0], [30.0, 50.0], [30.0, 49.0]]


def feature(ring: list = SQUARE, **properties: object) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def collection(*features: dict, **rest: object) -> dict:
    return {"type": "FeatureCollection", "features": list(features), **rest}


def read(path: Path, provider: str = "ours", valid_from: datetime | None = None) -> FrontlineSnapshot:
    (found,) = frontlines(path, FrontSource(provider=provider, retrieved=NOW, valid_from=valid_from))
    return found.snapshot


def test_sides_colours_and_time_of_a_plain_collection(tmp_path: Path) -> None:
    content = collection(
        feature(side="ORANGE", colour="#ff8800"),
        feature([[x + 2, y] for x, y in SQUARE], side="BLUE"),
        feature([[x + 4, y] for x, y in SQUARE], side="ORANGE", colour="#ff8800"),
        valid_from="2024-05-06T12:00:00Z",
    )
    snapshot = read(write_json(tmp_path / "f.geojson", content))
    assert [(a.side, a.colour) for a in snapshot.areas] == [("ORANGE", "#ff8800"), ("BLUE", None)]
    assert snapshot.areas[0].geometry.area == pytest.approx(2.0)
    assert snapshot.valid_from == datetime(2024, 5, 6, 12, tzinfo=UTC)
    assert snapshot.id == f"ours-20240506T1200Z-{snapshot.sha256[:8]}"
    assert snapshot.handling.redistribution


def test_time_from_the_feature_the_name_or_the_argument(tmp_path: Path) -> None:
    assert read(write_json(tmp_path / "a.geojson", collection(feature(date="2024-05-06")))).valid_from == DAY
    assert read(write_json(tmp_path / "b_20240506.geojson", collection(feature()))).valid_from == DAY
    assert read(write_json(tmp_path / "c.geojson", collection(feature())), valid_from=DAY).valid_from == DAY
    with pytest.raises(InputError, match="--valid-from"):
        read(tmp_path / "c.geojson")
    twice = collection(feature(date="2024-05-06"), feature(date="2024-05-07"))
    with pytest.raises(DamagedProductError, match="2 different times"):
        read(write_json(tmp_path / "d.geojson", twice))


def test_the_shapes_of_deepstates_live_map(tmp_path: Path) -> None:
    point = {"type": "Feature", "properties": {"name": "x /// y /// units.z"}, "geometry": {"type": "Point"}}
    ring = [[x, y, 0.0] for x, y in SQUARE]
    live = collection(
        feature(ring, name="Окуповано /// Occupied /// geoJSON.status.occupied\n", fill="#a52714"),
        feature(ring, name="Звільнено /// Liberated /// {{at:1.2}}\xa0geoJSON.status.dismissed_at", fill="#01579B"),
        feature(ring, name="Невідомо /// Unknown /// ", fill="#bcaaa4"),
        feature(ring, name="Крим /// Crimea /// geoJSON.territories.crimea", fill="#880e4f"),
        feature(ring, name="А /// B /// geoJSON.territories.karelia", fill="#ff5252"),
        point,
    )
    snapshot = read(write_json(tmp_path / "l.json", {"id": 1, "datetime": "2024-05-06T00:00:00Z", "map": live}))
    assert [a.side for a in snapshot.areas] == ["occupied", "liberated", "contested", "occupied before 2022"]
    assert not any(a.geometry.has_z for a in snapshot.areas)
    assert snapshot.valid_from == DAY
    assert snapshot.handling.attributions == {"DeepStateMap"}
    assert not snapshot.handling.redistribution


@pytest.mark.parametrize(
    ("ring", "word"),
    [
        (SQUARE[:-1], "closed"),
        (SQUARE[:2] + SQUARE[:1], "3 positions"),
        ([[30.0, 49.0], [float("nan"), 49.0], [31.0, 50.0], [30.0, 49.0]], "no numbers"),
        ([[30.0, 49.0], [310.0, 49.0], [31.0, 50.0], [30.0, 49.0]], "longitude"),
        ([[30.0, 49.0], ["a", 49.0], [31.0, 50.0], [30.0, 49.0]], "position"),
        ("SQUARE", "list"),
        ([[30.0, 49.0]] * 4, "no ground"),
        ([[30.0 + (i % 7) * 1e-5, 49.0] for i in range(200_001)], "200,000"),
    ],
)
def test_broken_rings_are_refused_by_name(tmp_path: Path, ring: list, word: str) -> None:
    with pytest.raises(DamagedProductError, match=word):
        read(write_json(tmp_path / "x_20240506.geojson", collection(feature(ring))))


def test_a_bow_tie_is_repaired_and_said(tmp_path: Path) -> None:
    bow = [[30.0, 49.0], [31.0, 50.0], [31.0, 49.0], [30.0, 50.0], [30.0, 49.0]]
    path = write_json(tmp_path / "x_20240506.geojson", collection(feature(bow)))
    (found,) = frontlines(path, FrontSource(provider="ours", retrieved=NOW))
    assert found.note == "1 invalid areas were repaired"
    assert found.snapshot.areas[0].geometry.is_valid
    assert found.snapshot.areas[0].geometry.area == pytest.approx(0.5)


def test_other_reference_systems_are_refused(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    with pytest.raises(DamagedProductError, match="CRS84"):
        read(write_json(tmp_path / "x_20240506.geojson", collection(feature(), crs=crs)))
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    read(write_json(tmp_path / "y_20240506.geojson", collection(feature(), crs=named)))


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DamagedProductError, match="no area"):
        read(write_json(tmp_path / "x_20240506.geojson", collection()))
    with pytest.raises(DamagedProductError, match="FeatureCollection"):
        read(write_json(tmp_path / "x_20240506.geojson", {"type": "Feature"}))
    with pytest.raises(UnknownProductError, match=r"\.kml"):
        read(tmp_path / "x.shp")


KML = """<?xml version="1.0" encoding="UTF-8"?>{head}
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Folder><name>ORANGE</name><Placemark><TimeStamp><when>2024-05-06T00:00:00Z</when></TimeStamp>
<Polygon><outerBoundaryIs><LinearRing><coordinates>30,49,9 31,49,9 31,50,9 30,50,9 30,49,9</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>
<Folder><name>BLUE</name><Placemark>
<Polygon><outerBoundaryIs><LinearRing><coordinates>32,49 33,49 33,50 32,50 32,49</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>
</Document></kml>"""


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
def test_folders_of_a_keyhole_file_are_sides(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"front{suffix}"
    if suffix == ".kmz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("doc.kml", KML.format(head=""))
    else:
        path.write_text(KML.format(head=""))
    snapshot = read(path)
    assert {a.side: round(a.geometry.area, 6) for a in snapshot.areas} == {"ORANGE": 1.0, "BLUE": 1.0}
    assert snapshot.valid_from == DAY
    assert not snapshot.areas[0].geometry.has_z


def test_entities_are_refused_before_anything_resolves_them(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP")
    path = tmp_path / "x.kml"
    head = f'<!DOCTYPE kml [<!ENTITY e SYSTEM "file://{secret}">]>'
    path.write_text(KML.format(head=head).replace("ORANGE", "&e;"))
    with pytest.raises(DamagedProductError, match="entities"):
        read(path)


def test_bombs_and_broken_archives_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.kmz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b" " * (65 * 2**20))
    with pytest.raises(DamagedProductError, match="limit"):
        read(bomb)
    (tmp_path / "cut.kmz").write_bytes(bomb.read_bytes()[:200])
    with pytest.raises(DamagedProductError, match=r"cut\.kmz"):
        read(tmp_path / "cut.kmz")
    (tmp_path / "cut.kml").write_text(KML.format(head="")[:300])
    with pytest.raises(DamagedProductError, match=r"cut\.kml"):
        read(tmp_path / "cut.kml")
    (tmp_path / "open.kml").write_text(KML.format(head="").replace(" 30,49,9</coord", "</coord"))
    with pytest.raises(DamagedProductError, match="closed"):
        read(tmp_path / "open.kml")


def test_a_table_gives_one_snapshot_per_date(tmp_path: Path) -> None:
    square = shapely.Polygon(SQUARE)
    frame = gpd.GeoDataFrame(
        {"date": ["2024-05-07", "2024-05-06", "2024-05-06"], "side": ["A", "B", "A"]},
        geometry=[square, square, shapely.affinity.translate(square, 2)],
        crs="OGC:CRS84",
    )
    frame.to_parquet(tmp_path / "t.parquet")
    found = [f.snapshot for f in frontlines(tmp_path / "t.parquet", FrontSource(provider="p", retrieved=NOW))]
    assert [(s.valid_from.day, [a.side for a in s.areas]) for s in found] == [(6, ["B", "A"]), (7, ["A"])]
    frame.to_crs(3857).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(DamagedProductError, match="WGS 84"):
        list(frontlines(tmp_path / "m.parquet", FrontSource(provider="p", retrieved=NOW)))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"\0" * 50)
    with pytest.raises(DamagedProductError, match="damaged"):
        list(frontlines(tmp_path / "bad.parquet", FrontSource(provider="p", retrieved=NOW)))


def test_the_daily_mirror_says_occupied() -> None:
    path = DATA / "deepstate-daily" / "originals" / "deepstatemap_data_20240708.geojson"
    if not path.exists():
        pytest.skip("the shared sample data is not here")
    snapshot = read(path, "DeepState")
    assert snapshot.provider == "deepstate"
    assert [a.side for a in snapshot.areas] == ["occupied"]
    assert snapshot.valid_from == datetime(2024, 7, 8, tzinfo=UTC)
    assert json.loads(path.read_text())["features"]


def test_a_provider_needs_a_name() -> None:
    with pytest.raises(InputError, match="provider"):
        FrontSource(provider=" !", retrieved=NOW)


def live(*features: dict, **rest: object) -> dict:
    return {"map": collection(*features), **rest}


def test_a_history_is_one_snapshot_per_answer_in_order_of_time(tmp_path: Path) -> None:
    occupied = feature(name="Окуповано /// Occupied /// geoJSON.status.occupied", fill="#a52714")
    later = live(occupied, id=1_715_040_000, datetime="2024-05-07T00:00:00.000Z")
    earlier = live(occupied, id=1_714_953_600)  # states no time: its id is the second it was made in
    path = write_json(tmp_path / "history.json", [later, earlier])
    source = FrontSource(provider="deepstate", retrieved=NOW)
    found = [front.snapshot for front in frontlines(path, source)]
    assert [one.valid_from for one in found] == [DAY, datetime(2024, 5, 7, tzinfo=UTC)]
    assert len({one.sha256 for one in found}) == len({one.id for one in found}) == 2
    assert all(one.handling.attributions == {"DeepStateMap"} for one in found)
    longer = write_json(tmp_path / "longer.json", [earlier, later, live(occupied, id=1_715_126_400)])
    assert [front.snapshot.id for front in frontlines(longer, source)][:2] == [one.id for one in found]


def test_colours_tell_the_status_where_keys_are_missing_and_the_rest_is_counted(tmp_path: Path) -> None:
    points = [{"type": "Feature", "properties": {"name": n}, "geometry": {"type": "Point"}} for n in "ab"]
    content = live(
        feature(name="Окуповано", fill="#A52714"),
        feature([[x + 2, y] for x, y in SQUARE], name="Звільнено\xa0", fill="#0288d1"),
        feature([[x + 4, y] for x, y in SQUARE], fill="#bdbdbd"),
        feature([[x + 6, y] for x, y in SQUARE], name="Сміх", fill="#ff5252"),
        *points,
        id=1_714_953_600,
    )
    (found,) = frontlines(write_json(tmp_path / "a.json", content), FrontSource(provider="deepstate", retrieved=NOW))
    assert [area.side for area in found.snapshot.areas] == ["occupied", "liberated", "contested"]
    assert found.note == "2 points and 1 feature outside the front's scope left out"


@pytest.mark.parametrize("entry", [[], {"id": 1}, {"map": {"type": "Feature"}}, "x", None])
def test_a_history_with_something_else_in_it_is_refused(tmp_path: Path, entry: object) -> None:
    path = write_json(tmp_path / "h.json", [entry])
    with pytest.raises(DamagedProductError, match="FeatureCollection"):
        list(frontlines(path, FrontSource(provider="deepstate", retrieved=NOW)))


def test_an_id_that_is_no_time_is_not_taken_for_one(tmp_path: Path) -> None:
    for made in (-5, 0, 10**15, True, "1714953600"):
        with pytest.raises(InputError, match="states no time"):
            read(write_json(tmp_path / "x.json", live(feature(), id=made)), provider="deepstate")

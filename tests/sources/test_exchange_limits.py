"""What a file of annotations may not do, each with an answer that names the file, the place and the remedy."""

import json
import os
import sqlite3
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from exchange_makers import NOW, annotation, read, written

import dashboard.sources.exchange.file as exchange_file
from dashboard.model.errors import CancelledError, DamagedProductError, InputError, NightglassError, UnknownProductError
from dashboard.model.progress import CancelToken
from dashboard.sources.exchange import keyhole
from dashboard.sources.exchange.as_json import depth
from dashboard.sources.exchange.exchange import read_annotations
from dashboard.sources.exchange.record import Reading

KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACEMARK = "<Placemark><name>p</name>{}</Placemark>"


def point_at(text: str) -> str:
    return KML.format(PLACEMARK.format(f"<Point><coordinates>{text}</coordinates></Point>"))


def geojson(path: Path, geometry: object, **properties: object) -> Path:
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def line(*positions: object) -> dict[str, object]:
    return {"type": "LineString", "coordinates": list(positions)}


def refused(path: Path, words: str, kind: type[NightglassError] = DamagedProductError) -> str:
    with pytest.raises(kind, match=words) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ('{"type": "Point", "coordinates": [NaN, 1]}', "holds NaN"),
        ('{"type": "Point", "coordinates": [1, -Infinity]}', "holds -Infinity"),
        ('{"type": "Point", "coordinates": [1e999, 1]}', "feature 1: .* no finite number"),
        ('{"type": "Point", "coordinates": [' + "9" * 400 + ", 1]}", "feature 1: .* no finite number"),
        ('{"type": "Point", "coordinates": ["1", 2]}', "feature 1: .* no position; give two numbers"),
        ('{"type": "Point", "coordinates": [true, 2]}', "feature 1: .* no position"),
        ('{"type": "Point", "coordinates": [50, 130.5]}', "leaves the globe; longitude comes first"),
        ('{"type": "Point", "coordinates": [1000, 50]}', "leaves the globe"),
        ('{"type": "LineString", "coordinates": [1, 2]}', "no position; give longitude, latitude"),
        ('{"type": "Polygon", "coordinates": 7}', "where a list of positions belongs"),
        ('{"type": "Curve", "coordinates": []}', "geometry type is 'Curve'"),
        ('{"type": "Point", "type": "Point", "coordinates": [1, 2]}', "the key 'type' twice"),
    ],
)  # fmt: skip
def test_coordinates_that_are_none_are_refused_by_name(tmp_path: Path, geometry: str, words: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "Feature", "properties": {}, "geometry": ' + geometry + "}")
    refused(path, words)


def test_another_reference_system_is_refused_and_the_old_name_of_this_one_is_not(tmp_path: Path) -> None:
    path = geojson(tmp_path / "a.geojson", line([1, 2], [3, 4]))
    content = json.loads(path.read_text())
    for name, fits in (
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("EPSG:4326", True),
        ("EPSG:3857", False),
        (None, False),
    ):
        path.write_text(json.dumps({**content, "crs": {"type": "name", "properties": {"name": name}}}))
        if fits:
            assert len(read(path)[1]) == 1
        else:
            refused(path, "member crs")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"type":"GeometryCollection","geometries":['])
def test_a_hundred_thousand_brackets_are_refused_not_followed(tmp_path: Path, opening: bytes) -> None:
    path = tmp_path / "deep.geojson"
    path.write_bytes(opening * 100_000)
    refused(path, "nests brackets .* the limit is 32")


def test_brackets_in_texts_nest_nothing() -> None:
    assert depth(rb'{"a": "[[[[", "b\"[[": ["\\", [1]]}') == 3
    assert depth(b"") == 0
    long = b'{"a": "' + b"[" * (1 << 22) + b'", "b": [' + b"[]," * 100 + b"1]}"
    assert depth(long) == 3  # the text crosses the border of two blocks


def test_a_feature_and_a_file_have_most_vertices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    positions = [[x / 4000, 10 + x % 2] for x in range(200_001)]
    refused(geojson(tmp_path / "a.geojson", line(*positions)), "feature 1: 200,001 vertices; the limit is 200,000")
    several = {"type": "MultiLineString", "coordinates": [positions[:150_000], positions[:60_000]]}
    refused(geojson(tmp_path / "b.geojson", several), "210,000 vertices; the limit is 200,000")
    monkeypatch.setattr("dashboard.sources.exchange.exchange.MAX_VERTICES_IN_ALL", 5)
    refused(geojson(tmp_path / "c.geojson", line(*positions[:6])), "more than 5 vertices; split it")


def test_too_many_features_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix, room in ((".geojson", "geojson"), (".kml", "keyhole"), (".gpkg", "geopackage")):
        monkeypatch.setattr(f"dashboard.sources.exchange.{room}_reader.MAX_FEATURES", 1)
        path = tmp_path / f"a{suffix}"
        written(path, annotation("a1"), annotation("a2"))
        refused(path, "the limit")


def test_more_values_than_memory_is_for_are_counted_before_they_are_parsed(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(b'{"type": "FeatureCollection", "features": [' + b"0," * 8_000_001 + b"0]}")
    refused(path, "more than 8,000,000 values")


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".kmz", ".gpkg"])
def test_a_file_has_most_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        file.truncate((128 if suffix == ".gpkg" else 64) * 2**20 + 1)  # a hole: no disk is used
    refused(path, "MB, the limit")


def test_links_folders_and_devices_are_not_read(tmp_path: Path) -> None:
    real = geojson(tmp_path / "real.geojson", line([1, 2], [3, 4]))
    link = tmp_path / "link.geojson"
    link.symlink_to(real)
    refused(link, "symbolic link", InputError)
    (tmp_path / "folder.kml").mkdir()
    refused(tmp_path / "folder.kml", "no plain file", InputError)
    os.mkfifo(tmp_path / "pipe.kml")
    refused(tmp_path / "pipe.kml", "no plain file", InputError)  # and it does not wait for somebody to write
    refused(tmp_path / "missing.kml", "does not exist", InputError)
    refused(tmp_path / "a.shp", "none of", UnknownProductError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><name>&x;</name></kml>', "document type or ent"),
        ('<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>', "document type or ent"),
        ("<kml><Document>", "no well-formed XML"),
        ("<gpx></gpx>", "no KML"),
        ("<kml>" + "<Folder>" * 70_000, "more than 64 deep"),
        (point_at("a,b"), r"feature 1 \(p\): 'a,b' is no position"),
        (point_at("nan,1"), "no finite number"),
        (point_at("50,130"), "leaves the globe"),
        (point_at("1,2 " * 410_000), "more than 200,000 vertices"),
        (point_at("1,2 " * 200_001), "200,001 vertices; the limit is 200,000"),
    ],
)  # fmt: skip
def test_a_kml_that_reaches_out_or_is_none_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.kml"
    path.write_text(text)
    refused(path, words)


def test_one_long_tag_is_read_once_not_again_with_every_block(tmp_path: Path) -> None:
    """Some parsers need time that grows with the square of a token's length; this would take them minutes."""
    path = tmp_path / "a.kml"
    path.write_text(KML.format(f'<Placemark id="{"x" * 30_000_000}"/>'))
    start = time.process_time()
    assert read(path)[1] == []
    assert time.process_time() - start < 5


def test_what_is_linked_from_a_kml_is_named_and_not_fetched(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    link = "<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink><GroundOverlay/>"
    point = "<styleUrl>http://127.0.0.1:9/s.kml#a</styleUrl><Point><coordinates>1,2</coordinates></Point>"
    model = "<Model><Link><href>m.dae</href></Link></Model>"
    path.write_text(KML.format(link + PLACEMARK.format(point) + PLACEMARK.format(model)))
    _, found, remarks = read(path)
    assert len(found) == 1
    for words in ("NetworkLink was left out", "GroundOverlay was left out", "was not fetched", "Model was left out"):
        assert any(words in line for line in remarks), words


def kmz(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_kmz_is_unpacked_in_memory_and_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyhole, "MAX_BYTES", 100_000)
    refused(kmz(tmp_path / "bomb.kmz", **{"doc.kml": b" " * 50_000_000}), "unpacks to")
    monkeypatch.setattr(keyhole, "MAX_ENTRIES", 3)
    refused(kmz(tmp_path / "many.kmz", **{f"{i}.kml": "x" for i in range(5)}), "the limit is 3")
    text = KML.format(PLACEMARK.format("<Point><coordinates>1,2</coordinates></Point>"))
    assert len(read(kmz(tmp_path / "up.kmz", **{"../../escaped.kml": text}))[1]) == 1
    assert not list(tmp_path.parent.rglob("escaped.kml"))
    refused(kmz(tmp_path / "none.kmz", **{"readme.txt": "x"}), "holds no KML")
    (tmp_path / "no.kmz").write_bytes(b"PK\3\4 nothing")
    refused(tmp_path / "no.kmz", "damaged or encrypted")


def test_what_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    path.write_text("hello")
    refused(path, "no SQLite database")
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (a)")
    database.close()
    refused(path, "no GeoPackage with features")


def changed(path: Path, *statements: str) -> Path:
    database = sqlite3.connect(path)
    for trigger in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{trigger[0]}"')
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path


def test_views_are_left_out_triggers_sleep_and_the_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    written(path, annotation())
    changed(
        path,
        "CREATE VIEW seen AS SELECT * FROM areas",
        "INSERT INTO gpkg_geometry_columns VALUES ('seen', 'geom', 'POLYGON', 4326, 0, 0)",
        "CREATE TRIGGER boom AFTER UPDATE ON areas BEGIN DELETE FROM areas; END",
    )
    before = path.read_bytes()
    path.chmod(0o400)
    _, found, remarks = read(path)
    assert len(found) == 1
    assert any("'seen' was left out: it is a view" in line for line in remarks)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gpkg"]


def test_a_geopackage_in_another_system_is_brought_to_degrees(tmp_path: Path) -> None:
    path = tmp_path / "m.gpkg"
    wkb = np.array([shapely.to_wkb(shapely.Point(3_339_584.723798207, 6_446_275.841017161))], dtype=object)
    names = [np.array(["x"], dtype=object)]
    pyogrio.raw.write(path, wkb, names, ["name"], driver="GPKG", geometry_type="Point", crs="EPSG:3857")
    _, (found,), remarks = read(path)
    assert found.annotation.geometry.distance(shapely.Point(30, 50)) < 1e-9
    assert any("Pseudo-Mercator" in line for line in remarks)
    changed(path, "UPDATE gpkg_spatial_ref_sys SET organization = 'X', definition = 'nonsense' WHERE srs_id = 3857")
    refused(path, "is not known; reproject it")


def blob(wkb: bytes) -> bytes:
    return b"GP\0\1" + struct.pack("<i", 4326) + wkb


@pytest.mark.parametrize(
    ("wkb", "words"),
    [
        (struct.pack("<BII", 1, 7, 1) * 100_000, "nested more than 32 deep"),
        (struct.pack("<BII", 1, 2, 2**32 - 1), "ends before it is complete"),
        (struct.pack("<BI", 1, 1), "ends before it is complete"),
        (struct.pack("<BII", 1, 10, 0), "geometry type 10"),
        (struct.pack("<BIdd", 1, 1, float("inf"), 1.0), "no finite number"),
        (struct.pack("<BIII", 1, 4, 1, 0x01020000), "truncated|complete|type"),
    ],
)
def test_binary_geometry_that_lies_is_refused(tmp_path: Path, wkb: bytes, words: str) -> None:
    path = tmp_path / "a.gpkg"
    written(path, annotation())
    database = sqlite3.connect(changed(path))
    database.execute("UPDATE areas SET geom = ?", (blob(wkb),))
    database.commit()
    database.close()
    refused(path, words)


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".gpkg"])
def test_reading_stops_when_it_is_asked_to(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    written(path, annotation())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        read_annotations(path, Reading(path.name, NOW, cancel=cancel))


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text("old")

    def half() -> None:
        with exchange_file.whole(path) as part:
            part.write_text("half")
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.geojson"]

"""Files of other tools: times, names, sides and colours are understood, and what is not is said by name."""

import datetime as dt
import json
from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely
from exchange_makers import NOW, read

from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.errors import DamagedProductError
from dashboard.model.handling import Rank, Tlp
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.record import Found

POINT = {"type": "Point", "coordinates": [30, 50]}
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "deepstate-daily" / "originals"


def of(path: Path, geometry: object = POINT, **properties: object) -> tuple[list[Found], tuple[str, ...]]:
    feature = {"type": "Feature", "id": 4, "properties": properties, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    _, found, remarks = read(path)
    return found, remarks


def one(path: Path, **properties: object) -> Annotation:
    (found,), _ = of(path, **properties)
    return found.annotation


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.geojson"


@pytest.mark.parametrize(
    ("fields", "begin", "end"),
    [
        ({"valid_from": "2024-05-06T15:30:00Z", "valid_to": "2024-05-07"}, "2024-05-06T15:30", "2024-05-07T00:00"),
        ({"begin": "2024-05-06", "end": "2024-05-08T01:00+02:00"}, "2024-05-06T00:00", "2024-05-07T23:00"),
        ({"Start Time": "2024-05-06 15:30", "endTime": "2024-05-06 16:30"}, "2024-05-06T15:30", "2024-05-06T16:30"),
        ({"timestamp": 1715009400}, "2024-05-06T15:30", None),
        ({"timestamp": 1715009400000}, "2024-05-06T15:30", None),
        ({"date": "2024/05/06"}, "2024-05-06T00:00", None),
        ({"date": 20240506}, "2024-05-06T00:00", None),
        ({"time": "2024-05"}, "2024-05-01T00:00", None),
        ({"date": "yesterday", "time": "2024-05-06"}, "2024-05-06T00:00", None),
        ({"date": "2024-05-06", "end": "2024-05-06"}, "2024-05-06T00:00", None),
        ({}, NOW.isoformat()[:16], None),
    ],
)
def test_times_are_found_under_their_usual_names(path: Path, fields: dict[str, object], begin: str, end: str) -> None:
    said = one(path, **fields)
    assert said.valid_from.isoformat()[:16] == begin
    assert (said.valid_to and said.valid_to.isoformat()[:16]) == end
    assert said.valid_from.tzinfo == dt.UTC


def test_a_day_in_the_name_of_the_file_stands_in(tmp_path: Path) -> None:
    assert one(tmp_path / "front_20240506.geojson").valid_from == dt.datetime(2024, 5, 6, tzinfo=dt.UTC)


def test_names_sides_grades_and_links_are_understood(path: Path) -> None:
    link = "https://example.org"
    said = one(path, Name=" Bridge \n 4 ", force="RED", category="Obstacle", admiralty="c-3", url=link, desc="down")
    assert (said.title, said.side, said.kind, said.grade) == ("Bridge 4", "RED", AnnotationKind.OBSTACLE, "C3")
    assert (said.sources, said.notes) == ((link,), "down\n\nid: 4")
    assert said.id == ""


def test_what_is_not_understood_goes_into_the_notes_or_is_named(path: Path) -> None:
    (found,), remarks = of(path, type="pillbox", speed=4.5, crew={"n": 3}, stroke_width=2, blob="x" * 3000, empty="")
    assert found.annotation.kind is AnnotationKind.NOTE
    assert found.annotation.notes == 'type: pillbox\nspeed: 4.5\ncrew: {"n":3}\nid: 4'
    for words in ("'speed' went into the notes", "'stroke_width' is styling", "'blob' was left out"):
        assert any(words in line for line in remarks), words
    assert not any("empty" in line for line in remarks)


def test_a_colour_is_a_side_only_where_a_force_has_it(path: Path) -> None:
    assert one(path, stroke="#5B8DEF").side == "BLUE"
    assert one(path, fill="f2994a").side == "ORANGE"
    assert one(path, fill="#f2994a", side="RED").side == "RED"
    (found,), remarks = of(path, stroke="#5b8dee")
    assert found.annotation.side == ""
    assert any("#5b8dee is of no known side" in line for line in remarks)


def test_confirmed_elsewhere_is_not_confirmed_here(path: Path) -> None:
    (found,), remarks = of(path, reliability="A", credibility=1)
    assert found.annotation.grade == "A2"
    assert any("grade A1 became A2" in line for line in remarks)
    assert one(path, grade="Z9").grade == "F6"


def test_markings_are_kept_and_never_guessed_open(path: Path) -> None:
    said = one(path, classification="NATO SECRET", tlp="amber")
    assert (said.handling.rank, said.handling.tlp) == (Rank.SECRET, Tlp.AMBER)
    assert one(path, classification="forest").notes.startswith("classification: forest")
    with pytest.raises(DamagedProductError, match=r"a\.geojson, feature 1: rel:tlp is 'PURPLE'"):
        of(path, tlp="PURPLE")


def test_a_field_of_ours_does_not_make_a_foreign_feature_ours(path: Path) -> None:
    said = one(path, id="abc", version=7, author="EVE", evidence=["acquisition:x"])
    assert (said.id, said.evidence) == ("", ())
    assert "author: EVE" in said.notes


def test_shapes_are_mended_split_drafted_or_left_out_and_it_is_said(path: Path) -> None:
    open_ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
    (found,), remarks = of(path, open_ring)
    assert found.annotation.geometry.equals(shapely.Polygon([(0, 0), (1, 0), (1, 1)]))
    assert "feature 1: a ring was not closed: it was closed" in remarks

    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    (found,), _ = of(path, bow, name="bow")
    assert "cross" in found.reason
    assert found.sketch.parts == ((((0, 0), (1, 1), (1, 0), (0, 1)),),)

    across = {"type": "LineString", "coordinates": [[179, 0], [-179, 2]]}
    (found,), remarks = of(path, across)
    assert found.annotation.geometry.length == pytest.approx(2 * 2**0.5, rel=1e-2)
    assert found.annotation.geometry.bounds == (-180, 0, 180, 2)
    assert any("antimeridian" in line for line in remarks)

    beyond = {"type": "LineString", "coordinates": [[170, 0], [190, 2]]}
    (found,), _ = of(path, beyond)
    assert found.annotation.geometry.bounds[::2] == (-180, 180)

    doubled = {"type": "LineString", "coordinates": [[1, 2, 9], [1, 2, 9], [3, 4, 9]]}
    (found,), remarks = of(path, doubled)
    assert (found.reason, len(found.annotation.geometry.coords)) == ("", 2)
    assert any("heights were left out" in line for line in remarks)

    for nothing in (None, {"type": "Polygon", "coordinates": []}, {"type": "GeometryCollection", "geometries": []}):
        found, remarks = of(path, nothing)
        assert found == []
        assert any("nothing is drawn" in line for line in remarks)


def test_a_mixed_collection_becomes_an_annotation_for_each_shape(path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    nested = {"type": "GeometryCollection", "geometries": [POINT, {"type": "GeometryCollection", "geometries": [line]}]}
    found, remarks = of(path, nested, name="x")
    assert [one.annotation.shape for one in found] == [Shape.POINT, Shape.LINE]
    assert any("an annotation for each" in line for line in remarks)


def test_a_bare_geometry_and_a_single_feature_are_files_too(path: Path) -> None:
    for value in (POINT, {"type": "Feature", "properties": None, "geometry": POINT}):
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(value).encode())
        assert len(read(path)[1]) == 1


def test_a_kml_of_folders_styles_and_times_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    path.write_text(
        """<?xml version="1.0"?><kml xmlns="http://earth.google.com/kml/2.1" xmlns:gx="http://www.google.com/kml/ext/2.2">
        <Document><name>all</name><StyleMap id="m"><Pair><key>normal</key><styleUrl>#b</styleUrl></Pair></StyleMap>
        <Folder><name>north</name><TimeSpan><begin>2024-05</begin></TimeSpan>
        <Placemark><name>wood</name><description>dense</description><styleUrl>#m</styleUrl><Polygon><outerBoundaryIs>
        <LinearRing><coordinates>0,0,5 1,0,5 1,1,5 0,0,5</coordinates></LinearRing></outerBoundaryIs></Polygon>
        </Placemark>
        <Placemark><name>road</name><TimeStamp><when>2024-06-01T12:00Z</when></TimeStamp><ExtendedData>
        <Data name="source"><value>drone 7</value></Data></ExtendedData><LineString><coordinates>
        1, 2  3, 4</coordinates></LineString></Placemark></Folder>
        <Placemark><gx:Track><when>2024-01-01</when><gx:coord>1 2 0</gx:coord><gx:coord>3 4 0</gx:coord></gx:Track>
        </Placemark>
        <Style id="b"><LineStyle><color>ffef8d5b</color></LineStyle></Style></Document></kml>""",
        encoding="utf-8",
    )
    _, (wood, road, track), _ = read(path)
    assert (wood.annotation.title, wood.annotation.side) == ("wood", "BLUE")
    assert wood.annotation.valid_from == dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    assert wood.annotation.notes == "dense\n\nfolder: north"
    assert road.annotation.valid_from == dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
    assert road.annotation.sources == ("drone 7",)
    assert list(road.annotation.geometry.coords) == [(1, 2), (3, 4)]
    assert list(track.annotation.geometry.coords) == [(1, 2), (3, 4)]


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg"])
def test_what_geopandas_writes_is_understood(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    geometry = [shapely.box(30, 50, 31, 51), shapely.box(32, 50, 33, 51)]
    times = pd.to_datetime(["2024-05-06T15:30:00Z", "2024-05-07T15:30:00Z"])
    frame = geopandas.GeoDataFrame({"name": ["a", None], "start": times, "n": [1, 2]}, geometry=geometry, crs=4326)
    frame.to_file(path, engine="pyogrio")
    _, found, _ = read(path)
    assert [one.annotation.title for one in found] == ["a", ""]
    assert found[1].annotation.valid_from == dt.datetime(2024, 5, 7, 15, 30, tzinfo=dt.UTC)
    assert all(one.annotation.geometry.equals(shape) for one, shape in zip(found, geometry, strict=True))


def test_a_real_day_of_the_front_is_one_annotated_area() -> None:
    if not DATA.is_dir():
        pytest.skip(f"the DeepState originals are not in {DATA}")
    path = min(DATA.glob("*.geojson"))
    _, found, remarks = read(path)
    assert all(one.annotation.valid_from == dt.datetime(2024, 7, 8, tzinfo=dt.UTC) for one in found)
    assert all(one.annotation.shape is Shape.AREA for one in found)
    assert all(isinstance(line, str) for line in remarks)

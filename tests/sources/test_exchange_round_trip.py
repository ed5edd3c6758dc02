"""Ours -> file -> ours: nothing moves, nothing is forgotten, in every format."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from defusedxml.ElementTree import fromstring
from exchange_makers import MARKED, NOW, SUFFIXES, annotation, annotations, read, revision, written
from hypothesis import HealthCheck, given, settings

from dashboard.model.annotation import Annotation, AnnotationKind
from dashboard.model.handling import Handling, Tlp
from dashboard.model.sketch import Shape

RELAXED = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(one: Annotation, other: Annotation) -> None:
    """Fail unless two annotations are the same to the last bit of the last vertex, however rings are turned."""
    if one.shape is Shape.AREA:
        assert shapely.normalize(one.geometry) == shapely.normalize(other.geometry)
    else:
        assert one.geometry == other.geometry
    assert one.geometry.geom_type == other.geometry.geom_type
    for name in Annotation.__dataclass_fields__:
        if name != "geometry":
            assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("suffix", SUFFIXES)
@RELAXED
@given(said=annotations())
def test_every_field_and_every_bit_comes_back(tmp_path: Path, suffix: str, said: Annotation) -> None:
    path = tmp_path / f"a{suffix}"
    assert written(path, said) == ()
    facts, (found,), remarks = read(path)
    same(found.annotation, said)
    was = revision(said)
    assert (found.version, found.author, found.known_from) == (was.version, was.author, was.known_from)
    assert (found.reason, remarks) == ("", ())
    assert facts.handling.banner == said.handling.banner


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_says_who_may_see_it_and_where_it_is_from(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    written(path, annotation("a1"), annotation("a2", handling=Handling(tlp=Tlp.RED)))
    facts, found, _ = read(path)
    assert facts.handling == MARKED & Handling(tlp=Tlp.RED)
    assert (facts.catalogue, facts.exported) == ("c0ffee", NOW)
    assert [force.name for force in facts.forces] == ["BLUE", "ORANGE"]
    assert [one.annotation.handling for one in found] == [MARKED, Handling(tlp=Tlp.RED)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_reader_sees_the_same_shapes_and_the_banner(tmp_path: Path, suffix: str) -> None:
    """GDAL, which other tools read with, finds the geometry, the fields and the marking."""
    path = tmp_path / f"a{suffix}"
    line = shapely.LineString([(30.1, 50.2), (31.3, 51.4)])
    written(path, annotation("a1"), annotation("l1", shape=Shape.LINE, geometry=line, kind=AnnotationKind.ROUTE))
    layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    frames = [pyogrio.read_dataframe(path, layer=layer) for layer in layers]
    shapes = [shape for frame in frames for shape in frame.geometry if shape is not None]
    assert sorted(shapely.force_2d(shape).geom_type for shape in shapes) == ["LineString", "Polygon"]
    drawn = next(shape for shape in shapes if shape.geom_type == "Polygon")
    assert np.array_equal(
        np.sort(shapely.get_coordinates(drawn), axis=0), np.sort(shapely.get_coordinates(annotation().geometry), axis=0)
    )
    values = {str(value) for frame in frames for value in frame.drop(columns="geometry").to_numpy().ravel()}
    assert {"BLUE", "B2", MARKED.banner} <= values


def test_geojson_turns_outer_rings_counter_clockwise(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    clockwise = shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)], [[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4)]])
    written(path, annotation(geometry=clockwise))
    shell, hole = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"]
    assert shapely.LinearRing(shell).is_ccw
    assert not shapely.LinearRing(hole).is_ccw


def test_kml_carries_time_span_colour_and_banner(tmp_path: Path) -> None:
    path = tmp_path / "a.kml"
    written(path, annotation())
    root = fromstring(path.read_bytes(), forbid_dtd=True)
    assert root.find(".//{*}Document/{*}description").text == MARKED.banner
    assert root.find(".//{*}Placemark/{*}TimeSpan/{*}begin").text == "2024-05-06T15:30:01.123456Z"
    style = root.find(".//{*}Placemark/{*}styleUrl").text.removeprefix("#")
    (colour,) = [s.find("{*}LineStyle/{*}color").text for s in root.iterfind(".//{*}Style") if s.get("id") == style]
    assert colour == "ffef8d5b"  # alpha, blue, green, red of #5b8def


@pytest.mark.parametrize(("suffix", "lost"), [(".kml", "control characters"), (".gpkg", "NUL"), (".geojson", None)])
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, suffix: str, lost: str | None) -> None:
    said = written(tmp_path / f"a{suffix}", annotation(notes="a\0b"))
    assert (lost is None) == (said == ())
    assert lost is None or lost in said[0]


def test_a_time_edited_elsewhere_wins_over_the_exact_one(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    written(path, annotation())
    table = pyogrio.read_dataframe(path, layer="areas")
    table["valid_to"] = table["valid_to"] + np.timedelta64(1, "D")
    edited = tmp_path / "b.gpkg"
    pyogrio.write_dataframe(table, edited, layer="areas")
    _, (found,), _ = read(edited)
    assert found.annotation.valid_from == annotation().valid_from
    assert found.annotation.valid_to.day == 2

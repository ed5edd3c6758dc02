"""Outlines out of GeoJSON as it is met."""

from pathlib import Path

import pytest
import shapely
from product_makers import write_json

from dashboard.model.errors import DamagedProductError, InputError, UnknownProductError
from dashboard.sources.outlines import outlines


def feature(west: float, **properties: object) -> dict:
    ring = [[west, 49.0], [west + 1, 49.0], [west + 1, 50.0], [west, 50.0], [west, 49.0]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def collection(*features: dict) -> dict:
    return {"type": "FeatureCollection", "features": list(features)}


def test_features_of_one_name_make_one_unit(tmp_path: Path) -> None:
    point = {"type": "Feature", "properties": {"name": "Capital"}, "geometry": {"type": "Point"}}
    content = collection(feature(30, name="North", level="oblast"), point, feature(33, shapeName="South"),
                         feature(31, name=" North "))  # fmt: skip
    north, south = outlines(write_json(tmp_path / "a.geojson", content))
    assert (north.name, north.level, south.name, south.level) == ("North", "oblast", "South", "")
    assert north.geometry.equals(shapely.box(30, 49, 32, 50))
    assert north.geometry.geom_type == "MultiPolygon"


def test_a_person_may_say_which_field_and_which_level(tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", collection(feature(30, KOATUU=14, name="x")))
    (unit,) = outlines(path, name_field="KOATUU", level="raion")
    assert (unit.name, unit.level) == ("14", "raion")
    with pytest.raises(InputError, match=r"Feature 1 .* nosuch"):
        outlines(path, name_field="nosuch")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.shp", collection(feature(30, name="x")), UnknownProductError),
        ("a.json", [], DamagedProductError),
        ("a.json", collection(), DamagedProductError),
        ("a.json", collection({"type": "Feature", "geometry": {"type": "Point"}}), DamagedProductError),
        ("a.json", collection(feature(200, name="x")), DamagedProductError),
        ("a.json", collection(feature(float("nan"), name="x")), DamagedProductError),
        ("a.json", collection(*[feature(30, name="x")] * 10_001), DamagedProductError),
    ],
)
def test_what_is_no_outline_is_refused(tmp_path: Path, name: str, content: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        outlines(write_json(tmp_path / name, content))

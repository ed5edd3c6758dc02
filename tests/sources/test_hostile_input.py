"""Whatever a side-car or a frontline file says, the answer is a product or an authored error."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from product_makers import item, speckle, write_json, write_tiff

from dashboard.model.errors import InputError
from dashboard.sources.frontlines import FrontSource, frontlines
from dashboard.sources.product import Product
from dashboard.sources.registry import products
from dashboard.sources.sidecar import PLAIN
from dashboard.sources.values import moment

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PROPERTIES = sorted({*PLAIN.values(), "sar:polarizations", "proc:cal", "view:azimuth", "sar:resolution_range"})
RETRIEVED = moment("2026-01-01", "")
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def one_line(error: InputError) -> None:
    assert "\n" not in str(error)


def outcome(path: Path) -> None:
    """Read a file; anything but a product, a remark or an authored error fails the test."""
    try:
        for found in products(path):
            if isinstance(found, Product):
                found.close()
    except InputError as error:
        one_line(error)


@RELAXED
@given(field=st.sampled_from(PROPERTIES), value=JSON)
def test_any_value_of_any_field(tmp_path: Path, field: str, value: object) -> None:
    if not (tmp_path / "x_VV.tif").exists():
        write_tiff(tmp_path / "x_VV.tif", speckle((8, 8)))
    outcome(write_json(tmp_path / "x.json", item(**{field: value})))


@RELAXED
@given(part=st.sampled_from(["type", "id", "geometry", "properties", "assets", "links", "stac_version"]), value=JSON)
def test_any_value_of_any_part_of_an_item(tmp_path: Path, part: str, value: object) -> None:
    outcome(write_json(tmp_path / "y.json", {**item("y"), part: value}))


@RELAXED
@given(key=st.sampled_from([*sorted(PLAIN), "units", "polarisation", "resolution"]), value=JSON)
def test_any_value_of_any_plain_key(tmp_path: Path, key: str, value: object) -> None:
    if not (tmp_path / "z.tif").exists():
        write_tiff(tmp_path / "z.tif", speckle((8, 8)))
    plain = {"constellation": "iceye", "start": "2024-05-06", "polarisation": "VV", "units": "dB sigma0"}
    outcome(write_json(tmp_path / "z.json", {**plain, key: value}))


@RELAXED
@given(content=JSON, kind=st.sampled_from(["Catalog", "Collection", "FeatureCollection"]))
def test_any_catalogue(tmp_path: Path, content: object, kind: str) -> None:
    outcome(write_json(tmp_path / "c.json", {"type": kind, "stac_version": "1", "links": content, "features": content}))


@RELAXED
@given(
    part=st.sampled_from(["geometry", "properties", "crs", "features", "map", "coordinates", "datetime"]), value=JSON
)
def test_any_value_in_a_frontline(tmp_path: Path, part: str, value: object) -> None:
    ring = [[30.0, 49.0], [31.0, 49.0], [31.0, 50.0], [30.0, 49.0]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    content: dict[str, object] = {"type": "FeatureCollection", "features": [feature]}
    if part in feature:
        feature[part] = value
    elif part == "coordinates":
        feature["geometry"] = {"type": "MultiPolygon", "coordinates": value}
    else:
        content[part] = value
    path = tmp_path / "f_20240506.geojson"
    path.write_text(json.dumps(content))
    try:
        list(frontlines(path, FrontSource(provider="p", retrieved=RETRIEVED)))
    except InputError as error:
        one_line(error)

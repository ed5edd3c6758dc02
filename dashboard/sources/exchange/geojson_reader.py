"""GeoJSON into features: RFC 7946, the older ``crs`` member, and whatever properties other tools write."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.sources.exchange.as_json import parse_json
from dashboard.sources.exchange.colours import colours_in
from dashboard.sources.exchange.fields import MARK, facts_of
from dashboard.sources.exchange.geometry import SHAPES, sketches
from dashboard.sources.exchange.record import MAX_FEATURES, FileFacts, Reading, Sheaf, Stated, shown
from dashboard.sources.exchange.times import stated_period

GEOMETRIES = {*SHAPES, *(f"Multi{name}" for name in SHAPES), "GeometryCollection"}
MEMBERS = {"type", "features", "crs", "bbox", "name", MARK}
"""Of a collection, that are understood."""


def read_geojson(content: bytes, reading: Reading) -> Sheaf:
    """Return what a GeoJSON text holds.

    Raises
    ------
    DamagedProductError
        If it is no GeoJSON, passes a limit, or is in another reference system than WGS 84 degrees.
    """
    value = parse_json(content, reading.file)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in GEOMETRIES:
        value, kind = {"type": "Feature", "geometry": value, "properties": {}}, "Feature"
    if kind == "Feature":
        value = {"type": "FeatureCollection", "features": [value]}
    elif kind != "FeatureCollection":
        msg = f"{reading.file} is JSON of type {shown(kind)!r}; give a GeoJSON FeatureCollection, Feature or geometry."
        raise DamagedProductError(msg)
    features = value.get("features")
    if not isinstance(features, list):
        raise DamagedProductError(f"{reading.file} has no list of features; correct the file.")
    if len(features) > MAX_FEATURES:
        msg = f"{reading.file} has {len(features):,} features; the limit is {MAX_FEATURES:,}. Split it."
        raise DamagedProductError(msg)
    _check_crs(reading.file, value.get("crs"))
    return Sheaf(facts=_facts(value, reading), features=_features(features, reading), count=len(features))


def _facts(collection: Mapping[str, Any], reading: Reading) -> FileFacts:
    valid_from, _, used = stated_period(collection)
    for member in sorted(set(collection) - MEMBERS - used):
        reading.remarks.add(f"member {shown(member)!r} of the collection was left out")
    mark = collection.get(MARK)
    return replace(facts_of(mark if isinstance(mark, dict) else {}, reading.file), valid_from=valid_from)


def _features(features: list[Any], reading: Reading) -> Iterator[Stated]:
    """Yield features, letting go of each: parsed coordinates take ten times the room of the geometry."""
    for index in range(len(features)):
        feature, features[index] = features[index], None
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise reading.spot(index + 1).damaged(f"{shown(feature)!r} is no Feature; correct the file.")
        yield _stated(index + 1, feature, reading)


def _stated(number: int, feature: Mapping[str, Any], reading: Reading) -> Stated:
    properties = feature.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise reading.spot(number).damaged(f"the properties are {shown(properties)!r}; give an object or null.")
    fields = dict(properties or {})
    spot = reading.spot(number, fields.get("title") or fields.get("name"))
    if feature.get("id") is not None:
        fields.setdefault("id", feature["id"])
    for member in sorted(set(feature) - {"type", "id", "geometry", "properties", "bbox"}):
        spot.note(f"member {shown(member)!r} of the feature was left out")
    drawn = sketches(feature.get("geometry"), spot)
    return Stated(spot=spot, sketches=drawn, fields=fields, colours=colours_in(fields))


def _check_crs(file: str, crs: object) -> None:
    """GeoJSON is WGS 84; a file older than RFC 7946 may name it, or something else."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else crs
    if not str(name)[:200].upper().replace("::", ":").endswith(("CRS84", "EPSG:4326", "OGC:1.3:CRS84")):
        msg = f"{file}: the member crs is {shown(name)!r}; give longitude and latitude on WGS 84 (CRS84)."
        raise DamagedProductError(msg)

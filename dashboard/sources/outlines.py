"""Outlines of administrative areas out of GeoJSON: one unit per name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.model.errors import DamagedProductError, InputError, UnknownProductError
from dashboard.model.outline import Outline
from dashboard.sources.control import MAX_FEATURES, MAX_SIDE, Patch, areas_of, patch
from dashboard.sources.values import listing, load_json, mapping

SUFFIXES = frozenset({".geojson", ".json"})
NAME_FIELDS = ("name", "NAME", "Name", "shapeName", "name_en", "NAME_1", "NAME_2", "ADM1_EN", "ADM2_EN")
LEVEL_FIELDS = ("level", "admin_level", "shapeType", "TYPE_1", "TYPE_2")


def outlines(path: Path, *, name_field: str | None = None, level: str | None = None) -> list[Outline]:
    """Return the units of a file in order of first appearance; features of one name make one unit.

    Parameters
    ----------
    name_field : property that holds the name; by default the first of `NAME_FIELDS` that is there
    level : kind of unit for all of them; by default what each states, empty where it states none

    Raises
    ------
    UnknownProductError
        If the file is no GeoJSON.
    DamagedProductError
        If its content cannot be used.
    InputError
        If a polygon has no name.
    """
    if path.suffix.lower() not in SUFFIXES:
        msg = f"{path.name} is no GeoJSON; write the outlines as one, in longitude and latitude."
        raise UnknownProductError(msg)
    content = mapping(load_json(path))
    features = [mapping(feature) for feature in listing(content.get("features"))]
    if content.get("type") != "FeatureCollection" or not features:
        msg = f"{path.name} is no GeoJSON FeatureCollection with features; outlines are polygons with names."
        raise DamagedProductError(msg)
    if len(features) > MAX_FEATURES:
        msg = f"{path.name} has {len(features):,} features; the limit is {MAX_FEATURES:,}."
        raise DamagedProductError(msg)
    fields = NAME_FIELDS if name_field is None else (name_field,)
    levels: dict[str, str] = {}
    patches: list[Patch] = []
    for number, feature in enumerate(features, 1):
        properties = mapping(feature.get("properties"))
        name = _word(properties, fields)
        found = patch(mapping(feature.get("geometry")), {"side": name}, name)
        if found is None:
            continue
        if not name:
            msg = f"Feature {number} of {path.name} has no name in {', '.join(fields)}; say which property holds it."
            raise InputError(msg)
        patches.append(found)
        levels.setdefault(found.side, _word(properties, LEVEL_FIELDS) if level is None else level)
    if not patches:
        raise DamagedProductError(f"{path.name} holds no polygon; outlines are polygons with names.")
    return [Outline(area.side, levels[area.side], area.geometry) for area in areas_of(patches)]


def _word(properties: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    """Return the first text of some fields, shortened to what a table can show."""
    found = (str(properties[field]).strip() for field in fields if properties.get(field) is not None)
    return next((text for text in found if text), "")[:MAX_SIDE]

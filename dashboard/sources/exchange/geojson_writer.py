"""Annotations as GeoJSON (RFC 7946): every digit of every coordinate, colours as simplestyle, the marking on top."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from dashboard.model.annotation import Revision
from dashboard.model.sketch import Shape
from dashboard.sources.exchange.fields import MARK, facts_fields, fields_of
from dashboard.sources.exchange.file import oversize
from dashboard.sources.exchange.record import FileFacts

COLOUR_FIELDS = {Shape.POINT: "marker-color", Shape.TEXT: "marker-color", Shape.LINE: "stroke", Shape.AREA: "fill"}


def write_geojson(path: Path, revisions: Iterable[Revision], facts: FileFacts) -> tuple[str, ...]:
    """Write annotations as a FeatureCollection, one feature a line; return what cannot be read back.

    The standard advises seven decimals; here the numbers are written so that reading gives the same bits, as an
    annotation that comes back must not have moved.
    """
    colours = {force.name: force.colour for force in facts.forces}
    mark = json.dumps(facts_fields(facts), ensure_ascii=False, allow_nan=False)
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"type": "FeatureCollection", "{MARK}": {mark}, "features": [')
        separator = "\n"
        for revision in revisions:
            feature = json.dumps(_feature(revision, colours), ensure_ascii=False, separators=(",", ":"))
            file.write(separator + feature)
            separator = ",\n"
        file.write("\n]}\n")
        return oversize(file.tell())


def _feature(revision: Revision, colours: Mapping[str, str]) -> dict[str, Any]:
    said = revision.annotation
    fields = fields_of(revision)
    colour = colours.get(said.side)
    style = {} if colour is None else {COLOUR_FIELDS[said.shape]: colour}
    geometry = shapely.geometry.mapping(_right_handed(said.geometry))
    return {"type": "Feature", "id": fields.pop("id"), "geometry": geometry, "properties": fields | style}


def _right_handed(shape: BaseGeometry) -> BaseGeometry:
    """Return areas with outer rings counter-clockwise, as the standard demands; the vertices stay the same."""
    if isinstance(shape, shapely.Polygon):
        return shape if shape.is_empty else orient(shape)
    if isinstance(shape, shapely.MultiPolygon):
        return shapely.MultiPolygon([orient(part) for part in shape.geoms])
    return shape

"""STAC items as one GeoParquet table, in the layout of stac-geoparquet: properties are columns, geometry is WKB."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from dashboard.model.handling import Handling
from dashboard.workflows.stac_properties import marking_of

MOMENTS = frozenset(
    {"datetime", "start_datetime", "end_datetime", "created", "updated", "published", "expires", "unpublished"}
)
"""Columns of moments, microseconds UTC."""
VARYING = frozenset({"proc:product_files"})
"""An object whose keys are file names: as a struct, each would be a column of all rows. So it is text."""
GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    # Without a CRS, GeoParquet means longitude and latitude.
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon", "MultiPolygon"]}},
}


def write_table(items: Sequence[Mapping[str, Any]], path: Path, handling: Handling) -> None:
    """Write items to a table; its metadata state the strictest handling of all.

    Parameters
    ----------
    items : STAC items as plain JSON values
    path : to be created
    handling : of all of them together
    """
    rows = [_row(item) for item in items]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: _column(name, [row.get(name) for row in rows]) for name in names})
    marking = {name: value for name, value in marking_of(handling).items() if value is not None}
    facts = {"geo": GEO, "nightglass:handling": {"banner": handling.banner, **marking}}
    metadata = {name.encode(): json.dumps(value).encode() for name, value in facts.items()}
    pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    west, south, east, north = item["bbox"]
    fixed = {
        "type": "Feature",
        "stac_version": item["stac_version"],
        "stac_extensions": item["stac_extensions"],
        "id": item["id"],
        "geometry": shapely.to_wkb(shapely.geometry.shape(item["geometry"])),
        "bbox": {"xmin": west, "ymin": south, "xmax": east, "ymax": north},
        "links": item["links"],
        "assets": item["assets"] or None,
        "collection": None,
    }
    return fixed | {name: _value(name, value) for name, value in item["properties"].items()}


def _value(name: str, value: Any) -> Any:  # noqa: ANN401  JSON
    if name in MOMENTS:
        return datetime.fromisoformat(value)
    return json.dumps(value) if name in VARYING else value


def _column(name: str, values: list[Any]) -> "pa.Array":
    if name == "geometry":
        return pa.array(values, pa.binary())
    if name in MOMENTS:
        return pa.array(values, pa.timestamp("us", tz="UTC"))
    if name == "links":
        link = pa.struct([(field, pa.string()) for field in ("href", "rel", "type", "title")])
        return pa.array(values, pa.list_(link))
    if name == "assets" and not any(values):
        return pa.array(values, pa.struct([("data", pa.struct([("href", pa.string())]))]))
    found = pa.array(values)
    return pa.array(values, pa.string()) if pa.types.is_null(found.type) else found

"""STAC items, catalogue trees and GeoParquet: acquisitions that are known, with pixels only when they lie beside."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from dashboard.model.acquisition import Calibration
from dashboard.model.errors import DamagedProductError, InputError
from dashboard.sources.footprint import clean_footprint
from dashboard.sources.geotiff import described
from dashboard.sources.product import (
    NOTHING_GIVEN,
    Evidence,
    Found,
    Given,
    NotRead,
    Product,
    System,
    origin,
    record_origin,
)
from dashboard.sources.record import Placed, acquisition
from dashboard.sources.sidecar import bands_of, inside, is_item, is_plain, load_item
from dashboard.sources.units import stated
from dashboard.sources.values import listing, load_json, mapping

BATCH_ROWS = 512
MAX_DEPTH = 12
"""Folders of a catalogue tree below its root."""
OPEN_DATA = {
    "capella-open-data": "Capella Space open data, CC BY 4.0",
    "iceye-open-data-catalog": "ICEYE open data, CC BY 4.0",
}
"""Public bucket in an item's links -> credit line of its licence."""


class StacReader:
    """STAC 1.x items, item collections, catalogue trees and stac-geoparquet."""

    name = "stac"
    looks_for = "STAC items, catalogues or GeoParquet of STAC items"
    systems: tuple[System, ...] = (
        System(
            name="STAC",
            constellation="as stated",
            forms=("item", "item collection", "catalogue tree", "GeoParquet"),
            calibration="as proc:cal states",
            georeference="that of the GeoTIFF; without pixels the footprint",
            evidence=Evidence.VERIFIED,
        ),
    )

    def sniff(self, path: Path) -> float:
        """Return 0.8 for STAC JSON and GeoParquet, 0.6 for a plain side-car."""
        with path.open("rb") as stream:
            head = stream.read(4096)
        if head.startswith(b"PAR1"):
            return 0.7
        if not head.lstrip().startswith(b"{") or path.suffix.lower() not in {".json", ".geojson"}:
            return 0.0
        if b'"stac_version"' in head or b'"stac_extensions"' in head:
            return 0.8
        return 0.6 if _is_item_or_plain(path) else 0.0

    def read(self, path: Path, given: Given = NOTHING_GIVEN) -> Iterator[Found]:
        """Yield the acquisitions of an item, of each item below a catalogue, or of each row of a table.

        Raises
        ------
        InputError
            If the file cannot be used; for catalogues and tables a bad record is yielded as `NotRead` instead.
        """
        with path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        time = given.time
        if is_parquet:
            yield from _rows(path, time)
            return
        found = load_json(path)
        kind = str(mapping(found).get("type"))
        if kind in {"Catalog", "Collection"}:
            yield from _tree(path, time, {path.resolve()})
        elif kind == "FeatureCollection":
            for item in listing(found.get("features")):
                yield _record(path, item, time)
        else:
            yield _item(path, load_item(path), time)


def _is_item_or_plain(path: Path) -> bool:
    try:
        found = load_json(path)
    except DamagedProductError:
        return False
    if not isinstance(found, dict):
        return False
    return (is_item(found) and "assets" in found) or is_plain(found)


def _item(path: Path, item: Mapping[str, Any], time: datetime | None) -> Product:
    bands = bands_of(path, item)
    if bands:
        return described(path, item, bands, time=time)
    return _hollow(item, time, path)


def _hollow(item: Mapping[str, Any], time: datetime | None, path: Path, content: bytes | None = None) -> Product:
    """Return the product of an item without pixels here: a file of its own, or `content` within a larger one."""
    properties = dict(item["properties"])
    _credit(item, properties)
    _, calibration = stated(properties.get("proc:cal"))
    if "proc:cal" not in properties:
        calibration = Calibration(valid=False, why_not="the pixels are not here")
    name = str(item.get("id") or "")
    placed = Placed(
        footprint=clean_footprint(item.get("geometry")),
        origin=origin(StacReader.name, [path]) if content is None else record_origin(StacReader.name, name, content),
        calibration=calibration,
        time=time,
    )
    return Product(acquisition=acquisition(name, properties, placed), power=None, paths=(path,))


def _record(path: Path, item: object, time: datetime | None) -> Found:
    """Return one record of a larger file; what is no acquisition is passed over with a word."""
    if not isinstance(item, Mapping) or not isinstance(item.get("properties"), Mapping):
        return NotRead(path=path, name=path.name, reason="a record is no STAC item", paths=(path,))
    name = str(item.get("id") or "")
    lacks = _lacks(item, time)
    if lacks:
        return NotRead(path=path, name=name, reason=f"skipped: the record has no {lacks}", paths=(path,))
    content = json.dumps(item, sort_keys=True, default=str).encode()
    try:
        return _hollow(item, time, path, content)
    except InputError as error:
        return NotRead(path=path, name=name, reason=str(error), error=error, paths=(path,))


def _lacks(item: Mapping[str, Any], time: datetime | None) -> str:
    """Return what keeps a record from being an acquisition; vendors' tables hold collections' outlines, too."""
    properties = item["properties"]
    if item.get("geometry") is None:
        return "footprint"
    if time is None and not properties.get("datetime") and not properties.get("start_datetime"):
        return "time"
    return "" if properties.get("constellation") or properties.get("platform") else "constellation or platform"


def _tree(path: Path, time: datetime | None, seen: set[Path], depth: int = 0) -> Iterator[Found]:
    """Follow the relative links of a catalogue downward, within its own folder."""
    content = load_json(path)
    links = listing(mapping(content).get("links"))
    if depth > MAX_DEPTH:
        msg = f"{path.name} lies more than {MAX_DEPTH} levels below the catalogue; give that folder itself."
        raise DamagedProductError(msg)
    for link in links:
        target = path
        try:
            found = _target(path, link)
            if found is None or found.resolve() in seen:
                continue
            target = found
            seen.add(target.resolve())
            if link["rel"] == "child":
                yield from _tree(target, time, seen, depth + 1)
            else:
                yield _item(target, load_item(target), time)
        except InputError as error:
            yield NotRead(path=target, name=target.name, reason=str(error), error=error, paths=(target,))


def _target(path: Path, link: object) -> Path | None:
    """Return the file that a link of a catalogue leads down to; None for other links and files that are not here."""
    if not isinstance(link, Mapping) or link.get("rel") not in {"item", "child"}:
        return None
    target = inside(path.parent, str(link.get("href") or ""))
    return target if target is not None and target.is_file() else None


def _rows(path: Path, time: datetime | None) -> Iterator[Found]:
    """Read a stac-geoparquet table: columns that are no item fields are the properties."""
    try:
        table = pq.ParquetFile(path)
        if not {"id", "geometry"} <= set(table.schema_arrow.names):
            msg = f"{path.name} is Parquet without the columns id and geometry; it is no table of STAC items."
            raise DamagedProductError(msg)
        for batch in table.iter_batches(batch_size=BATCH_ROWS):
            for row in batch.to_pylist():
                yield _record(path, _row_item(row), time)
    except (pa.ArrowException, OSError) as error:
        msg = f"{path.name} is damaged or no Parquet file; fetch it again."
        raise DamagedProductError(msg) from error


ITEM_FIELDS = frozenset({"assets", "bbox", "collection", "geometry", "id", "links", "stac_extensions", "stac_version"})


def _row_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item from a row; what is null in the table was absent in the item."""
    geometry = row["geometry"]
    return {
        "id": row["id"],
        "geometry": None if geometry is None else shapely.geometry.mapping(shapely.from_wkb(geometry)),
        "properties": {k: v for k, v in row.items() if k not in ITEM_FIELDS and k != "type" and v is not None},
        "assets": row.get("assets"),
        "links": row.get("links"),
    }


def _credit(item: Mapping[str, Any], properties: dict[str, Any]) -> None:
    """Add the licence of a vendor's open data catalogue, recognised by where the item's links lead."""
    hrefs = [part.get("href") for part in _linked(item) if isinstance(part, Mapping)]
    for bucket, credit in OPEN_DATA.items():
        if any(bucket in str(href) for href in hrefs):
            properties.setdefault("license", "CC-BY-4.0")
            properties.setdefault("rel:licence_attribution", credit)


def _linked(item: Mapping[str, Any]) -> list[Any]:
    assets, links = item.get("assets"), item.get("links")
    found = list(assets.values()) if isinstance(assets, Mapping) else []
    return found + (list(links) if isinstance(links, list) else [])

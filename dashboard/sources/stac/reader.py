"""STAC items, catalogue trees and GeoParquet: acquisitions that are known, with pixels only when they lie beside."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
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
from dashboard.sources.sidecar import ELSEWHERE, bands_of, inside, is_item, is_plain, load_item
from dashboard.sources.stac.details import with_details
from dashboard.sources.stac.habits import climbed, kind_of, modern, rebased, shared
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
        kind = kind_of(found)
        if kind in {"Catalog", "Collection"}:
            yield from _tree(path, _Walk(path.parent, time, {path.resolve()}))
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
    first = next(iter(listing(found.get("features"))), None)
    if isinstance(first, dict) and is_item(first) and "assets" in first:
        return True
    return (is_item(found) and "assets" in found) or is_plain(found)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk through a catalogue tree."""

    root: Path
    """Its folder: nothing outside is read."""
    time: datetime | None
    seen: set[Path]
    """Files that were visited."""


def _item(path: Path, item: Mapping[str, Any], time: datetime | None) -> Product:
    item = modern(item)
    bands = bands_of(path, item)
    if not bands:
        return _hollow(item, time, path)
    return _detailed(described(path, item, bands, time=time), item)


def _item_of_tree(path: Path, walk: _Walk, inherited: Mapping[str, Any]) -> Product:
    """Return an item of a tree, whose files may lie anywhere in the tree; those outside of it are not read."""
    item = modern(load_item(path), inherited)
    assets = mapping(item.get("assets"))
    if not any(".." in PurePosixPath(str(mapping(one).get("href"))).parts for one in assets.values()):
        return _item(path, item, walk.time)
    place = PurePosixPath(path.parent.relative_to(walk.root).as_posix())
    kept = {}
    for key, asset in assets.items():
        href = str(mapping(asset).get("href") or "")
        if href.lower().startswith(ELSEWHERE):
            kept[key] = asset
        elif (target := climbed(place, href)) is not None:
            kept[key] = {**asset, "href": str(target)}
    bands = bands_of(walk.root / path.name, {**item, "assets": kept})
    if not bands:
        return _hollow({**item, "assets": kept}, walk.time, path)
    return _detailed(described(path, item, bands, time=walk.time), item)


def _detailed(product: Product, item: Mapping[str, Any]) -> Product:
    return replace(product, acquisition=with_details(product.acquisition, item["properties"]))


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
    found = with_details(acquisition(name, properties, placed), properties)
    return Product(acquisition=found, power=None, paths=(path,))


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
        return _hollow(modern(item), time, path, content)
    except InputError as error:
        return NotRead(path=path, name=name, reason=str(error), error=error, paths=(path,))


def _lacks(item: Mapping[str, Any], time: datetime | None) -> str:
    """Return what keeps a record from being an acquisition; vendors' tables hold collections' outlines, too."""
    properties = modern(item)["properties"]
    if item.get("geometry") is None:
        return "footprint"
    if time is None and not properties.get("datetime") and not properties.get("start_datetime"):
        return "time"
    return "" if properties.get("constellation") or properties.get("platform") else "constellation or platform"


def _tree(path: Path, walk: _Walk, depth: int = 0) -> Iterator[Found]:
    """Follow the links of a catalogue downward, within its own folder."""
    content = load_json(path)
    if depth > MAX_DEPTH:
        msg = f"{path.name} lies more than {MAX_DEPTH} levels below the catalogue; give that folder itself."
        raise DamagedProductError(msg)
    for link in listing(mapping(content).get("links")):
        target = path
        try:
            found = _target(path, content, link)
            if found is None or found.resolve() in walk.seen:
                continue
            target = found
            walk.seen.add(target.resolve())
            if link["rel"] == "child":
                yield from _tree(target, walk, depth + 1)
            else:
                yield _item_of_tree(target, walk, shared(content))
        except InputError as error:
            yield NotRead(path=target, name=target.name, reason=str(error), error=error, paths=(target,))


def _target(path: Path, content: object, link: object) -> Path | None:
    """Return the file that a link of a catalogue leads down to; None for other links and files that are not here."""
    if not isinstance(link, Mapping) or link.get("rel") not in {"item", "child"}:
        return None
    target = inside(path.parent, rebased(content, str(link.get("href") or "")))
    return target if target is not None and target.is_file() else None


def _rows(path: Path, time: datetime | None) -> Iterator[Found]:
    """Read a stac-geoparquet table: columns that are no item fields are the properties."""
    for row in _plain_rows(path):
        yield _record(path, _row_item(row), time)


def _plain_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        table = pq.ParquetFile(path)
        names = table.schema_arrow.names
        batches = table.iter_batches(batch_size=BATCH_ROWS) if {"id", "geometry"} <= set(names) else None
        while batches is not None and (batch := next(batches, None)) is not None:
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, TypeError) as error:
        # Damage inside a column is seen only when its values become text or moments.
        msg = f"{path.name} is damaged or no Parquet file; fetch it again."
        raise DamagedProductError(msg) from error
    if batches is None:
        msg = f"{path.name} is Parquet without the columns id and geometry; it is no table of STAC items."
        raise DamagedProductError(msg)


ITEM_FIELDS = frozenset({"assets", "bbox", "collection", "geometry", "id", "links", "stac_extensions", "stac_version"})


def _row_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item from a row; what is null in the table was absent in the item."""
    stated = {name: value for name, value in row.items() if name not in ITEM_FIELDS and name != "type"}
    if isinstance(stated.get("properties"), dict):  # some writers keep them in one column
        stated |= stated.pop("properties")
    return {
        "id": row["id"],
        "geometry": _geometry(row["geometry"]),
        "properties": {name: _without_nulls(value) for name, value in stated.items() if value is not None},
        "assets": row.get("assets"),
        "links": row.get("links"),
    }


def _geometry(value: object) -> dict[str, Any] | None:
    """Return GeoJSON of well-known binary; None for anything else, which is no footprint then."""
    if not isinstance(value, bytes):
        return None
    try:
        found: dict[str, Any] = shapely.geometry.mapping(shapely.from_wkb(value))
    except shapely.errors.ShapelyError:
        return None
    return found


def _without_nulls(value: Any) -> Any:  # noqa: ANN401  JSON
    """Drop what a struct column holds only because another row has it."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return value


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

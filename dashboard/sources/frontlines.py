"""Frontline snapshots out of GeoJSON, GeoParquet, KML and KMZ: one file or one date is one snapshot."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from dashboard.model.errors import DamagedProductError, InputError, UnknownProductError
from dashboard.model.frontline import FrontlineSnapshot
from dashboard.model.handling import UNMARKED, Handling
from dashboard.sources.control import DEEPSTATE_MARK, MAX_FEATURES, Patch, areas_of, checked, patch, side_of
from dashboard.sources.exchange.keyhole import read_keyhole
from dashboard.sources.product import file_sha256
from dashboard.sources.values import kebab, listing, load_json, mapping, moment

DEEPSTATE = Handling(attributions=frozenset({"DeepStateMap"}), redistribution=False)
"""Credit it; its data may not be passed on."""
TIME_FIELDS = ("valid_from", "date", "datetime")
DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
MAX_HISTORY = 5_000
"""Snapshots in one file."""
MAX_SECONDS = 4_102_444_800
"""An id from there on, the year 2100, is no time."""
SUFFIXES = frozenset({".geojson", ".json", ".parquet", ".geoparquet", ".kml", ".kmz"})
MIRROR_SIDE = "occupied"
"""What the one nameless area of DeepState's daily mirror shows."""
NAMELESS_SIDE = "held"
"""A side that no field names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontSource:
    """What a person says about the files."""

    provider: str
    """Layer name; made lower kebab."""
    retrieved: datetime
    """UTC, now as a rule."""
    valid_from: datetime | None = None
    """Stands in where the file states no time."""
    handling: Handling = UNMARKED

    def __post_init__(self) -> None:
        name = kebab(self.provider)
        if name is None:
            msg = f"The provider is {self.provider[:40]!r}; give a name with letters or digits."
            raise InputError(msg)
        object.__setattr__(self, "provider", name)

    @property
    def is_deepstate(self) -> bool:
        """Whether the provider is DeepState by name."""
        return self.provider.startswith("deepstate")


@dataclass(frozen=True, slots=True)
class FrontFound:
    """A snapshot, and what had to be done to get it."""

    snapshot: FrontlineSnapshot
    note: str = ""


def frontlines(path: Path, source: FrontSource) -> Iterator[FrontFound]:
    """Yield the snapshots of a file in order of time; `same_as` is left to the catalogue's owner.

    Raises
    ------
    UnknownProductError
        If the suffix is none that is read.
    DamagedProductError
        If the content cannot be used.
    InputError
        If no time is stated anywhere.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        msg = f"{path.name} is no frontline file; Nightglass reads {', '.join(sorted(SUFFIXES))}."
        raise UnknownProductError(msg)
    if suffix in {".parquet", ".geoparquet"}:
        yield from _table(path, source)
    elif suffix in {".kml", ".kmz"}:
        stated, patches = read_keyhole(path)
        yield _snapshot(patches, _when(path, stated, source), file_sha256(path), source)
    else:
        yield from _json(path, source)


def _json(path: Path, source: FrontSource) -> Iterator[FrontFound]:
    """Yield the snapshot of a collection, or those of a history: a list of what the live map answered."""
    content = load_json(path)
    if not isinstance(content, list):
        yield _collection(path, content, file_sha256(path), source)
        return
    if len(content) > MAX_HISTORY:
        msg = f"{path.name} holds {len(content):,} snapshots; the limit is {MAX_HISTORY:,}. Split it."
        raise DamagedProductError(msg)
    found = [_collection(path, entry, _entry_sha256(entry), source) for entry in content]
    yield from sorted(found, key=lambda front: front.snapshot.valid_from)


def _entry_sha256(entry: object) -> str:
    """Return the hash of one snapshot of a history: the same in every history that holds it."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _collection(path: Path, content: object, sha256: str, source: FrontSource) -> FrontFound:
    if isinstance(content, dict) and isinstance(content.get("map"), dict):
        content = {**content["map"], "datetime": _live_time(content)}  # the live map wraps its collection
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        msg = f"{path.name} is no GeoJSON FeatureCollection; a frontline is one collection per moment."
        raise DamagedProductError(msg)
    _check_crs(path.name, content.get("crs"))
    features = [
        {**f, "properties": mapping(f.get("properties"))} for f in map(mapping, listing(content.get("features")))
    ]
    if len(features) > MAX_FEATURES:
        msg = f"{path.name} has {len(features):,} features; the limit is {MAX_FEATURES:,}."
        raise DamagedProductError(msg)
    marked = any(DEEPSTATE_MARK in str(f["properties"].get("name")) for f in features)
    live = marked or (source.is_deepstate and any("fill" in f["properties"] for f in features))
    mirror = source.is_deepstate or str(content.get("name", path.stem)).startswith("deepstatemap")
    default = MIRROR_SIDE if mirror else NAMELESS_SIDE
    read = [patch(mapping(f.get("geometry")), f["properties"], default, live=live) for f in features]
    stated = _stated_time(path.name, [content, *(f["properties"] for f in features)])
    handling = source.handling & DEEPSTATE if live or mirror else source.handling
    found = _snapshot([p for p in read if p], _when(path, stated, source), sha256, source, handling)
    return replace(found, note="; ".join(text for text in (found.note, _left_out(features, read)) if text))


def _live_time(answer: Mapping[str, Any]) -> object:
    """Return the time of an answer of the live map: stated, or its id, which is the second it was made in."""
    stated, made = answer.get("datetime"), answer.get("id")
    if stated is not None or isinstance(made, bool) or not isinstance(made, int) or not 0 < made < MAX_SECONDS:
        return stated
    return datetime.fromtimestamp(made, UTC)


def _left_out(features: Sequence[Mapping[str, Any]], read: Sequence[Patch | None]) -> str:
    """Return how many points and other things were no ground of a side, in words; empty for none."""
    kinds = [mapping(f.get("geometry")).get("type") for f, found in zip(features, read, strict=True) if found is None]
    points = sum(kind in {"Point", "MultiPoint"} for kind in kinds)
    others = len(kinds) - points
    counted = [f"{points:,} point{'s' * (points != 1)}"] if points else []
    counted += [f"{others:,} feature{'s' * (others != 1)} outside the front's scope"] if others else []
    words = " and ".join(counted)
    return f"{words} left out" if words else ""


def _stated_time(name: str, holders: list[Mapping[str, Any]]) -> datetime | None:
    """Return the one time that the collection or its features state."""
    found = {moment(h[field], field) for h in holders for field in TIME_FIELDS if h.get(field) is not None}
    if len(found) > 1:
        msg = f"{name} states {len(found)} different times; give one file per moment."
        raise DamagedProductError(msg)
    return next(iter(found), None)


def _when(path: Path, stated: datetime | None, source: FrontSource) -> datetime:
    named = DAY_IN_NAME.search(path.stem)
    if stated is None and named is not None:
        year, month, day = (int(part) for part in named.groups())
        try:
            stated = datetime(year, month, day, tzinfo=UTC)
        except ValueError:
            stated = None
    when = stated or source.valid_from
    if when is None:
        msg = f"{path.name} states no time: give valid_from in it, YYYYMMDD in its name, or --valid-from."
        raise InputError(msg)
    return when


def _check_crs(name: str, crs: object) -> None:
    """GeoJSON is WGS 84; older files may name it, or something else."""
    if crs is None:
        return
    stated = crs.get("properties") if isinstance(crs, Mapping) else None
    words = str(stated.get("name") if isinstance(stated, Mapping) else crs)
    if not words.upper().replace("::", ":").endswith(("CRS84", "EPSG:4326")):
        msg = f"{name} is in {words[:60]!r}; give longitude and latitude on WGS 84 (CRS84)."
        raise DamagedProductError(msg)


def _table(path: Path, source: FrontSource) -> Iterator[FrontFound]:
    """Yield one snapshot per date of a GeoParquet table."""
    try:
        table = pq.ParquetFile(path)
        geometry = _geometry_column(path.name, table.schema_arrow)
        names = [n for n in table.schema_arrow.names if n == geometry or n in {*TIME_FIELDS, "side", "colour"}]
        rows = table.read(columns=names).to_pylist()
    except (pa.ArrowException, OSError) as error:
        msg = f"{path.name} is damaged or no Parquet file; fetch it again."
        raise DamagedProductError(msg) from error
    default = MIRROR_SIDE if source.is_deepstate or "deepstate" in path.stem.lower() else NAMELESS_SIDE
    handling = source.handling & DEEPSTATE if default == MIRROR_SIDE else source.handling
    by_time: dict[datetime, list[tuple[bytes, str, str | None]]] = {}
    for row in rows:
        if row[geometry] is not None:
            side, colour = side_of(row, default)
            by_time.setdefault(_row_time(path, row, source), []).append((row[geometry], side or default, colour))
    for when, parts in sorted(by_time.items()):
        digest = hashlib.sha256(when.isoformat().encode())
        for wkb, side, colour in parts:
            digest.update(json.dumps([side, colour]).encode() + wkb)
        patches = [checked(_from_wkb(path.name, wkb), side, colour) for wkb, side, colour in parts]
        yield _snapshot(patches, when, digest.hexdigest(), source, handling)


def _from_wkb(name: str, wkb: bytes) -> BaseGeometry:
    try:
        shape = shapely.from_wkb(wkb)
    except shapely.errors.ShapelyError as error:
        msg = f"{name} holds a geometry that cannot be read; fetch it again."
        raise DamagedProductError(msg) from error
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        msg = f"{name} holds a {shape.geom_type}; areas of control are polygons."
        raise DamagedProductError(msg)
    return shape


def _geometry_column(name: str, schema: pa.Schema) -> str:
    """Return the geometry column of a GeoParquet schema, verified to be WKB in WGS 84 degrees."""
    try:
        geo = json.loads((schema.metadata or {})[b"geo"])
        column = str(geo.get("primary_column", "geometry"))
        facts = geo["columns"][column]
        crs = facts.get("crs")
        geographic = crs is None or CRS.from_user_input(crs).equals(CRS.from_epsg(4326), ignore_axis_order=True)
        if not geographic and CRS.from_user_input(crs) != CRS.from_user_input("OGC:CRS84"):
            msg = f"{name} is in another system than WGS 84 degrees; reproject it."
            raise DamagedProductError(msg)
    except (KeyError, TypeError, json.JSONDecodeError, CRSError) as error:
        msg = f"{name} is Parquet without GeoParquet metadata; write it with GeoPandas or GDAL."
        raise DamagedProductError(msg) from error
    if facts.get("encoding", "WKB") != "WKB" or column not in schema.names:
        msg = f"{name} holds its geometry as {facts.get('encoding')}; Nightglass reads WKB."
        raise DamagedProductError(msg)
    return column


def _row_time(path: Path, row: Mapping[str, Any], source: FrontSource) -> datetime:
    value = next((row[field] for field in TIME_FIELDS if row.get(field) is not None), None)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    return _when(path, None if value is None else moment(value, "date"), source)


def _snapshot(
    patches: list[Patch], when: datetime, sha256: str, source: FrontSource, handling: Handling | None = None
) -> FrontFound:
    if not patches:
        raise DamagedProductError("The file holds no area of control; polygons are needed.")
    repaired = sum(p.repaired for p in patches)
    snapshot = FrontlineSnapshot(
        id=f"{source.provider}-{when:%Y%m%dT%H%MZ}-{sha256[:8]}",
        provider=source.provider,
        valid_from=when,
        areas=areas_of(patches),
        sha256=sha256,
        retrieved=source.retrieved,
        handling=source.handling if handling is None else handling,
    )
    return FrontFound(snapshot, f"{repaired} invalid areas were repaired" if repaired else "")

"""GeoPackage (OGC 12-128) into features: read in memory and read-only, so that nothing in the file can act."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboard.model.errors import DamagedProductError
from dashboard.model.progress import CancelToken
from dashboard.sources.exchange.colours import colours_in
from dashboard.sources.exchange.fields import MARK, facts_of
from dashboard.sources.exchange.geometry import sketches
from dashboard.sources.exchange.geopackage_system import placement
from dashboard.sources.exchange.record import MAX_FEATURES, Reading, Sheaf, Stated, shown
from dashboard.sources.exchange.times import time_of
from dashboard.sources.exchange.wkb import Placement, geometry_in

MAX_BYTES = 128 * 2**20
"""Of a file: its indexes count too."""
TIMES = ("valid_from", "valid_to")
"""Columns of the type DATETIME, which other tools animate by: to the millisecond."""
EXACT = "valid_exact"
"""Column with both times to the microsecond, where a millisecond does not say it."""
_MAGIC = b"SQLite format 3\0"
_WAL = slice(18, 20)
"""Bytes of the header that say whether a log beside the file belongs to it."""
_STEPS = 10_000
"""Instructions of SQLite between two looks at whether to go on."""
_BUDGET = 200_000
"""Such looks at one file: a sound one of the largest size needs a hundredth."""
_ENVELOPES = (0, 32, 48, 48, 64)
"""Bytes of the envelope before the geometry, by its indicator."""


@dataclass(frozen=True, slots=True)
class _Layer:
    table: str
    geometry: str
    """Name of the geometry column."""
    place: Placement
    rows: int


def read_geopackage(content: bytes, reading: Reading) -> Sheaf:
    """Return what a GeoPackage holds. Views are left out; triggers are never run.

    Raises
    ------
    DamagedProductError
        If it is no GeoPackage, is damaged, passes a limit, or is in a reference system that is not known.
    """
    if not content.startswith(_MAGIC):
        raise DamagedProductError(f"{reading.file} is no GeoPackage: it is no SQLite database. Export it again.")
    with _readable(reading.file):
        database = _opened(content, reading)
        try:
            layers = _layers(database, reading)
            facts = facts_of(_about(database), reading.file)
        except BaseException:
            database.close()
            raise
    count = sum(layer.rows for layer in layers)
    if count > MAX_FEATURES:
        database.close()
        raise DamagedProductError(f"{reading.file} has {count:,} features; the limit is {MAX_FEATURES:,}. Split it.")
    return Sheaf(facts=facts, features=_features(database, layers, reading), count=count)


def _opened(content: bytes, reading: Reading) -> sqlite3.Connection:
    """Return the file as a database in memory that answers questions and does nothing else."""
    if content[_WAL] == b"\2\2":
        content = content[: _WAL.start] + b"\1\1" + content[_WAL.stop :]
        reading.remarks.add("the file is still open elsewhere or was not closed: its latest changes may be missing")
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.deserialize(content)
    database.text_factory = lambda text: text.decode("utf-8", "replace")
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        database.execute(f"PRAGMA {pragma}")
    database.set_progress_handler(_Patience(reading.cancel), _STEPS)
    database.set_authorizer(_allowed)
    return database


class _Patience:
    """Ends a query that was cancelled or goes round in circles."""

    __slots__ = ("_cancel", "_left")

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._left = _BUDGET

    def __call__(self) -> int:
        self._left -= 1
        return int(self._cancel.cancelled or self._left < 0)


def _allowed(action: int, _: str | None, name: str | None, __: str | None, ___: str | None) -> int:
    counting = action == sqlite3.SQLITE_FUNCTION and name == "count"
    reading = action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT}
    return sqlite3.SQLITE_OK if reading or counting else sqlite3.SQLITE_DENY


@contextmanager
def _readable(file: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeError, OverflowError, MemoryError) as error:
        msg = f"{file} is a damaged GeoPackage, or none; repair it or export it again."
        raise DamagedProductError(msg) from error


def _tables(database: sqlite3.Connection) -> dict[str, str]:
    """Return ``table``, ``view`` or ``virtual table`` by name."""
    rows = database.execute("SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')")
    return {
        str(name): "virtual table" if str(sql).upper().startswith("CREATE VIRTUAL") else str(kind)
        for name, kind, sql in rows
    }


def _layers(database: sqlite3.Connection, reading: Reading) -> list[_Layer]:
    tables = _tables(database)
    if tables.get("gpkg_contents") != "table" or tables.get("gpkg_geometry_columns") != "table":
        msg = f"{reading.file} is a database but no GeoPackage with features (it has no gpkg_contents)."
        raise DamagedProductError(msg)
    rows = database.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns").fetchmany(1000)
    layers = []
    for table, column, system in rows:
        kind = tables.get(str(table), "missing")
        if kind != "table":
            reading.remarks.add(f"layer {shown(table)!r} was left out: it is a {kind}, not a table")
            continue
        place = placement(database, system, f"{reading.file}, layer {shown(table)!r}", reading.remarks)
        (count,) = database.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()  # noqa: S608 - quoted
        layers.append(_Layer(str(table), str(column), place, int(count)))
    return layers


def _about(database: sqlite3.Connection) -> dict[str, Any]:
    """Return what an exported file says about itself."""
    if _tables(database).get(MARK) != "table":
        return {}
    try:
        rows = database.execute(f"SELECT name, value FROM {_quoted(MARK)}").fetchmany(100)  # noqa: S608 - quoted
    except sqlite3.OperationalError:  # somebody else's table of this name
        return {}
    return {str(name): value for name, value in rows}


def _features(database: sqlite3.Connection, layers: list[_Layer], reading: Reading) -> Iterator[Stated]:
    number = 0
    with closing(database), _readable(reading.file):
        for layer in layers:
            cursor = database.execute(f"SELECT * FROM {_quoted(layer.table)}")  # noqa: S608 - quoted
            names = [str(column[0]) for column in cursor.description]
            for row in cursor:
                reading.cancel.check()
                number += 1
                yield _stated(number, layer, dict(zip(names, row, strict=True)), reading)


def _stated(number: int, layer: _Layer, row: dict[str, Any], reading: Reading) -> Stated:
    spot = reading.spot(number, row.get("title") or row.get("name"))
    blob = row.pop(layer.geometry, None)
    for name in [name for name, value in row.items() if isinstance(value, bytes)]:
        spot.note(f"field {shown(name)!r} was left out: it is binary")
        del row[name]
    fields: Mapping[str, Any] = row
    if row.get(MARK) is None:
        fields = {name: value for name, value in row.items() if name != MARK} | {"layer": layer.table}
    else:
        fields = _exact(row)
    wkb = None if blob is None else _wkb(blob, reading, number)
    geometry = None if wkb is None else geometry_in(wkb, spot, layer.place)
    return Stated(spot=spot, sketches=sketches(geometry, spot), fields=fields, colours=colours_in(row))


def _exact(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ours with its times to the microsecond; a time that was edited since is the one that counts."""
    exact = str(row.get(EXACT) or "").split("/")
    times = {}
    for name, text in zip(TIMES, exact, strict=False):
        stored, meant = time_of(row.get(name)), time_of(text)
        if stored is not None and meant is not None and abs(meant - stored) < timedelta(milliseconds=1):
            times[name] = text
    return {name: value for name, value in row.items() if name != EXACT} | times


def _wkb(blob: object, reading: Reading, number: int) -> bytes | None:
    """Return the well-known binary behind the header of a GeoPackage geometry; None for an empty one."""
    spot = reading.spot(number)
    if not isinstance(blob, bytes) or len(blob) < 8 or not blob.startswith(b"GP"):
        raise spot.damaged("its geometry is no GeoPackage geometry; export it again.")
    flags = blob[3]
    envelope = (flags >> 1) & 0b111
    if flags & 0b10_0000 or envelope >= len(_ENVELOPES):
        raise spot.damaged("its geometry is of an extended type; convert it to points, lines or polygons.")
    return None if flags & 0b1_0000 else blob[8 + _ENVELOPES[envelope] :]


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'

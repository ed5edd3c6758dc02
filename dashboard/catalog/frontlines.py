"""Frontline snapshots in the catalogue, with the ground each side held."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from dashboard.catalog.codec import handling_of, handling_text, micros, moment
from dashboard.catalog.engine import Database, count_write
from dashboard.catalog.space import index_box
from dashboard.catalog.tables import control_area, frontline_snapshot, held
from dashboard.geo.geodesy import area_km2
from dashboard.model.errors import CatalogError, NotFoundError
from dashboard.model.frontline import ControlArea, FrontlineSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontArea:
    """How much ground one side held from a time on."""

    valid_from: datetime
    side: str
    km2: float
    """Geodesic; areas of one side that overlap count once."""
    snapshot_id: str


class Frontlines:
    """Repository of frontline snapshots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, snapshot: FrontlineSnapshot) -> bool:
        """Record a snapshot and return whether anything was written; see `add_many`."""
        return self.add_many([snapshot]) > 0

    def add_many(self, snapshots: Iterable[FrontlineSnapshot]) -> int:
        """Record snapshots, all or none, and return how many were new.

        A snapshot read again, at whatever time, writes nothing.

        Raises
        ------
        CatalogError
            If an id is taken by a snapshot with other content: a correction is a new snapshot with an id of its own.
        InputError
            If an area is not a polygon in degrees or a time has no zone.
        """
        written = 0
        # Areas of a whole front take seconds to measure, so they are measured before the write lock is taken.
        measured = [(snapshot, _km2_by_side(snapshot.areas)) for snapshot in snapshots]
        with self._database.writing() as connection:
            for snapshot, km2 in measured:
                written += _write(connection, snapshot, km2)
            if written:
                count_write(connection)
        return written

    def get(self, id_: str) -> FrontlineSnapshot:
        """Return the snapshot of an id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as connection:
            found = _first(connection, frontline_snapshot.c.id == id_)
        if found is None:
            msg = f"No frontline snapshot {id_!r} in {self._database.path}; ingest it first."
            raise NotFoundError(msg)
        return found

    def providers(self) -> list[str]:
        """Return the providers there are, in order of name."""
        statement = select(frontline_snapshot.c.provider).distinct().order_by(frontline_snapshot.c.provider)
        with self._database.reading() as connection:
            return list(connection.execute(statement).scalars())

    def at(self, provider: str, moment: datetime) -> FrontlineSnapshot | None:
        """Return the provider's snapshot valid at a moment, or None before its first.

        Of two snapshots valid from one time, the one retrieved last is the correction and counts.
        """
        t = frontline_snapshot.c
        with self._database.reading() as connection:
            return _first(connection, t.provider == provider, t.valid_from <= micros(moment))

    def series(self, provider: str) -> list[FrontArea]:
        """Return the ground each side held over time, in order of time, then side; corrected snapshots are left out."""
        t = frontline_snapshot.c
        newest = func.row_number().over(partition_by=t.valid_from, order_by=(t.retrieved.desc(), t.key.desc()))
        ranked = select(t.key, t.id, t.valid_from, newest.label("rank")).where(t.provider == provider).subquery()
        statement = (
            select(ranked.c.valid_from, held.c.side, held.c.km2, ranked.c.id)
            .join(held, held.c.snapshot == ranked.c.key)
            .where(ranked.c.rank == 1)
            .order_by(ranked.c.valid_from, held.c.side)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return [
            FrontArea(valid_from=moment(start), side=side, km2=km2, snapshot_id=id_) for start, side, km2, id_ in rows
        ]


def _km2_by_side(areas: tuple[ControlArea, ...]) -> dict[str, float]:
    by_side: dict[str, list[BaseGeometry]] = defaultdict(list)
    for area in areas:
        index_box(area.geometry)  # refuses what is no polygon in degrees
        valid = area.geometry if area.geometry.is_valid else shapely.make_valid(area.geometry, method="structure")
        by_side[area.side].append(valid)
    return {
        side: area_km2(parts[0] if len(parts) == 1 else shapely.union_all(parts)) for side, parts in by_side.items()
    }


def _write(connection: Connection, snapshot: FrontlineSnapshot, km2: dict[str, float]) -> bool:
    there = _first(connection, frontline_snapshot.c.id == snapshot.id)
    if there is not None:
        if replace(there, retrieved=snapshot.retrieved) == snapshot:
            return False
        msg = f"{snapshot.id} is recorded with other content; record a correction under an id of its own."
        raise CatalogError(msg)
    key = connection.execute(
        insert(frontline_snapshot)
        .returning(frontline_snapshot.c.key)
        .values(
            id=snapshot.id,
            provider=snapshot.provider,
            valid_from=micros(snapshot.valid_from),
            retrieved=micros(snapshot.retrieved),
            sha256=snapshot.sha256,
            same_as=snapshot.same_as,
            handling=handling_text(snapshot.handling),
        )
    ).scalar_one()
    areas = [
        {"snapshot": key, "position": i, "side": a.side, "colour": a.colour, "geometry": shapely.to_wkb(a.geometry)}
        for i, a in enumerate(snapshot.areas)
    ]
    if areas:
        connection.execute(insert(control_area), areas)
        connection.execute(insert(held), [{"snapshot": key, "side": s, "km2": v} for s, v in km2.items()])
    return True


def _first(connection: Connection, *conditions: ColumnElement[bool]) -> FrontlineSnapshot | None:
    t = frontline_snapshot.c
    statement = select(frontline_snapshot).where(*conditions)
    row = connection.execute(
        statement.order_by(t.valid_from.desc(), t.retrieved.desc(), t.key.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    areas = select(control_area).where(control_area.c.snapshot == row.key).order_by(control_area.c.position)
    return _snapshot(row, [_control_area(found) for found in connection.execute(areas)])


def _snapshot(row: Row[Any], areas: list[ControlArea]) -> FrontlineSnapshot:
    return FrontlineSnapshot(
        id=row.id,
        provider=row.provider,
        valid_from=moment(row.valid_from),
        areas=tuple(areas),
        sha256=row.sha256,
        retrieved=moment(row.retrieved),
        same_as=row.same_as,
        handling=handling_of(row.handling),
    )


def _control_area(row: Row[Any]) -> ControlArea:
    return ControlArea(side=row.side, geometry=shapely.from_wkb(row.geometry), colour=row.colour)

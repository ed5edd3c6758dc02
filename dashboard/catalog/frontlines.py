"""Frontline snapshots in the catalogue, with the ground each side held: as known at any moment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Subquery, func, insert, or_, select

from dashboard.catalog.codec import handling_of, handling_text, micros, moment
from dashboard.catalog.engine import Database, Kind, count_write
from dashboard.catalog.space import index_box
from dashboard.catalog.tables import control_area, event, frontline_snapshot, held
from dashboard.geo.geodesy import area_km2
from dashboard.model.errors import CatalogError, NotFoundError
from dashboard.model.event import Outcome
from dashboard.model.frontline import ControlArea, FrontlineSnapshot

ACCEPTED, REFUSED = "snapshot.accepted", "snapshot.refused"
"""Kinds of the events by which a person decides about a held snapshot; the last one counts."""
SUBJECT = "snapshot:"
"""What the subject of such an event begins with; the snapshot's id follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontArea:
    """How much ground one side held from a time on."""

    valid_from: datetime
    side: str
    km2: float
    """Geodesic; areas of one side that overlap count once."""
    snapshot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSnapshot:
    """A snapshot that is kept, and not used until a person accepts it."""

    id: str
    provider: str
    valid_from: datetime
    retrieved: datetime
    reason: str
    """Why it is held, for people."""
    accepted: bool | None = None
    """What was decided last; None while it waits."""


class Frontlines:
    """Repository of frontline snapshots.

    ``known_at`` asks for the state of knowledge at that moment: a snapshot retrieved later does not exist, nor does a
    decision made later. A held snapshot is found by its id alone until a person has accepted it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, snapshot: FrontlineSnapshot, *, held: str | None = None) -> bool:
        """Record a snapshot and return whether anything was written; see `add_many`."""
        return self.add_many([snapshot], held={} if held is None else {snapshot.id: held}) > 0

    def add_many(self, snapshots: Iterable[FrontlineSnapshot], *, held: Mapping[str, str] | None = None) -> int:
        """Record snapshots, all or none, and return how many were new.

        A snapshot read again, at whatever time, writes nothing.

        Parameters
        ----------
        held : id -> why it is held for a person, for those that are

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
                written += _write(connection, snapshot, km2, (held or {}).get(snapshot.id))
            if written:
                count_write(connection, [Kind.FRONTLINES])
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

    def providers(self, known_at: datetime | None = None) -> list[str]:
        """Return the providers with a snapshot that counts, in order of name."""
        t = frontline_snapshot.c
        statement = select(t.provider).distinct().where(*_counts(known_at)).order_by(t.provider)
        with self._database.reading() as connection:
            return list(connection.execute(statement).scalars())

    def at(self, provider: str, moment: datetime, known_at: datetime | None = None) -> FrontlineSnapshot | None:
        """Return the provider's snapshot valid at a moment, or None before its first.

        Of two snapshots valid from one time, the one retrieved last is the correction and counts.
        """
        t = frontline_snapshot.c
        with self._database.reading() as connection:
            return _first(connection, t.provider == provider, t.valid_from <= micros(moment), *_counts(known_at))

    def moments(self, provider: str, known_at: datetime | None = None) -> list[tuple[datetime, str]]:
        """Return (valid from, id) of the provider's snapshots in order of time; corrected ones are left out."""
        ranked = _ranked(provider, known_at)
        statement = select(ranked.c.valid_from, ranked.c.id).where(ranked.c.rank == 1).order_by(ranked.c.valid_from)
        with self._database.reading() as connection:
            return [(moment(start), id_) for start, id_ in connection.execute(statement)]

    def series(self, provider: str, known_at: datetime | None = None) -> list[FrontArea]:
        """Return the ground each side held over time, in order of time, then side; corrected snapshots are left out."""
        ranked = _ranked(provider, known_at)
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

    def held(self) -> list[HeldSnapshot]:
        """Return every snapshot that was held, decided or not, in order of provider, then time."""
        t = frontline_snapshot.c
        statement = (
            select(t.id, t.provider, t.valid_from, t.retrieved, t.held_reason, _decision(None).label("decision"))
            .where(t.held_reason.is_not(None))
            .order_by(t.provider, t.valid_from, t.retrieved, t.key)
        )
        with self._database.reading() as connection:
            rows = connection.execute(statement).fetchall()
        return [_held_snapshot(row) for row in rows]


def _decision(known_at: datetime | None) -> ScalarSelect[str]:
    """Return the kind of the last decision about a snapshot; NULL for none."""
    e = event.c
    decisions = select(e.kind).where(
        e.subject == SUBJECT + frontline_snapshot.c.id,
        e.outcome == Outcome.APPLIED.value,
        e.kind.in_((ACCEPTED, REFUSED)),
    )
    if known_at is not None:
        decisions = decisions.where(e.at <= micros(known_at))
    return decisions.order_by(e.number.desc()).limit(1).scalar_subquery()


def _counts(known_at: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions under which a snapshot counts in a state of knowledge."""
    t = frontline_snapshot.c
    # The log is asked instead of a column beside it: it also knows when each decision was made.
    usable = [or_(t.held_reason.is_(None), _decision(known_at) == ACCEPTED)]
    return usable if known_at is None else [t.retrieved <= micros(known_at), *usable]


def _ranked(provider: str, known_at: datetime | None) -> Subquery:
    """Return key, id, valid_from of the snapshots that count, and their rank among those of one time."""
    t = frontline_snapshot.c
    newest = func.row_number().over(partition_by=t.valid_from, order_by=(t.retrieved.desc(), t.key.desc()))
    columns = (t.key, t.id, t.valid_from, newest.label("rank"))
    return select(*columns).where(t.provider == provider, *_counts(known_at)).subquery()


def _km2_by_side(areas: tuple[ControlArea, ...]) -> dict[str, float]:
    by_side: dict[str, list[BaseGeometry]] = defaultdict(list)
    for area in areas:
        index_box(area.geometry)  # refuses what is no polygon in degrees
        valid = area.geometry if area.geometry.is_valid else shapely.make_valid(area.geometry, method="structure")
        by_side[area.side].append(valid)
    return {
        side: area_km2(parts[0] if len(parts) == 1 else shapely.union_all(parts)) for side, parts in by_side.items()
    }


def _write(connection: Connection, snapshot: FrontlineSnapshot, km2: dict[str, float], reason: str | None) -> bool:
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
            held_reason=reason,
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


def _held_snapshot(row: Row[Any]) -> HeldSnapshot:
    return HeldSnapshot(
        id=row.id,
        provider=row.provider,
        valid_from=moment(row.valid_from),
        retrieved=moment(row.retrieved),
        reason=row.held_reason,
        accepted=None if row.decision is None else row.decision == ACCEPTED,
    )


def _control_area(row: Row[Any]) -> ControlArea:
    return ControlArea(side=row.side, geometry=shapely.from_wkb(row.geometry), colour=row.colour)

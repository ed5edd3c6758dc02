"""The tables of the catalogue as the newest migration leaves them."""

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    column,
    table,
    text,
)
from sqlalchemy.event import listen

metadata = MetaData()

revision = Table(
    "revision",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""Counts of transactions that changed something: row 1 of all, the others of each `engine.Kind`."""

acquisition = Table(
    "acquisition",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("constellation", Text, nullable=False),
    Column("platform", Text),
    Column("start", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    Column("mode", Text),
    Column("look", Text),
    Column("pass_direction", Text),
    Column("track", Integer),
    Column("incidence_deg", Float),
    Column("has_pixels", Boolean, nullable=False),
    Column("product_sha256", Text, nullable=False),
    Column("footprint", LargeBinary, nullable=False),
    Column("handling", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("acquisition_by_time", "start"),
    Index("acquisition_by_constellation", "constellation", "start"),
    Index("acquisition_by_stack", "constellation", "mode", "pass_direction", "look", "track"),
    Index("acquisition_by_product", "product_sha256"),
    Index("acquisition_with_pixels", "start", sqlite_where=text("has_pixels")),
)
"""Times are microseconds since 1970, UTC; what only a whole `Acquisition` needs is JSON in `body`."""

frontline_snapshot = Table(
    "frontline_snapshot",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("provider", Text, nullable=False),
    Column("valid_from", Integer, nullable=False),
    Column("retrieved", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("same_as", Text),
    Column("handling", Text, nullable=False),
    Column("held_reason", Text),
    Index("frontline_by_time", "provider", "valid_from", "retrieved"),
)
"""`held_reason` says why a snapshot waits for a person; what they decide is an event in the log."""

control_area = Table(
    "control_area",
    metadata,
    Column("snapshot", ForeignKey("frontline_snapshot.key"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("side", Text, nullable=False),
    Column("colour", Text),
    Column("geometry", LargeBinary, nullable=False),
)

held = Table(
    "held",
    metadata,
    Column("snapshot", ForeignKey("frontline_snapshot.key"), primary_key=True),
    Column("side", Text, primary_key=True),
    Column("km2", Float, nullable=False),
)
"""Geodesic area per side and snapshot, computed once at insert."""

change_run = Table(
    "change_run",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("created", Integer, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("handling", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("unobserved", LargeBinary),
    Index("change_run_by_time", "created"),
)

detected_change = Table(
    "detected_change",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("run", ForeignKey("change_run.key"), nullable=False),
    Column("after", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Column("area_m2", Float, nullable=False),
    Column("pixels", Integer, nullable=False),
    Column("magnitude_db", Float, nullable=False),
    Column("sign", Text, nullable=False),
    Column("p_value", Float, nullable=False),
    Column("geometry", LargeBinary, nullable=False),
    Column("handling", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("score", Float, nullable=False, server_default=text("0")),
    Column("confidence", Float),
    Column("status", Text, nullable=False, server_default=text("'first'")),
    Column("body", Text, nullable=False, server_default=text("'{}'")),
    Index("detected_change_by_run", "run"),
    Index("detected_change_by_time", "before"),
)
"""`body` is JSON of what only a whole `DetectedChange` needs; what is missing there has its default."""

area = Table(
    "area",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("west", Float, nullable=False),
    Column("south", Float, nullable=False),
    Column("east", Float, nullable=False),
    Column("north", Float, nullable=False),
)

outline = Table(
    "outline",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("level", Text, nullable=False),
    Column("geometry", LargeBinary, nullable=False),
)
"""Administrative areas by which ground is counted."""

event = Table(
    "event",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("event_by_subject", "subject", "outcome", "number"),
)
"""The log: the one table that every table below is derived from, and can be made from again."""

GUARDS = (
    """CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is only appended to: no event is changed'); END""",
    """CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is only appended to: no event is deleted'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above, so what it would replace is looked for here.
    """CREATE TRIGGER event_is_next BEFORE INSERT ON event BEGIN
    SELECT RAISE(ABORT, 'the log has no gaps: an event takes the next number')
        WHERE NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM event);
    SELECT RAISE(ABORT, 'the log is only appended to: no event is replaced')
        WHERE EXISTS (SELECT 1 FROM event WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'time never runs backwards in the log')
        WHERE NEW.at < (SELECT at FROM event ORDER BY number DESC LIMIT 1); END""",
)
"""What makes the database itself refuse to forget."""

for guard in GUARDS:
    listen(event, "after_create", DDL(guard))  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types

_SHOWN = text("known_until IS NULL AND removed = 0")
annotation_revision = Table(
    "annotation_revision",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shape", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("opposing", Text, nullable=False),
    Column("title", Text(collation="NOCASE"), nullable=False),
    Column("grade", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("known_from", Integer, nullable=False),
    Column("known_until", Integer),
    Column("valid_from", Integer, nullable=False),
    Column("valid_to", Integer),
    Column("removed", Boolean, nullable=False),
    Column("west", Float, nullable=False),
    Column("east", Float, nullable=False),
    Column("south", Float, nullable=False),
    Column("north", Float, nullable=False),
    Column("words", Text, nullable=False),
    Column("geometry", LargeBinary, nullable=False),
    Column("handling", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("annotation_by_id", "id", "number"),
    Index("annotation_by_title", "title", sqlite_where=_SHOWN),
    Index("annotation_by_time", "valid_from", sqlite_where=_SHOWN),
    Index("annotation_by_grade", "grade", sqlite_where=_SHOWN),
    Index("annotation_by_kind", "kind", sqlite_where=_SHOWN),
)
"""One row per applied event on an annotation; `words` is the folded text that a search looks in."""

conflict = Table(
    "conflict",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("resolved_by", Integer),
    Index("conflict_open", "subject", sqlite_where=text("resolved_by IS NULL")),
)
"""Events made on a stale version, and the event that decided what becomes of them."""

_PRESENT = text("until IS NULL")
review = Table(
    "review",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("change", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("verdict", Text),
    Column("note", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("at", Integer, nullable=False),
    Column("until", Integer),
    Index("review_now", "change", "reviewer", unique=True, sqlite_where=_PRESENT),
)
"""One row per applied event on a verdict; `until` is when the reviewer said something else of the change."""

force = Table(
    "force",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("colour", Text, nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("id", Text, primary_key=True),
    Column("author", Text, primary_key=True),
    Column("updated", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("sketch", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
"""Work not recorded yet, overwritten in place: no evidence, and no part of the log."""

BOX = ("key", "west", "east", "south", "north", "first", "last")
acquisition_box = table("acquisition_box", *[column(name) for name in BOX])
change_box = table("change_box", *[column(name) for name in BOX])
"""R*Trees over longitude, latitude (degrees) and time (days since 2000); `metadata` knows no virtual tables."""

ANNOTATION_BOX = (
    "key", "west", "east", "south", "north", "valid_first", "valid_last", "known_first", "known_last",
)  # fmt: skip
annotation_box = table("annotation_box", *[column(name) for name in ANNOTATION_BOX])
"""An R*Tree of four dimensions over longitude, latitude and both times of every revision that shows something.

Times in units of 65,536 days since 2000: as floats keep as many bits of any unit, and the tree, which weighs all its
dimensions alike, is then parted by place and not by time (searches 3 times as fast).
"""

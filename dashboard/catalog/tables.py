"""The tables of the catalogue as the newest migration leaves them."""

from sqlalchemy import (
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

metadata = MetaData()

revision = Table(
    "revision",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
)
"""One row: the count of transactions that changed something."""

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
    Index("frontline_by_time", "provider", "valid_from", "retrieved"),
)

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
    Index("detected_change_by_run", "run"),
    Index("detected_change_by_time", "before"),
)

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

BOX = ("key", "west", "east", "south", "north", "first", "last")
acquisition_box = table("acquisition_box", *[column(name) for name in BOX])
change_box = table("change_box", *[column(name) for name in BOX])
"""R*Trees over longitude, latitude (degrees) and time (days since 2000); `metadata` knows no virtual tables."""

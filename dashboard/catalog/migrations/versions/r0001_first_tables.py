"""Create acquisitions, frontlines, changes and areas."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    counter = op.create_table(
        "revision",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.bulk_insert(counter, [{"key": 1, "number": 0}])
    _create_acquisition()
    _create_frontline()
    _create_change()
    op.create_table(
        "area",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("west", sa.Float, nullable=False),
        sa.Column("south", sa.Float, nullable=False),
        sa.Column("east", sa.Float, nullable=False),
        sa.Column("north", sa.Float, nullable=False),
    )
    for name in ("acquisition_box", "change_box"):
        op.execute(f"CREATE VIRTUAL TABLE {name} USING rtree(key, west, east, south, north, first, last)")


def _create_acquisition() -> None:
    op.create_table(
        "acquisition",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("constellation", sa.Text, nullable=False),
        sa.Column("platform", sa.Text),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("stop", sa.Integer, nullable=False),
        sa.Column("mode", sa.Text),
        sa.Column("look", sa.Text),
        sa.Column("pass_direction", sa.Text),
        sa.Column("track", sa.Integer),
        sa.Column("incidence_deg", sa.Float),
        sa.Column("has_pixels", sa.Boolean, nullable=False),
        sa.Column("product_sha256", sa.Text, nullable=False),
        sa.Column("footprint", sa.LargeBinary, nullable=False),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    stack = ["constellation", "mode", "pass_direction", "look", "track"]
    op.create_index("acquisition_by_time", "acquisition", ["start"])
    op.create_index("acquisition_by_constellation", "acquisition", ["constellation", "start"])
    op.create_index("acquisition_by_stack", "acquisition", stack)
    op.create_index("acquisition_by_product", "acquisition", ["product_sha256"])
    op.create_index("acquisition_with_pixels", "acquisition", ["start"], sqlite_where=sa.text("has_pixels"))


def _create_frontline() -> None:
    op.create_table(
        "frontline_snapshot",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Integer, nullable=False),
        sa.Column("retrieved", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("same_as", sa.Text),
        sa.Column("handling", sa.Text, nullable=False),
    )
    op.create_index("frontline_by_time", "frontline_snapshot", ["provider", "valid_from", "retrieved"])
    op.create_table(
        "control_area",
        sa.Column("snapshot", sa.Integer, sa.ForeignKey("frontline_snapshot.key"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("colour", sa.Text),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "held",
        sa.Column("snapshot", sa.Integer, sa.ForeignKey("frontline_snapshot.key"), primary_key=True),
        sa.Column("side", sa.Text, primary_key=True),
        sa.Column("km2", sa.Float, nullable=False),
    )


def _create_change() -> None:
    op.create_table(
        "change_run",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("created", sa.Integer, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("change_run_by_time", "change_run", ["created"])
    op.create_table(
        "detected_change",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("run", sa.Integer, sa.ForeignKey("change_run.key"), nullable=False),
        sa.Column("after", sa.Integer, nullable=False),
        sa.Column("before", sa.Integer, nullable=False),
        sa.Column("area_m2", sa.Float, nullable=False),
        sa.Column("pixels", sa.Integer, nullable=False),
        sa.Column("magnitude_db", sa.Float, nullable=False),
        sa.Column("sign", sa.Text, nullable=False),
        sa.Column("p_value", sa.Float, nullable=False),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
    )
    op.create_index("detected_change_by_run", "detected_change", ["run"])
    op.create_index("detected_change_by_time", "detected_change", ["before"])

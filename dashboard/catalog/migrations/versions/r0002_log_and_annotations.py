"""Create the event log with its guards, annotations, conflicts, forces, drafts and outlines; let snapshots be held."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GUARDS = (
    """CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is only appended to: no event is changed'); END""",
    """CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is only appended to: no event is deleted'); END""",
    """CREATE TRIGGER event_is_next BEFORE INSERT ON event BEGIN
    SELECT RAISE(ABORT, 'the log has no gaps: an event takes the next number')
        WHERE NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM event);
    SELECT RAISE(ABORT, 'the log is only appended to: no event is replaced')
        WHERE EXISTS (SELECT 1 FROM event WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'time never runs backwards in the log')
        WHERE NEW.at < (SELECT at FROM event ORDER BY number DESC LIMIT 1); END""",
)


def upgrade() -> None:
    op.add_column("frontline_snapshot", sa.Column("held_reason", sa.Text))
    op.create_table(
        "outline",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
    )
    _create_log()
    _create_annotations()
    op.create_table(
        "draft",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("author", sa.Text, primary_key=True),
        sa.Column("updated", sa.Integer, nullable=False),
        sa.Column("base", sa.Integer, nullable=False),
        sa.Column("sketch", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _create_log() -> None:
    op.create_table(
        "event",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("base", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("event_by_subject", "event", ["subject", "outcome", "number"])
    for guard in GUARDS:
        op.execute(guard)
    op.create_table(
        "conflict",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("resolved_by", sa.Integer),
    )
    op.create_index("conflict_open", "conflict", ["subject"], sqlite_where=sa.text("resolved_by IS NULL"))


def _create_annotations() -> None:
    op.create_table(
        "annotation_revision",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("shape", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("opposing", sa.Text, nullable=False),
        sa.Column("title", sa.Text(collation="NOCASE"), nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("known_from", sa.Integer, nullable=False),
        sa.Column("known_until", sa.Integer),
        sa.Column("valid_from", sa.Integer, nullable=False),
        sa.Column("valid_to", sa.Integer),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("west", sa.Float, nullable=False),
        sa.Column("east", sa.Float, nullable=False),
        sa.Column("south", sa.Float, nullable=False),
        sa.Column("north", sa.Float, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("geometry", sa.LargeBinary, nullable=False),
        sa.Column("handling", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("annotation_by_id", "annotation_revision", ["id", "number"])
    shown = sa.text("known_until IS NULL AND removed = 0")
    for name, column in (
        ("annotation_by_title", "title"),
        ("annotation_by_time", "valid_from"),
        ("annotation_by_grade", "grade"),
        ("annotation_by_kind", "kind"),
    ):
        op.create_index(name, "annotation_revision", [column], sqlite_where=shown)
    op.execute(
        "CREATE VIRTUAL TABLE annotation_box USING rtree("
        "key, west, east, south, north, valid_first, valid_last, known_first, known_last)"
    )
    op.create_table(
        "force",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("colour", sa.Text, nullable=False),
    )

"""Let changes and their runs say how sure they are; create the reviews of changes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change_run", sa.Column("unobserved", sa.LargeBinary))
    op.add_column("detected_change", sa.Column("score", sa.Float, nullable=False, server_default=sa.text("0")))
    op.add_column("detected_change", sa.Column("confidence", sa.Float))
    op.add_column("detected_change", sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'first'")))
    op.add_column("detected_change", sa.Column("body", sa.Text, nullable=False, server_default=sa.text("'{}'")))
    op.create_table(
        "review",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("until", sa.Integer),
    )
    op.create_index("review_now", "review", ["change", "reviewer"], unique=True, sqlite_where=sa.text("until IS NULL"))

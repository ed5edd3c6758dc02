"""Count the writes of each kind of thing: who shows fronts need not look again for a verdict."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    counter = sa.table("revision", sa.column("key", sa.Integer), sa.column("number", sa.Integer))
    op.bulk_insert(counter, [{"key": key, "number": 0} for key in range(2, 8)])

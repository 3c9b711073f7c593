"""Which timer of a movement ends first, and when the next one does: until now there was the time limit alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns. A movement with a time limit wakes at it; derived anew, the corridor's timers count as well."""
    op.add_column("movement", sa.Column("timer", sa.String(length=20), nullable=True))
    op.add_column("movement", sa.Column("wakes", sa.BigInteger(), nullable=True))
    op.execute("UPDATE movement SET timer = 'limit' WHERE due IS NOT NULL")
    op.execute("UPDATE movement SET wakes = due WHERE flags NOT LIKE '%OVERDUE%'")
    op.create_index("ix_movement_wakes", "movement", ["wakes"])


def downgrade() -> None:
    """Take the columns away. What is due stays: with an earlier timer it is told too early, never too late."""
    op.drop_index("ix_movement_wakes", "movement")
    op.drop_column("movement", "wakes")
    op.drop_column("movement", "timer")

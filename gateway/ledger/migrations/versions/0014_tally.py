"""Movements are counted by state as they change, and the refused files that are kept have an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count what is held once, and index it."""
    op.execute("INSERT INTO counter (name, value) "
               "SELECT 'movements/' || state, count(*) FROM movement GROUP BY state")
    op.create_index('ix_incoming_note_kept', 'incoming_note', ['id'], unique=False,
                    sqlite_where=sa.text("kept != ''"), postgresql_where=sa.text("kept != ''"))


def downgrade() -> None:
    """Forget the counts and the index: movements are counted from their rows again."""
    op.drop_index("ix_incoming_note_kept", "incoming_note")
    op.execute("DELETE FROM counter WHERE name LIKE 'movements/%'")

"""A tree whose head we signed is kept as far as it must be known to grow: a day's head costs the day, not the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, without values: a tree that has none is computed from its leaves."""
    op.add_column('checkpoint', sa.Column('frontier', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take the column away: every tree is computed from its leaves again."""
    op.drop_column("checkpoint", "frontier")

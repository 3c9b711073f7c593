"""Indexes for the page of one corridor: what needs somebody first, and how many movements a week brings."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(op.f('ix_movement_corridor_next_action_changed'), 'movement',
                    ['corridor', 'next_action', 'changed'], unique=False)
    op.create_index(op.f('ix_movement_corridor_at'), 'movement', ['corridor', 'at'], unique=False)


def downgrade() -> None:
    """Take them away again."""
    op.drop_index(op.f('ix_movement_corridor_at'), table_name='movement')
    op.drop_index(op.f('ix_movement_corridor_next_action_changed'), table_name='movement')

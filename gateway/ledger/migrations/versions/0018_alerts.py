"""What people have been told of each cause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: what stands is told once more, for nobody knows of it yet."""
    op.create_table(
        'alert',
        sa.Column('channel', sa.String(length=64), nullable=False),
        sa.Column('cause', sa.String(length=160), nullable=False),
        sa.Column('began', sa.BigInteger(), nullable=False),
        sa.Column('level', sa.String(length=40), nullable=False),
        sa.Column('told', sa.BigInteger(), nullable=True),
        sa.Column('ended', sa.BigInteger(), nullable=True),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('next_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('channel', 'cause', name=op.f('pk_alert')))
    op.create_index(op.f('ix_alert_channel_next_at'), 'alert', ['channel', 'next_at'], unique=False)


def downgrade() -> None:
    """Take it away again; who comes back to this revision tells once more what stands."""
    op.drop_index(op.f('ix_alert_channel_next_at'), table_name='alert')
    op.drop_table('alert')

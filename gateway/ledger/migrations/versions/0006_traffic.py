"""What crosses each partner's line is counted, and each run begins after the partner that the last one began with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables, empty."""
    op.create_table(
        'traffic',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('direction', sa.String(length=8), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('folded', sa.Boolean(), nullable=False),
        sa.Column('sessions', sa.Integer(), nullable=False),
        sa.Column('failed', sa.Integer(), nullable=False),
        sa.Column('octets_in', sa.BigInteger(), nullable=False),
        sa.Column('octets_out', sa.BigInteger(), nullable=False),
        sa.Column('files_in', sa.BigInteger(), nullable=False),
        sa.Column('files_out', sa.BigInteger(), nullable=False),
        sa.Column('milliseconds', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_traffic')))
    op.create_index(op.f('ix_traffic_folded_at'), 'traffic', ['folded', 'at'], unique=False)
    op.create_index(op.f('ix_traffic_partner_at'), 'traffic', ['partner', 'at'], unique=False)
    op.create_table(
        'turn',
        sa.Column('direction', sa.String(length=8), nullable=False),
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint('direction', name=op.f('pk_turn')))


def downgrade() -> None:
    """Take both tables away, with what was counted."""
    op.drop_table("turn")
    op.drop_table("traffic")

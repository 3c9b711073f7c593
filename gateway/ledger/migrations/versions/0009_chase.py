"""Answers that are asked for again: how often, when next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        'chase',
        sa.Column('id', _NUMBER, autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('subject_id', _NUMBER, nullable=False),
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('reference', sa.String(length=75), nullable=False),
        sa.Column('mrn', sa.String(length=35), nullable=True),
        sa.Column('began', sa.BigInteger(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('tried', sa.BigInteger(), nullable=True),
        sa.Column('next_at', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_chase')))
    op.create_index('uq_chase', 'chase', ['kind', 'subject_id'], unique=True)
    op.create_index(op.f('ix_chase_partner_state_next_at'), 'chase', ['partner', 'state', 'next_at'], unique=False)


def downgrade() -> None:
    """Take the table away: nothing is asked for again."""
    op.drop_table("chase")

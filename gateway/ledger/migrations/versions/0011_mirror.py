"""Verdicts of the mirror and their sums; what was seen of seals and containers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty: they fill with what is recorded from now on."""
    op.create_table(
        'mirror',
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('declared', sa.BigInteger(), nullable=False),
        sa.Column('found', sa.BigInteger(), nullable=True),
        sa.Column('reasons', sa.Text(), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('mrn', name=op.f('pk_mirror')))
    op.create_index(op.f('ix_mirror_at_score_mrn'), 'mirror', ['at', 'score', 'mrn'], unique=False)
    op.create_table(
        'mirror_part',
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.Column('by', sa.String(length=12), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=False),
        sa.Column('points', sa.Integer(), nullable=False),
        sa.Column('declared', sa.BigInteger(), nullable=False),
        sa.Column('found', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('mrn', 'by', 'name', name=op.f('pk_mirror_part')))
    op.create_table(
        'mirror_share',
        sa.Column('by', sa.String(length=12), nullable=False),
        sa.Column('month', sa.String(length=7), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=False),
        sa.Column('movements', sa.Integer(), nullable=False),
        sa.Column('differing', sa.Integer(), nullable=False),
        sa.Column('points', sa.BigInteger(), nullable=False),
        sa.Column('declared', sa.BigInteger(), nullable=False),
        sa.Column('found', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('by', 'month', 'name', name=op.f('pk_mirror_share')))
    op.create_table(
        'seen',
        sa.Column('identity', sa.String(length=35), nullable=False),
        sa.Column('thing', sa.String(length=12), nullable=False),
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.Column('reference', sa.String(length=70), nullable=False),
        sa.Column('what', sa.String(length=12), nullable=False),
        sa.Column('administration', sa.String(length=32), nullable=False),
        sa.Column('office', sa.String(length=25), nullable=False),
        sa.Column('happened', sa.String(length=40), nullable=True),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('identity', 'thing', 'mrn', 'reference', 'what', name=op.f('pk_seen')))
    op.create_index(op.f('ix_seen_mrn'), 'seen', ['mrn'], unique=False)


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("seen")
    op.drop_table("mirror_share")
    op.drop_table("mirror_part")
    op.drop_table("mirror")

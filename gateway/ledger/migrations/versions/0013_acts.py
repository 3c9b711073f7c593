"""What people decide by hand is kept: asked for, confirmed by another, rejected, closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        'act',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('subject', sa.String(length=120), nullable=False),
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('people', sa.Text(), nullable=False),
        sa.Column('account', sa.String(length=200), nullable=False),
        sa.Column('person', sa.String(length=80), nullable=False),
        sa.Column('rules', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('state', sa.String(length=12), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_act')))
    op.create_index(op.f('ix_act_kind_state'), 'act', ['kind', 'state'], unique=False)
    op.create_index(op.f('ix_act_subject_kind_id'), 'act', ['subject', 'kind', 'id'], unique=False)


def downgrade() -> None:
    """Take the table away; what was decided stands in the history."""
    op.drop_table("act")

"""Comparisons of whole links with a partner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        'reconciliation',
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('direction', sa.String(length=3), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.Column('told', sa.Boolean(name='told'), nullable=False),
        sa.Column('began', sa.BigInteger(), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('partner', 'direction', name=op.f('pk_reconciliation')))
    op.create_table(
        'questions',
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('asked', sa.Integer(), nullable=False),
        sa.Column('owed', sa.Boolean(name='owed'), nullable=False),
        sa.PrimaryKeyConstraint('partner', name=op.f('pk_questions')))


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("questions")
    op.drop_table("reconciliation")

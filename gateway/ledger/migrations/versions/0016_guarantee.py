"""What movements hold of guarantees, and which of them ran on paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty: they fill with what is recorded from now on."""
    op.create_table(
        'engagement',
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.Column('reference', sa.String(length=35), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('engaged', sa.BigInteger(), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('mrn', 'reference', name=op.f('pk_engagement')))
    op.create_index(op.f('ix_engagement_reference_currency_engaged'), 'engagement',
                    ['reference', 'currency', 'engaged'], unique=False)
    op.create_table(
        'bond',
        sa.Column('reference', sa.String(length=35), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('engaged', sa.BigInteger(), nullable=False),
        sa.Column('movements', sa.Integer(), nullable=False),
        sa.Column('good_for', sa.BigInteger(), nullable=True),
        sa.Column('surety', sa.String(length=175), nullable=False),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('reference', 'currency', name=op.f('pk_bond')))
    op.create_index(op.f('ix_bond_engaged'), 'bond', ['engaged'], unique=False)
    op.create_table(
        'on_paper',
        sa.Column('mrn', sa.String(length=35), nullable=False),
        sa.Column('month', sa.String(length=7), nullable=False),
        sa.Column('office', sa.String(length=25), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('mrn', name=op.f('pk_on_paper')))
    op.create_index(op.f('ix_on_paper_month_office'), 'on_paper', ['month', 'office'], unique=False)
    op.create_table(
        'month_share',
        sa.Column('month', sa.String(length=7), nullable=False),
        sa.Column('office', sa.String(length=25), nullable=False),
        sa.Column('movements', sa.Integer(), nullable=False),
        sa.Column('on_paper', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('month', 'office', name=op.f('pk_month_share')))


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("month_share")
    op.drop_table("on_paper")
    op.drop_table("bond")
    op.drop_table("engagement")

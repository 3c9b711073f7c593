"""Mailboxes that cannot be reached are remembered in the ledger: since when, and when they are tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: what was remembered in files before is learnt anew by the next session."""
    op.create_table(
        'outage',
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('direction', sa.String(length=8), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('tried', sa.BigInteger(), nullable=False),
        sa.Column('next_at', sa.BigInteger(), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=False),
        sa.Column('told', sa.BigInteger(), nullable=False),
        sa.Column('held', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('partner', 'direction', name=op.f('pk_outage')))


def downgrade() -> None:
    """Take the table away: a mailbox that cannot be reached is found out anew."""
    op.drop_table("outage")

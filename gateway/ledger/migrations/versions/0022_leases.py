"""Which host is at work on which lane, where several share a ledger on a server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: every lane is free."""
    op.create_table(
        'lease',
        sa.Column('lane', sa.String(length=80), nullable=False),
        sa.Column('token', sa.BigInteger(), nullable=False),
        sa.Column('holder', sa.String(length=200), nullable=False),
        sa.Column('ends', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('lane', name=op.f('pk_lease')))


def downgrade() -> None:
    """Take it away: one host alone works on the ledger from now on."""
    op.drop_table("lease")

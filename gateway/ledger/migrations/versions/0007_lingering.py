"""Files that a mailbox does not let us remove are known by name, and not taken again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        'lingering',
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=True),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('partner', 'name', name=op.f('pk_lingering')))


def downgrade() -> None:
    """Take the table away: a file that stays in a mailbox is found out anew."""
    op.drop_table("lingering")

"""Which version of a mapping is in force from when, and by which version of a dialect a national file was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table, without rows the files rule as before, and the column: absent for what was read before it."""
    op.add_column('source', sa.Column('dialect_digest', sa.String(length=64), nullable=True))
    op.create_table('activation',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('mapping', sa.String(length=120), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('starts', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['digest'], ['mapping_text.digest'], name=op.f('fk_activation_digest')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activation'))
    )
    op.create_index('uq_activation', 'activation', ['mapping', 'starts'], unique=True)


def downgrade() -> None:
    """Take the table and the column away: the files of mappings rule again, as before."""
    op.drop_table("activation")
    op.drop_column("source", "dialect_digest")

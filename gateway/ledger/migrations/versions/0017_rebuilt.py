"""Which message was made anew from which, by whose decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        'rebuilt',
        sa.Column('new_id', _NUMBER, nullable=False),
        sa.Column('old_id', _NUMBER, nullable=False),
        sa.Column('act_id', _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(['act_id'], ['act.id'], name=op.f('fk_rebuilt_act_id_act')),
        sa.ForeignKeyConstraint(['new_id'], ['message.id'], name=op.f('fk_rebuilt_new_id_message')),
        sa.ForeignKeyConstraint(['old_id'], ['message.id'], name=op.f('fk_rebuilt_old_id_message')),
        sa.PrimaryKeyConstraint('new_id', name=op.f('pk_rebuilt')))
    op.create_index('uq_rebuilt_old', 'rebuilt', ['old_id'], unique=True)


def downgrade() -> None:
    """Take the table away; which was made from which stands in the history."""
    op.drop_table("rebuilt")

"""Which contents lie in a store outside of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty: the ledger holds every content itself."""
    op.create_table(
        'stored',
        sa.Column('id', _NUMBER, autoincrement=False, nullable=False),
        sa.Column('content_id', _NUMBER, nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_stored_content_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_stored')))
    op.create_index(op.f('ix_stored_content_id'), 'stored', ['content_id'], unique=False)
    where = sa.text("state != 'held'")
    op.create_index('ix_stored_open', 'stored', ['state', 'id'], unique=False, sqlite_where=where,
                    postgresql_where=where)


def downgrade() -> None:
    """Take it away again. Refused while a store holds something: an older program would take it for a damaged ledger.
    """
    if op.get_bind().execute(sa.text("SELECT count(*) FROM stored WHERE state != 'planned'")).scalar():
        raise ValueError("contents of this ledger lie in a store: an older program cannot know")
    op.drop_table("stored")

"""What was archived or erased, when, by whom, and what remains of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        'departure',
        sa.Column('id', _NUMBER, autoincrement=False, nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('reference', sa.Text(), nullable=False),
        sa.Column('folder', sa.Text(), nullable=False),
        sa.Column('people', sa.Text(), nullable=False),
        sa.Column('account', sa.String(length=200), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('contents', sa.Integer(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('returned', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_departure')))
    op.create_index(op.f('ix_departure_kind_reference'), 'departure', ['kind', 'reference'], unique=False)
    op.create_table(
        'away',
        sa.Column('content_id', _NUMBER, nullable=False),
        sa.Column('departure_id', _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_away_content_id')),
        sa.ForeignKeyConstraint(['departure_id'], ['departure.id'], name=op.f('fk_away_departure_id')),
        sa.PrimaryKeyConstraint('content_id', 'departure_id', name=op.f('pk_away')))
    op.create_index(op.f('ix_away_departure_id'), 'away', ['departure_id'], unique=False)
    op.create_table(
        'masked',
        sa.Column('what', sa.String(length=20), nullable=False),
        sa.Column('row_id', _NUMBER, nullable=False),
        sa.Column('departure_id', _NUMBER, nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['departure_id'], ['departure.id'], name=op.f('fk_masked_departure_id')),
        sa.PrimaryKeyConstraint('what', 'row_id', name=op.f('pk_masked')))
    op.create_index(op.f('ix_masked_departure_id'), 'masked', ['departure_id'], unique=False)


def downgrade() -> None:
    """Take them away again. Refused while something is away: an older program would take it for a damaged ledger."""
    gone = op.get_bind().execute(sa.text(
        "SELECT count(*) FROM departure WHERE returned IS NULL")).scalar()
    if gone:
        raise ValueError("contents of this ledger are archived or erased: an older program cannot know")
    op.drop_table("masked")
    op.drop_table("away")
    op.drop_table("departure")

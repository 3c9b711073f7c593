"""Reference data of each administration in its versions, to whom ours went, and notices of downtime."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        'reference_data',
        sa.Column('id', _NUMBER, autoincrement=False, nullable=False),
        sa.Column('owner', sa.String(length=32), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('starts', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('object_id', _NUMBER, nullable=True),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('changed', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_reference_data_object_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reference_data')))
    op.create_index(op.f('ix_reference_data_owner_version'), 'reference_data', ['owner', 'version'], unique=True)
    op.create_table(
        'reference_sent',
        sa.Column('reference_data_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('partner', sa.String(length=32), nullable=False),
        sa.Column('object_id', _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_reference_sent_object_id')),
        sa.PrimaryKeyConstraint('reference_data_id', 'partner', name=op.f('pk_reference_sent')))
    op.create_table(
        'downtime',
        sa.Column('administration', sa.String(length=32), nullable=False),
        sa.Column('office', sa.String(length=25), nullable=False),
        sa.Column('notice', sa.String(length=35), nullable=False),
        sa.Column('reference', sa.String(length=35), nullable=False),
        sa.Column('starts', sa.BigInteger(), nullable=False),
        sa.Column('ends', sa.BigInteger(), nullable=True),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('administration', 'office', 'notice', name=op.f('pk_downtime')))
    op.create_index(op.f('ix_downtime_administration_notice'), 'downtime', ['administration', 'notice'], unique=False)


def downgrade() -> None:
    """Take the tables away: offices are those of the files again."""
    op.drop_table("downtime")
    op.drop_table("reference_sent")
    op.drop_table("reference_data")

"""Keys that change between gateways, numbers of revocation lists, signed heads of both links; and when a link last asked
for what is missing, and last said how far it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables and two columns, all without rows: nothing that was known changes its meaning."""
    op.add_column('link', sa.Column('asked', sa.BigInteger(), nullable=True))
    op.add_column('link', sa.Column('checkpointed', sa.BigInteger(), nullable=True))
    op.create_table('trusted',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('use', sa.String(length=12), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('der', sa.LargeBinary(), nullable=False),
    sa.Column('replaces', sa.String(length=64), nullable=True),
    sa.Column('use_from', sa.BigInteger(), nullable=False),
    sa.Column('accept_until', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('object_id', NUMBER, nullable=True),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_trusted_object_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trusted'))
    )
    op.create_index('uq_trusted', 'trusted', ['partner', 'use', 'sha256'], unique=True)
    op.create_table('own_key',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('use', sa.String(length=12), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('certificate', sa.Text(), nullable=False),
    sa.Column('replaces', sa.String(length=64), nullable=True),
    sa.Column('use_from', sa.BigInteger(), nullable=True),
    sa.Column('accept_until', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_own_key'))
    )
    op.create_index('uq_own_key', 'own_key', ['use', 'sha256'], unique=True)
    op.create_table('consent',
    sa.Column('own_key_id', NUMBER, nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('object_id', NUMBER, nullable=True),
    sa.ForeignKeyConstraint(['own_key_id'], ['own_key.id'], name=op.f('fk_consent_own_key_id')),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_consent_object_id')),
    sa.PrimaryKeyConstraint('own_key_id', 'partner', name=op.f('pk_consent'))
    )
    op.create_index(op.f('ix_consent_object_id'), 'consent', ['object_id'], unique=False)
    op.create_table('crl_number',
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('issuer', sa.String(length=64), nullable=False),
    sa.Column('number', sa.String(length=50), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('partner', 'issuer', name=op.f('pk_crl_number'))
    )
    op.create_table('checkpoint',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.String(length=64), nullable=False),
    sa.Column('signer', sa.String(length=8), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('object_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['object_id'], ['object.id'], name=op.f('fk_checkpoint_object_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checkpoint'))
    )
    op.create_index(op.f('ix_checkpoint_partner_state'), 'checkpoint', ['partner', 'state'], unique=False)
    op.create_index('uq_checkpoint', 'checkpoint', ['partner', 'direction', 'size', 'signer', 'root'], unique=True)


def downgrade() -> None:
    """Take the tables and the columns away: keys are again those of the settings and of partners' files alone."""
    op.drop_table("checkpoint")
    op.drop_table("crl_number")
    op.drop_table("consent")
    op.drop_table("own_key")
    op.drop_table("trusted")
    op.drop_column("link", "checkpointed")
    op.drop_column("link", "asked")

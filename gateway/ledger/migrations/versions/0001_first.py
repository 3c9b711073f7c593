"""The first schema: every table, index and trigger.

A revision that has been published never changes; the next change of the schema is a new file beside this one, and
`gateway.ledger.migrations.HEAD` names it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE = (
    "CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    "CREATE TRIGGER history_no_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$",
    "CREATE TRIGGER history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON history "
    "FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()",
)


def upgrade() -> None:
    """Build everything."""
    op.create_table('content',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_content'))
    )
    op.create_table('counter',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_counter'))
    )
    op.create_table('history',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('subject_id', NUMBER, nullable=True),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('event', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('row_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_history'))
    )
    op.create_index(op.f('ix_history_reference'), 'history', ['reference'], unique=False)
    op.create_index(op.f('ix_history_subject_subject_id'), 'history', ['subject', 'subject_id'], unique=False)
    op.create_table('incoming_note',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('kept', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incoming_note'))
    )
    op.create_index(op.f('ix_incoming_note_at'), 'incoming_note', ['at'], unique=False)
    op.create_index(op.f('ix_incoming_note_name'), 'incoming_note', ['name'], unique=False)
    op.create_table('link',
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('mic', sa.String(length=64), nullable=False),
    sa.Column('highest', sa.BigInteger(), nullable=False),
    sa.Column('halted', sa.String(length=40), nullable=True),
    sa.PrimaryKeyConstraint('partner', 'direction', name=op.f('pk_link'))
    )
    op.create_table('mapping_text',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('identifier', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_mapping_text'))
    )
    op.create_table('movement',
    sa.Column('mrn', sa.String(length=35), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('administration', sa.String(length=32), nullable=False),
    sa.Column('corridor', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('departure', sa.String(length=25), nullable=False),
    sa.Column('destination', sa.String(length=25), nullable=False),
    sa.Column('time_limit', sa.String(length=40), nullable=True),
    sa.Column('due', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('flags', sa.Text(), nullable=False),
    sa.Column('next_action', sa.Text(), nullable=False),
    sa.Column('who', sa.String(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('mrn', name=op.f('pk_movement'))
    )
    op.create_index(op.f('ix_movement_due'), 'movement', ['due'], unique=False)
    op.create_index(op.f('ix_movement_key'), 'movement', ['key'], unique=False)
    op.create_index(op.f('ix_movement_next_action_changed'), 'movement', ['next_action', 'changed'], unique=False)
    op.create_index(op.f('ix_movement_state_changed'), 'movement', ['state', 'changed'], unique=False)
    op.create_index('uq_movement_key', 'movement', ['administration', 'key'], unique=True)
    op.create_table('source',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('dialect', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source'))
    )
    op.create_index(op.f('ix_source_key'), 'source', ['key'], unique=False)
    op.create_index('uq_source', 'source', ['digest', 'key', 'kind'], unique=True)
    op.create_table('delivery',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('folder', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('delivered', sa.BigInteger(), nullable=True),
    sa.Column('content_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_delivery_content_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery'))
    )
    op.create_index(op.f('ix_delivery_delivered_id'), 'delivery', ['delivered', 'id'], unique=False)
    op.create_index(op.f('ix_delivery_name'), 'delivery', ['name'], unique=False)
    op.create_index('uq_delivery', 'delivery', ['folder', 'name'], unique=True)
    op.create_table('interchange',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('control_reference', sa.String(length=35), nullable=False),
    sa.Column('type', sa.String(length=6), nullable=False),
    sa.Column('test', sa.Boolean(name='test'), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('action', sa.String(length=1), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('dispatched', sa.BigInteger(), nullable=True),
    sa.Column('received', sa.BigInteger(), nullable=True),
    sa.Column('answered', sa.BigInteger(), nullable=True),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('content_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_interchange_content_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interchange'))
    )
    op.create_index('ix_interchange_changed', 'interchange', ['direction', 'state', 'changed', 'partner', 'type'], unique=False)
    op.create_index(op.f('ix_interchange_control_reference'), 'interchange', ['control_reference'], unique=False)
    op.create_index(op.f('ix_interchange_direction_state_type'), 'interchange', ['direction', 'state', 'type'], unique=False)
    op.create_index('uq_interchange', 'interchange', ['direction', 'partner', 'control_reference'], unique=True)
    op.create_table('source_file',
    sa.Column('source_id', NUMBER, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('content_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_source_file_content_id')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_source_file_source_id')),
    sa.PrimaryKeyConstraint('source_id', 'position', name=op.f('pk_source_file'))
    )
    op.create_index(op.f('ix_source_file_digest'), 'source_file', ['digest'], unique=False)
    op.create_index(op.f('ix_source_file_name'), 'source_file', ['name'], unique=False)
    op.create_table('message',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('type', sa.String(length=6), nullable=False),
    sa.Column('word', sa.String(length=20), nullable=False),
    sa.Column('mrn', sa.String(length=35), nullable=True),
    sa.Column('identifier', sa.String(length=60), nullable=False),
    sa.Column('segments', sa.Integer(), nullable=False),
    sa.Column('mapping', sa.String(length=120), nullable=False),
    sa.Column('mapping_digest', sa.String(length=64), nullable=False),
    sa.Column('urgent', sa.Boolean(name='urgent'), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('message_reference', sa.String(length=35), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('source_id', NUMBER, nullable=True),
    sa.Column('answers', NUMBER, nullable=True),
    sa.Column('interchange_id', NUMBER, nullable=True),
    sa.Column('content_id', NUMBER, nullable=False),
    sa.ForeignKeyConstraint(['answers'], ['message.id'], name=op.f('fk_message_answers')),
    sa.ForeignKeyConstraint(['content_id'], ['content.id'], name=op.f('fk_message_content_id')),
    sa.ForeignKeyConstraint(['interchange_id'], ['interchange.id'], name=op.f('fk_message_interchange_id')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_message_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message'))
    )
    op.create_index(op.f('ix_message_answers'), 'message', ['answers'], unique=False)
    op.create_index('ix_message_changed', 'message', ['direction', 'state', 'changed', 'partner', 'type'], unique=False)
    op.create_index(op.f('ix_message_interchange_id_message_reference'), 'message', ['interchange_id', 'message_reference'], unique=False)
    op.create_index(op.f('ix_message_mrn'), 'message', ['mrn'], unique=False)
    op.create_index(op.f('ix_message_source_id'), 'message', ['source_id'], unique=False)
    op.create_index('ix_message_waiting', 'message', ['direction', 'state', 'type', 'partner', 'urgent', 'id'], unique=False)
    op.create_index('uq_message_reference', 'message', ['interchange_id', 'message_reference'], unique=True, sqlite_where=sa.text("direction = 'out'"), postgresql_where=sa.text("direction = 'out'"))
    op.create_table('object',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('direction', sa.String(length=3), nullable=False),
    sa.Column('partner', sa.String(length=32), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('mic', sa.String(length=64), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('signature_digest', sa.String(length=64), nullable=False),
    sa.Column('leaf', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=True),
    sa.Column('disposition', sa.String(length=120), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.BigInteger(), nullable=True),
    sa.Column('receipt_due', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('dispatched', sa.BigInteger(), nullable=True),
    sa.Column('received', sa.BigInteger(), nullable=True),
    sa.Column('interchange_id', NUMBER, nullable=True),
    sa.Column('receipt_for', NUMBER, nullable=True),
    sa.Column('sealed_id', NUMBER, nullable=True),
    sa.Column('inner_id', NUMBER, nullable=False),
    sa.Column('payload_id', NUMBER, nullable=True),
    sa.ForeignKeyConstraint(['inner_id'], ['content.id'], name=op.f('fk_object_inner_id')),
    sa.ForeignKeyConstraint(['interchange_id'], ['interchange.id'], name=op.f('fk_object_interchange_id')),
    sa.ForeignKeyConstraint(['payload_id'], ['content.id'], name=op.f('fk_object_payload_id')),
    sa.ForeignKeyConstraint(['receipt_for'], ['object.id'], name=op.f('fk_object_receipt_for')),
    sa.ForeignKeyConstraint(['sealed_id'], ['content.id'], name=op.f('fk_object_sealed_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_object'))
    )
    op.create_index(op.f('ix_object_direction_next_at'), 'object', ['direction', 'next_at'], unique=False)
    op.create_index(op.f('ix_object_direction_receipt_due'), 'object', ['direction', 'receipt_due'], unique=False)
    op.create_index(op.f('ix_object_interchange_id'), 'object', ['interchange_id'], unique=False)
    op.create_index(op.f('ix_object_message_id'), 'object', ['message_id'], unique=False)
    op.create_index(op.f('ix_object_name'), 'object', ['name'], unique=False)
    op.create_index(op.f('ix_object_receipt_for'), 'object', ['receipt_for'], unique=False)
    op.create_index('ix_object_state', 'object', ['direction', 'state', 'partner', 'sequence'], unique=False)
    op.create_index('uq_object_message_id', 'object', ['direction', 'partner', 'message_id'], unique=True)
    op.create_index('uq_object_sequence', 'object', ['direction', 'partner', 'sequence'], unique=True)
    op.create_table('declaration',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('mrn', sa.String(length=35), nullable=False),
    sa.Column('amendment', sa.Integer(), nullable=False),
    sa.Column('function', sa.String(length=20), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('source_id', NUMBER, nullable=True),
    sa.Column('message_id', NUMBER, nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('tree', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_declaration_message_id')),
    sa.ForeignKeyConstraint(['mrn'], ['movement.mrn'], name=op.f('fk_declaration_mrn')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_declaration_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_declaration'))
    )
    op.create_index('uq_declaration', 'declaration', ['mrn', 'amendment', 'function', 'digest'], unique=True)
    op.create_table('event',
    sa.Column('id', NUMBER, autoincrement=False, nullable=False),
    sa.Column('mrn', sa.String(length=35), nullable=True),
    sa.Column('administration', sa.String(length=32), nullable=False),
    sa.Column('reference', sa.String(length=70), nullable=False),
    sa.Column('word', sa.String(length=20), nullable=False),
    sa.Column('happened', sa.String(length=40), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('source_id', NUMBER, nullable=True),
    sa.Column('message_id', NUMBER, nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('tree', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_event_message_id')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_event_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event'))
    )
    op.create_index(op.f('ix_event_mrn'), 'event', ['mrn'], unique=False)
    op.create_index(op.f('ix_event_reference'), 'event', ['reference'], unique=False)
    op.create_index('uq_event', 'event', ['administration', 'reference', 'word'], unique=True)
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)

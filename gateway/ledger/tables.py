"""The tables of the ledger, with those in `line_tables`. The migrations build exactly these (a test compares).

Invariants
    Bodies (payloads, sealed files, national files) stand once in `content`; the other rows stay slim, so that a
    question about ten thousand messages does not read their texts.
    Numbers of rows are drawn from `counter` inside the transaction: no holes, and equal on every database engine.
    Instants are microseconds since 1970 UTC. `history` is append-only by trigger and hash-chained (`chain`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from gateway.ledger.columns import NUMBER, Instant, id_column, link_column, metadata, partial_index

counter = Table(
    "counter", metadata,
    Column("name", String(120), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

MOVEMENTS = "movements/"
"""The series that hold how many movements are in each state: this and the state; nobody counts a million rows again."""

content = Table(
    "content", metadata,
    id_column(),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

source = Table(
    "source", metadata,
    id_column(),
    Column("kind", String(40), nullable=False),
    Column("dialect", String(120), nullable=False),
    Column("key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("dialect_digest", String(64)),
    Index("uq_source", "digest", "key", "kind", unique=True),
    Index(None, "key"),
)

source_file = Table(
    "source_file", metadata,
    Column("source_id", NUMBER, ForeignKey("source.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    link_column("content_id", "content.id", nullable=False),
    Index(None, "digest"),
    Index(None, "name"),
)

movement = Table(
    "movement", metadata,
    Column("mrn", String(35), primary_key=True),
    Column("key", String(255), nullable=False),
    Column("administration", String(32), nullable=False),
    Column("corridor", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("departure", String(25), nullable=False),
    Column("destination", String(25), nullable=False),
    Column("time_limit", String(40)),
    Column("due", Instant),
    Column("state", String(40), nullable=False),
    Column("flags", Text, nullable=False),
    Column("next_action", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("timer", String(20)),
    Column("wakes", Instant),
    Index("uq_movement_key", "administration", "key", unique=True),
    Index(None, "key"),
    Index(None, "state", "changed"),
    Index(None, "next_action", "changed"),
    Index(None, "corridor", "next_action", "changed"),
    Index(None, "corridor", "at"),
    Index(None, "due"),
    Index(None, "wakes"),
)

declaration = Table(
    "declaration", metadata,
    id_column(),
    Column("mrn", String(35), ForeignKey("movement.mrn"), nullable=False),
    Column("amendment", Integer, nullable=False),
    Column("function", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    link_column("source_id", "source.id"),
    link_column("message_id", "message.id"),
    Column("at", Instant, nullable=False),
    Column("tree", Text, nullable=False),
    Index("uq_declaration", "mrn", "amendment", "function", "digest", unique=True),
)

event = Table(
    "event", metadata,
    id_column(),
    Column("mrn", String(35)),
    Column("administration", String(32), nullable=False),
    Column("reference", String(70), nullable=False),
    Column("word", String(20), nullable=False),
    Column("happened", String(40)),
    Column("digest", String(64), nullable=False),
    link_column("source_id", "source.id"),
    link_column("message_id", "message.id"),
    Column("at", Instant, nullable=False),
    Column("tree", Text, nullable=False),
    Index("uq_event", "administration", "reference", "word", unique=True),
    Index(None, "mrn"),
    Index(None, "reference"),
)

object_ = Table(
    "object", metadata,
    id_column(),
    Column("direction", String(3), nullable=False),
    Column("partner", String(32), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("message_id", String(120), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("name", String(120), nullable=False),
    Column("mic", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("signature_digest", String(64), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("state", String(20), nullable=False),
    Column("code", String(40)),
    Column("disposition", String(120)),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant),
    Column("receipt_due", Instant),
    Column("at", Instant, nullable=False),
    Column("dispatched", Instant),
    Column("received", Instant),
    link_column("interchange_id", "interchange.id"),
    link_column("receipt_for", "object.id"),
    link_column("sealed_id", "content.id"),
    link_column("inner_id", "content.id", nullable=False),
    link_column("payload_id", "content.id"),
    Index("uq_object_sequence", "direction", "partner", "sequence", unique=True),
    Index("uq_object_message_id", "direction", "partner", "message_id", unique=True),
    Index("ix_object_state", "direction", "state", "partner", "sequence"),
    Index(None, "direction", "next_at"),
    Index(None, "direction", "receipt_due"),
    Index(None, "name"),
    Index(None, "message_id"),
    Index(None, "interchange_id"),
    Index(None, "receipt_for"),
)

interchange = Table(
    "interchange", metadata,
    id_column(),
    Column("direction", String(3), nullable=False),
    Column("partner", String(32), nullable=False),
    Column("control_reference", String(35), nullable=False),
    Column("type", String(6), nullable=False),
    Column("test", Boolean(name="test"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("messages", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("action", String(1)),
    Column("detail", Text),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("dispatched", Instant),
    Column("received", Instant),
    Column("answered", Instant),
    Column("changed", Instant, nullable=False),
    link_column("content_id", "content.id", nullable=False),
    Index("uq_interchange", "direction", "partner", "control_reference", unique=True),
    Index("ix_interchange_changed", "direction", "state", "changed", "partner", "type"),
    Index(None, "direction", "state", "type"),
    Index(None, "control_reference"),
)

message = Table(
    "message", metadata,
    id_column(),
    Column("direction", String(3), nullable=False),
    Column("partner", String(32), nullable=False),
    Column("type", String(6), nullable=False),
    Column("word", String(20), nullable=False),
    Column("mrn", String(35)),
    Column("identifier", String(60), nullable=False),
    Column("segments", Integer, nullable=False),
    Column("mapping", String(120), nullable=False),
    Column("mapping_digest", String(64), nullable=False),
    Column("urgent", Boolean(name="urgent"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("message_reference", String(35)),
    Column("detail", Text),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    link_column("source_id", "source.id"),
    link_column("answers", "message.id"),
    link_column("interchange_id", "interchange.id"),
    link_column("content_id", "content.id", nullable=False),
    Index("ix_message_waiting", "direction", "state", "type", "partner", "urgent", "id"),
    Index("ix_message_changed", "direction", "state", "changed", "partner", "type"),
    Index(None, "interchange_id", "message_reference"),
    Index(None, "mrn"),
    Index(None, "answers"),
    Index(None, "source_id"),
)

link = Table(
    "link", metadata,
    Column("partner", String(32), primary_key=True),
    Column("direction", String(3), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("mic", String(64), nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("halted", String(40), nullable=True),
    Column("asked", Instant),
    Column("checkpointed", Instant),
)

delivery = Table(
    "delivery", metadata,
    id_column(),
    Column("folder", String(20), nullable=False),
    Column("name", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("delivered", Instant),
    link_column("content_id", "content.id", nullable=False),
    Index("uq_delivery", "folder", "name", unique=True),
    Index(None, "delivered", "id"),
    Index(None, "name"),
)

incoming_note = Table(
    "incoming_note", metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("partner", String(32), nullable=False),
    Column("name", String(255), nullable=False),
    Column("code", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept", Text, nullable=False),
    Index(None, "at"),
    Index(None, "name"),
)

mapping_text = Table(
    "mapping_text", metadata,
    Column("digest", String(64), primary_key=True),
    Column("identifier", String(120), nullable=False),
    Column("text", Text, nullable=False),
)

activation = Table(
    "activation", metadata,
    id_column(),
    Column("mapping", String(120), nullable=False),
    Column("version", String(40), nullable=False),
    Column("digest", String(64), ForeignKey("mapping_text.digest"), nullable=False),
    Column("starts", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Index("uq_activation", "mapping", "starts", unique=True),
)

trusted = Table(  # what is known of a partner's certificates beyond the list of its file, or against it
    "trusted", metadata,
    id_column(),
    Column("partner", String(32), nullable=False),
    Column("use", String(12), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("replaces", String(64)),
    Column("use_from", Instant, nullable=False),
    Column("accept_until", Instant),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    link_column("object_id", "object.id"),
    Index("uq_trusted", "partner", "use", "sha256", unique=True),
)

own_key = Table(  # our pairs beyond those of the settings, and what became of each
    "own_key", metadata,
    id_column(),
    Column("use", String(12), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("replaces", String(64)),
    Column("use_from", Instant),
    Column("accept_until", Instant),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Index("uq_own_key", "use", "sha256", unique=True),
)

consent = Table(  # which partner takes which of our keys: asked by an object, answered by its receipt
    "consent", metadata,
    link_column("own_key_id", "own_key.id", nullable=False),
    Column("partner", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("changed", Instant, nullable=False),
    link_column("object_id", "object.id"),
    PrimaryKeyConstraint("own_key_id", "partner"),
    Index(None, "object_id"),
)

crl_number = Table(  # the highest number seen of an authority's revocation lists, decimal: up to 20 octets
    "crl_number", metadata,
    Column("partner", String(32), primary_key=True),
    Column("issuer", String(64), primary_key=True),
    Column("number", String(50), nullable=False),
    Column("at", Instant, nullable=False),
)

checkpoint = Table(  # heads of both links as each side signed them; agreed once both signed the same text
    "checkpoint", metadata,
    id_column(),
    Column("partner", String(32), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("signer", String(8), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    link_column("object_id", "object.id", nullable=False),
    Column("frontier", LargeBinary),
    Index("uq_checkpoint", "partner", "direction", "size", "signer", "root", unique=True),
    Index(None, "partner", "state"),
)

outage = Table(  # mailboxes that failed when they were last tried: since when, and when they are tried again
    "outage", metadata,
    Column("partner", String(32), primary_key=True),
    Column("direction", String(8), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("tried", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("code", String(40), nullable=False),
    Column("told", Instant, nullable=False),
    Column("held", Instant),
)

history = Table(
    "history", metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("subject", String(20), nullable=False),
    Column("subject_id", NUMBER),
    Column("reference", Text, nullable=False),
    Column("event", String(40), nullable=False),
    Column("from_state", String(40)),
    Column("to_state", String(40)),
    Column("text", Text, nullable=False),
    Column("digest", String(64)),
    Column("row_hash", String(64), nullable=False),
    Index(None, "subject", "subject_id"),
    Index(None, "reference"),
)

MESSAGE_REFERENCE_ONCE = partial_index("uq_message_reference", message.c.interchange_id, message.c.message_reference,
                                       where="direction = 'out'", unique=True)
"""Two of our messages never share a reference in one interchange; a partner's may, and then CONTRL says so."""

NOTES_KEPT = partial_index("ix_incoming_note_kept", incoming_note.c.id, where="kept != ''")
"""The refused files that are kept somewhere: counted from here, however many were only noted."""

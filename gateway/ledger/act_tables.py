"""What people decided by hand, with who, when and why. Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from gateway.ledger.columns import NUMBER, Instant, id_column, link_column, metadata

act = Table(  # one row for each decision; the newest of a kind about one thing is the one that counts
    "act", metadata,
    id_column(),
    Column("kind", String(20), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("partner", String(32), nullable=False),
    Column("people", Text, nullable=False),
    Column("account", String(200), nullable=False),
    Column("person", String(80), nullable=False),
    Column("rules", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Index(None, "subject", "kind", "id"),
    Index(None, "kind", "state"),
)

rebuilt = Table(  # a message that was made anew with another version of its mapping; the old one stays as it was
    "rebuilt", metadata,
    Column("new_id", NUMBER, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    link_column("old_id", "message.id", nullable=False),
    link_column("act_id", "act.id", nullable=False),
    Index("uq_rebuilt_old", "old_id", unique=True),
)

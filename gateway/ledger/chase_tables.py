"""The table of what is asked for again. Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from gateway.ledger.columns import NUMBER, Instant, id_column, metadata

chase = Table(  # one row for each answer that was ever chased: what about, how often, when again
    "chase", metadata,
    id_column(),
    Column("kind", String(8), nullable=False),
    Column("subject_id", NUMBER, nullable=False),
    Column("partner", String(32), nullable=False),
    Column("reference", String(75), nullable=False),
    Column("mrn", String(35)),
    Column("began", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried", Instant),
    Column("next_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("changed", Instant, nullable=False),
    Index("uq_chase", "kind", "subject_id", unique=True),
    Index(None, "partner", "state", "next_at"),
)

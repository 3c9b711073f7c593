"""What left the ledger's contents by decision of people, and what vouches for it. Part of `columns.metadata`.

A content that is away keeps its row, with number, digest and size; only its octets are gone (`bytes` is empty). Each
departure has a digest over everything that left with it, and a row of the history that states this digest: who empties
a content by another way, or adds one to a departure later, is found by the audit.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from gateway.ledger.columns import NUMBER, Instant, id_column, link_column, metadata

departure = Table(  # one act: contents went into an archive, or were erased
    "departure", metadata,
    id_column(),
    Column("kind", String(10), nullable=False),
    Column("reference", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("people", Text, nullable=False),
    Column("account", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("contents", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("returned", Instant),
    Index(None, "kind", "reference"),
)

away = Table(  # which contents left with it; the newest departure of a content is the one that counts
    "away", metadata,
    link_column("content_id", "content.id", nullable=False),
    link_column("departure_id", "departure.id", nullable=False),
    PrimaryKeyConstraint("content_id", "departure_id"),
    Index(None, "departure_id"),
)

masked = Table(  # records of which only what states follow from is left; digest: of the text as it stands now
    "masked", metadata,
    Column("what", String(20), nullable=False),
    Column("row_id", NUMBER, nullable=False),
    Column("departure_id", NUMBER, ForeignKey("departure.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("what", "row_id"),
    Index(None, "departure_id"),
)

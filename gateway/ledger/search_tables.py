"""By which words movements are found (`transit.sought`). Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Table

from gateway.ledger.columns import metadata

sought = Table(  # a question reads a range of the key: what begins with the letters typed
    "sought", metadata,
    Column("word", String(70), nullable=False),
    Column("what", String(12), nullable=False),
    Column("mrn", String(35), nullable=False),
    PrimaryKeyConstraint("word", "what", "mrn"),
    Index(None, "mrn"),
)

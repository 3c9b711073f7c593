"""Which contents lie in a store outside of the ledger, and how far each has come. Part of `columns.metadata`.

    planned   it is to be put; the ledger holds its octets
    held      the store holds them, and the ledger does not
    leaving   nobody needs them any more: the key is to be removed from the store, whether it is there or not

An archive, an erasure and a way back into the ledger make a row `leaving` in the transaction that decides; the row goes
when the store is rid of the key.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from gateway.ledger.columns import id_column, link_column, metadata, partial_index

PLANNED, HELD, LEAVING = "planned", "held", "leaving"

stored = Table(
    "stored", metadata,
    id_column(),
    link_column("content_id", "content.id", nullable=False),
    Column("state", String(10), nullable=False),
    Index(None, "content_id"),
)

STORED_OPEN = partial_index("ix_stored_open", stored.c.state, stored.c.id, where="state != 'held'")
"""What is still to be done: found from here, however many are held."""

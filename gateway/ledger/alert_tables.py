"""What people have been told of each cause, by each way of telling. Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from gateway.ledger.columns import Instant, metadata

alert = Table(  # one row for each cause that stands, or whose end is still to be told, and each way of telling
    "alert", metadata,
    Column("channel", String(64), primary_key=True),
    Column("cause", String(160), primary_key=True),
    Column("began", Instant, nullable=False),  # when this cause began to stand: with it the row names one alert
    Column("level", String(40), nullable=False),  # a cause is told anew when it reaches another level
    Column("told", Instant),
    Column("ended", Instant),
    Column("failures", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Index(None, "channel", "next_at"),
)

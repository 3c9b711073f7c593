"""The table of comparisons of whole links with a partner. Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text

from gateway.ledger.columns import Instant, metadata

reconciliation = Table(  # the latest comparison of each link that we began
    "reconciliation", metadata,
    Column("partner", String(32), primary_key=True),
    Column("direction", String(3), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("detail", Text, nullable=False),
    Column("told", Boolean(name="told"), nullable=False),
    Column("began", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
)

questions = Table(  # how many questions after roots a partner has put on its latest day, and whether our heads are owed
    "questions", metadata,
    Column("partner", String(32), primary_key=True),
    Column("day", Date, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("owed", Boolean(name="owed"), nullable=False),
)

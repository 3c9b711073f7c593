"""Tables of the lines to partners: what crossed them, whose turn it is, what stays. Part of `columns.metadata`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from gateway.ledger.columns import Instant, id_column, metadata

traffic = Table(  # one row for each session of a run, or for all of a day once these are old
    "traffic", metadata,
    id_column(),
    Column("partner", String(32), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Column("folded", Boolean, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("octets_in", BigInteger, nullable=False),
    Column("octets_out", BigInteger, nullable=False),
    Column("files_in", BigInteger, nullable=False),
    Column("files_out", BigInteger, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Index(None, "folded", "at"),
    Index(None, "partner", "at"),
)

turn = Table(  # with whom a run that came to no end began its last session of a direction: the next begins after it
    "turn", metadata,
    Column("direction", String(8), primary_key=True),
    Column("partner", String(32), nullable=False),
)

lingering = Table(  # files that were taken and could not be removed from the mailbox: they are not taken again
    "lingering", metadata,
    Column("partner", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("changed", BigInteger),  # by the mailbox's clock, Unix seconds; another time is another file
    Column("at", Instant, nullable=False),
)

lease = Table(  # one row for each lane that was ever held; empty in a file, where one machine's locks do
    "lease", metadata,
    Column("lane", String(80), primary_key=True),
    Column("token", BigInteger, nullable=False),  # one more with each holder: whoever has an older one is fenced off
    Column("holder", String(200), nullable=False),
    Column("ends", BigInteger, nullable=False),  # microseconds since 1970 by the clock of the database
)

"""Tables of reference data: what each administration publishes about its offices, and notices of downtime.

Part of `columns.metadata`.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from gateway.ledger.columns import Instant, id_column, link_column, metadata

reference_data = Table(  # one version of an administration's reference data, ours or a partner's, as it was signed
    "reference_data", metadata,
    id_column(),
    Column("owner", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    link_column("object_id", "object.id"),
    Column("at", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Index(None, "owner", "version", unique=True),
)

reference_sent = Table(  # to whom a version of ours went, and with which object
    "reference_sent", metadata,
    Column("reference_data_id", Integer, primary_key=True, autoincrement=False),
    Column("partner", String(32), primary_key=True),
    link_column("object_id", "object.id", nullable=False),
)

downtime = Table(  # one row for each office of a notice; office "": every office of the administration
    "downtime", metadata,
    Column("administration", String(32), primary_key=True),
    Column("office", String(25), primary_key=True),
    Column("notice", String(35), primary_key=True),
    Column("reference", String(35), nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "administration", "notice"),
)

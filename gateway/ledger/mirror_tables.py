"""Tables of the mirror and of what was seen of seals and containers. Part of `columns.metadata`.

The sums of `mirror_share` are kept with each verdict, in its transaction: a question by importer or month reads them,
never the movements. `seen` stands once for each thing, movement and event; it is found by the thing.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from gateway.ledger.columns import Instant, metadata

mirror = Table(  # one row for each movement of which the arrival side has said something
    "mirror", metadata,
    Column("mrn", String(35), primary_key=True),
    Column("at", Instant, nullable=False),  # when the two sides were first compared; its month counts for the sums
    Column("score", Integer, nullable=False),
    Column("declared", BigInteger, nullable=False),
    Column("found", BigInteger),
    Column("reasons", Text, nullable=False),
    Column("changed", Instant, nullable=False),
    Index(None, "at", "score", "mrn"),
)

mirror_part = Table(  # what one movement gives to each sum, so that a later verdict takes the place of the first
    "mirror_part", metadata,
    Column("mrn", String(35), nullable=False),
    Column("by", String(12), nullable=False),
    Column("name", String(255), nullable=False),
    Column("points", Integer, nullable=False),
    Column("declared", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    PrimaryKeyConstraint("mrn", "by", "name"),
)

mirror_share = Table(  # movements compared in a month, those that differ, their points, packages declared and found
    "mirror_share", metadata,
    Column("by", String(12), nullable=False),
    Column("month", String(7), nullable=False),
    Column("name", String(255), nullable=False),
    Column("movements", Integer, nullable=False),
    Column("differing", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("declared", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    PrimaryKeyConstraint("by", "month", "name"),
)

seen = Table(  # a seal or container, as one declaration or event speaks of it
    "seen", metadata,
    Column("identity", String(35), nullable=False),
    Column("thing", String(12), nullable=False),
    Column("mrn", String(35), nullable=False),
    Column("reference", String(70), nullable=False),
    Column("what", String(12), nullable=False),
    Column("administration", String(32), nullable=False),
    Column("office", String(25), nullable=False),
    Column("happened", String(40)),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("identity", "thing", "mrn", "reference", "what"),
    Index(None, "mrn"),
)

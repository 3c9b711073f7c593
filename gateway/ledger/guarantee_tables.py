"""Tables of the guarantee account and of the fallback register. Part of `columns.metadata`.

Amounts are whole hundredths of their currency. The totals of `bond` and the counts of `month_share` are kept with each
change, in its transaction: a question about them does not read the movements.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Text

from gateway.ledger.columns import Instant, metadata

engagement = Table(  # what one movement holds of one guarantee
    "engagement", metadata,
    Column("mrn", String(35), primary_key=True),
    Column("reference", String(35), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("engaged", BigInteger, nullable=False),
    Column("changed", Instant, nullable=False),
    Index(None, "reference", "currency", "engaged"),
)

bond = Table(  # one guarantee: the sum of what is engaged on it, and up to what it is good, where somebody said so
    "bond", metadata,
    Column("reference", String(35), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("engaged", BigInteger, nullable=False),
    Column("movements", Integer, nullable=False),
    Column("good_for", BigInteger),
    Column("surety", String(175), nullable=False),
    Column("until", Date),
    Column("changed", Instant, nullable=False),
    Index(None, "engaged"),
)

on_paper = Table(  # movements that ran on paper, by what their record or an event says
    "on_paper", metadata,
    Column("mrn", String(35), primary_key=True),
    Column("month", String(7), nullable=False),
    Column("office", String(25), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "month", "office"),
)

month_share = Table(  # how many movements an office of departure began in a month, and how many of them on paper
    "month_share", metadata,
    Column("month", String(7), primary_key=True),
    Column("office", String(25), primary_key=True),
    Column("movements", Integer, nullable=False),
    Column("on_paper", Integer, nullable=False),
)

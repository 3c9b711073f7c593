"""`edi fallback`: the share of movements that ran on paper, by month and office of departure.

More than two in a hundred call for a review of what makes offices fall back (TRANSIT section 2, after the transit
manuals of the common transit countries).
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.ledger.guarantee_rows import MonthShare, OnPaper

REVIEW = Decimal(2)
"""Per cent above which a month is to be reviewed."""


class MonthLine(Struct, frozen=True, kw_only=True):
    """One month of one office.

    percent  of the movements, to one decimal
    review   more than two in a hundred ran on paper
    """

    month: str
    office: str
    movements: int
    on_paper: int
    percent: Decimal
    review: bool


class Fallback(Struct, frozen=True, kw_only=True):
    """The register from a month on. movements: those on paper, where they were asked for."""

    lines: tuple[MonthLine, ...]
    movements: tuple[OnPaper, ...]


def fallback(ledger: Ledger, since: str, *, listed: bool) -> Fallback:
    """Ask the ledger. since: ``YYYY-MM``."""
    with ledger.reading() as queries:
        return Fallback(lines=tuple(map(_line, queries.month_shares(since))),
                        movements=tuple(queries.on_paper(since)) if listed else ())


def _line(share: MonthShare) -> MonthLine:
    percent = Decimal(100 * share.on_paper) / share.movements if share.movements else Decimal()
    return MonthLine(month=share.month, office=share.office, movements=share.movements, on_paper=share.on_paper,
                     percent=round(percent, 1), review=percent > REVIEW)

"""The guarantee account and the fallback register, as questions: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger.guarantee_rows import Bond, Held, MonthShare, OnPaper
from gateway.ledger.guarantee_tables import bond, engagement, month_share, on_paper

HUNDREDTHS = Decimal(100)


class GuaranteeLookups:
    """bond, engagement, on_paper, month_share."""

    _connection: Connection

    def bonds(self) -> list[Bond]:
        """Guarantees on which something is engaged, or whose amount is known; the most engaged first."""
        return [_bond(row) for row in self._connection.execute(
            select(bond).order_by(bond.c.engaged.desc(), bond.c.reference, bond.c.currency))]

    def bonds_of(self, reference: str) -> list[Bond]:
        """One guarantee, by currency; empty where nothing is known of it."""
        return [_bond(row) for row in self._connection.execute(
            select(bond).where(bond.c.reference == reference).order_by(bond.c.currency))]

    def held_of(self, reference: str, *, limit: int | None = None) -> list[Held]:
        """Movements that hold something of a guarantee, or did; those that hold most first."""
        return [Held(**{**row._mapping, "amount": row.amount / HUNDREDTHS, "engaged": row.engaged / HUNDREDTHS})
                for row in self._connection.execute(
                    select(engagement).where(engagement.c.reference == reference)
                    .order_by(engagement.c.currency, engagement.c.engaged.desc(), engagement.c.mrn).limit(limit))]

    def month_shares(self, since: str) -> list[MonthShare]:
        """By month and office of departure, from a month (``YYYY-MM``) on, in the order of time."""
        return [MonthShare(**row._mapping) for row in self._connection.execute(
            select(month_share).where(month_share.c.month >= since)
            .order_by(month_share.c.month, month_share.c.office))]

    def on_paper_of(self, mrn: str) -> OnPaper | None:
        """The entry of a movement in the fallback register."""
        row = self._connection.execute(select(on_paper).where(on_paper.c.mrn == mrn)).first()
        return None if row is None else OnPaper(**row._mapping)

    def on_paper(self, since: str, *, limit: int | None = None) -> list[OnPaper]:
        """Movements that ran on paper, from a month on, in the order of time."""
        return [OnPaper(**row._mapping) for row in self._connection.execute(
            select(on_paper).where(on_paper.c.month >= since)
            .order_by(on_paper.c.month, on_paper.c.office, on_paper.c.mrn).limit(limit))]


def _bond(row: Row[Any]) -> Bond:
    return Bond(reference=row.reference, currency=row.currency, engaged=row.engaged / HUNDREDTHS,
                movements=row.movements, good_for=None if row.good_for is None else row.good_for / HUNDREDTHS,
                surety=row.surety, until=row.until, changed=row.changed)

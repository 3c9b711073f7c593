"""Rows of the guarantee account and of the fallback register, as frozen values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct


class NewEngagement(Struct, frozen=True, kw_only=True):
    """What a movement holds of a guarantee from now on. Amounts in units of the currency, at most two decimals."""

    mrn: str
    reference: str
    currency: str
    amount: Decimal
    engaged: Decimal


class Held(Struct, frozen=True, kw_only=True):
    """What one movement holds of a guarantee."""

    mrn: str
    reference: str
    currency: str
    amount: Decimal
    engaged: Decimal
    changed: datetime


class Bond(Struct, frozen=True, kw_only=True):
    """One guarantee.

    engaged    the sum of what open movements hold
    movements  how many hold something
    good_for   up to what it is good, None where nobody said so
    until      its last day, None where nobody said so
    """

    reference: str
    currency: str
    engaged: Decimal
    movements: int
    good_for: Decimal | None
    surety: str
    until: date | None
    changed: datetime

    @property
    def free(self) -> Decimal | None:
        """What may still be engaged, never below zero; None where its amount is unknown."""
        return None if self.good_for is None else max(self.good_for - self.engaged, Decimal())

    @property
    def over(self) -> Decimal:
        """What is engaged above its amount."""
        return Decimal() if self.good_for is None else max(self.engaged - self.good_for, Decimal())


class NewMonth(Struct, frozen=True, kw_only=True):
    """In which month and from which office a movement began; paper: why it ran on paper, None when it did not."""

    mrn: str
    month: str
    office: str
    paper: str | None


class OnPaper(Struct, frozen=True, kw_only=True):
    """A movement of the fallback register."""

    mrn: str
    month: str
    office: str
    reason: str
    at: datetime


class MonthShare(Struct, frozen=True, kw_only=True):
    """Movements that an office of departure began in a month (``YYYY-MM``), and those of them on paper."""

    month: str
    office: str
    movements: int
    on_paper: int

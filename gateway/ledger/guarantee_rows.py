"""Rows of the guarantee account and of the fallback register, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEngagement:
    """What a movement holds of a guarantee from now on. Amounts in units of the currency, at most two decimals."""

    mrn: str
    reference: str
    currency: str
    amount: Decimal
    engaged: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one movement holds of a guarantee."""

    mrn: str
    reference: str
    currency: str
    amount: Decimal
    engaged: Decimal
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMonth:
    """In which month and from which office a movement began; paper: why it ran on paper, None when it did not."""

    mrn: str
    month: str
    office: str
    paper: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPaper:
    """A movement of the fallback register."""

    mrn: str
    month: str
    office: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthShare:
    """Movements that an office of departure began in a month (``YYYY-MM``), and those of them on paper."""

    month: str
    office: str
    movements: int
    on_paper: int

"""What is told once a day and no more: noted in the ledger under a name that holds the day."""

from __future__ import annotations

from datetime import datetime

from gateway.exchange.repeats import SKEW
from gateway.ledger import Transaction


def first_time(transaction: Transaction, *, partner: str, told: str, code: str, now: datetime) -> bool:
    """Whether this was not told yet; from now on it was. The word of a clock that was ahead does not count.

    told  what is told, with its day
    """
    if transaction.noted(partner=partner, name=told, code=code, by=now + SKEW):
        return False
    transaction.note_incoming(partner=partner, name=told, code=code, size=0, kept="", at=now)
    return True

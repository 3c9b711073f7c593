"""What a partner never acknowledges: repeated for a time, then a dead letter that waits for a person.

Nothing is repeated for ever, for a partner that is not there any more is no reason to send to it; and nothing is given
up in silence. A dead letter is told when it becomes one and once a day after that, stands in `edi overdue` and `edi
status`, is revived by `edi resend`, taken back by `edi link withdraw`, and settled by a receipt that comes late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.errors import PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.daily import first_time
from gateway.exchange.repeats import QUICK, SKEW, latest_repeat, lived_before
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.rows import ObjectOut

DEAD = "X053"


def bury_unacknowledged(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Make dead letters of what was repeated long enough, and tell them.

    What a halted link holds back is not repeated, and does not age. Dates that a clock ahead has written are set right
    first: they would put off a repeat, or the end of repeating, to a day that only that clock knew.

    Raises LocalError as the ledger does.
    """
    now, agreed = occasion.now, _agreed(gateway, partner)
    with gateway.ledger.reading() as queries:
        misdated = queries.misdated_objects(partner, repeat=latest_repeat(now, agreed), receipt=now + agreed + SKEW)
        aged = queries.aged_objects(partner, before=lived_before(now, gateway.settings.retry.dead, agreed),
                                    attempts=QUICK + 1) if queries.halted(partner, "out") is None else []
    if misdated or aged:
        with gateway.ledger.transaction() as transaction:
            transaction.redate_objects(misdated, at=now, receipt_due=now + agreed)
            transaction.bury_objects(aged, at=now)
    _tell(gateway, partner, occasion, summary)


def bury_uncollected(gateway: Gateway, transaction: Transaction, partner: str, lying: Sequence[ObjectOut],
                     occasion: Occasion) -> None:
    """Make dead letters of what has lain in the partner's mailbox for so long; it stays there for him to collect.

    lying  what awaits a receipt and was just seen there; the next run tells what became a dead letter
    """
    before = lived_before(occasion.now, gateway.settings.retry.dead, _agreed(gateway, partner))
    transaction.bury_objects([item.id for item in lying if item.receipt_due is not None
                              and item.dispatched is not None and item.dispatched <= before], at=occasion.now)


def _tell(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Once a day, and at once when there are others than those that were told."""
    now = occasion.now
    with gateway.ledger.reading() as queries:
        dead = queries.dead_letters(partner)
    if dead is None:
        return
    told = f"{partner} {now:%Y-%m-%d} {dead.count} {dead.last}"
    with gateway.ledger.transaction() as transaction:
        if not first_time(transaction, partner=partner, told=told, code=DEAD, now=now):
            return
    summary.trouble(PartnerError(Finding(code=DEAD, place=Place(interchange=partner), values={
        "partner": partner, "count": str(dead.count), "sequence": str(dead.first), "reference": dead.reference,
        "since": f"{dead.since:%Y-%m-%d %H:%M}"})), Exit.PERSON)


def _agreed(gateway: Gateway, partner: str) -> timedelta:
    return gateway.partner(partner).agreement.deadlines.receipt

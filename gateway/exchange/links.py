"""The upkeep of a partner's two links, in every run: what is missing, what was signed, what stays unanswered.

Everything here is decided by dates in the ledger: a run that has nothing to do asks some small questions and goes on.
"""

from __future__ import annotations

from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.chasing import chase, tell_silence
from gateway.exchange.checkpoints import judge_waiting, send_heads_daily
from gateway.exchange.daily import first_time
from gateway.exchange.dead_letters import bury_unacknowledged
from gateway.exchange.gaps import ask_for_missing
from gateway.exchange.repeats import QUICK, unacknowledged_since
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place

UNACKNOWLEDGED = "X063"

LATEST = 100
"""Rows at the end of the history that every run looks at."""


def tend(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Judge what waited, ask for what is missing and for answers that do not come, tell what stays unanswered or is
    repeated no more, and sign our heads once a day."""
    try:
        judge_waiting(gateway, partner, occasion, summary)
        ask_for_missing(gateway, partner, occasion, summary)
        send_heads_daily(gateway, partner, occasion)
        chase(gateway, partner, occasion, summary)
    except GatewayError as error:
        summary.trouble(error)
    tell_silence(gateway, partner, occasion, summary)
    bury_unacknowledged(gateway, partner, occasion, summary)
    tell_unacknowledged(gateway, partner, occasion, summary)


def check_history(gateway: Gateway, summary: Summary) -> None:
    """Walk the end of the history's chain, in every run; the whole of it is `edi audit verify`."""
    with gateway.ledger.reading() as queries:
        bad = queries.verify_latest(LATEST)
    if bad is not None:
        summary.trouble(LocalError(Finding(code="L013", values={"row": str(bad.id), "fault": bad.fault})), Exit.TRUST)


def tell_unacknowledged(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """The alarm of R7, once a day: what was put up four times, and has no receipt. It is never shown as delivered."""
    now = occasion.now
    due = unacknowledged_since(now, gateway.partner(partner).agreement.deadlines.receipt)
    told = f"{partner} {now:%Y-%m-%d}"
    with gateway.ledger.reading() as queries:
        found = queries.unacknowledged(partner, attempts=QUICK + 1, due=due)
    if found is None:
        return
    count, first, since = found
    with gateway.ledger.transaction() as transaction:
        if not first_time(transaction, partner=partner, told=told, code=UNACKNOWLEDGED, now=now):
            return
    summary.trouble(PartnerError(Finding(code=UNACKNOWLEDGED, place=Place(interchange=partner), values={
        "partner": partner, "count": str(count), "sequence": str(first), "since": f"{since:%Y-%m-%d %H:%M}"})),
        Exit.PERSON)

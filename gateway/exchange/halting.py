"""A halted link: what came in waits and nothing goes out, until somebody who spoke with the partner resumes it."""

from __future__ import annotations

from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.restoring import RESTORED
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place


def link_halted(gateway: Gateway, partner: str, direction: str, summary: Summary) -> bool:
    """Tell whether a directed link is halted; every run says so (X049), for it needs a person."""
    with gateway.ledger.reading() as queries:
        code = queries.halted(partner, direction)
    if code is None:
        return False
    if code == RESTORED:
        _tell_held(partner, summary)
        return True
    if any(finding.code == code for _, finding in summary.problems):
        return True  # this very run halted it, and said why
    summary.trouble(PartnerError(Finding(code="X049", place=Place(interchange=partner), values={
        "partner": partner, "code": code})), Exit.TRUST)
    return True


def anybody_held(gateway: Gateway, summary: Summary) -> bool:
    """Tell whether our ledger is an older copy for any partner; a run says so once for each (L030)."""
    with gateway.ledger.reading() as queries:
        partners = queries.partners_halted(RESTORED)
    for partner in partners:
        _tell_held(partner, summary)
    return bool(partners)


def _tell_held(partner: str, summary: Summary) -> None:
    place = Place(interchange=partner)
    if not any((finding.code, finding.place) == (RESTORED, place) for _, finding in summary.problems):
        summary.trouble(LocalError(Finding(code=RESTORED, place=place, values={"partner": partner})), Exit.TRUST)


def resume(gateway: Gateway, partner: str, reason: str, occasion: Occasion) -> bool:
    """Let a partner's link go on in both directions; False when it was not halted. The reason stands in the history.

    Raises LocalError L030 where our ledger is an older copy: that ends by a comparison, and not by a decision.
    """
    with gateway.ledger.transaction() as transaction:
        if transaction.halted(partner, "out") == RESTORED:
            raise LocalError(Finding(code=RESTORED, place=Place(interchange=partner), values={"partner": partner}))
        return transaction.resume_links(gateway.partner(partner).partner, reason, occasion.now)

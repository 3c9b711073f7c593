"""A partner's clock that runs back: its objects are good, but somebody should look at it (GW-1 section 9, O6)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.exchange.assembly import Gateway
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place, Severity
from gateway.ledger import Queries
from gateway.security import Opened
from gateway.security.opening import MOST_AHEAD
from gateway.security.stored import read_stored


def warn_of_clocks(gateway: Gateway, partner: str, objects: Iterable[Opened], summary: Summary) -> None:
    """Warn (X052) of each object that was signed more than five minutes before its predecessor on the link.

    objects  what a batch brought, stored by now; those without a known predecessor say nothing
    """
    ordered = sorted({opened.header.sequence: opened for opened in objects}.items())
    if not ordered:
        return
    brought = dict(ordered)
    with gateway.ledger.reading() as queries:
        for sequence, opened in ordered:
            before = brought.get(sequence - 1) or _held(queries, partner, sequence - 1)
            if before is not None and before.signing_time - opened.signing_time > MOST_AHEAD:
                summary.problems.append((Exit.DONE, Finding(
                    code="X052", severity=Severity.WARNING, place=Place(interchange=f"{partner} {sequence}"), values={
                        "partner": partner, "signed": f"{opened.signing_time:%Y-%m-%d %H:%M:%S}",
                        "before": f"{before.signing_time:%Y-%m-%d %H:%M:%S}"})))


def _held(queries: Queries, partner: str, sequence: int) -> Opened | None:
    known = queries.known_object(partner, sequence=sequence) if sequence else None
    bodies = None if known is None else queries.bytes_of(known.object_id)
    return None if bodies is None else read_stored(bodies.inner)

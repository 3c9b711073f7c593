"""Changes of keys that wait for somebody: shown by `edi status`, said by a run once a day until they are settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import security
from gateway.errors import PartnerError
from gateway.exchange.daily import first_time
from gateway.exchange.own_keys import consents_of
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.ledger.key_rows import ConsentState, OwnKeyRow, OwnKeyState, TrustedState

if TYPE_CHECKING:
    from gateway.exchange.assembly import Gateway, Occasion


def remind(gateway: Gateway, occasion: Occasion, summary: Summary) -> None:
    """Tell of what waits (`waiting`), each matter once a day.

    Left out is what is said anyway: where nothing can be sealed (K077), and on the day when an announcement came.
    """
    today = occasion.now.date()
    open_matters = [(partner, finding) for partner, since, finding in waiting(gateway, occasion.now)
                    if not (finding.code == "K077" or (finding.code == "K075" and since.date() == today))]
    if not open_matters:
        return
    with gateway.ledger.transaction() as transaction:
        for partner, finding in open_matters:
            told = f"{finding.values['sha256'][:16]} {today}"
            if first_time(transaction, partner=partner, told=told, code=finding.code, now=occasion.now):
                summary.trouble(PartnerError(finding), Exit.PERSON)


def waiting(gateway: Gateway, now: datetime) -> Iterator[tuple[str, datetime, Finding]]:
    """Each partner with since when what waits there: its certificate for a person (K075), our new one for the partner
    (K078, and K086 where it was not asked), or everything because it takes none of ours (K077)."""
    known = gateway.known_keys
    for partner in sorted(gateway.settings.partners):
        for row in known.trusted.get(partner, ()):
            if row.state is TrustedState.PROPOSED:
                yield partner, row.at, Finding(code="K075", values={
                    "partner": partner, "use": row.use, "sha256": row.sha256,
                    "fingerprint": security.fingerprint(security.Certificate(row.der))})
        said = consents_of(partner, known.consents)
        for own in known.own:
            due = own.state is OwnKeyState.ANNOUNCED and own.use_from is not None and own.use_from <= now
            if due and said.get(own.sha256) is not ConsentState.CONSENTED:
                yield from _unsettled(gateway, partner, own, own.sha256 in said, now)


def _unsettled(gateway: Gateway, partner: str, own: OwnKeyRow, asked: bool,
               now: datetime) -> Iterator[tuple[str, datetime, Finding]]:
    """What waits because a partner has not taken a pair of ours that is in use; nothing where it joined with it."""
    held = gateway.pair_in_use(own.use, partner, now)
    if held is not None and held.sha256 == own.sha256:
        return
    since = own.use_from or own.at
    if held is None:
        yield partner, since, Finding(code="K077", values={"partner": partner, "sha256": own.sha256})
        return
    yield partner, since, Finding(code="K078" if asked else "K086", values={
        "partner": partner, "use": own.use, "sha256": own.sha256, "from": f"{since:%Y-%m-%d %H:%M}",
        "fingerprint": security.fingerprint(security.load_certificate(Path(own.certificate))),
        "until": "-" if held.accept_until is None else f"{held.accept_until:%Y-%m-%d %H:%M}"})

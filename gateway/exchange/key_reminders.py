"""Changes of keys that wait for somebody: said once a day until they are settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.errors import PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.key_change import in_use
from gateway.exchange.own_keys import consents_of
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.ledger.key_rows import ConsentState, OwnKeyState, TrustedState
from gateway.security import Certificate, fingerprint, load_certificate


def remind(gateway: Gateway, occasion: Occasion, summary: Summary) -> None:
    """Tell of what waits: a partner's certificate for a person (K075), ours for a partner (K078, K086)."""
    open_matters = list(waiting(gateway, occasion))
    if not open_matters:
        return
    with gateway.ledger.transaction() as transaction:
        for partner, finding in open_matters:
            told = f"{finding.values['sha256'][:16]} {occasion.now:%Y-%m-%d}"
            if transaction.noted(partner=partner, name=told, code=finding.code):
                continue
            transaction.note_incoming(partner=partner, name=told, code=finding.code, size=0, kept="", at=occasion.now)
            summary.trouble(PartnerError(finding), Exit.PERSON)


def waiting(gateway: Gateway, occasion: Occasion) -> Iterator[tuple[str, Finding]]:
    """Each partner with what waits there, whoever was told of it."""
    known = gateway.known_keys
    for partner in sorted(gateway.settings.partners):
        for row in known.trusted.get(partner, ()):
            if row.state is TrustedState.PROPOSED and row.at.date() != occasion.now.date():  # said on arrival
                yield partner, Finding(code="K075", values={
                    "partner": partner, "use": row.use, "sha256": row.sha256,
                    "fingerprint": fingerprint(Certificate(row.der))})
        said = consents_of(partner, known.consents)
        for own in known.own:
            if own.state is not OwnKeyState.ANNOUNCED or own.use_from is None or own.use_from > occasion.now \
                    or said.get(own.sha256) is ConsentState.CONSENTED:
                continue
            held = in_use(gateway, own.use, partner, occasion.now)
            if held is None or held.sha256 == own.sha256:  # what waits says so itself; who joined later has it
                continue
            yield partner, Finding(code="K078" if own.sha256 in said else "K086", values={
                "partner": partner, "use": own.use, "sha256": own.sha256, "from": f"{own.use_from:%Y-%m-%d %H:%M}",
                "fingerprint": fingerprint(load_certificate(Path(own.certificate))),
                "until": "-" if held.accept_until is None else f"{held.accept_until:%Y-%m-%d %H:%M}"})

"""All that is agreed with a partner and known of it, as values for people and programs. Nothing secret is among it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.config import Partner
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.ledger.key_rows import TrustedState
from gateway.security import Certificate, certificate_level, fingerprint


class CertificateLine(Struct, frozen=True, kw_only=True):
    """One certificate of a partner.

    use    authority, signing, encryption
    state  counts, next, ended, revoked, proposed (waits for a person)
    level  early, expired, urgent, warning, notice, ok: by the certificate's own dates
    """

    use: str
    state: str
    begins: datetime
    ends: datetime
    level: str
    sha256: str
    fingerprint: str
    subject: str


class Decision(Struct, frozen=True, kw_only=True):
    """What people decided about the partner: introduced, changed, confirmed, or the link resumed with a `text`."""

    at: datetime
    event: str
    people: Sequence[str]
    compared: str
    login: str
    text: str


class PartnerSheet(Struct, frozen=True, kw_only=True):
    """One partner.

    certificates  those of the file with what became of them, and those announced since
    halted        direction (in, out) -> code
    consents      SHA-256 of our certificates -> ASKED, CONSENTED, REFUSED
    decisions     oldest first
    """

    partner: Partner
    certificates: Sequence[CertificateLine]
    halted: dict[str, str]
    consents: dict[str, str]
    decisions: Sequence[Decision]

    @property
    def ends(self) -> datetime:
        """When the first certificate that counts today ends."""
        return min((one.ends for one in self.certificates if one.state == "counts"),
                   default=min(one.ends for one in self.certificates))

    @property
    def level(self) -> str:
        """The most urgent level among what counts today; expired when nothing of a use counts."""
        counting = [one for one in self.certificates if one.state == "counts"]
        if {one.use for one in counting} != {"authority", "signing", "encryption"}:
            return "expired"
        return max((one.level for one in counting), key=("ok", "notice", "warning", "urgent", "expired").index)


def sheet_of(gateway: Gateway, name: str, now: datetime) -> PartnerSheet:
    """What is known of a partner. Raises LocalError X010, or what is wrong with its file."""
    if name in gateway.settings.broken_partners:
        raise LocalError(*gateway.settings.broken_partners[name])
    partner = gateway.partner(name)
    with gateway.ledger.reading() as queries:
        halted = {direction: code for direction in ("in", "out")
                  if (code := queries.halted(name, direction)) is not None}
        decisions = [_decision(row.at, row.event, row.text) for row in queries.about_partner(name)]
    consents = {row.sha256: str(row.state) for row in gateway.known_keys.consents if row.partner == name}
    return PartnerSheet(partner=partner, certificates=_certificates(gateway, name, now), halted=halted,
                        consents=consents, decisions=decisions)


def _certificates(gateway: Gateway, name: str, now: datetime) -> list[CertificateLine]:
    trust = gateway.trust(name)
    lines = [_line("authority", one, one.not_before, one.not_after, "counts" if one.valid_at(now) else "ended", now)
             for one in dict.fromkeys((trust.authority, *trust.further))]
    for entry in trust.certificates:
        state = "revoked" if entry.revoked is not None else "next" if now < entry.use_from else \
            "ended" if now > entry.accept_until or now > entry.certificate.not_after else "counts"
        lines.append(_line(entry.use, entry.certificate, entry.use_from, entry.accept_until, state, now))
    for row in gateway.known_keys.trusted.get(name, ()):
        if row.state is TrustedState.PROPOSED:
            proposed = Certificate(row.der)
            lines.append(_line(row.use, proposed, row.use_from, row.accept_until or proposed.not_after, "proposed",
                               now))
    return lines


def _line(use: str, certificate: Certificate, begins: datetime, ends: datetime, state: str,
          now: datetime) -> CertificateLine:
    return CertificateLine(use=use, state=state, begins=begins, ends=min(ends, certificate.not_after),
                           level=certificate_level(certificate, now), sha256=certificate.sha256,
                           fingerprint=fingerprint(certificate), subject=certificate.subject)


def _decision(at: datetime, event: str, text: str) -> Decision:
    """A row of the history; those of an import hold JSON, the others a reason in words."""
    if event not in ("introduced", "changed", "confirmed"):
        return Decision(at=at, event=event, people=(), compared="", login="", text=text)
    noted = json.loads(text)
    return Decision(at=at, event=event, people=tuple(noted["people"]), compared=noted["compared"],
                    login=noted["login"], text="")

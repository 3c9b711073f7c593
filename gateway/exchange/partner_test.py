"""Is everything in place for a partner? One check after the other, without sending anything of the business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from gateway.errors import LocalError
from gateway.exchange.agreed import differing
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.checks import Check, Seen, carry_out
from gateway.exchange.mailbox_test import try_mailbox
from gateway.findings import Finding
from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    Certificate,
    EnvelopeError,
    Header,
    Trust,
    TrustedCertificate,
    certificate_level,
    load_certificate,
    open_envelope,
    recipients_of,
    seal,
)
from gateway.security.algorithms import Agreement
from gateway.security.revocation import read_lists

USES = ("signing", "encryption")
_URGENT = ("expired", "urgent", "warning")
_PAYLOAD = b"A trial of the keys. It is not sent.\n"


def try_partner(gateway: Gateway, name: str, occasion: Occasion) -> Iterator[Check]:
    """All checks of one partner, in the order in which one mends them. Raises LocalError X010 for an unknown one, and
    the findings of a partner's file that is broken."""
    if name in gateway.settings.broken_partners:
        raise LocalError(*gateway.settings.broken_partners[name])
    partner = gateway.partner(name).partner
    now = occasion.now
    for check, work in (
        ("environment", partial(_environment, gateway)),
        ("own_certificates", partial(_own, gateway, partner, now)),
        ("certificates", partial(_certificates, gateway, partner, now)),
        ("revocation", partial(_revocation, gateway, partner)),
        ("algorithms", partial(_algorithms, gateway, partner, now)),
        ("mappings", partial(_mappings, gateway, partner)),
        ("link", partial(_link, gateway, partner)),
        ("own_seal", partial(_own_seal, gateway, partner, occasion)),
        ("seal", partial(_seal, gateway, partner, occasion)),
    ):
        yield carry_out(check, work)
    for direction in ("outbound", "inbound"):
        yield from try_mailbox(gateway, partner, direction, occasion)


def _environment(gateway: Gateway) -> Seen:
    """Our keys are of our environment; that those of the partner are, is part of its certificates."""
    environment = gateway.settings.environment
    keys = [gateway.signer.certificate, *(key.certificate for key in gateway.decryption_keys)]
    return Seen({"environment": environment, "count": str(len(keys))})


def _own(gateway: Gateway, partner: str, now: datetime) -> Seen:
    signing = gateway.signer_for(partner).certificate
    held = [("authority", load_certificate(gateway.settings.keys.authority)), ("signing", signing),
            *(("encryption", key.certificate) for key in gateway.decryption_keys)]
    return _lasting(held, gateway.name, now)


def _certificates(gateway: Gateway, partner: str, now: datetime) -> Seen:
    """Of each use one counts today in full; those that do not any more, or not yet, are the order of things."""
    trust, held = gateway.trust(partner), []
    for use in USES:
        good, refused = _counting(trust, use, now, gateway.settings.environment)
        if not good:
            raise LocalError(Finding(code="X122", values={"partner": partner, "use": use}), *refused)
        held += [(use, certificate) for certificate in good]
    return _lasting([("authority", trust.authority), *held], partner, now)


def _counting(trust: Trust, use: str, now: datetime, environment: str) -> tuple[list[Certificate], list[Finding]]:
    good: list[Certificate] = []
    refused: list[Finding] = []
    for entry in trust.certificates:
        if entry.use == use:
            try:
                trust.check(entry, now=now, environment=environment)
                good.append(entry.certificate)
            except EnvelopeError as error:
                refused.extend(error.findings)
    return good, refused


def _lasting(held: Sequence[tuple[str, Certificate]], owner: str, now: datetime) -> Seen:
    """When the first of them ends; what ends within 30 days is noted."""
    noted = tuple(Finding(code="X123", values={"owner": owner, "use": use, "end": f"{one.not_after:%Y-%m-%d}",
                                               "sha256": one.sha256[:16]})
                  for use, one in held if certificate_level(one, now) in _URGENT)
    return Seen({"count": str(len(held)), "end": f"{min(one.not_after for _, one in held):%Y-%m-%d}"}, noted)


def _revocation(gateway: Gateway, partner: str) -> Seen:
    """What was judged with the certificates; here is only said until when it holds, or why there is none."""
    lists = gateway.trust(partner).lists
    if lists is None:
        return Seen({"reason": gateway.partner(partner).authority.reason or "-"}, word="none")
    ends = [one.next_update_utc for one in read_lists(lists.lists) if one.next_update_utc is not None]
    if not ends:
        raise LocalError(Finding(code="X124", values={"partner": partner}))
    return Seen({"end": f"{max(ends):%Y-%m-%d %H:%M}"})


def _algorithms(gateway: Gateway, partner: str, now: datetime) -> Seen:
    """What our key needs beyond the profile is agreed on; whether CBC is, and until when, is told every time."""
    trust, agreement = gateway.trust(partner), gateway.partner(partner).agreement
    needed = gateway.signer_for(partner).scheme.agreement
    if needed is not None and needed not in trust.agreed:
        raise LocalError(Finding(code="X125", values={"partner": partner, "algorithm": needed.value}))
    words = ", ".join(agreement.algorithms) or "-"
    if agreement.cbc is None:
        return Seen({"algorithms": words})
    return Seen({"algorithms": words}, (Finding(
        code="X126" if trust.takes_cbc(now) else "X127",
        values={"reason": agreement.cbc.reason, "end": f"{agreement.cbc.until:%Y-%m-%d}"}),))


def _mappings(gateway: Gateway, partner: str) -> Seen:
    differences = tuple(one for one in differing(gateway) if one.values.get("partner") == partner)
    if differences:
        raise LocalError(*differences)
    return Seen({"count": str(len(gateway.partner(partner).agreement.mappings))})


def _link(gateway: Gateway, partner: str) -> Seen:
    with gateway.ledger.reading() as queries:
        halted = [queries.halted(partner, direction) for direction in ("out", "in")]
    for code in halted:
        if code is not None:
            raise LocalError(Finding(code="X049", values={"partner": partner, "code": code}))
    return Seen()


def _own_seal(gateway: Gateway, partner: str, occasion: Occasion) -> Seen:
    """What our key signs, our key opens: the two pairs, their certificates and our authority fit together."""
    signer, now = gateway.signer_for(partner), occasion.now
    own = [key.certificate for key in gateway.decryption_keys if key.certificate.valid_at(now)][-1:]
    sealed = seal(_header(gateway, gateway.name, occasion), _PAYLOAD, signer=signer, recipients=own, signing_time=now)
    entry = TrustedCertificate(signer.certificate, "signing", signer.certificate.not_before,
                               signer.certificate.not_after)
    trust = Trust(partner=gateway.name, certificates=(entry,),
                  authority=load_certificate(gateway.settings.keys.authority), reason="-",
                  algorithms=tuple(one.value for one in Agreement))
    opened = open_envelope(sealed.name, sealed.content, recipient=gateway.name, keys=gateway.decryption_keys,
                           trust=trust, now=now, environment=gateway.settings.environment)
    if opened.payload != _PAYLOAD:
        raise RuntimeError("another payload came out than went in")
    return Seen()


def _seal(gateway: Gateway, partner: str, occasion: Occasion) -> Seen:
    """An object for the partner can be made today; only the partner can open it."""
    trust = gateway.trust(partner)
    recipients = recipients_of(trust, now=occasion.now, environment=gateway.settings.environment)
    seal(_header(gateway, partner, occasion), _PAYLOAD, signer=gateway.signer_for(partner), recipients=recipients,
         signing_time=occasion.now, cbc=trust.takes_cbc(occasion.now))
    return Seen({"count": str(len(recipients))})


def _header(gateway: Gateway, recipient: str, occasion: Occasion) -> Header:
    return Header(message_id=f"<{occasion.identifier()}@{gateway.name}>", sender=gateway.name, recipient=recipient,
                  date=occasion.now, sequence=1, previous=FIRST_PREVIOUS, content_type=EDIFACT, filename="trial.txt")

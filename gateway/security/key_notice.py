"""A change of key as one gateway announces it to another, and what makes it acceptable (GW-1 section 10, K6).

The announcement is the payload of an object of kind `KEYS`, signed by the key that is still in force. Its receipt
`processed` is the consent. Whether a person has to consent first is decided where the agreement is known; here is only
judged what no person may pass over, and what only a person may.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from gateway.errors import PartnerError
from gateway.findings import Finding
from gateway.security.algorithms import SCHEMES, Agreement, curve_of_key
from gateway.security.certificates import SIGNING, Certificate, read_certificate
from gateway.security.refusals import EnvelopeError
from gateway.security.trust import Trust, TrustedCertificate

AHEAD = timedelta(days=30)
"""How long before its first use a key is announced, at least."""

OVERLAP = timedelta(days=14)
"""How long the old and the new one hold together, at least."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_DIGITS = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
_NOTICE = re.compile((
    r"gw-keys/1\nuse: (signing|encryption)\nreplaces: sha-256=([0-9a-f]{64})\n"
    rf"use-from: {_DIGITS}\naccept-old-until: {_DIGITS}\n"
    r"(-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n)").encode("ascii"))
_DATES = frozenset({"E_CERT_RETIRED", "E_CERT_TIME"})
_FOR_A_PERSON = frozenset({"E_CERT_PATH", "E_CRL"})
"""Another authority is always decided by hand (K6); and without a list nobody can say what was revoked."""


class KeyNotice(Struct, frozen=True):
    """What an announcement says.

    use               signing or encryption
    replaces          SHA-256 of the certificate that it follows, 64 hex digits
    use_from          from when on it is used, accept_old_until until when the old one still is accepted; aware UTC
    certificate       the new one
    """

    use: str
    replaces: str
    use_from: datetime
    accept_old_until: datetime
    certificate: Certificate


class Judgement(Struct, frozen=True):
    """refusal: why it is refused; doubt: what a person has to look at first; both None where it may be consented to."""

    refusal: Finding | None = None
    doubt: Finding | None = None


def key_notice_payload(notice: KeyNotice) -> bytes:
    """The payload of an announcement."""
    return (f"gw-keys/1\nuse: {notice.use}\nreplaces: sha-256={notice.replaces}\n"
            f"use-from: {notice.use_from.astimezone(UTC):{_TIME}}\n"
            f"accept-old-until: {notice.accept_old_until.astimezone(UTC):{_TIME}}\n"
            ).encode("ascii") + notice.certificate.pem()


def read_key_notice(payload: bytes) -> KeyNotice:
    """Read an announcement. Raises ValueError unless it is exactly of section 10."""
    match = _NOTICE.fullmatch(payload)
    if match is None:
        raise ValueError("not gw-keys/1")
    use, replaces, use_from, until = (text.decode("ascii") for text in match.groups()[:4])
    return KeyNotice(use, replaces, _instant(use_from), _instant(until), read_certificate(match[5]))


def judge_key_notice(notice: KeyNotice, trust: Trust, *, signer: str, signed: datetime, now: datetime,
                     environment: str) -> Judgement:
    """Judge an announcement of an authentic object.

    trust   what counts for the partner before it
    signer  SHA-256 of the certificate that signed the object, signed the time of its signature

    Refused with K070 (what it replaces is not in force), K071 (the dates), K072 (the certificate does not fit), K073
    (not signed by the key that it replaces); in doubt with K076.
    """
    values = {"partner": trust.partner, "use": notice.use, "sha256": notice.certificate.sha256}
    replaced = trust.by_digest(bytes.fromhex(notice.replaces), notice.use)
    if replaced is None or not _holds(trust, replaced, now, environment):
        return Judgement(Finding(code="K070", values={**values, "replaces": notice.replaces}))
    if notice.use == SIGNING and signer != notice.replaces:
        return Judgement(Finding(code="K073", values=values))
    if notice.use_from - signed < AHEAD or notice.accept_old_until - notice.use_from < OVERLAP:  # sums may overflow
        return Judgement(Finding(code="K071", values={
            **values, "from": f"{notice.use_from:{_TIME}}", "until": f"{notice.accept_old_until:{_TIME}}"}))
    return _certificate(notice, trust, now, environment, values)


def needed_agreement(certificate: Certificate, use: str) -> Agreement | None:
    """What two partners must have agreed on before this certificate may be used between them (section 3.3)."""
    if use == SIGNING:
        return None if certificate.scheme is None else SCHEMES[certificate.scheme].agreement
    key = certificate.key
    curve = curve_of_key(key) if isinstance(key, ec.EllipticCurvePublicKey) else None
    return None if curve is None else curve.agreement


def fits_profile(certificate: Certificate, use: str, environment: str) -> bool:
    """Tell whether a certificate is one of K1 for this use, of this environment, with a key on the list."""
    return certificate.uses == {use} and certificate.environment == environment and certificate.strong


def _certificate(notice: KeyNotice, trust: Trust, now: datetime, environment: str,
                 values: dict[str, str]) -> Judgement:
    certificate = notice.certificate
    agreement = needed_agreement(certificate, notice.use)
    if not (fits_profile(certificate, notice.use, environment) and certificate.valid_at(notice.use_from)
            and (agreement is None or agreement in trust.agreed)):
        return Judgement(Finding(code="K072", values=values))
    entry = trust.by_digest(certificate.digest, notice.use) or TrustedCertificate(
        certificate, notice.use, notice.use_from, certificate.not_after)
    try:
        trust.check(entry, now=now, environment=environment, waive=_DATES)
    except EnvelopeError as error:
        if error.code in _FOR_A_PERSON:
            return Judgement(doubt=Finding(code="K076", values={**values, "code": error.code}))
        return Judgement(Finding(code="K072", values=values))
    return Judgement()


def _holds(trust: Trust, entry: TrustedCertificate, now: datetime, environment: str) -> bool:
    try:
        trust.check(entry, now=now, environment=environment)
    except PartnerError as error:
        return error.code == "E_CRL"  # the new one will wait for a person
    return True


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)

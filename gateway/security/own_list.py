"""The revocation list of our own small authority: full, direct, numbered, in the profile that partners ask for (K4).

The number grows even when the list before is lost: it is the instant of making, in digits, or one more than the last.
Nothing ever leaves the list: partners keep sealed objects for years. Source: RFC 5280 section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security.algorithms import PrivateKey
from gateway.security.certificates import Certificate
from gateway.security.issuing import CLOCKS_DIFFER, signature_hash
from gateway.security.revocation import crl_number, read_lists

REASONS: Mapping[str, x509.ReasonFlags] = {
    "compromise": x509.ReasonFlags.key_compromise, "superseded": x509.ReasonFlags.superseded,
    "cessation": x509.ReasonFlags.cessation_of_operation, "unspecified": x509.ReasonFlags.unspecified}


class Revoked(Struct, frozen=True):
    """A certificate that counts no more: its serial number, since when (aware), why (a word of REASONS)."""

    serial: int
    since: datetime
    reason: str


def issue_list(authority_key: PrivateKey, authority: Certificate, *, now: datetime, valid: timedelta,
               revoked: Sequence[Revoked] = (), before: bytes | None = None) -> bytes:
    """The next list of an authority, in PEM.

    before  the list until now: what stands on it stays, and its number is exceeded

    Raises LocalError K005 when key and certificate do not belong together, K061 or K062 when `before` is no list or
    somebody else's.
    """
    if authority_key.public_key() != authority.key:
        raise LocalError(Finding(code="K005", values={"path": "-", "subject": authority.subject}))
    number = int(f"{now:%Y%m%d%H%M%S}")
    builder = (x509.CertificateRevocationListBuilder().issuer_name(authority.x509.subject)
               .last_update(now - CLOCKS_DIFFER).next_update(now + valid))
    listed = set()
    if before is not None:
        last = _read(before, authority)
        number = max(number, (crl_number(last) or 0) + 1)
        for entry in last:
            listed.add(entry.serial_number)
            builder = builder.add_revoked_certificate(entry)
    for one in revoked:
        if one.serial not in listed:
            listed.add(one.serial)
            builder = builder.add_revoked_certificate(_entry(one))
    made = builder.add_extension(x509.CRLNumber(number), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.x509.public_key()),  # type: ignore[arg-type]
        critical=False).sign(authority_key, signature_hash(authority_key))
    return made.public_bytes(Encoding.PEM)


def _read(content: bytes, authority: Certificate) -> x509.CertificateRevocationList:
    parsed = read_lists([content])
    if len(parsed) != 1:
        raise LocalError(Finding(code="K061"))
    if parsed[0].issuer != authority.x509.subject:
        raise LocalError(Finding(code="K062", values={"issuer": authority.subject}))
    return parsed[0]


def _entry(one: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(one.since)
    if one.reason != "unspecified":  # RFC 5280 5.3.1: then the extension is left out
        builder = builder.add_extension(x509.CRLReason(REASONS[one.reason]), critical=False)
    return builder.build()

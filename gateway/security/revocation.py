"""Rule K4: which revocation lists are usable, and whether a certificate stands on one.

Lists come from outside, fetched by their own timer; here they are bytes. No usable list is a refusal (E_CRL), never a
pass. Profile: full lists of the issuing CA only; no delta, no indirect list, no distribution point.
Source: GW-1 section 10 K4, RFC 5280 section 5.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.security.certificates import Certificate
from gateway.security.refusals import EnvelopeError

GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=7)

_PEM = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_KNOWN_CRITICAL_IN_ENTRY = (x509.CRLReason,)
_HASHES = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True)
class RevocationLists:
    """Revocation lists of one authority, with what they may not fall behind.

    lists    each list as DER or PEM; a PEM text may hold several
    grace    time a list is still used after its nextUpdate, at most 7 days
    numbers  issuer (RFC 4514) -> highest CRL number seen before: a lower one is not usable
    """

    lists: tuple[bytes, ...]
    grace: timedelta = GRACE
    numbers: tuple[tuple[str, int], ...] = ()


def read_lists(lists: Iterable[bytes]) -> list[x509.CertificateRevocationList]:
    """The lists that can be parsed, from DER or PEM; the others are as if they were not there."""
    found = []
    for content in lists:
        texts = _PEM.findall(content)
        for text in texts or [content]:
            try:
                found.append(x509.load_pem_x509_crl(text) if texts else x509.load_der_x509_crl(text))
            except ValueError:
                continue
    return found


def crl_number(revocation: x509.CertificateRevocationList) -> int | None:
    """The CRL number; None when there is none or the extensions cannot be read."""
    try:
        return revocation.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (ValueError, x509.ExtensionNotFound):
        return None


def check_revocation(chain: Sequence[Certificate], lists: RevocationLists, now: datetime, *,
                     required: bool = True) -> None:
    """Judge every certificate of a path but its last, the authority.

    chain     the signer's certificate first, the authority last
    required  whether a usable list must be there; without one, the authority's own that are not usable still count

    Raises EnvelopeError E_CRL {authority, date} or E_CERT_REVOKED {date}.
    """
    parsed = read_lists(lists.lists)
    for certificate, issuer in itertools.pairwise(chain):
        same = [one for one in parsed if one.issuer == certificate.x509.issuer]
        usable = [one for one in same if _usable(one, issuer, lists, now)]
        if required and (not usable or _names_a_delta(certificate)):
            latest = max((one.next_update_utc for one in same if one.next_update_utc), default=None)
            raise EnvelopeError("E_CRL", authority=certificate.issuer, date=latest.isoformat() if latest else "-")
        for one in usable or [one for one in same if _signed_by(one, issuer)]:  # revoked on any of them is revoked
            entry = one.get_revoked_certificate_by_serial_number(certificate.serial)
            if entry is not None:
                raise EnvelopeError("E_CERT_REVOKED", date=entry.revocation_date_utc.isoformat())


def _usable(one: x509.CertificateRevocationList, issuer: Certificate, lists: RevocationLists, now: datetime) -> bool:
    try:
        extensions = one.extensions
        number = crl_number(one)
        entries_known = all(not extension.critical or isinstance(extension.value, _KNOWN_CRITICAL_IN_ENTRY)
                            for entry in one for extension in entry.extensions)
    except ValueError:
        return False
    if number is None or number < dict(lists.numbers).get(one.issuer.rfc4514_string(), 0) or not entries_known:
        return False
    if any(extension.critical for extension in extensions):
        return False  # no extension of a full, direct list is critical
    if any(isinstance(extension.value, x509.IssuingDistributionPoint | x509.DeltaCRLIndicator | x509.FreshestCRL)
           for extension in extensions):
        return False
    if one.next_update_utc is None or one.last_update_utc > now:
        return False
    if one.next_update_utc + min(lists.grace, LONGEST_GRACE) < now:
        return False
    return _signed_by(one, issuer)


def _signed_by(one: x509.CertificateRevocationList, issuer: Certificate) -> bool:
    if one.issuer != issuer.x509.subject:
        return False
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    algorithm = one.signature_hash_algorithm
    if not usage.crl_sign or (algorithm is not None and algorithm.name not in _HASHES):
        return False
    key = issuer.key
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        return False
    return one.is_signature_valid(key)


def _names_a_delta(certificate: Certificate) -> bool:
    return any(isinstance(extension.value, x509.FreshestCRL) for extension in certificate.extensions)

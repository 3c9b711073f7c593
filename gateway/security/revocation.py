"""Rule K4: which revocation lists are usable, and whether a certificate stands on one.

Lists come from outside, fetched by their own timer and judged as they come (`judge_list`); here they are bytes. No
usable list is a refusal (E_CRL), never a pass. Profile: full lists of the issuing CA only; no delta, no indirect list,
no distribution point.
Source: GW-1 section 10 K4, RFC 5280 section 5.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security.certificates import Certificate
from gateway.security.refusals import EnvelopeError

GRACE = timedelta(hours=24)
LONGEST_GRACE = timedelta(days=7)

_PEM = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_KNOWN_CRITICAL_IN_ENTRY = (x509.CRLReason,)
_NUMBER_BITS = 160
"""A CRL number has 20 octets at most (RFC 5280 section 5.2.3)."""

_NOT_FULL = (x509.IssuingDistributionPoint, x509.DeltaCRLIndicator, x509.FreshestCRL)
_UNREADABLE = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
               UnsupportedAlgorithm, TypeError)
"""What the library raises for a list, or a part of one, that it cannot read."""

_HASHES = ("sha256", "sha384", "sha512")


class RevocationLists(Struct, frozen=True):
    """Revocation lists of one authority, with what they may not fall behind.

    lists    each list as DER or PEM; a PEM text may hold several
    grace    time a list is still used after its nextUpdate, at most 7 days
    numbers  issuer (RFC 4514) -> highest CRL number seen before: a lower one is not usable
    """

    lists: tuple[bytes, ...]
    grace: timedelta = GRACE
    numbers: tuple[tuple[str, int], ...] = ()


class JudgedList(Struct, frozen=True):
    """A list that may be used: issuer as RFC 4514 text, CRL number, thisUpdate and nextUpdate, certificates on it."""

    issuer: str
    number: int
    begins: datetime
    ends: datetime
    revoked: int


def read_lists(lists: Iterable[bytes]) -> list[x509.CertificateRevocationList]:
    """The lists that can be parsed, from DER or PEM; the others are as if they were not there."""
    return [one for content in lists for one in _read_list(content)]


@lru_cache(maxsize=8)  # a list may be long, and is asked for with every certificate
def _read_list(content: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    found = []
    texts = _PEM.findall(content)
    for text in texts or [content]:
        try:
            one = x509.load_pem_x509_crl(text) if texts else x509.load_der_x509_crl(text)
            _ = one.issuer, one.next_update_utc, one.signature_hash_algorithm  # read when they are asked for
        except _UNREADABLE:
            continue
        found.append(one)
    return tuple(found)


def list_issuers(lists: Iterable[bytes]) -> list[str]:
    """Whose lists these are, as RFC 4514 text, each authority once."""
    return list(dict.fromkeys(one.issuer.rfc4514_string() for one in read_lists(lists)))


def crl_number(revocation: x509.CertificateRevocationList) -> int | None:
    """The CRL number; None when there is none or the extensions cannot be read."""
    try:
        return revocation.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return None


def newer_list(content: bytes, than: bytes) -> bool:
    """Tell whether a list has a higher CRL number than another one; one that cannot be read has none."""
    first, second = (max((crl_number(one) or -1 for one in read_lists((each,))), default=-1)
                     for each in (content, than))
    return first > second


def check_revocation(chain: Sequence[Certificate], lists: RevocationLists, now: datetime, *,
                     required: bool = True) -> dict[str, int]:
    """Judge every certificate of a path but its last, the authority.

    chain     the signer's certificate first, the authority last
    required  whether a usable list must be there; without one, the authority's own that are not usable still count

    Returns the highest number of the lists used, by issuer. Raises EnvelopeError E_CRL {authority, date} or
    E_CERT_REVOKED {date}.
    """
    parsed = read_lists(lists.lists)
    numbers = {}
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
        if usable:
            numbers[usable[0].issuer.rfc4514_string()] = max(crl_number(one) or 0 for one in usable)
    return numbers


def judge_list(content: bytes, authority: Certificate, *, seen: int, now: datetime,
               grace: timedelta = GRACE) -> JudgedList:
    """Judge a list as it comes, before it replaces the one that is in use.

    content  DER or PEM; of several lists in a PEM text the authority's with the highest number counts
    seen     the highest number seen of this authority, 0 before the first

    Raises LocalError K061 (not a list), K062 (not this authority's), K063 (its number), K064 (its dates), K065 (outside
    the profile).
    """
    parsed = read_lists([content])
    if not parsed:
        raise LocalError(Finding(code="K061"))
    of_authority = [one for one in parsed if one.issuer == authority.x509.subject]
    own = max(of_authority, key=lambda one: crl_number(one) or 0, default=parsed[0])
    fault = _fault(own, authority, seen, now, grace)
    if fault is not None:
        raise LocalError(fault)
    number, ends = crl_number(own), own.next_update_utc
    assert number is not None
    assert ends is not None
    return JudgedList(issuer=own.issuer.rfc4514_string(), number=number, begins=own.last_update_utc, ends=ends,
                      revoked=len(own))


def _usable(one: x509.CertificateRevocationList, issuer: Certificate, lists: RevocationLists, now: datetime) -> bool:
    seen = dict(lists.numbers).get(one.issuer.rfc4514_string(), 0)
    return _fault(one, issuer, seen, now, lists.grace) is None


def _fault(one: x509.CertificateRevocationList, issuer: Certificate, seen: int, now: datetime,
           grace: timedelta) -> Finding | None:
    """The first thing that makes a list unusable; its signature is checked last, because that costs most."""
    values = {"issuer": issuer.subject}
    if one.issuer != issuer.x509.subject:
        return Finding(code="K062", values=values)
    foreign = _outside_profile(one)
    if foreign is not None:
        return Finding(code="K065", values={**values, "extension": foreign})
    number = crl_number(one)
    if number is None or not max(seen, 0) <= number < 1 << _NUMBER_BITS:
        return Finding(code="K063", values={**values, "number": "-" if number is None else str(number),
                                            "seen": str(seen)})
    begin, end = one.last_update_utc, one.next_update_utc
    if end is None or begin > now or now - end > min(grace, LONGEST_GRACE):  # an end may be the last instant there is
        return Finding(code="K064", values={**values, "begin": begin.isoformat(),
                                            "end": "-" if end is None else end.isoformat()})
    return None if _signed_by(one, issuer) else Finding(code="K062", values=values)


def _outside_profile(one: x509.CertificateRevocationList) -> str | None:
    """An extension that a full, direct list must not have, or that cannot be read; None when there is none."""
    try:
        for extension in one.extensions:
            if extension.critical or isinstance(extension.value, _NOT_FULL):  # no extension of ours is critical
                return str(extension.oid.dotted_string)
        for entry in one:
            for extension in entry.extensions:
                if extension.critical and not isinstance(extension.value, _KNOWN_CRITICAL_IN_ENTRY):
                    return str(extension.oid.dotted_string)
    except _UNREADABLE:
        return "?"
    return None


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

"""The signatures of one gateway, checked with nothing but the certificates and lists that lie in a folder.

The profile's own rules (V11 to V25) judge, at the moment at which an object was recorded; what a person decided to pass
over then is passed over again. The folder vouches for no authority: whoever reads the verdict compares its fingerprint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.security import asn1
from gateway.security.algorithms import Agreement
from gateway.security.certificates import SIGNING, Certificate
from gateway.security.evidence import evidence_trust, pem_of
from gateway.security.opening import Opened
from gateway.security.refusals import RELEASABLE, EnvelopeError
from gateway.security.revocation import LONGEST_GRACE, RevocationLists, read_lists
from gateway.security.stored import read_stored
from gateway.security.trust import Trust, TrustedCertificate
from gateway.security.verifying import verify_inner


class KeptTrust:
    """One gateway's authorities, their lists, and the certificates that it signed with.

    authorities  certificates in PEM, with the lists behind them
    signers      certificates in PEM

    Raises ValueError when there is no authority, or one of the texts holds something else; LocalError K090 for an
    authority whose key everybody holds.
    """

    def __init__(self, gateway: str, authorities: bytes, signers: bytes, environment: str) -> None:
        self.authorities, lists = _certificates(authorities), read_lists([authorities])
        if not self.authorities:
            raise ValueError("no authority")
        texts = tuple(one.public_bytes(Encoding.PEM) for one in lists)
        self._stated = evidence_trust(self.authorities, texts).stated
        self._environment = environment
        self._trust = Trust(
            gateway, tuple(TrustedCertificate(one, SIGNING, one.not_before, one.not_after)
                           for one in _certificates(signers)),
            self.authorities[0], RevocationLists(texts, LONGEST_GRACE) if texts else None, reason="-",
            algorithms=[one.value for one in Agreement], further=tuple(self.authorities[1:]))

    def opened(self, inner: bytes, at: datetime, waive: Collection[str] = ()) -> Opened:
        """The object of a SignedData whose signature is true and counted at that moment.

        waive  codes that people passed over when they let it in; only those that they may
        Raises EnvelopeError.
        """
        verify_inner(inner, self._trust, now=self._stated(at), environment=self._environment,
                     waive=RELEASABLE.intersection(waive))
        try:
            return read_stored(inner)
        except ValueError:
            raise EnvelopeError("E_HEADER") from None


def signer_certificate(inner: bytes) -> Certificate | None:
    """The certificate that signed a stored SignedData, which brings it along; None when it is no stored object."""
    try:
        sha256 = read_stored(inner).certificate_sha256
        embedded = [Certificate(der) for der in asn1.read_inner(inner).certificates or ()]
    except (ValueError, EnvelopeError):
        return None
    return next((one for one in embedded if one.sha256 == sha256), None)


def signers_text(certificates: Iterable[Certificate]) -> bytes:
    """Certificates as one text in PEM."""
    return b"".join(pem_of(one.der) for one in certificates)


def _certificates(text: bytes) -> list[Certificate]:
    if b"-----BEGIN CERTIFICATE-----" not in text:
        return []
    return [Certificate(one.public_bytes(Encoding.DER)) for one in x509.load_pem_x509_certificates(text)]

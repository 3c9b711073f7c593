"""What an evidence bundle takes of certificates and lists (GW-1 section 12): one text of trust, and the stated times.

The openssl command knows no grace and no highest number: it takes a list that covers the stated time. So the time at
which a signature is checked is stated in the bundle: when the object was sealed or received, or the nearest moment that
one of the kept lists covers.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from gateway.security.certificates import Certificate
from gateway.security.revocation import read_lists


class EvidenceTrust(Struct, frozen=True):
    """What the signatures of one gateway are checked under.

    pem      the authorities' certificates and their lists, as openssl reads them with ``-CAfile``
    windows  from when to when each list holds; empty where the authority published none
    """

    pem: bytes
    windows: tuple[tuple[datetime, datetime], ...]

    def stated(self, at: datetime) -> datetime:
        """The moment for which a signature of `at` can be checked: that one, or the nearest that a list covers."""
        if not self.windows or any(begin <= at <= end for begin, end in self.windows):
            return at
        nearest = [begin if at < begin else end for begin, end in self.windows]
        return min(nearest, key=lambda moment: abs(moment - at))


def evidence_trust(authorities: Sequence[Certificate], lists: Iterable[bytes]) -> EvidenceTrust:
    """Authorities with those of the lists that are theirs, each once. lists: DER or PEM; what is none is left out."""
    subjects = [one.x509.subject for one in authorities]
    text = b"".join(pem_of(one.der) for one in dict.fromkeys(authorities))
    windows: dict[bytes, tuple[datetime, datetime]] = {}
    for one in read_lists(lists):
        if one.issuer in subjects and one.next_update_utc is not None:
            windows[one.public_bytes(Encoding.PEM)] = (one.last_update_utc, one.next_update_utc)
    return EvidenceTrust(text + b"".join(windows), tuple(windows.values()))


def pem_of(der: bytes) -> bytes:
    """A certificate in PEM."""
    encoded = base64.b64encode(der)
    lines = [encoded[at:at + 64] for at in range(0, len(encoded), 64)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])

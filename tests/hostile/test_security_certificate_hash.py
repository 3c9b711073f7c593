"""By which hashes may signingCertificateV2 name the signer's certificate? (GW-1 section 3.2, V16, V19; RFC 5035)

SHA-256, or the digest that goes with the signature: the openssl command hashes the certificate with what `-md` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, octets, sequence
from tests.tools.security_world import Case, Delivery, World, rows

_AGREED = ("P-384", "Ed25519")
_HASHES = {"sha1": loose.SHA_1, "sha384": loose.SHA_384, "sha512": loose.SHA_512}


def _named_by(algorithm: str, key: Callable[[], Any] = lambda: ec.generate_private_key(ec.SECP384R1()), *,
              identifier: bytes | None = None, digest: bytes | None = None) -> Callable[[World], Delivery]:
    """A good object but for the hash in signingCertificateV2."""
    def build(w: World) -> Delivery:
        author = w.author(key())
        true = hashlib.new(algorithm, loose.der_of(author.certificate)).digest()
        value = sequence(sequence(sequence(identifier or _HASHES[algorithm], octets(digest or true))))
        named = {loose.SIGNING_CERTIFICATE_V2: attribute(loose.SIGNING_CERTIFICATE_V2, value)}
        return Delivery(w.sealed(author=author, attributes=named), trust=w.trust(author, algorithms=_AGREED))
    return build


def _p_256() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


CASES = [
    Case("SHA-384 beside a signature of P-384", "accepted", _named_by("sha384")),
    Case("SHA-512 beside Ed25519", "accepted", _named_by("sha512", ed25519.Ed25519PrivateKey.generate)),
    Case("SHA-512 beside a signature of P-384", "E_ATTRS", _named_by("sha512")),
    Case("SHA-384 beside Ed25519", "E_ATTRS", _named_by("sha384", ed25519.Ed25519PrivateKey.generate)),
    Case("SHA-384 beside a signature of P-256", "E_ATTRS", _named_by("sha384", _p_256)),
    Case("SHA-1", "E_ATTRS", _named_by("sha1", _p_256), (9,)),
    Case("SHA-1 beside a signature of P-384", "E_ATTRS", _named_by("sha1"), (9,)),
    Case("a hash of another certificate", "E_SIGNER_UNKNOWN", _named_by("sha384", digest=bytes(48))),
    Case("the front of a longer hash", "E_SIGNER_UNKNOWN", _named_by("sha384", digest=bytes(32))),
    Case("SHA-256 written out, which DER forbids", "E_ATTRS",
         _named_by("sha256", _p_256, identifier=loose.SHA_256)),
    Case("SHA-256 written out with NULL, which is not the default", "accepted",
         _named_by("sha256", _p_256, identifier=loose.SHA_256_NULL)),
]


@pytest.mark.parametrize("case", rows(CASES))
def test_a_certificate_is_named_by_sha_256_or_by_the_digest_of_the_signature(case: Case) -> None:
    assert case.delivery().outcome() == case.code

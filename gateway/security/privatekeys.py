"""Private keys: made by kind, written as PKCS#8 in PEM, under scrypt where there is a passphrase (THREATS section 5).

`cryptography` reads such files but writes PBKDF2 with few rounds only; so the small envelope is written here, from its
own scrypt and AES. The cost is what the openssl command can still read: 16 MiB, five passes, about a third of a second.
"""

from __future__ import annotations

import base64
import os
import textwrap
from collections.abc import Mapping
from typing import Literal, get_args

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.security import asn1
from gateway.security.algorithms import LEAST_RSA_BITS, Agreement, PrivateKey
from gateway.security.hardening import forbid_dumps

Algorithm = Literal["ec", "ec384", "ed25519", "rsa", "rsa4096"]
"""Kinds of key: ECDSA or ECDH on P-256 and P-384, Ed25519, RSA with 3072 and 4096 bits."""

ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
ENCRYPTION_KIND: Mapping[Algorithm, Algorithm] = {
    "ec": "ec", "ec384": "ec384", "ed25519": "ec", "rsa": "rsa", "rsa4096": "rsa4096"}
"""Kind of the signing key -> kind of the encryption key beside it: Ed25519 only signs."""

AUTHORITY_KIND: Mapping[Algorithm, Algorithm] = ENCRYPTION_KIND
"""Kind of the signing key -> kind of the small authority's key: any tool of a partner must be able to check a path."""

NEEDS_AGREEMENT: Mapping[tuple[str, Algorithm], str] = {
    ("signing", "ec384"): Agreement.P_384.value, ("signing", "ed25519"): Agreement.ED25519.value,
    ("encryption", "ec384"): Agreement.ECDH_P_384.value}
"""Use and kind -> the word that has to stand in every partner's agreement.algorithms (GW-1 section 3.3)."""

_COST, _BLOCK_SIZE, _PARALLELIZATION = 1 << 14, 8, 5


def kind_of(key: object) -> Algorithm:
    """The kind of a public key of the profile, as `make_key` names it; RSA by whether it is larger than the least."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ec" if key.key_size == 256 else "ec384"
    assert isinstance(key, rsa.RSAPublicKey)
    return "rsa" if key.key_size == LEAST_RSA_BITS else "rsa4096"


def make_key(algorithm: Algorithm) -> PrivateKey:
    """A new key. RSA takes a second or more. The process leaves no dumps."""
    forbid_dumps()
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in ("ec", "ec384"):
        return ec.generate_private_key(ec.SECP256R1() if algorithm == "ec" else ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=LEAST_RSA_BITS if algorithm == "rsa" else 4096)


def private_pem(key: PrivateKey, passphrase: bytes | None) -> bytes:
    """The key as PKCS#8 in PEM, encrypted where there is a passphrase."""
    if not passphrase:
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())
    plain = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
    salt, iv = os.urandom(16), os.urandom(16)
    derived = Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK_SIZE, p=_PARALLELIZATION).derive(passphrase)
    padder = padding.PKCS7(algorithms.AES256.block_size).padder()
    encryptor = Cipher(algorithms.AES256(derived), modes.CBC(iv)).encryptor()
    content = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    encoded = asn1.write_encrypted_private_key(salt=salt, cost=_COST, block_size=_BLOCK_SIZE,
                                               parallelization=_PARALLELIZATION, iv=iv, content=content)
    lines = "\n".join(textwrap.wrap(base64.b64encode(encoded).decode("ascii"), 64))
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{lines}\n-----END ENCRYPTED PRIVATE KEY-----\n".encode("ascii")

"""Private keys as files: PKCS#8 in PEM, under scrypt where a passphrase is given (THREATS section 5).

`cryptography` reads such files but writes PBKDF2 with few rounds only; so the small envelope is written here, from its
own scrypt and AES. The cost is what the openssl command can still read: 16 MiB, five passes, about a third of a second.
"""

from __future__ import annotations

import base64
import os
import textwrap

from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.security import asn1
from gateway.security.algorithms import PrivateKey

_COST, _BLOCK_SIZE, _PARALLELIZATION = 1 << 14, 8, 5


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

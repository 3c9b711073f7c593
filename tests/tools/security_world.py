"""Two gateways and their enemies, for the hostile tests of GW-1: XA sends to XB, XC is a third one.

Everything here is made by the loose sealer; the product is only asked to open. Made once per process (RSA is slow).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.errors import PartnerError
from gateway.security import (
    Certificate,
    DecryptionKey,
    Opened,
    RevocationLists,
    Trust,
    TrustedCertificate,
    open_envelope,
)
from gateway.security.keys import FileDecryptionKey
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PAYLOAD = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1++CUSDEC'UNZ+0+1'"
RSA_BITS = ("key_encipherment",)


class CountingKey:
    """A decryption key that counts how often the private key is used."""

    def __init__(self, key: DecryptionKey) -> None:
        self._key = key
        self.uses = 0

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key behind."""
        return self._key.certificate

    def decrypt(self, encrypted_key: bytes) -> bytes:
        """Count, then decrypt."""
        self.uses += 1
        return self._key.decrypt(encrypted_key)

    def agree(self, point: bytes) -> bytes:
        """Count, then agree."""
        self.uses += 1
        return self._key.agree(point)


@dataclass(frozen=True)
class World:
    """Keys and certificates of all parties."""

    ca: Author
    other_ca: Author
    ec: Author
    rsa: Author
    ours_ec: Author
    ours_rsa: Author
    third: Author

    def entity(self, payload: bytes = PAYLOAD, **header: Any) -> bytes:
        """Header and payload, good unless told otherwise."""
        return loose.header(date=header.pop("date", NOW), **header) + payload

    def inner(self, entity: bytes | None = None, author: Author | None = None, **options: Any) -> bytes:
        """A signed object of XA."""
        options.setdefault("signing_time", NOW)
        return loose.inner(self.entity() if entity is None else entity, author or self.ec, **options)

    def outer(self, plain: bytes | None = None, recipients: Sequence[Any] | None = None, **options: Any) -> bytes:
        """A sealed file for XB."""
        chosen = [self.ours_ec.certificate] if recipients is None else recipients
        return loose.outer(self.inner() if plain is None else plain, chosen, **options)

    def sealed(self, entity: bytes | None = None, author: Author | None = None, **options: Any) -> bytes:
        """A sealed file with a signer's options."""
        return self.outer(self.inner(entity, author, **options))

    def keys(self) -> list[CountingKey]:
        """The decryption keys of XB, counting."""
        return [CountingKey(FileDecryptionKey(author.key, product(author.certificate)))
                for author in (self.ours_ec, self.ours_rsa)]

    def trust(self, *authors: Author, partner: str = "XA", ca: Author | None = None,
              revocation: RevocationLists | bytes | None = None, algorithms: tuple[str, ...] = (),
              cbc_until: datetime | None = None, since: timedelta = timedelta(days=-400),
              until: timedelta = timedelta(days=800)) -> Trust:
        """What XB trusts of XA: the two signers, or others."""
        entries = tuple(TrustedCertificate(product(author.certificate), "signing", NOW + since, NOW + until)
                        for author in authors or (self.ec, self.rsa))
        return Trust(partner, entries, product((ca or self.ca).certificate), revocation, "none here", algorithms,
                     cbc_until)

    def author(self, key: Any = None, **options: Any) -> Author:
        """A further signer below the authority of XA."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        options.setdefault("name", "XA signing")
        return Author(key, loose.certificate(key, options.pop("issuer", self.ca), now=NOW, **options))


def product(certificate: Any) -> Certificate:
    """A certificate as the product has it."""
    return Certificate(loose.der_of(certificate))


@dataclass(frozen=True)
class Delivery:
    """A file as it lies in the mailbox, and the circumstances of its opening."""

    content: bytes
    name: str | None = None
    trust: Trust | None = None
    recipient: str = "XB"
    now: datetime = NOW
    environment: str = "production"
    keys: Sequence[CountingKey] = field(default_factory=lambda: our_keys())
    limit: int = 32 << 20
    waive: frozenset[str] = frozenset()

    def open(self) -> Opened:
        """Let the product open it."""
        return open_envelope(loose.named(self.content) if self.name is None else self.name, self.content,
                             recipient=self.recipient, keys=self.keys, trust=self.trust or world().trust(),
                             now=self.now, environment=self.environment, limit=self.limit, waive=self.waive)

    def outcome(self) -> str:
        """The code, or "accepted"."""
        try:
            self.open()
        except PartnerError as error:
            return error.code
        return "accepted"

    def but(self, **changes: Any) -> Delivery:
        """The same with changes."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Case:
    """One row of the case table: a name, what to deliver, the code expected (or "accepted"), rows of THREATS."""

    name: str
    code: str
    build: Callable[[World], bytes | Delivery]
    threats: tuple[int, ...] = ()

    def delivery(self) -> Delivery:
        """The delivery."""
        built = self.build(world())
        return built if isinstance(built, Delivery) else Delivery(built)


def rows(cases: Iterable[Case]) -> list[Any]:
    """Cases as parameters of a test, each marked with its rows of THREATS."""
    return [pytest.param(case, id=case.name, marks=[pytest.mark.threat(row) for row in case.threats]) for case in cases]


def our_keys() -> list[CountingKey]:
    """The decryption keys of XB."""
    return world().keys()


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """An RSA key, made once per size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def world() -> World:
    """The world, made once."""
    ca, other_ca = loose.authority("XA authority", NOW), loose.authority("XC authority", NOW)
    ours = loose.authority("XB authority", NOW)
    signing, receiving, third = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    rsa_signing, rsa_receiving = rsa_key(3072), rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return World(
        ca=ca, other_ca=other_ca,
        ec=Author(signing, loose.certificate(signing, ca, name="XA signing", now=NOW)),
        rsa=Author(rsa_signing, loose.certificate(rsa_signing, ca, name="XA signing with RSA", now=NOW)),
        ours_ec=Author(receiving, loose.certificate(receiving, ours, name="XB", now=NOW, bits=loose.AGREEMENT_BITS)),
        ours_rsa=Author(rsa_receiving, loose.certificate(rsa_receiving, ours, name="XB", now=NOW, bits=RSA_BITS)),
        third=Author(third, loose.certificate(third, ours, name="XC", now=NOW, bits=loose.AGREEMENT_BITS)))


def edwards() -> Author:
    """A signer of XA with Ed25519."""
    return world().author(ed25519.Ed25519PrivateKey.generate())

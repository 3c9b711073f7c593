"""What a partner does wrong, as a change of the sealed files that it sends: from what it wrote to what arrives.

Each fault is made with the partner's real keys by the product's own sealing, so that it is wrong in exactly one way.
The codes are those of the envelope's specification (GW-1 section 6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.security import Certificate, Header, Opened, Signer, seal
from gateway.security.algorithms import SignatureScheme


class Material(Struct, frozen=True, kw_only=True):
    """What a fault is made with.

    signer    the partner's own; foreign  a key that has nothing to do with it
    ours      our encryption certificate; theirs  that of somebody else
    stranger  a gateway that is neither of the two
    """

    signer: Signer
    foreign: Signer
    ours: Certificate
    theirs: Certificate
    stranger: str


class Sent(Struct, frozen=True, kw_only=True):
    """One file of a partner: its name, its content, and what it says once opened."""

    name: str
    content: bytes
    opened: Opened


class Impostor(Struct, frozen=True):
    """Names one certificate and signs with the key of another."""

    named: Signer
    key: Signer

    @property
    def certificate(self) -> Certificate:
        """The one it claims."""
        return self.named.certificate

    @property
    def scheme(self) -> SignatureScheme:
        """That of the claimed certificate."""
        return self.named.scheme

    @property
    def identity(self) -> tuple[bytes, ...]:
        """The attributes that bind the claimed certificate."""
        return self.named.identity

    def sign(self, content: bytes) -> bytes:
        """A signature that the claimed certificate does not verify."""
        return self.key.sign(content)


Fault = Callable[[Sent, Material], "tuple[str, bytes]"]
"""What arrives in place of a file: name and content."""


def _resealed(sent: Sent, signer: Signer, recipient: Certificate, header: Header | None = None,
              at: datetime | None = None) -> tuple[str, bytes]:
    sealed = seal(header or sent.opened.header, sent.opened.payload, signer=signer, recipients=[recipient],
                  signing_time=at or sent.opened.signing_time)
    return sealed.name, sealed.content


def _named(content: bytes) -> tuple[str, bytes]:
    """Under the name that its content demands (GW-1 section 4)."""
    return f"{hashlib.sha256(content).hexdigest()[:32]}.p7m", content


def bad_signature(sent: Sent, material: Material) -> tuple[str, bytes]:
    """Signed with another key than the certificate's: E_SIGNATURE."""
    return _resealed(sent, Impostor(material.signer, material.foreign), material.ours)


def unknown_signer(sent: Sent, material: Material) -> tuple[str, bytes]:
    """Signed with a certificate that nobody has agreed on: E_SIGNER_UNKNOWN."""
    return _resealed(sent, material.foreign, material.ours)


def wrong_recipient(sent: Sent, material: Material) -> tuple[str, bytes]:
    """Signed for somebody else, and yet delivered to us: E_WRONG_RECIPIENT."""
    return _resealed(sent, material.signer, material.ours, replace(sent.opened.header, recipient=material.stranger))


def not_for_us(sent: Sent, material: Material) -> tuple[str, bytes]:
    """Encrypted for somebody else: E_NOT_FOR_US."""
    return _resealed(sent, material.signer, material.theirs)


def truncated(sent: Sent, material: Material) -> tuple[str, bytes]:
    """The first half of the file under the name of the whole: E_NAME."""
    return sent.name, sent.content[:len(sent.content) // 2]


def tampered(sent: Sent, material: Material) -> tuple[str, bytes]:
    """One bit changed on the way, and the name made to fit: E_DECRYPT."""
    changed = bytearray(sent.content)
    changed[-1] ^= 1
    return _named(bytes(changed))


def plaintext(sent: Sent, material: Material) -> tuple[str, bytes]:
    """The payload alone, neither signed nor encrypted, under a name of the profile: E_ASN1."""
    return _named(sent.opened.payload)


FAULTS: Mapping[str, Fault] = {
    "bad-signature": bad_signature, "unknown-signer": unknown_signer, "wrong-recipient": wrong_recipient,
    "not-for-us": not_for_us, "truncated": truncated, "tampered": tampered, "plaintext": plaintext}
"""The faults of a file, by name."""


__all__ = ["FAULTS", "Fault", "Impostor", "Material", "Sent"]

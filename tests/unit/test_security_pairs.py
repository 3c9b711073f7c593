"""Does every algorithm of the list sign and receive, with each of the others, in GCM and by agreement in CBC?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.errors import LocalError
from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, Opened, encrypt, file_name, open_envelope, seal
from gateway.security.algorithms import scheme_of, wraps_for
from gateway.security.keys import FileDecryptionKey, FileSigner
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import NOW, PAYLOAD, RSA_BITS, Delivery, product, rsa_key, world

SIGNERS: dict[str, Callable[[], Any]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA-3072": lambda: rsa_key(3072),
    "RSA-4096": lambda: rsa_key(4096),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
RECIPIENTS: dict[str, Callable[[], Any]] = {
    "P-256": SIGNERS["P-256"], "P-384": SIGNERS["P-384"], "RSA-3072": SIGNERS["RSA-3072"],
    "RSA-4096": SIGNERS["RSA-4096"],
}
AGREED = {"P-384": "P-384", "Ed25519": "Ed25519"}
PAIRS = [pytest.param(signer, recipient, id=f"{signer} to {recipient}")
         for signer in SIGNERS for recipient in RECIPIENTS]


@cache
def _signer(name: str) -> Author:
    return world().author(SIGNERS[name]())


@cache
def _recipient(name: str) -> Author:
    key = RECIPIENTS[name]()
    bits = RSA_BITS if isinstance(key, rsa.RSAPrivateKey) else loose.AGREEMENT_BITS
    return Author(key, loose.certificate(key, world().ca, name=f"XB with {name}", now=NOW, bits=bits))


def _agreed(signer: str, *recipients: str) -> tuple[str, ...]:
    words = [AGREED[signer]] if signer in AGREED else []
    return (*words, *(["ECDH-P-384"] if "P-384" in recipients else []))


def _open(content: bytes, signer: str, *recipients: str, without: tuple[str, ...] = (), cbc: bool = False) -> Opened:
    """XB opens with its key for the last of the recipients."""
    author = _recipient(recipients[-1])
    words = tuple(word for word in _agreed(signer, *recipients) if word not in without)
    return open_envelope(
        file_name(content), content, recipient="XB", keys=[FileDecryptionKey(author.key, product(author.certificate))],
        trust=world().trust(_signer(signer), algorithms=words, cbc_until=NOW if cbc else None), now=NOW,
        environment="production")


def _header() -> Header:
    return Header(f"<{'0f' * 16}@XA>", "XA", "XB", NOW, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")


@pytest.mark.parametrize("cbc", [False, True], ids=["GCM", "CBC"])
@pytest.mark.parametrize(("signer", "recipient"), PAIRS)
def test_what_we_seal_with_any_pair_is_opened(signer: str, recipient: str, cbc: bool) -> None:
    author = _signer(signer)
    sealed = seal(_header(), PAYLOAD, signer=FileSigner(author.key, product(author.certificate)),
                  recipients=[product(_recipient(recipient).certificate)], signing_time=NOW, cbc=cbc)
    opened = _open(sealed.content, signer, recipient, cbc=cbc)
    assert (opened.payload, opened.header, opened.mic, opened.signature_digest, opened.inner) == (
        PAYLOAD, _header(), sealed.mic, sealed.signature_digest, sealed.inner)


@pytest.mark.parametrize("cbc", [False, True], ids=["GCM", "CBC"])
@pytest.mark.parametrize(("signer", "recipient"), PAIRS)
def test_what_another_maker_seals_with_any_pair_is_opened(signer: str, recipient: str, cbc: bool) -> None:
    inner = world().inner(author=_signer(signer))
    make = loose.enveloped_cbc if cbc else loose.outer
    opened = _open(make(inner, [_recipient(recipient).certificate]), signer, recipient, cbc=cbc)
    assert (opened.payload, opened.inner) == (PAYLOAD, inner)


@pytest.mark.parametrize(("signer", "recipient", "word"), [
    ("P-384", "P-256", "P-384"), ("Ed25519", "P-256", "Ed25519"), ("P-256", "P-384", "ECDH-P-384"),
    ("RSA-3072", "P-384", "ECDH-P-384")])
def test_what_was_not_agreed_is_refused_by_its_name(signer: str, recipient: str, word: str) -> None:
    sealed = loose.outer(world().inner(author=_signer(signer)), [_recipient(recipient).certificate])
    assert _open(sealed, signer, recipient).payload == PAYLOAD
    trust = world().trust(_signer(signer), algorithms=tuple(
        one for one in _agreed(signer, recipient) if one != word))
    author = _recipient(recipient)
    key = FileDecryptionKey(author.key, product(author.certificate))
    assert Delivery(sealed, trust=trust, keys=[key]).outcome() == "E_ALG"  # type: ignore[list-item]


def test_one_file_for_every_kind_of_recipient_is_opened_by_each_of_them() -> None:
    author, names = _signer("P-256"), list(RECIPIENTS)
    certificates = [product(_recipient(name).certificate) for name in names]
    sealed = seal(_header(), PAYLOAD, signer=FileSigner(author.key, product(author.certificate)),
                  recipients=certificates, signing_time=NOW)
    opened = [_open(sealed.content, "P-256", *(other for other in names if other != name), name) for name in names]
    assert [one.payload for one in opened] == [PAYLOAD] * len(names)


def test_eight_recipients_are_the_most() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(9)]
    certificates = [product(loose.certificate(key, world().ca, name=f"X{number}", now=NOW, bits=loose.AGREEMENT_BITS))
                    for number, key in enumerate(keys)]
    inner = world().inner()
    content = encrypt(inner, certificates[:8])
    for key, certificate in zip(keys[:8], certificates[:8], strict=True):
        opened = open_envelope(file_name(content), content, recipient="XB", keys=[FileDecryptionKey(key, certificate)],
                               trust=world().trust(), now=NOW, environment="production")
        assert opened.inner == inner
    with pytest.raises(LocalError) as caught:
        encrypt(inner, certificates)
    assert caught.value.findings[0].code == "K020"


@pytest.mark.parametrize(("bits", "fits"), [(2048, False), (3071, False), (3072, True), (8192, True), (8193, False)])
def test_rsa_counts_from_3072_to_8192_bits(bits: int, fits: bool) -> None:
    """Sizes are told from the public key alone: any odd modulus of that length serves."""
    key = rsa.RSAPublicNumbers(65537, (1 << bits - 1) + 12345).public_key()
    assert (key.key_size, scheme_of(key) is not None, wraps_for(key)) == (bits, fits, fits)

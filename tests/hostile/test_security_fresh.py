"""Is everything that encryption draws drawn afresh, and can nobody hand it in?"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

import gateway.security
from gateway.security import EDIFACT, FIRST_PREVIOUS, Header, asn1, encrypt, open_envelope, seal
from gateway.security.algorithms import PrivateKey
from gateway.security.keys import FileDecryptionKey, FileSigner
from gateway.security.sealing import derive
from tests.tools.security_world import NOW, PAYLOAD, product, world

SEALS = 2000


def _sealed(cbc: bool) -> Iterator[asn1.Outer]:
    w = world()
    signer, recipients = FileSigner(w.ec.key, product(w.ec.certificate)), [product(w.ours_ec.certificate)]
    header = Header(f"<{'0f' * 16}@XA>", "XA", "XB", NOW, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")
    for _ in range(SEALS if not cbc else SEALS // 4):
        content = seal(header, PAYLOAD, signer=signer, recipients=recipients, signing_time=NOW, cbc=cbc).content
        yield asn1.read_enveloped(content) if cbc else asn1.read_outer(content)


@pytest.mark.parametrize("cbc", [False, True], ids=["GCM", "CBC"])
def test_t40_content_keys_nonces_and_ephemeral_keys_never_repeat(cbc: bool) -> None:
    """Content key, nonce and ephemeral key are drawn afresh for every object, even for the same object again."""
    w = world()
    key = FileDecryptionKey(w.ours_ec.key, product(w.ours_ec.certificate))
    content_keys, nonces, points, count = set(), set(), set(), 0
    for outer in _sealed(cbc):
        (recipient,) = outer.recipients
        assert recipient.point is not None
        content_keys.add(aes_key_unwrap(derive(key.agree(recipient.point)), recipient.encrypted_key))
        nonces.add(outer.nonce)
        points.add(recipient.point)
        count += 1
    assert (len(content_keys), len(nonces), len(points)) == (count, count, count)
    assert {len(one) for one in content_keys} == {32}


def test_t40_no_function_takes_a_nonce_or_a_content_key() -> None:
    """Nothing that seals takes a nonce, an initial vector, a content key or an ephemeral key from outside."""
    names = {name for function in (seal, encrypt) for name in inspect.signature(function).parameters}
    assert names == {"header", "payload", "signer", "recipients", "signing_time", "inner", "cbc"}


def test_t40_randomness_is_drawn_by_nothing_that_can_be_seeded() -> None:
    """Nothing in the package of security draws from a generator that can be seeded."""
    modules = [import_module(f"gateway.security.{module.name}")
               for module in pkgutil.walk_packages(gateway.security.__path__)]
    assert len(modules) > 15
    assert [module.__name__ for module in modules if "random" in vars(module) or "uuid" in vars(module)] == []


@pytest.mark.parametrize("cbc", [False, True], ids=["GCM", "CBC"])
def test_what_one_side_seals_the_other_opens(cbc: bool) -> None:
    w = world()
    signing: PrivateKey = w.ec.key
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    header = Header(f"<{'0f' * 16}@XA>", "XA", "XB", NOW, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")
    for author in (w.ours_ec, w.ours_rsa):
        for size in (0, 1, 15, 16, 70_000):
            payload = bytes(range(256)) * (size // 256 + 1)
            sealed = seal(header, payload[:size], signer=FileSigner(signing, product(w.ec.certificate)),
                          recipients=[product(author.certificate)], signing_time=NOW, cbc=cbc)
            opened = open_envelope(sealed.name, sealed.content, recipient="XB",
                                   keys=[FileDecryptionKey(author.key, product(author.certificate))],
                                   trust=w.trust(cbc_until=NOW if cbc else None), now=NOW, environment="production")
            assert (opened.payload, opened.inner, opened.mic) == (payload[:size], sealed.inner, sealed.mic)

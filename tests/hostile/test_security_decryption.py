"""Does nothing but a listed code ever come out of an altered object, and nothing at all out of a failed decryption?"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher

from gateway.errors import PartnerError
from gateway.security import unwrapping
from gateway.security.keys import FileDecryptionKey
from tests.hostile import (
    test_security_cbc,
    test_security_certificates,
    test_security_header,
    test_security_inner,
    test_security_outer,
)
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, Case, CountingKey, Delivery, World, product, rows, world

TABLES = (test_security_outer, test_security_inner, test_security_certificates, test_security_header,
          test_security_cbc)
CODES = {case.code for table in TABLES for case in table.CASES} - {"accepted"}
FAILING = [case for case in (*test_security_outer.CASES, *test_security_cbc.CASES) if case.code == "E_DECRYPT"]
Mutation = Callable[[random.Random, bytes], bytes]


class Watched:
    """A private key that notes what is done with it; in everything else it is the key behind."""

    def __init__(self, key: Any, done: list[str]) -> None:
        self._key, self._done = key, done

    __class__ = property(lambda self: type(self._key))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    def exchange(self, *arguments: Any) -> Any:
        """ECDH."""
        self._done.append("private key")
        return self._key.exchange(*arguments)

    def decrypt(self, *arguments: Any) -> Any:
        """RSAES-OAEP."""
        self._done.append("private key")
        return self._key.decrypt(*arguments)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a decryption does, in order: uses of a private key, keys derived and unwrapped, contents decrypted."""
    done: list[str] = []

    def noted(name: str) -> None:
        genuine = getattr(unwrapping, name)

        def call(*arguments: Any) -> Any:
            done.append(name)
            return genuine(*arguments)

        monkeypatch.setattr(unwrapping, name, call)

    for name in ("derive", "aes_key_unwrap", "Cipher"):
        noted(name)
    assert unwrapping.__dict__["Cipher"] is not Cipher
    return done


def _watched(done: list[str]) -> list[CountingKey]:
    w = world()
    return [CountingKey(FileDecryptionKey(Watched(author.key, done), product(author.certificate)))  # type: ignore[arg-type]
            for author in (w.ours_ec, w.ours_rsa)]


@pytest.mark.parametrize("case", rows(FAILING))
def test_t11_a_failed_decryption_has_one_code_no_cause_and_takes_the_whole_way(case: Case, done: list[str]) -> None:
    """Every failure to unwrap or to decrypt is the one code E_DECRYPT without values or cause, and takes the way of a
    good file: one use of the private key, then the whole content is decrypted."""
    delivery = case.delivery()
    with pytest.raises(PartnerError) as caught:
        delivery.but(keys=_watched(done)).open()
    assert (caught.value.code, caught.value.findings[0].values, caught.value.__cause__,
            caught.value.__suppress_context__) == ("E_DECRYPT", {}, None, True)
    by_rsa = done[1:2] == ["Cipher"]
    assert done == ["private key", *([] if by_rsa else ["derive", "aes_key_unwrap"]), "Cipher"]


def test_t11_a_good_file_takes_the_same_way(done: list[str]) -> None:
    """What a failed decryption does is exactly what a good one does."""
    w = world()
    ways = []
    for author in (w.ours_ec, w.ours_rsa):
        done.clear()
        Delivery(w.outer(recipients=[author.certificate]), keys=_watched(done)).open()
        ways.append(list(done))
    assert ways == [["private key", "derive", "aes_key_unwrap", "Cipher"], ["private key", "Cipher"]]


def test_t11_a_thousand_files_altered_behind_the_structure_give_one_code() -> None:
    """A thousand files altered in wrapped key, content or tag, in GCM and in CBC, give one code: E_DECRYPT."""
    w, chance = world(), random.Random(11)
    keys, trust = w.keys(), w.trust(cbc_until=NOW)
    outcomes: Counter[str] = Counter()
    for number in range(1000):
        author, cbc = (w.ours_ec, w.ours_rsa)[number % 2], number % 4 > 1
        content = loose.enveloped_cbc(w.inner(), [author.certificate]) if cbc else w.outer(
            recipients=[author.certificate])
        at = chance.choice([*_wrapped(content, author), *range(len(content) - 16, len(content)),
                            *([] if cbc else range(len(content) - 200, len(content) - 18))])
        altered = content[:at] + bytes((content[at] ^ (1 << chance.randrange(8)),)) + content[at + 1:]
        outcomes[Delivery(altered, keys=keys, trust=trust).outcome()] += 1
    assert outcomes == Counter({"E_DECRYPT": 1000})


def _wrapped(content: bytes, author: loose.Author) -> range:
    """Where the wrapped content key stands."""
    name = loose.issuer_and_serial(author.certificate)
    behind = content.index(name) + len(name)
    if isinstance(author.key, rsa.RSAPrivateKey):
        start = content.index(b"\x04\x82\x01\x80", behind) + 4
        return range(start, start + 384)
    return range(behind + 2, behind + 42)


# --- altered objects --------------------------------------------------------------------------------------------------


def _turn(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes((content[at] ^ (1 << chance.randrange(8)),)) + content[at + 1:]


def _drop(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at + 1:]


def _double(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content))
    return content[:at + 1] + content[at:]


def _zero(chance: random.Random, content: bytes) -> bytes:
    at = chance.choice([at for at, octet in enumerate(content) if octet])
    return content[:at] + b"\x00" + content[at + 1:]


MUTATIONS: tuple[Mutation, ...] = (_turn, _turn, _drop, _double, _zero)


def _combinations(w: World) -> list[tuple[bytes, bytes, loose.Author]]:
    """Signed object, sealed file and recipient for the four combinations of keys."""
    return [(inner := w.inner(author=signer), w.outer(inner, [recipient.certificate]), recipient)
            for signer in (w.ec, w.rsa) for recipient in (w.ours_ec, w.ours_rsa)]


@pytest.mark.threat(8)
@pytest.mark.threat(9)
@pytest.mark.threat(10)
@pytest.mark.threat(11)
@pytest.mark.threat(19)
@pytest.mark.parametrize("inside", [False, True], ids=["outside the encryption", "inside the encryption"])
def test_a_thousand_altered_objects_are_refused_with_a_listed_code_and_none_is_accepted(inside: bool) -> None:
    w, chance = world(), random.Random(20261126)
    keys, trust, combinations = w.keys(), w.trust(), _combinations(w)
    outcomes: Counter[str] = Counter()
    for number in range(1000):
        inner, sealed, recipient = combinations[number % 4]
        change = chance.choice(MUTATIONS)
        content = w.outer(change(chance, inner), [recipient.certificate]) if inside else change(chance, sealed)
        outcomes[Delivery(content, keys=keys, trust=trust).outcome()] += 1
    assert set(outcomes) <= CODES, outcomes

"""Has every code a case, and does nothing but a listed code ever come out of an opening?"""

from __future__ import annotations

import ast
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import gateway.security
from gateway.errors import PartnerError
from gateway.security import LEAF, NEGATIVE_RECEIPT, RELEASABLE, EnvelopeError, open_envelope, unwrapping
from gateway.texts import Language, known
from tests.hostile import (
    test_security_certificates,
    test_security_header,
    test_security_inner,
    test_security_order,
    test_security_outer,
    test_security_payload,
)
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, CountingKey, Delivery, World, world

SOURCES = sorted(Path(gateway.security.__file__).parent.rglob("*.py"))
TABLES = (test_security_outer, test_security_inner, test_security_certificates, test_security_header)
CASES = [case for table in TABLES for case in table.CASES]


def raised() -> set[str]:
    """Codes that the sources hand to EnvelopeError."""
    codes = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "EnvelopeError":
                codes |= {str(leaf.value) for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Constant)}
    return codes


def test_every_code_that_is_raised_has_a_case_and_every_case_a_code_that_is_raised() -> None:
    tabled = {case.code for case in CASES} | {row[1] for row in test_security_order.ORDER}
    tabled |= {row[3] for row in test_security_payload.PAYLOADS}
    tested_alone = {"E_INTERNAL", "E_RECEIPT"}
    assert tabled - {"accepted", "new", "duplicate"} | tested_alone == raised()


def test_the_names_of_cases_are_unique() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


def test_the_classes_of_codes_are_those_of_section_6() -> None:
    assert sorted(NEGATIVE_RECEIPT) == [
        "E_CHAIN", "E_DATE", "E_DUPLICATE", "E_OLD", "E_PAYLOAD", "E_TEST_FLAG", "E_UNB", "E_VOID"]
    assert sorted(LEAF) == [
        "E_DATE", "E_FORK", "E_OLD", "E_PAYLOAD", "E_RECEIPT", "E_RECEIPT_UNKNOWN", "E_TEST_FLAG", "E_UNB"]
    assert sorted(RELEASABLE) == ["E_CERT_RETIRED", "E_CERT_TIME", "E_CRL", "E_DATE", "E_OLD"]


@pytest.mark.parametrize("language", list(Language))
def test_every_code_of_the_package_says_what_happened_and_what_to_do(language: Language) -> None:
    text = "".join(source.read_text("utf-8") for source in SOURCES)
    codes = sorted(set(re.findall(r'"(K[0-9]{3}|E_[A-Z_]+)"', text)))
    assert [key for code in codes for key in (code, f"{code}.hint") if not known(key, language)] == []


def test_a_refusal_carries_its_object_exactly_when_it_is_authentic_and_for_us() -> None:
    carrying = set()
    for case in CASES:
        try:
            case.delivery().open()
        except EnvelopeError as error:
            if error.opened is not None:
                carrying.add(error.code)
    assert carrying == {"E_DATE", "E_OLD"}


class BrokenKey(CountingKey):
    """A key whose hardware fails in a way nobody foresaw."""

    def agree(self, point: bytes) -> bytes:
        """Fail, with a secret in the message."""
        raise RuntimeError("the secret is 4711")


def test_an_unforeseen_failure_is_one_code_and_tells_no_values() -> None:
    w = world()
    with pytest.raises(EnvelopeError) as caught:
        Delivery(w.outer(), keys=[BrokenKey(w.keys()[0])]).open()
    finding = caught.value.findings[0]
    assert (finding.code, caught.value.__cause__, caught.value.__suppress_context__) == ("E_INTERNAL", None, True)
    assert re.fullmatch(r"RuntimeError at tests\.hostile\.test_security_codes:[0-9]+", finding.values["error"])


# --- altered objects --------------------------------------------------------------------------------------------------

CODES = {case.code for case in CASES} - {"accepted"}
Mutation = Callable[[random.Random, bytes], bytes]


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


@pytest.mark.threat(11)
def test_t11_a_failed_decryption_has_one_code_no_cause_and_takes_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    class Recording:
        def __init__(self, key: bytes) -> None:
            self._cipher = AESGCM(key)

        def decrypt(self, nonce: bytes, content: bytes, extra: bytes | None) -> bytes:
            calls.append(len(content))
            return self._cipher.decrypt(nonce, content, extra)

    monkeypatch.setattr(unwrapping, "AESGCM", Recording)
    failing = [case for case in test_security_outer.CASES if case.code == "E_DECRYPT"]
    for case in failing:
        with pytest.raises(PartnerError) as caught:
            case.delivery().open()
        assert (caught.value.code, caught.value.findings[0].values, caught.value.__cause__) == ("E_DECRYPT", {}, None)
    assert (len(failing), len(calls)) == (13, 13)


@pytest.mark.threat(11)
def test_t11_the_kinds_of_failed_decryption_take_the_same_time_for_each_key() -> None:
    """Medians of interleaved rounds; the bound is wide because the machine is shared, a missing step is far wider."""
    w, keys, trust = world(), world().keys(), world().trust()
    rsa_name = loose.issuer_and_serial(w.ours_rsa.certificate)
    deliveries = {case.name: case.delivery().but(keys=keys, trust=trust)
                  for case in test_security_outer.CASES if case.code == "E_DECRYPT"}
    times: dict[str, list[float]] = {name: [] for name in deliveries}
    for _ in range(40):
        for name, delivery in deliveries.items():
            start = time.perf_counter()
            delivery.outcome()
            times[name].append(time.perf_counter() - start)
    for by_rsa in (False, True):
        medians = {name: statistics.median(times[name]) for name, delivery in deliveries.items()
                   if (rsa_name in delivery.content) is by_rsa}
        assert max(medians.values()) < 1.6 * min(medians.values()), medians


@pytest.mark.threat(7)
def test_t07_no_option_of_opening_accepts_an_unsigned_object() -> None:
    options = set(open_envelope.__annotations__) - {"return"}
    assert options == {"name", "content", "recipient", "keys", "trust", "now", "environment", "limit", "waive"}
    words = re.compile(r"unsigned|insecure|unverified|skip_|no_verify|verify *= *False", re.IGNORECASE)
    folder = Path(gateway.security.__file__).parents[1] / "config"
    found = [f"{path.name}: {match[0]}" for path in sorted(folder.rglob("*.py"))
             for match in words.finditer(path.read_text("utf-8"))]
    assert found == []


def test_every_row_of_threats_that_belongs_to_the_envelope_has_a_case() -> None:
    rows = {row for case in CASES for row in case.threats}
    assert {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 24, 25, 26, 27, 38} == rows
    assert NOW.utcoffset() is not None

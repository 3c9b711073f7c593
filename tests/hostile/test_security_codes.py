"""Has every code a case, and does nothing but a listed code ever come out of an opening?"""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import gateway.security
from gateway.security import LEAF, NEGATIVE_RECEIPT, RELEASABLE, EnvelopeError, open_envelope
from gateway.texts import Language, known
from tests.hostile import (
    test_security_cbc,
    test_security_certificates,
    test_security_header,
    test_security_inner,
    test_security_order,
    test_security_outer,
    test_security_payload,
)
from tests.tools.security_world import NOW, CountingKey, Delivery, world

SOURCES = sorted(Path(gateway.security.__file__).parent.rglob("*.py"))
TABLES = (test_security_outer, test_security_inner, test_security_certificates, test_security_header,
          test_security_cbc)
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


@pytest.mark.threat(7)
def test_t07_no_option_of_opening_accepts_an_unsigned_object() -> None:
    """No parameter of the opener and no word of the configuration's sources accepts an unsigned object."""
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

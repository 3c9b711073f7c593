"""Has every code a case, and does nothing but a listed code ever come out of an opening?"""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import gateway.security
from gateway.security import LEAF, NEGATIVE_RECEIPT, RELEASABLE, DecryptionKey, EnvelopeError, open_envelope
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


SECTION_6: dict[str, str] = {code: marks for marks, codes in {
    "": ("E_NAME E_SIZE E_ASN1 E_OUTER E_CONTENT_TYPE E_RECIPIENTS E_ALG E_NOT_FOR_US E_DECRYPT E_UNSIGNED E_DETACHED "
         "E_SIGNERS E_NO_SIGNED_ATTRS E_ATTRS E_ALG_PROTECTION E_SIGNER_UNKNOWN E_SID E_CERTS E_DIGEST E_SIGNATURE "
         "E_CERT_WEAK E_CERT_USAGE E_CERT_PATH E_CERT_REVOKED E_HEADER E_PROFILE E_WRONG_SENDER E_WRONG_RECIPIENT "
         "E_FUTURE E_LEDGER E_GAP E_INTERNAL E_HOSTKEY E_SSH E_KEYFILE E_VERSION"),
    "neg": "E_DUPLICATE E_VOID E_CHAIN",
    "leaf": "E_RECEIPT E_RECEIPT_UNKNOWN E_FORK",
    "rel": "E_CERT_RETIRED E_CERT_TIME E_CRL",
    "neg leaf": "E_PAYLOAD E_UNB E_TEST_FLAG",
    "neg leaf rel": "E_DATE E_OLD",
}.items() for code in codes.split()}
"""The list of GW-1 section 6: code -> whether a negative receipt may be sent, whether the object gets its leaf,
whether a person may release it."""

ELSEWHERE = {
    "E_INTERNAL": ("test_security_codes", "test_an_unforeseen_failure_is_one_code_and_tells_no_values"),
    "E_RECEIPT": ("test_security_payload", "test_t29_a_receipt_of_another_shape_or_by_another_gateway_is_refused"),
    "E_RECEIPT_UNKNOWN": ("test_bad_messages", "test_a_receipt_for_an_object_that_we_never_sent_is_refused"),
    "E_UNB": ("test_wrong_administration",
              "test_t05_an_interchange_of_other_parties_than_its_envelope_is_refused"),
    "E_TEST_FLAG": ("test_environments",
                    "test_t38_the_test_indicator_of_an_interchange_fits_the_environment_or_it_is_refused"),
    "E_FORK": ("test_forks_and_ledgers",
               "test_t28_a_forked_history_is_seen_the_next_day_and_both_sides_name_the_number"),
    "E_LEDGER": ("test_forks_and_ledgers",
                 "test_t31_a_tree_that_no_longer_gives_the_head_we_signed_stops_everything"),
    "E_GAP": ("test_directed_links", "test_t03_a_deleted_object_is_named_asked_for_once_a_day_and_comes_again"),
    "E_HOSTKEY": ("test_transport_link", "test_t22_an_unknown_host_key_ends_the_session_before_anything_is_sent"),
    "E_SSH": ("test_transport_link", "test_t23_a_server_with_weak_algorithms_only_is_refused"),
    "E_KEYFILE": ("test_transport_link", "test_t35_a_key_file_that_others_could_read_or_that_is_weak_is_not_used"),
    "E_VERSION": ("test_machine_versions", "test_t37_a_library_outside_its_safe_versions_is_refused"),
}
"""Codes that take more than one file and one opening: the test that shows each, by file and name."""


def test_every_code_of_section_6_has_a_case_in_the_tables_or_a_test_of_its_own() -> None:
    tabled = {case.code for case in CASES} | {row[1] for row in test_security_order.ORDER}
    tabled |= {row[3] for row in test_security_payload.PAYLOADS}
    assert tabled - {"accepted", "new", "duplicate"} == SECTION_6.keys() - ELSEWHERE.keys()


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
def test_the_test_that_shows_a_code_is_there_and_speaks_of_it(code: str) -> None:
    module, name = ELSEWHERE[code]
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text("utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert [one for one in ast.walk(found) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            and code in one.value] != []


def test_the_classes_of_codes_are_those_of_section_6() -> None:
    def marked(mark: str) -> frozenset[str]:
        return frozenset(code for code, marks in SECTION_6.items() if mark in marks.split())

    assert (marked("neg"), marked("leaf"), marked("rel")) == (NEGATIVE_RECEIPT, LEAF, RELEASABLE)


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


class Panic(BaseException):
    """As what the library below raises when its own assumptions fail: no Exception."""


class BrokenKey(CountingKey):
    """A key that fails in a way nobody foresaw."""

    def __init__(self, key: DecryptionKey, failure: BaseException) -> None:
        super().__init__(key)
        self.failure = failure

    def agree(self, point: bytes) -> bytes:
        """Fail."""
        raise self.failure


@pytest.mark.parametrize("failure", [RuntimeError("the secret is 4711"), Panic("the secret is 4711"),
                                     MemoryError(), RecursionError("the secret is 4711"), AssertionError()])
def test_an_unforeseen_failure_is_one_code_and_tells_no_values(failure: BaseException) -> None:
    w = world()
    with pytest.raises(EnvelopeError) as caught:
        Delivery(w.outer(), keys=[BrokenKey(w.keys()[0], failure)]).open()
    finding = caught.value.findings[0]
    assert (finding.code, caught.value.__cause__, caught.value.__suppress_context__) == ("E_INTERNAL", None, True)
    assert re.fullmatch(rf"{type(failure).__name__} at tests\.hostile\.test_security_codes:[0-9]+",
                        finding.values["error"])


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(3)])
def test_who_ends_the_program_ends_it(end: BaseException) -> None:
    w = world()
    with pytest.raises(type(end)):
        Delivery(w.outer(), keys=[BrokenKey(w.keys()[0], end)]).open()


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

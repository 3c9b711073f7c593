"""Is every object refused whose signed header is not of the profile, not from here, not for us, or out of time?

V26 to V29, V32 and V33.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import PartnerError
from gateway.security import EnvelopeError
from tests.tools.security_world import NOW, PAYLOAD, Case, Delivery, World, rows, world

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def _header(**header: Any) -> Callable[[World], bytes]:
    return lambda w: w.sealed(w.entity(**header))


def _altered(old: bytes, new: bytes) -> Callable[[World], bytes]:
    def build(w: World) -> bytes:
        entity = w.entity()
        assert old in entity
        return w.sealed(entity.replace(old, new, 1))
    return build


def _timed(*, signed: timedelta = timedelta(), date: timedelta = timedelta()) -> Callable[[World], bytes]:
    return lambda w: w.sealed(w.entity(date=NOW + date), signing_time=NOW + signed)


def _lines_swapped(w: World) -> bytes:
    lines = w.entity().split(b"\r\n")
    lines[3], lines[4] = lines[4], lines[3]
    return w.sealed(b"\r\n".join(lines))


CASES = [
    Case("a good header", "accepted", _header()),
    Case("the largest number", "accepted", _header(sequence_number=10**18 - 1, previous="1" * 64)),
    Case("a payload of nothing", "accepted", lambda w: w.sealed(w.entity(b""))),
    Case("an empty entity", "E_HEADER", lambda w: w.sealed(b"")),
    Case("only the payload", "E_HEADER", lambda w: w.sealed(PAYLOAD)),
    Case("lines that end in LF", "E_HEADER", _header(end="\n")),
    Case("an eleventh line", "E_HEADER", _header(extra="Content-Transfer-Encoding: base64")),
    Case("a line twice", "E_HEADER", _altered(b"Sequence: 1\r\n", b"Sequence: 1\r\nSequence: 1\r\n")),
    Case("a line missing", "E_HEADER", _altered(b"MIME-Version: 1.0\r\n", b"")),
    Case("lines in another order", "E_HEADER", _lines_swapped),
    Case("two spaces", "E_HEADER", _altered(b"Sequence: ", b"Sequence:  ")),
    Case("a space behind", "E_HEADER", _altered(b"Sequence: 1\r", b"Sequence: 1 \r")),
    Case("a name in lower case", "E_HEADER", _altered(b"Sequence:", b"sequence:")),
    Case("a folded line", "E_HEADER", _altered(b"attachment; ", b"attachment;\r\n ")),
    Case("number nought", "E_HEADER", _header(sequence_number=0)),
    Case("a number with a leading zero", "E_HEADER", _header(sequence_number="01")),
    Case("a number of nineteen digits", "E_HEADER", _header(sequence_number=10**18, previous="1" * 64)),
    Case("digits of another script", "E_HEADER", _altered(b"Sequence: 1", "Sequence: ١".encode())),
    Case("a predecessor of the first", "E_HEADER", _header(previous="1" * 64)),
    Case("a predecessor in upper case", "E_HEADER", _header(sequence_number=2, previous="A" * 64)),
    Case("a day that does not exist", "E_HEADER", _altered(b"2026-11-26T", b"2026-11-31T")),
    Case("a date without zone", "E_HEADER", _altered(b"00Z\r", b"00\r")),
    Case("a date with another zone", "E_HEADER", _altered(b"00Z\r", b"00+01:00\r")),
    Case("a message id in upper case", "E_HEADER", _altered(b"<0f", b"<0F")),
    Case("a content type nobody knows", "E_HEADER", _header(content_type="text/plain")),
    Case("a file name that climbs", "E_HEADER", _header(filename="../d1.edi"), (14,)),
    Case("a file name that starts with a dash", "E_HEADER", _header(filename="-rf"), (14,)),
    Case("a file name of 65 characters", "E_HEADER", _header(filename="d" * 65)),
    Case("profile 2", "E_PROFILE", _header(profile="2")),
    Case("profile 2 with other lines", "E_PROFILE", _header(profile="2", extra="Algorithm: new")),
    Case("profile nought", "E_HEADER", _header(profile="0")),
    Case("another sender than the folder", "E_WRONG_SENDER", _header(sender="XC"), (5,)),
    Case("another maker in the message id", "E_WRONG_SENDER", _header(maker="XC"), (5,)),
    Case("a good file in the folder of another partner", "E_WRONG_SENDER",
         lambda w: Delivery(w.sealed(), trust=w.trust(partner="XC")), (5,)),
    Case("signed for another recipient and encrypted to us", "E_WRONG_RECIPIENT", _header(recipient="XC"), (5, 6)),
    Case("signed five minutes ahead", "accepted", _timed(signed=5 * MINUTE), (26,)),
    Case("signed an hour ahead", "E_FUTURE", _timed(signed=60 * MINUTE, date=60 * MINUTE), (26,)),
    Case("dated a day before it was signed", "accepted", _timed(date=-DAY)),
    Case("dated more than a day before it was signed", "E_DATE", _timed(date=-DAY - MINUTE), (26,)),
    Case("dated more than a day after it was signed", "E_DATE", _timed(date=DAY + MINUTE), (26,)),
    Case("signed ninety days ago", "accepted", lambda w: Delivery(w.sealed(), now=NOW + 90 * DAY), (26,)),
    Case("signed more than ninety days ago", "E_OLD",
         lambda w: Delivery(w.sealed(), now=NOW + 90 * DAY + MINUTE), (26,)),
]


@pytest.mark.parametrize("case", rows(CASES))
def test_an_object_with_another_header_is_refused_with_its_code(case: Case) -> None:
    assert case.delivery().outcome() == case.code


@pytest.mark.threat(6)
def test_t06_an_object_signed_for_us_and_encrypted_to_another_is_refused_there() -> None:
    """B decrypts what A sent and encrypts the signed object to C: C sees that it was signed for B."""
    w = world()
    inner = Delivery(w.sealed()).open().inner
    assert Delivery(w.outer(inner), recipient="XC").outcome() == "E_WRONG_RECIPIENT"


@pytest.mark.parametrize(("header", "named"), [({"sender": "XC"}, "XC"), ({"maker": "XC"}, "XC"),
                                               ({"sender": "XC", "maker": "XA"}, "XC")])
def test_a_wrong_sender_is_named_with_the_folder_it_lay_in(header: dict[str, Any], named: str) -> None:
    w = world()
    with pytest.raises(EnvelopeError) as caught:
        Delivery(w.sealed(w.entity(**header))).open()
    assert (caught.value.code, caught.value.findings[0].values) == (
        "E_WRONG_SENDER", {"sender": named, "folder": "XA"})


@pytest.mark.parametrize("error", [PartnerError, EnvelopeError])
def test_a_refusal_is_the_partners_move(error: type[PartnerError]) -> None:
    with pytest.raises(error):
        Delivery(b"").open()

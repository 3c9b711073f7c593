"""When is a warning due for what ends, and does a list that is renewed every week leave people in peace?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from gateway.security import Certificate, certificate_level
from gateway.security.expiry import HOST_KEY, LIST, Level, Term, certificate_term, term_level
from tests.tools import loose_sealer as loose
from tests.tools.identities import NOW

DAY = timedelta(days=1)


def ending(days: float) -> Certificate:
    key = generate_private_key(SECP256R1())
    made = loose.certificate(key, None, name=f"{days}", now=NOW, end=days * DAY, start=-400 * DAY)
    return Certificate(loose.der_of(made))


def test_warnings_come_60_30_14_7_and_1_days_before_the_end_and_after_it() -> None:
    days = (61, 60, 59.5, 31, 30, 15, 14, 8, 7, 2, 1, 0.5, 0, -0.5)
    levels = [term_level(certificate_term("XA", "signing", ending(left), ""), NOW) for left in days]
    assert [(level.threshold, level.days) for level in levels] == [
        (None, 61), (60, 60), (60, 59), (60, 31), (30, 30), (30, 15), (14, 14), (14, 8), (7, 7), (7, 2), (1, 1),
        (1, 0), (1, 0), (0, -1)]
    words = ["ok", "notice", "notice", "notice", "warning", "warning", "warning", "warning", "urgent", "urgent",
             "urgent", "urgent", "urgent", "expired"]
    assert [level.word for level in levels] == words
    assert [certificate_level(ending(left), NOW) for left in days] == words


def test_what_is_not_valid_yet_is_early() -> None:
    assert certificate_level(ending(5), NOW - 500 * DAY) == "early"


def test_a_certificate_ends_for_us_when_the_partners_list_ends_its_use() -> None:
    certificate = ending(100)
    assert term_level(certificate_term("XA", "signing", certificate, "", NOW + 10 * DAY), NOW) == Level(
        "warning", 14, 10)
    assert term_level(certificate_term("XA", "signing", certificate, "", NOW + 200 * DAY), NOW) == Level(
        "ok", None, 100)


@pytest.mark.parametrize(("life", "left", "expected"), [
    (7, 6, Level("ok", None, 6)), (7, 3.4, Level("ok", None, 3)), (7, 1, Level("urgent", 1, 1)),
    (30, 29, Level("ok", None, 29)), (30, 14, Level("warning", 14, 14)), (30, 7, Level("urgent", 7, 7)),
    (400, 60, Level("notice", 60, 60)),
    (7, -0.5, Level("urgent", 0, -1)), (7, -1, Level("urgent", 0, -1)), (7, -1.1, Level("expired", 0, -2))])
def test_a_list_warns_in_the_second_half_of_its_life_and_is_urgent_in_its_grace(life: int, left: float,
                                                                                expected: Level) -> None:
    ends = NOW + left * DAY
    term = Term(owner="XA", use=LIST, identity="1", shown="1", begins=ends - life * DAY, ends=ends, until=ends + DAY)
    assert term_level(term, NOW) == expected


def test_a_missing_list_has_expired_and_a_host_key_never_does() -> None:
    assert term_level(Term(owner="XA", use=LIST, identity="-", shown="-", usable=False), NOW) == Level(
        "expired", 0, None)
    assert term_level(Term(owner="XA", use=HOST_KEY, identity="x", shown="x"), NOW) == Level("ok", None, None)

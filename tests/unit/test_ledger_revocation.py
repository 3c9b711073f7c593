"""Does the ledger keep the highest number of each authority's lists, whatever is noted in which order?"""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ledger import Ledger, issuer_key
from tests.unit.test_ledger_story import NOW, PARTNER, digest, ledger

__all__ = ["ledger"]

_EXAMPLES = itertools.count()
A, B = "CN=authority", "CN=" + "a very long name " * 40


def note(ledger: Ledger, issuer: str, number: int, partner: str = PARTNER, minutes: int = 0) -> bool:
    with ledger.transaction() as transaction:
        return transaction.note_list(partner, issuer, number, digest=digest(f"{issuer}{number}"), text="dates",
                                     at=NOW + timedelta(minutes=minutes))


def numbers(ledger: Ledger, partner: str = PARTNER) -> dict[str, int]:
    with ledger.reading() as queries:
        return queries.list_numbers(partner)


def test_the_highest_number_stays_for_each_partner_and_authority(ledger: Ledger) -> None:
    most = (1 << 160) - 1
    assert [note(ledger, A, 5), note(ledger, A, 5), note(ledger, A, 4), note(ledger, B, most), note(ledger, A, 6),
            note(ledger, A, 1, "OTHER")] == [True, False, False, True, True, True]
    assert numbers(ledger) == {issuer_key(A): 6, issuer_key(B): most}
    assert numbers(ledger, "OTHER") == {issuer_key(A): 1}


def test_the_number_nought_is_a_number(ledger: Ledger) -> None:
    assert [note(ledger, A, 0), note(ledger, A, 0), note(ledger, A, 1)] == [True, False, True]


def test_every_list_that_came_into_use_is_a_row_of_the_history_with_its_content(ledger: Ledger) -> None:
    note(ledger, A, 5)
    note(ledger, A, 4)
    note(ledger, A, 7, minutes=3)
    with ledger.reading() as queries:
        rows = [row for row in queries.history() if row.subject == "revocation"]
        assert queries.verify_history() is None
    assert [(row.reference, row.event, row.text, row.digest) for row in rows] == [
        (PARTNER, "new", f"{number} dates", digest(f"{A}{number}")) for number in (5, 7)]


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, (1 << 160) - 1)), max_size=12))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_comes_the_numbers_are_the_highest_seen(ledger: Ledger, noted: list[tuple[str, int]]) -> None:
    partner = f"P{next(_EXAMPLES)}"
    highest: dict[str, int] = {}
    for issuer, number in noted:
        assert note(ledger, issuer, number, partner) is (number > highest.get(issuer, -1))
        highest[issuer] = max(number, highest.get(issuer, -1))
    assert numbers(ledger, partner) == {issuer_key(issuer): number for issuer, number in highest.items()}

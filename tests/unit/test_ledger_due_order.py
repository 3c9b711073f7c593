"""In which order does what is due go, and how much of it at once?"""

from __future__ import annotations

import pytest

from gateway.ledger import Ledger
from tests.unit.test_ledger_story import HOUR, NOW, PARTNER, ledger, put, queue, receive, seal

__all__ = ["ledger"]


@pytest.fixture
def mixed(ledger: Ledger) -> Ledger:
    """Two declarations (1 and 4), an answer (2), a receipt (3), and a request that is no interchange (5)."""
    with ledger.transaction() as transaction:
        held = receive(transaction, 1)
        for type_ in ("CUSDEC", "CUSRES"):
            queue(transaction, type=type_)
            seal(transaction, type=type_)
        put(transaction, 3, transaction.link_head(PARTNER, "out").mic, None, held)
        queue(transaction)
        seal(transaction)
        put(transaction, 5, transaction.link_head(PARTNER, "out").mic, None, None)
    return ledger


@pytest.mark.parametrize(("last", "order"), [(True, [3, 2, 5, 1, 4]), (False, [3, 1, 2, 4, 5])])
def test_receipts_go_first_and_declarations_last_where_the_order_is_free(mixed: Ledger, last: bool,
                                                                         order: list[int]) -> None:
    with mixed.transaction() as transaction:
        assert [one.sequence for one in transaction.due_objects(PARTNER, now=NOW, declarations_last=last)] == order
        assert [one.sequence for one in transaction.due_objects(
            PARTNER, now=NOW, declarations_last=last, limit=2)] == order[:2]


def test_what_goes_together_is_bounded_in_octets_and_one_object_always_goes(mixed: Ledger) -> None:
    with mixed.transaction() as transaction:
        for octets, sequences in ((1, [3]), (16, [3, 1]), (17, [3, 1]), (24, [3, 1, 2]), (None, [3, 1, 2, 4, 5])):
            assert [one.sequence for one in transaction.due_objects(PARTNER, now=NOW, octets=octets)] == sequences


def test_a_thousand_that_are_due_come_in_their_order(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        for sequence in range(1, 1101):
            put(transaction, sequence, transaction.link_head(PARTNER, "out").mic, None, None)
        assert [one.sequence for one in transaction.due_objects(PARTNER, now=NOW + HOUR)] == list(range(1, 1101))

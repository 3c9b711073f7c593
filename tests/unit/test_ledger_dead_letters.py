"""Are dead letters kept, found and settled as they should be, and dates that a wrong clock wrote set right?"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.ledger import Ledger, Transaction
from gateway.ledger.rows import Buried
from tests.unit.test_ledger_story import HOUR, NOW, PARTNER, ledger, put, queue, receipt, seal

__all__ = ["ledger"]

DAY = timedelta(days=1)


def sent(transaction: Transaction, times: int = 1, *, at: datetime = NOW) -> int:
    """A declaration that went up so often without a receipt; the number of its object."""
    queue(transaction)
    _, sealed = seal(transaction, at=at)
    for number in range(times):
        transaction.mark_dispatched([sealed], at=at + number * HOUR, receipt_due=at + 4 * HOUR, repeat_at=at + 5 * HOUR)
    return sealed


def states(ledger: Ledger) -> list[tuple[str, list[str], str, bool]]:
    """Of each interchange its state, the states of its messages, and of its object state and whether it goes again."""
    with ledger.reading() as queries:
        return [(line.state.value, [row.state.value for row in queries.messages_of(line.id)], one.state.value,
                 one.next_at is not None) for line in queries.interchanges(direction="out")
                for one in queries.objects_of(line.id)]


def test_only_what_was_sent_is_buried_with_the_interchange_it_carries_and_its_messages_await_their_answers_still(
        ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        dead = sent(transaction)
        queue(transaction, "M2")
        _, prepared = seal(transaction)
    with ledger.transaction() as transaction:
        assert transaction.bury_objects([dead, prepared], at=NOW + DAY) == 1
        assert transaction.bury_objects([dead], at=NOW + DAY) == 0
    assert states(ledger) == [("PREPARED", ["PREPARED"], "PREPARED", False),
                              ("DEAD-LETTER", ["DISPATCHED"], "DEAD-LETTER", False)]
    with ledger.transaction() as transaction:
        assert [one.id for one in transaction.due_objects(PARTNER, now=NOW + 99 * DAY)] == [prepared]
    with ledger.reading() as queries:
        assert queries.dead_letter_count() == 1
        assert [one.object.id for one in queries.objects_unanswered(NOW + DAY)] == [dead]
        assert [(one.kind, one.subject_id) for one in queries.overdue(NOW + DAY, {})] == [("dead", dead)]
        assert [(row.event, row.from_state, row.to_state, row.text) for row in queries.history()
                if row.event == "bury"] == [("bury", "DISPATCHED", "DEAD-LETTER", "1"),
                                            ("bury", "DISPATCHED", "DEAD-LETTER", "")]


@pytest.mark.parametrize(("disposition", "expected"), [
    ("processed", ("RECEIVED", ["DISPATCHED"], "RECEIVED", False)),
    ("failed/failure: E_CERT_RETIRED", ("REFUSED", ["REFUSED"], "REFUSED", False))])
def test_an_answer_settles_a_dead_letter_whenever_it_comes(
        ledger: Ledger, disposition: str, expected: tuple[str, list[str], str, bool]) -> None:
    with ledger.transaction() as transaction:
        transaction.bury_objects([sent(transaction)], at=NOW + DAY)
        receipt(transaction, 1, disposition)
    assert states(ledger) == [expected]


@pytest.mark.parametrize(("action", "state", "message"), [
    ("7", "ACKNOWLEDGED", "ACKNOWLEDGED"), ("4", "REJECTED", "REJECTED")])
def test_a_contrl_answers_the_interchange_of_a_dead_letter(
        ledger: Ledger, action: str, state: str, message: str) -> None:
    with ledger.transaction() as transaction:
        transaction.bury_objects([sent(transaction)], at=NOW + DAY)
        transaction.settle_contrl(PARTNER, control_reference="TG0000000001", action=action, rejected=[], detail="",
                                  at=NOW + 2 * DAY)
    assert states(ledger) == [(state, [message], "DEAD-LETTER", False)]


def test_a_dead_letter_that_is_asked_for_goes_up_as_if_for_the_first_time(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        dead = sent(transaction, 4)
        transaction.bury_objects([dead], at=NOW + DAY)
        transaction.again(dead, NOW + 20 * DAY)
        assert [one.id for one in transaction.due_objects(PARTNER, now=NOW + 20 * DAY)] == [dead]
        transaction.mark_dispatched([dead], at=NOW + 20 * DAY, receipt_due=NOW + 21 * DAY, repeat_at=NOW + 22 * DAY)
    assert states(ledger) == [("DISPATCHED", ["DISPATCHED"], "DISPATCHED", True)]
    with ledger.reading() as queries:
        (one,) = queries.objects_unanswered(NOW)
        assert (one.object.dispatched, one.object.receipt_due) == (NOW + 20 * DAY, NOW + 21 * DAY)
        assert queries.aged_objects(PARTNER, before=NOW + 19 * DAY, attempts=1) == []


def test_what_is_old_enough_is_found_by_its_first_dispatch_and_how_often_it_went_up(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        first = sent(transaction, 4)
        sent(transaction, 3)
        late = sent(transaction, 4, at=NOW + DAY)
        asked = put(transaction, 4, transaction.link_head(PARTNER, "out").mic, None, None)  # gets no receipt
        for _ in range(5):
            transaction.mark_dispatched([asked], at=NOW, receipt_due=None)
    with ledger.reading() as queries:
        assert queries.aged_objects(PARTNER, before=NOW, attempts=4) == [first]
        assert queries.aged_objects(PARTNER, before=NOW + DAY, attempts=4) == [first, late]
        assert queries.aged_objects(PARTNER, before=NOW - HOUR, attempts=4) == []
        assert queries.aged_objects("MLDGD", before=NOW + DAY, attempts=1) == []


def test_the_dead_letters_of_a_partner_are_told_by_the_first_of_them(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        bare = put(transaction, 1, "0" * 64, None, None)
        transaction.mark_dispatched([bare], at=NOW, receipt_due=NOW + HOUR)
        numbers = [sent(transaction, at=NOW - number * DAY) for number in range(3)]
        assert transaction.dead_letters(PARTNER) is None
        transaction.bury_objects(numbers, at=NOW + DAY)
        assert transaction.dead_letters(PARTNER) == Buried(
            count=3, first=2, last=4, since=NOW - 2 * DAY, reference="TG0000000001")
        transaction.bury_objects([bare], at=NOW + DAY)
        assert transaction.dead_letters(PARTNER) == Buried(
            count=4, first=1, last=4, since=NOW - 2 * DAY, reference=f"{1:032x}.p7m")
        assert transaction.dead_letters("MLDGD") is None


def test_more_than_one_statement_takes_are_buried(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        numbers = [sent(transaction) for _ in range(501)]
    with ledger.transaction() as transaction:
        assert transaction.bury_objects(reversed(numbers), at=NOW + DAY) == 501
    assert {state for state, _, _, _ in states(ledger)} == {"DEAD-LETTER"}


def test_dates_that_a_clock_ahead_has_written_are_set_right_and_others_stay(ledger: Ledger) -> None:
    ahead = NOW + 4000 * DAY
    with ledger.transaction() as transaction:
        right = sent(transaction)
        wrong = sent(transaction, at=ahead)
        assert transaction.misdated_objects(PARTNER, repeat=NOW + DAY, receipt=NOW + DAY) == [wrong]
        repeated = sent(transaction)
        transaction.mark_dispatched([repeated], at=ahead, receipt_due=ahead + HOUR, repeat_at=ahead + HOUR)
        assert transaction.misdated_objects(PARTNER, repeat=NOW + DAY, receipt=NOW + DAY) == [wrong, repeated]
        transaction.redate_objects([wrong, repeated], at=NOW + HOUR, receipt_due=NOW + 5 * HOUR)
        assert transaction.misdated_objects(PARTNER, repeat=NOW + DAY, receipt=NOW + DAY) == []
    with ledger.reading() as queries:
        dates = {one.object.id: (one.object.dispatched, one.object.receipt_due, one.object.next_at)
                 for one in queries.objects_unanswered(NOW)}
        assert dates == {right: (NOW, NOW + 4 * HOUR, NOW + 5 * HOUR),
                         wrong: (NOW + HOUR, NOW + 5 * HOUR, NOW + HOUR),
                         repeated: (NOW, NOW + 4 * HOUR, NOW + HOUR)}
        assert [row.subject_id for row in queries.history() if row.event == "redated"] == [wrong, repeated]


def test_what_is_repeated_no_more_is_not_repeated_for_a_date_set_right(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        dead = sent(transaction, at=NOW + 4000 * DAY)
        transaction.bury_objects([dead], at=NOW)
        transaction.redate_objects([dead], at=NOW, receipt_due=NOW + HOUR)
        assert transaction.due_objects(PARTNER, now=NOW + DAY) == []

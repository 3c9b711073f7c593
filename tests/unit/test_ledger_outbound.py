"""Queue, seal, dispatch, answers: does each act move exactly what it should, and nothing else?"""

from __future__ import annotations

from typing import Literal

import pytest

from gateway.ledger import IllegalTransition, InterchangeState, Ledger, MessageState, Moved, ObjectState
from gateway.ledger.lookups import NO_MIC
from gateway.ledger.rows import LinkHead, WaitingGroup
from tests.unit.test_ledger_story import (
    HOUR,
    NOW,
    PARTNER,
    answer,
    contrl,
    digest,
    ledger,
    put,
    queue,
    receipt,
    receive,
    seal,
    states,
)

__all__ = ["ledger"]


def test_urgent_messages_go_first_then_the_oldest_and_answers_before_declarations(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        for mrn, type_, urgent in (("M1", "CUSDEC", False), ("M2", "CUSDEC", True), ("M3", "CUSDEC", False),
                                   ("M4", "CUSRES", True), ("M5", "CONTRL", True)):
            queue(transaction, mrn, type=type_, urgent=urgent)
        queue(transaction, "M6", partner="MLDGD")
        assert transaction.waiting(PARTNER) == [
            WaitingGroup(type="CONTRL", count=1), WaitingGroup(type="CUSRES", count=1),
            WaitingGroup(type="CUSDEC", count=3)]
        assert [transaction.kinds_waiting(partner) for partner in (PARTNER, "MLDGD", "NGXXX")] == [
            {"CONTRL", "CUSRES", "CUSDEC"}, {"CUSDEC"}, set()]
        taken = transaction.take_waiting(PARTNER, "CUSDEC", 2)
        assert [(one.id, one.mrn, one.body) for one in taken] == [(2, "M2", "BGM+M2'"), (1, "M1", "BGM+M1'")]
        assert transaction.take_waiting(PARTNER, "CUSDEC", 2) == taken


def test_what_speaks_of_a_movement_stays_behind_its_declaration_however_much_does(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction, "M1", type="CUSRES", urgent=True)  # of a movement whose declaration went before
        queue(transaction, "M2")
        for mrn in ("M2", "M3", "M2", None, "M2", "M4", "M3"):
            queue(transaction, mrn, type="CUSRES", urgent=True)
        queue(transaction, "M4")  # later than what speaks of it: that goes before
        queue(transaction, "M5", type="CUSRES")

    def taken(limit: int, behind: Literal["sealed", "sent"] | None, octets: int | None = None) -> list[str | None]:
        with ledger.transaction() as transaction:
            return [one.mrn for one in transaction.take_waiting(PARTNER, "CUSRES", limit, octets, behind)]

    free = ["M1", "M3", None, "M4", "M3", "M5"]
    assert [taken(limit, "sealed") for limit in (1, 2, 4, 9)] == [free[:1], free[:2], free[:4], free]
    assert [taken(9, "sealed", octets) for octets in (1, 14, 15)] == [free[:1], free[:2], free[:2]]
    assert taken(9, None) == ["M1", "M2", "M3", "M2", None, "M2", "M4", "M3", "M5"]
    with ledger.transaction() as transaction:
        _, sealed = seal(transaction)
    assert (taken(9, "sent"), len(taken(9, "sealed"))) == (free, 9)
    with ledger.transaction() as transaction:
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW)
    assert len(taken(9, "sent")) == 9


def test_a_message_is_bound_to_one_interchange_only(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        message = queue(transaction)
        seal(transaction)
    with pytest.raises(Moved) as error, ledger.transaction() as transaction:
        transaction.add_interchange_out(partner=PARTNER, control_reference="TG2", type="CUSDEC", payload=b"x",
                                        test=True, messages=[(message, "1")], at=NOW)
    assert error.value.code == "L003"
    with ledger.reading() as queries:
        assert [row.control_reference for row in queries.interchanges()] == ["TG0000000001"]


def test_a_link_grows_by_one_and_names_its_predecessor(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.link_head(PARTNER, "out") == LinkHead(sequence=0, mic=NO_MIC)
        put(transaction, 1, NO_MIC, None, None)
        put(transaction, 2, digest("mic1"), None, None)
        assert transaction.link_head(PARTNER, "out") == LinkHead(sequence=2, mic=digest("mic2"))
        assert transaction.link_head(PARTNER, "in") == LinkHead(sequence=0, mic=NO_MIC)
    for sequence, previous in ((2, digest("mic1")), (4, digest("mic2")), (3, digest("mic1")), (1, NO_MIC)):
        with pytest.raises(Moved), ledger.transaction() as transaction:
            put(transaction, sequence, previous, None, None)
    with ledger.reading() as queries:
        assert list(queries.leaves(PARTNER, "out")) == [b"leaf 1", b"leaf 2"]


def test_receipts_are_due_first_then_objects_by_sequence(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        held = receive(transaction, 1)
        put(transaction, 1, NO_MIC, None, None)
        put(transaction, 2, digest("mic1"), None, None)
        last = put(transaction, 3, digest("mic2"), None, held)
        assert [one.sequence for one in transaction.due_objects(PARTNER, now=NOW)] == [3, 1, 2]
        assert [one.sequence for one in transaction.due_objects(PARTNER, now=NOW, limit=2)] == [3, 1]
        assert transaction.due_objects("MLDGD", now=NOW) == []
        own = transaction.receipt_of(held)
        assert own is not None and (own.id, own.sealed) == (last, b"sealed 3")
        known = transaction.known_object(PARTNER, sequence=1)
        assert known is not None and (known.object_id, known.receipt_object_id) == (held, last)


def test_a_repeat_only_counts_the_attempt_and_the_first_deadline_stays(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + 4 * HOUR, repeat_at=NOW + 4 * HOUR)
        assert transaction.due_objects(PARTNER, now=NOW + 3 * HOUR) == []
        due = transaction.due_objects(PARTNER, now=NOW + 4 * HOUR)
        assert [(one.id, one.sealed, one.attempts, one.state) for one in due] == [
            (sealed, b"sealed 1", 1, ObjectState.DISPATCHED)]
        transaction.mark_dispatched([sealed], at=NOW + 4 * HOUR, receipt_due=NOW + 8 * HOUR)
        assert transaction.due_objects(PARTNER, now=NOW + 99 * HOUR) == []
        transaction.again(sealed, NOW + 9 * HOUR)
        assert [one.attempts for one in transaction.due_objects(PARTNER, now=NOW + 9 * HOUR)] == [2]
    with ledger.reading() as queries:
        row = queries.object_of(sealed)
        assert row is not None
        assert (row.dispatched, row.receipt_due, row.attempts) == (NOW, NOW + 4 * HOUR, 2)


def test_nobody_waits_for_the_receipt_of_a_receipt(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        held = receive(transaction, 1)
        own = put(transaction, 1, NO_MIC, None, held)
        transaction.mark_dispatched([own], at=NOW, receipt_due=NOW + HOUR)
    with ledger.reading() as queries:
        assert queries.objects_unanswered(NOW + 2 * HOUR) == []
        assert queries.overdue(NOW + 2 * HOUR, {}) == []


def test_a_receipt_counts_only_when_everything_in_it_is_what_was_sent(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
        right = {"message_id": "<1@TGOTR>", "sequence": 1, "mic": digest("mic1"), "signature_digest": digest("sig1")}
        for wrong in ({"sequence": 2}, {"mic": digest("x")}, {"signature_digest": digest("x")}):
            assert transaction.settle_receipt(PARTNER, **{**right, **wrong},  # type: ignore[arg-type]
                                              disposition="processed", at=NOW) == "differs"
        assert transaction.settle_receipt("MLDGD", **right, disposition="processed",  # type: ignore[arg-type]
                                          at=NOW) == "unknown"
        assert transaction.settle_receipt(PARTNER, **{**right, "message_id": "<9@TGOTR>"},  # type: ignore[arg-type]
                                          disposition="processed", at=NOW) == "unknown"
    with ledger.reading() as queries:
        assert states(queries) == (["DISPATCHED"], ["DISPATCHED"], ["DISPATCHED"])
        assert [row.event for row in queries.history_of("<1@TGOTR>")] == [
            "new", "dispatch", "contradiction", "contradiction", "contradiction"]


def test_a_receipt_may_come_before_the_dispatch_is_committed(ledger: Ledger) -> None:
    """Crash point S5: published, receipted, and the ledger does not know that it stands there."""
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
    with ledger.transaction() as transaction:
        assert receipt(transaction, 1) == "received"
        assert transaction.due_objects(PARTNER, now=NOW + 99 * HOUR) == []
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
    with ledger.reading() as queries:
        assert states(queries) == (["RECEIVED"], ["RECEIVED"], ["DISPATCHED"])
        assert queries.objects_unanswered(NOW) == []


def test_a_refused_object_waits_for_a_person_and_may_be_sent_and_received_after_all(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR, repeat_at=NOW + HOUR)
        assert receipt(transaction, 1, "failed/failure: E_CERT_RETIRED") == "refused"
        assert receipt(transaction, 1, "failed/failure: E_CERT_RETIRED") == "repeated"
        assert transaction.due_objects(PARTNER, now=NOW + 99 * HOUR) == []
    with ledger.reading() as queries:
        assert states(queries) == (["REFUSED"], ["REFUSED"], ["REFUSED"])
    with ledger.transaction() as transaction:
        transaction.again(sealed, NOW)
        assert [one.id for one in transaction.due_objects(PARTNER, now=NOW)] == [sealed]
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
    with ledger.reading() as queries:
        assert states(queries) == (["DISPATCHED"], ["DISPATCHED"], ["DISPATCHED"])
    with ledger.transaction() as transaction:
        assert receipt(transaction, 1) == "received"
        assert receipt(transaction, 1, "processed/error: duplicate-conflict") == "differs"
    with ledger.reading() as queries:
        assert states(queries) == (["RECEIVED"], ["RECEIVED"], ["DISPATCHED"])


@pytest.mark.parametrize(("action", "rejected", "interchange", "messages"), [
    ("7", [], "ACKNOWLEDGED", ["ACKNOWLEDGED", "ACKNOWLEDGED", "ACKNOWLEDGED"]),
    ("7", ["2"], "ACKNOWLEDGED", ["ACKNOWLEDGED", "REJECTED", "ACKNOWLEDGED"]),
    ("4", [], "REJECTED", ["REJECTED", "REJECTED", "REJECTED"]),
    ("7", [""], "REJECTED", ["REJECTED", "REJECTED", "REJECTED"]),
    ("8", [], "RECEIVED", ["DISPATCHED", "DISPATCHED", "DISPATCHED"]),
])
def test_a_contrl_moves_the_interchange_and_each_of_its_messages(
        ledger: Ledger, action: str, rejected: list[str], interchange: str, messages: list[str]) -> None:
    with ledger.transaction() as transaction:
        for mrn in ("M1", "M2", "M3"):
            queue(transaction, mrn)
        _, sealed = seal(transaction)
        queue(transaction, "M4")
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
        assert contrl(transaction, action, rejected)
    with ledger.transaction() as transaction:
        assert contrl(transaction, action, rejected)
        assert not contrl(transaction, action, rejected, reference="TG0000000002")
    with ledger.reading() as queries:
        assert states(queries) == (["DISPATCHED"], [interchange], [*messages, "WAITING"])
        told = [row.event for row in queries.history_of("TG0000000001") if row.subject == "interchange"]
        assert told == ["new", "dispatch", f"contrl-{'4' if rejected == [''] else action}"]
    with ledger.transaction() as transaction:  # the receipt comes last and moves the object alone
        assert receipt(transaction, 1) == "received"
    with ledger.reading() as queries:
        assert states(queries) == (["RECEIVED"], [interchange], [*messages, "WAITING"])


def test_the_first_contrl_stands_and_a_contradiction_is_written_down(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        seal(transaction)
        assert contrl(transaction, "7")
        assert contrl(transaction, "4")
    with ledger.reading() as queries:
        assert states(queries) == (["PREPARED"], ["ACKNOWLEDGED"], ["ACKNOWLEDGED"])
        assert [(row.event, row.text) for row in queries.history_of("TG0000000001")][-1] == (
            "contradiction", "contrl-4 ")


def test_an_answer_finds_its_message_by_reference_or_as_the_newest_of_the_movement(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        first, second = queue(transaction), queue(transaction, word="replacement")
        seal(transaction)
        other = queue(transaction, "M2")
        assert answer(transaction, answered="TG0000000001-1") == first
        assert answer(transaction, "REJECTED", answered=None) == second
        assert answer(transaction, answered=None, mrn="M2") is None  # it waits: nobody can answer it yet
        assert answer(transaction, answered="TG0000000001-3") is None
        assert answer(transaction, answered="TG0000000009-1") is None
        assert answer(transaction, answered="nonsense") is None
        assert answer(transaction, answered="TG0000000001-1", mrn="M2") is None
        assert answer(transaction, answered=None, mrn=None) is None
        assert transaction.settle_answer("MLDGD", answered="TG0000000001-1", mrn="M1", word="ACCEPTED", detail="",
                                         at=NOW) is None
    with ledger.reading() as queries:
        assert {row.id: row.state for row in queries.messages()} == {
            first: MessageState.ANSWERED_ACCEPTED, second: MessageState.ANSWERED_REJECTED,
            other: MessageState.WAITING}


def test_the_first_answer_stands_and_a_contradiction_is_written_down(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        message = queue(transaction)
        seal(transaction)
        assert answer(transaction, "REJECTED") == message
        assert answer(transaction, "REJECTED") == message
        assert answer(transaction, "ACCEPTED") is None
        assert contrl(transaction)  # late, and still welcome for the interchange
    with ledger.reading() as queries:
        assert states(queries) == (["PREPARED"], ["ACKNOWLEDGED"], ["ANSWERED-REJECTED"])
        assert [row.event for row in queries.history_of("M1") if row.subject == "message"] == [
            "new", "prepare", "answer-rejected", "contradiction"]


def test_our_own_mistakes_are_not_taken_for_a_partners(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        seal(transaction)
        with pytest.raises(ValueError):
            seal(transaction)  # nothing waits any more
        with pytest.raises(LookupError):
            transaction.mark_dispatched([77], at=NOW, receipt_due=None)
        with pytest.raises(LookupError):
            transaction.again(77, NOW)
        with pytest.raises(KeyError):
            contrl(transaction, "9")
        with pytest.raises(KeyError):
            answer(transaction, "ARRIVED")
        with pytest.raises(ValueError):
            transaction.known_object(PARTNER)
        with pytest.raises(IllegalTransition):
            transaction.settle_interchange_in(1, state=InterchangeState.RECEIVED, at=NOW)

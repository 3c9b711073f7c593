"""Does the ledger know what a link misses, what was signed by whom, what was taken back, and what may go again?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.ledger import Ledger, Moved, Transaction
from gateway.ledger.link_rows import Gap, LinkTimes, NewHead, VoidLeaf
from gateway.ledger.questions import LinkState
from tests.unit.test_ledger_story import HOUR, NOW, PARTNER, digest, ledger, put, queue, receipt, receive, seal

__all__ = ["ledger"]

DAY = timedelta(days=1)


def _head(size: int, state: str = "verified", direction: str = "in", root: str = "a", frontier: bytes | None = None
          ) -> NewHead:
    return NewHead(direction=direction, size=size, root=root * 64, state=state, frontier=frontier)


def _void(sequence: int) -> VoidLeaf:
    return VoidLeaf(sequence=sequence, message_id=f"<{sequence}@{PARTNER}>", mic=digest(f"in{sequence}"),
                    signature_digest=digest(f"s{sequence}"), leaf=b"leaf %d" % sequence)


def _states(transaction: Transaction, direction: str = "in") -> list[tuple[int, str, str]]:
    return [(row.size, row.signer, row.state) for row in transaction.latest_heads(PARTNER)
            if row.direction == direction]


def test_what_a_checkpoint_shows_beyond_the_latest_object_is_missing_too(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        carrier = receive(transaction, 2)
        assert transaction.gaps(PARTNER) == [Gap(first=1, last=1, since=NOW)]
        heads = [_head(4, "waiting"), _head(9, "waiting", "out")]
        transaction.keep_heads(PARTNER, "theirs", heads, carrier, NOW + HOUR)
        assert transaction.gaps(PARTNER) == [Gap(first=1, last=1, since=NOW), Gap(first=3, last=4, since=NOW + HOUR)]
        for sequence in (1, 3, 4):
            receive(transaction, sequence)
        assert transaction.gaps(PARTNER) == []
        (waiting,) = transaction.waiting_heads(PARTNER, most=4)
        transaction.settle_heads(PARTNER, {waiting.id: "verified"}, at=NOW + DAY)
        assert transaction.waiting_heads(PARTNER, most=4) == []
        with pytest.raises(Moved):
            transaction.settle_heads(PARTNER, {waiting.id: "fork"}, at=NOW + DAY)


def test_what_a_link_lacks_below_its_highest_number_is_told_in_order(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert (transaction.holes(PARTNER, "in"), transaction.highest_number(PARTNER, "in")) == ([], 0)
        for sequence in (6, 3, 7):
            receive(transaction, sequence)
        assert (transaction.holes(PARTNER, "in"), transaction.highest_number(PARTNER, "in")) == ([(1, 2), (4, 5)], 7)
        for sequence in (1, 2, 4, 5):
            receive(transaction, sequence)
        assert (transaction.holes(PARTNER, "in"), transaction.highest_number(PARTNER, "in")) == ([], 7)
        assert (transaction.holes(PARTNER, "out"), transaction.highest_number("MLDGD", "in")) == ([], 0)


def test_a_text_that_both_sides_signed_is_agreed_and_no_other(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        theirs, ours = receive(transaction, 1), put(transaction, 1, "0" * 64, None, None)
        transaction.keep_heads(PARTNER, "theirs", [_head(1), _head(1, direction="out", root="b")], theirs, NOW)
        heads = [_head(1, frontier=b"f"), _head(1, direction="out", root="c")]
        transaction.keep_heads(PARTNER, "ours", heads, ours, NOW)
        assert [(row.direction, row.state) for row in transaction.latest_heads(PARTNER)] == [
            ("in", "agreed"), ("out", "verified")]
        assert (transaction.agreed_size(PARTNER, "in"), transaction.agreed_size(PARTNER, "out")) == (1, 0)
        assert [(row.size, row.frontier) for row in transaction.kept_trees(PARTNER, "in", most=5)] == [(1, b"f")]
        assert transaction.kept_trees(PARTNER, "in", most=0) == []
        assert [row.state for row in transaction.signed_heads(PARTNER, "out")] == ["verified"]


def test_a_text_said_again_counts_as_of_the_latest_checkpoint(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        first, second = receive(transaction, 1), receive(transaction, 2)
        transaction.keep_heads(PARTNER, "theirs", [_head(0), _head(3, direction="out")], first, NOW)
        transaction.keep_heads(PARTNER, "theirs", [_head(1), _head(3, direction="out")], second, NOW)
        assert [(row.direction, row.size, row.object_id) for row in transaction.latest_heads(PARTNER)] == [
            ("out", 3, second), ("in", 1, second)]


def test_a_number_taken_back_closes_the_gap_and_holds_no_more_than_its_leaf(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        receive(transaction, 1)
        withdrawal = receive(transaction, 4)
        transaction.add_void_objects(PARTNER, [_void(2), _void(3)], withdrawal, NOW)
        assert (transaction.gaps(PARTNER), transaction.link_head(PARTNER, "in").sequence) == ([], 4)
        known = transaction.known_object(PARTNER, sequence=2)
        assert known is not None
        assert (known.state, known.previous, known.mic) == ("VOID", None, digest("in2"))
        assert list(transaction.leaves(PARTNER, "in")) == [b"leaf 1", b"leaf 2", b"leaf 3", b"leaf 4"]
    with ledger.reading() as queries:
        assert list(queries.verify_contents()) == []


def test_what_we_take_back_goes_no_more_until_it_is_sealed_anew(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        interchange, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR, repeat_at=NOW + HOUR)
        assert transaction.withdraw_object(sealed, text="retired key, by K.", at=NOW)
        assert not transaction.withdraw_object(sealed, text="twice", at=NOW)
        assert transaction.due_objects(PARTNER, now=NOW + DAY) == []
        anew = put(transaction, 2, digest("mic1"), interchange, None)
        transaction.mark_dispatched([anew], at=NOW, receipt_due=NOW + HOUR)
        assert receipt(transaction, 1, "failed/failure: E_VOID") == "repeated"
        assert receipt(transaction, 2) == "received"
        assert receipt(transaction, 1) == "received"  # the partner had taken it after all
        assert not transaction.withdraw_object(anew, text="too late", at=NOW)
    with ledger.reading() as queries:
        assert [row.state for row in queries.interchanges(direction="out")] == ["RECEIVED"]
        assert (list(queries.verify_contents()), queries.verify_history()) == ([], None)


def test_each_object_is_put_up_once_a_day_however_often_it_is_asked_for(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        ids = [put(transaction, number, "0" * 64 if number == 1 else digest(f"mic{number - 1}"), None, None)
               for number in range(1, 6)]
        transaction.mark_dispatched(ids[:4], at=NOW, receipt_due=None)
        transaction.withdraw_object(ids[1], text="", at=NOW)
        assert transaction.asked_for(PARTNER, 1, 10 ** 17, limit=9, since=NOW) == [ids[0], ids[2], ids[3]]
        assert transaction.asked_for(PARTNER, 1, 10 ** 17, limit=2, since=NOW) == [ids[0], ids[2]]
        transaction.again(ids[0], at=NOW + HOUR)
    with ledger.transaction() as transaction:
        assert transaction.asked_for(PARTNER, 1, 4, limit=9, since=NOW) == [ids[2], ids[3]]
        assert transaction.asked_for(PARTNER, 1, 4, limit=9, since=NOW + HOUR) == [ids[0], ids[2], ids[3]]
        assert transaction.object_out(PARTNER, 3) == ids[2]
        assert transaction.object_out(PARTNER, 6) is None


def test_when_a_partner_was_asked_and_told_is_kept(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.link_times(PARTNER) == LinkTimes(asked=None, checkpointed=None, first=None)
        receive(transaction, 1, at=NOW + HOUR)
        put(transaction, 1, "0" * 64, None, None)
        assert transaction.link_times(PARTNER) == LinkTimes(asked=None, checkpointed=None, first=NOW)
        transaction.note_asked(PARTNER, NOW + DAY)
        transaction.note_checkpoint(PARTNER, NOW + 2 * DAY)
        assert transaction.link_times(PARTNER) == LinkTimes(asked=NOW + DAY, checkpointed=NOW + 2 * DAY, first=NOW)


def test_what_gets_no_receipt_after_its_repeats_is_named(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        for hour in range(4):
            assert transaction.unacknowledged(PARTNER, attempts=4, due=NOW + DAY) is None
            transaction.mark_dispatched([sealed], at=NOW + hour * HOUR, receipt_due=NOW + HOUR)
        assert transaction.unacknowledged(PARTNER, attempts=4, due=NOW) is None
        assert transaction.unacknowledged(PARTNER, attempts=4, due=NOW + HOUR) == (1, 1, NOW)
        receipt(transaction, 1)
        assert transaction.unacknowledged(PARTNER, attempts=4, due=NOW + DAY) is None


def test_a_file_encrypted_anew_is_what_goes_up_and_the_object_stays_the_same(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        sealed = put(transaction, 1, "0" * 64, None, None)
        transaction.encrypted_anew(sealed, name="anew.p7m", sealed=b"anew", at=NOW)
        (due,) = transaction.due_objects(PARTNER, now=NOW)
        assert (due.id, due.name, due.sealed) == (sealed, "anew.p7m", b"anew")
        assert receipt(transaction, 1) == "received"


def test_where_every_link_stands_is_told(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        for sequence in (1, 3, 4):
            carrier = receive(transaction, sequence)
        put(transaction, 1, "0" * 64, None, None)
        transaction.halt_link(PARTNER, "out", "E_FORK", NOW)
        for signer in ("theirs", "ours"):
            transaction.keep_heads(PARTNER, signer, [_head(1)], carrier, NOW)
    with ledger.reading() as queries:
        assert queries.links() == [
            LinkState(partner=PARTNER, direction="out", sequence=1, parked=0, halted="E_FORK", agreed=0, gaps=()),
            LinkState(partner=PARTNER, direction="in", sequence=1, parked=2, halted=None, agreed=1,
                      gaps=(Gap(first=2, last=2, since=NOW),))]
        assert [(one.sequence, one.inner) for one in queries.objects_in_order(PARTNER, "in")] == [
            (1, b"inner"), (3, b"inner"), (4, b"inner")]

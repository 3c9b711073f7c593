"""What partners and the national side give: is each taken once, and is what differs refused aloud?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.ledger import (
    Conflict,
    EventOutcome,
    InterchangeState,
    Ledger,
    LocalConflict,
    Moved,
    NewEvent,
    ObjectState,
    PartnerConflict,
)
from gateway.ledger.link_rows import Gap
from gateway.ledger.rows import KnownInterchange, KnownObject, LinkHead
from tests.unit.test_ledger_story import (
    NOW,
    PARTNER,
    digest,
    event,
    ledger,
    movement,
    receive,
    store,
    take,
)

__all__ = ["ledger"]


def test_an_object_is_known_by_its_sequence_and_by_its_message_id(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        held = receive(transaction, 1)
        known = KnownObject(sequence=1, message_id="<1@BFDGD>", mic=digest("in1"), previous=digest("in0"),
                            state=ObjectState.STORED, object_id=held, receipt_object_id=None)
        assert transaction.known_object(PARTNER, sequence=1) == known
        assert transaction.known_object(PARTNER, message_id="<1@BFDGD>") == known
        assert transaction.known_object(PARTNER, sequence=2) is None
        assert transaction.known_object("MLDGD", sequence=1) is None


def test_an_object_that_another_run_stored_meanwhile_is_not_stored_again(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        receive(transaction, 1)
    with pytest.raises(Moved), ledger.transaction() as transaction:
        receive(transaction, 1)
    with ledger.reading() as queries:
        assert queries.link_head(PARTNER, "in") == LinkHead(sequence=1, mic=digest("in1"))


def test_the_head_of_a_link_stops_at_a_hole_and_goes_on_when_it_is_filled(ledger: Ledger) -> None:
    def look() -> tuple[int, list[Gap], list[bytes]]:
        with ledger.reading() as queries:
            return (queries.link_head(PARTNER, "in").sequence, queries.gaps(PARTNER),
                    list(queries.leaves(PARTNER, "in")))

    for sequence in (1, 5, 3):
        with ledger.transaction() as transaction:
            receive(transaction, sequence)
    assert look() == (1, [Gap(first=2, last=2, since=NOW), Gap(first=4, last=4, since=NOW)], [b"leaf 1"])
    with ledger.transaction() as transaction:
        receive(transaction, 2)
    assert look() == (3, [Gap(first=4, last=4, since=NOW)], [b"leaf 1", b"leaf 2", b"leaf 3"])
    with ledger.transaction() as transaction:
        receive(transaction, 4)
    assert look() == (5, [], [b"leaf %d" % n for n in range(1, 6)])
    with ledger.reading() as queries:
        assert list(queries.leaves(PARTNER, "in", first=2, last=3)) == [b"leaf 2", b"leaf 3"]
        assert queries.gaps("MLDGD") == []


def test_an_authentic_object_that_is_refused_still_has_its_place_in_the_link(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        held = receive(transaction, 1, code="E_PAYLOAD")
    with ledger.reading() as queries:
        row = queries.object_of(held)
        assert row is not None and (row.state, row.code) == ("REFUSED", "E_PAYLOAD")
        assert queries.link_head(PARTNER, "in").sequence == 1


def test_the_same_control_reference_with_other_content_is_a_conflict(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        number = store(transaction, 1, "BF1", payload=b"first")
    with ledger.transaction() as transaction:
        assert transaction.known_interchange(PARTNER, "BF1") == KnownInterchange(
            id=number, digest=digest("first"), state=InterchangeState.STORED)
        assert transaction.known_interchange(PARTNER, "BF2") is None
    with pytest.raises(PartnerConflict) as conflict, ledger.transaction() as transaction:
        store(transaction, 2, "BF1", payload=b"second")
    assert conflict.value.findings[0].values == {"partner": PARTNER, "reference": "BF1"}
    with pytest.raises(Moved), ledger.transaction() as transaction:
        store(transaction, 2, "BF1", payload=b"first")
    with ledger.reading() as queries:
        assert queries.payload_of(number) == b"first"
        assert queries.link_head(PARTNER, "in").sequence == 1


def test_interchanges_are_judged_oldest_first_and_once(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        first = store(transaction, 1, "BF1", payload=b"one")
        second = store(transaction, 2, "BF2", payload=b"two")
    with ledger.transaction() as transaction:
        assert [(one.id, one.sequence, one.attempts) for one in transaction.unprocessed_interchanges(PARTNER)] == [
            (first, 1, 0), (second, 2, 0)]
    with ledger.reading() as queries:
        assert queries.payload_of(second) == b"two"
    with ledger.transaction() as transaction:
        take(transaction, first, "1", "M1", "ACCEPTED")
        take(transaction, first, "2", "M2", "SYNTAX-REJECTED")
        transaction.settle_interchange_in(first, state="ACKNOWLEDGED", at=NOW)
    with pytest.raises(Moved), ledger.transaction() as transaction:
        take(transaction, first, "1", "M1", "ACCEPTED")
        transaction.settle_interchange_in(first, state="ACKNOWLEDGED", at=NOW)
    with ledger.reading() as queries:
        assert [(row.message_reference, row.state) for row in queries.messages_of(first)] == [
            ("1", "ACCEPTED"), ("2", "SYNTAX-REJECTED")]
        row = queries.interchange(first)
        assert row is not None and (row.state, row.messages, row.control_reference) == ("ACKNOWLEDGED", 2, "BF1")


def test_an_interchange_that_cannot_be_judged_is_buried_and_can_be_revived(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        number = store(transaction, 1, "BF1")
        waiting = transaction.unprocessed_interchanges(PARTNER)
    for attempt in (1, 2, 3):
        ledger.count_attempts([number])
        with ledger.claimed(waiting, timedelta(minutes=2)) as share:
            assert [(one.id, one.attempts) for one in share.rows] == [(number, attempt)]
    ledger.count_attempts([number], -1)
    with ledger.transaction() as transaction:
        assert [one.attempts for one in transaction.unprocessed_interchanges(PARTNER)] == [2]
        transaction.require_waiting(number)
        transaction.settle_interchange_in(number, state="DEAD", at=NOW, detail="three attempts")
        assert transaction.unprocessed_interchanges(PARTNER) == []
    with ledger.claimed(waiting, timedelta(minutes=2)) as share:
        assert share.rows == ()
    with pytest.raises(Moved), ledger.transaction() as transaction:
        transaction.require_waiting(number)
    with ledger.transaction() as transaction:
        transaction.settle_interchange_in(number, state="STORED", at=NOW)
        assert [(one.id, one.attempts) for one in transaction.unprocessed_interchanges(PARTNER)] == [(number, 0)]


def test_a_held_message_is_judged_when_its_movement_comes(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        number = store(transaction, 1, "BF1")
        message = take(transaction, number, "1", "M1", "HELD")
        transaction.settle_interchange_in(number, state="TAKEN", at=NOW)
    with ledger.reading() as queries:
        assert [(one.id, one.body, one.control_reference, one.message_reference)
                for one in queries.held_messages(NOW, PARTNER)] == [(message, "BGM+M1'", "BF1", "1")]
    with ledger.transaction() as transaction:
        transaction.settle_message_in(message, state="ACCEPTED", at=NOW)
    with pytest.raises(Moved), ledger.transaction() as transaction:
        transaction.settle_message_in(message, state="REJECTED", at=NOW)
    with ledger.reading() as queries:
        assert queries.held_messages(NOW, PARTNER) == []


def test_the_interchange_inside_an_object_is_not_kept_twice(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        plain = store(transaction, 1, "BF1", payload=b"UNB' plain")
        zipped = receive(transaction, 2, payload=b"\x1f\x8b")
        inflated = transaction.add_interchange_in(partner=PARTNER, object_id=zipped, control_reference="BF2",
                                                  type="CUSDEC", test=True, payload=b"UNB' inflated", at=NOW)
    with ledger.reading() as queries:
        assert queries.payload_of(plain) == b"UNB' plain"
        assert queries.payload_of(inflated) == b"UNB' inflated"
        bytes_ = queries.bytes_of(zipped)
        assert bytes_ is not None and (bytes_.sealed, bytes_.inner, bytes_.payload) == (None, b"inner", b"\x1f\x8b")
        count = queries._connection.exec_driver_sql("SELECT count(*) FROM content").scalar()
        assert count == 5  # two objects with inner and payload, one inflated interchange


def test_an_event_is_one_by_administration_reference_and_word(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert event(transaction) and not event(transaction)
        assert event(transaction, reference="E2")
        for message, kind in ((7, PartnerConflict), (None, LocalConflict)):
            with pytest.raises(kind) as conflict:
                event(transaction, {"word": "ARRIVED", "remark": "other"}, message=message)
            assert isinstance(conflict.value, Conflict) and conflict.value.code == "L010"
        assert [(row.reference, row.word, row.happened, row.tree) for row in transaction.events("M1")] == [
            ("E1", "ARRIVED", NOW, {"word": "ARRIVED"}), ("E2", "ARRIVED", NOW, {"word": "ARRIVED"})]


def test_one_conflict_among_many_events_does_not_stop_the_others(ledger: Ledger) -> None:
    def new(reference: str, remark: str) -> NewEvent:
        return NewEvent(mrn="M1", administration=PARTNER, reference=reference, word="ARRIVED", happened=None,
                        tree={"remark": remark}, message_id=None, source_id=None)

    with ledger.transaction() as transaction:
        outcome = transaction.add_events([new("E1", "a"), new("E1", "a"), new("E1", "b"), new("E2", "b")], at=NOW)
        assert outcome == [EventOutcome.NEW, EventOutcome.HELD, EventOutcome.CONFLICT, EventOutcome.NEW]
        assert [(row.reference, row.tree) for row in transaction.events("M1")] == [
            ("E1", {"remark": "a"}), ("E2", {"remark": "b"})]


def test_the_same_file_under_another_name_is_the_same_source_and_another_record_is_not(ledger: Ledger) -> None:
    def add(key: str, files: dict[str, bytes], kind: str = "declarations") -> int | None:
        with ledger.transaction() as transaction:
            return transaction.add_source(kind=kind, dialect="d", key=key, files=files, at=NOW)

    assert add("K1", {"a.csv": b"one", "b.csv": b"two"}) == 1
    assert add("K1", {"x.csv": b"two", "y.csv": b"one"}) is None
    assert add("K2", {"a.csv": b"one", "b.csv": b"two"}) == 2
    assert add("K1", {"a.csv": b"one"}) == 3
    assert add("K1", {"a.csv": b"one", "b.csv": b"two"}, "events") == 4
    with ledger.reading() as queries:
        held = queries._connection.exec_driver_sql("SELECT count(*) FROM content").scalar()
        assert held == 2  # each content once, however many records it holds


def test_a_delivered_name_never_changes_its_content(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.add_delivery(folder="events", name="E1.json", content=b"{}", at=NOW) == 1
        assert transaction.add_delivery(folder="answers", name="E1.json", content=b"[]", at=NOW) == 2
        assert transaction.add_delivery(folder="events", name="E1.json", content=b"{}", at=NOW) is None
        with pytest.raises(LocalConflict) as conflict:
            transaction.add_delivery(folder="events", name="E1.json", content=b"{1}", at=NOW)
        assert conflict.value.code == "L011"
        assert [(row.id, row.folder, row.content) for row in transaction.pending_deliveries(10)] == [
            (1, "events", b"{}"), (2, "answers", b"[]")]
        assert [[row.id for row in transaction.pending_deliveries(limit, octets=octets)]
                for limit, octets in ((1, 4), (9, 4), (9, 3), (9, 0))] == [[1], [1, 2], [1], [1]]
        transaction.mark_delivered([1], NOW)
        transaction.mark_delivered([1], NOW + timedelta(hours=1))
        assert [row.id for row in transaction.pending_deliveries(10)] == [2]


def test_a_refused_file_is_noted_and_known_by_partner_name_and_code(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        transaction.note_incoming(partner=PARTNER, name="x.p7m", code="E_NAME", size=3, kept="", at=NOW)
        assert transaction.noted(partner=PARTNER, name="x.p7m", code="E_NAME")
        assert not transaction.noted(partner=PARTNER, name="x.p7m", code="E_OUTER")
        assert not transaction.noted(partner="MLDGD", name="x.p7m", code="E_NAME")
    with ledger.reading() as queries:
        assert [(note.name, note.code, note.size) for note in queries.notes(partner=PARTNER)] == [
            ("x.p7m", "E_NAME", 3)]
        assert queries.notes(partner="MLDGD") == []


def test_a_movement_is_found_by_its_mrn_and_by_its_national_key(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert movement(transaction) and not movement(transaction)
        held = transaction.movement("M1")
        assert held is not None and (held.time_limit, held.state) == (NOW.date(), "")
        assert transaction.movement_by_key("TGOTR", "TGLPL/2026/M1") == held
        assert transaction.movement_by_key("BFDGD", "TGLPL/2026/M1") is None
        with pytest.raises(LookupError):
            transaction.set_movement_state("M2", state="SENT", flags="", next_action="", who="", at=NOW)


def test_a_movements_state_is_history_only_when_it_changed(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        movement(transaction)
        for state in ("SENT", "SENT", "CONFIRMED"):
            transaction.set_movement_state("M1", state=state, flags="", next_action="wait", who=PARTNER, at=NOW)
    with ledger.reading() as queries:
        assert [(row.event, row.from_state, row.to_state, row.text) for row in queries.history_of("M1")] == [
            ("new", None, None, "TGOTR TGLPL/2026/M1 tg-bf departure"),
            ("state", "", "SENT", "wait | BFDGD"), ("state", "SENT", "CONFIRMED", "wait | BFDGD")]


def test_a_message_in_must_belong_to_a_partners_interchange_and_have_a_state_of_its_kind(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        number = store(transaction, 1, "BF1")
        with pytest.raises(LookupError):
            take(transaction, number + 1, "1", "M1", "ACCEPTED")
        with pytest.raises(ValueError):
            take(transaction, number, "1", "M1", "WAITING")


@pytest.mark.parametrize(("folder", "name"), [
    ("events", "../planted"), ("events", ".."), ("events", "."), ("events", ""), ("events", "/etc/passwd"),
    ("events", "a\\b"), ("events", "a\0b"), ("..", "a.json"), ("in/events", "a.json")])
def test_a_delivery_has_one_plain_name(ledger: Ledger, folder: str, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"), ledger.transaction() as transaction:
        transaction.add_delivery(folder=folder, name=name, content=b"{}", at=NOW)
    with ledger.transaction() as transaction:
        assert transaction.pending_deliveries(10) == []

"""Does one declaration go its whole way through the ledger, and does every act said twice count once?

The small helpers here make the acts of a run with values that need no cryptography; the other ledger tests use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.ledger import InterchangeState, Ledger, MessageState, ObjectState, Queries, Transaction
from gateway.references import Tree

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PARTNER = "BFDGD"
CUSDEC = "CUSDEC:D:96B:UN:COR10"


def digest(text: object) -> str:
    return sha256(str(text).encode()).hexdigest()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=NOW) as opened:
        yield opened


def queue(transaction: Transaction, mrn: str | None = "M1", *, type: str = "CUSDEC", word: str = "original",
          urgent: bool = False, partner: str = PARTNER, source: int | None = None) -> int:
    return transaction.queue_message(
        partner=partner, type=type, mrn=mrn, word=word, wire=(CUSDEC, f"BGM+{mrn}'", 1), mapping="base/cusdec",
        mapping_digest=digest("mapping"), source_id=source, answers=None, urgent=urgent, at=NOW)


def seal(transaction: Transaction, *, type: str = "CUSDEC", partner: str = PARTNER, limit: int = 500,
         at: datetime = NOW) -> tuple[int, int]:
    """One interchange of what waits, sealed: (interchange, object)."""
    messages = transaction.take_waiting(partner, type, limit)
    head = transaction.link_head(partner, "out")
    sequence = head.sequence + 1
    reference = f"TG{transaction.next_number(f'unb/{partner}'):010d}"
    interchange = transaction.add_interchange_out(
        partner=partner, control_reference=reference, type=type, payload=f"UNB+{reference}'".encode(), test=True,
        messages=[(message.id, str(ordinal)) for ordinal, message in enumerate(messages, 1)], at=at)
    return interchange, put(transaction, sequence, head.mic, interchange, None, partner, at)


def put(transaction: Transaction, sequence: int, previous: str, interchange: int | None, receipt_for: int | None,
        partner: str = PARTNER, at: datetime = NOW) -> int:
    return transaction.add_object_out(
        partner=partner, sequence=sequence, message_id=f"<{sequence}@TGOTR>", kind="application/EDIFACT",
        mic=digest(f"mic{sequence}"), previous=previous, signature_digest=digest(f"sig{sequence}"),
        name=f"{sequence:032x}.p7m", sealed=b"sealed %d" % sequence, inner=b"inner %d" % sequence,
        leaf=b"leaf %d" % sequence, interchange_id=interchange, receipt_for=receipt_for, at=at)


def receive(transaction: Transaction, sequence: int, *, payload: bytes = b"UNB'", code: str | None = None,
            partner: str = PARTNER, at: datetime = NOW) -> int:
    return transaction.add_object_in(
        partner=partner, sequence=sequence, message_id=f"<{sequence}@{partner}>", kind="application/EDIFACT",
        mic=digest(f"in{sequence}"), previous=digest(f"in{sequence - 1}"), signature_digest=digest(f"s{sequence}"),
        name=f"{sequence:032x}.p7m", inner=b"inner", payload=payload, leaf=b"leaf %d" % sequence, code=code, at=at)


def store(transaction: Transaction, sequence: int, reference: str, *, payload: bytes = b"UNB'") -> int:
    """A partner's object with its interchange; the number of the interchange."""
    held = receive(transaction, sequence, payload=payload)
    return transaction.add_interchange_in(partner=PARTNER, object_id=held, control_reference=reference,
                                          type="CUSDEC", test=True, payload=payload, at=NOW)


def take(transaction: Transaction, interchange: int, reference: str, mrn: str | None, state: str) -> int:
    return transaction.add_message_in(
        interchange_id=interchange, message_reference=reference, type="CUSDEC", mrn=mrn, word="original",
        body=f"BGM+{mrn}'", segments=1, mapping="base/cusdec", mapping_digest=digest("mapping"), state=state, at=NOW)


def receipt(transaction: Transaction, sequence: int, disposition: str = "processed", at: datetime = NOW) -> str:
    return transaction.settle_receipt(
        PARTNER, message_id=f"<{sequence}@TGOTR>", sequence=sequence, mic=digest(f"mic{sequence}"),
        signature_digest=digest(f"sig{sequence}"), disposition=disposition, at=at)


def contrl(transaction: Transaction, action: str = "7", rejected: list[str] | None = None,
           reference: str = "TG0000000001", at: datetime = NOW) -> bool:
    return transaction.settle_contrl(PARTNER, control_reference=reference, action=action, rejected=rejected or [],
                                     detail="", at=at)


def answer(transaction: Transaction, word: str = "ACCEPTED", answered: str | None = "TG0000000001-1",
           mrn: str | None = "M1") -> int | None:
    return transaction.settle_answer(PARTNER, answered=answered, mrn=mrn, word=word, detail="", at=NOW)


def movement(transaction: Transaction, mrn: str = "M1") -> bool:
    return transaction.add_movement(
        mrn=mrn, key=f"TGLPL/2026/{mrn}", administration="TGOTR", corridor="tg-bf", role="departure",
        departure="TGLPL", destination="BFOUA", time_limit=NOW.date(), at=NOW)


def event(transaction: Transaction, tree: Tree | None = None, *, message: int | None = None,
          reference: str = "E1") -> bool:
    return transaction.add_event(mrn="M1", administration=PARTNER, reference=reference, word="ARRIVED", happened=NOW,
                                 tree=tree or {"word": "ARRIVED"}, message_id=message, source_id=None, at=NOW)


def states(queries: Queries) -> tuple[list[str], list[str], list[str]]:
    """(objects out, interchanges out, messages out), oldest first."""
    interchanges = queries.interchanges(direction="out")[::-1]
    objects = [one for row in interchanges for one in queries.objects_of(row.id)]
    return ([one.state for one in objects], [row.state for row in interchanges],
            [row.state for row in queries.messages(direction="out")[::-1]])


def test_a_declaration_goes_from_the_national_file_to_the_answer_and_its_history_tells_it(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        source = transaction.add_source(kind="declarations", dialect="tgotr/asycuda", key="K1",
                                        files={"sad.xml": b"<SAD/>", "t1.xml": b"<T1/>"}, at=NOW)
        assert source is not None
        movement(transaction)
        transaction.add_declaration(mrn="M1", amendment=0, function="original", tree={"mrn": "M1"},
                                    source_id=source, message_id=None, at=NOW)
        message = queue(transaction, source=source)
    with ledger.transaction() as transaction:
        interchange, sealed = seal(transaction)
    with ledger.transaction() as transaction:
        due = transaction.due_objects(PARTNER, now=NOW)
        transaction.mark_dispatched([one.id for one in due], at=NOW + HOUR, receipt_due=NOW + 5 * HOUR)
    with ledger.transaction() as transaction:
        assert receipt(transaction, 1, at=NOW + 2 * HOUR) == "received"
        assert contrl(transaction, at=NOW + 3 * HOUR)
        assert answer(transaction) == message
    with ledger.reading() as queries:
        assert [(one.id, one.sealed) for one in due] == [(sealed, b"sealed 1")]
        assert states(queries) == ([ObjectState.RECEIVED], [InterchangeState.ACKNOWLEDGED],
                                   [MessageState.ANSWERED_ACCEPTED])
        held = queries.source_of(message)
        assert held is not None
        assert [(file.name, file.content) for file in held.files] == [("sad.xml", b"<SAD/>"), ("t1.xml", b"<T1/>")]
        assert queries.body_of(message) == "BGM+M1'"
        assert queries.payload_of(interchange) == b"UNB+TG0000000001'"
        told = [(row.subject, row.event, row.from_state, row.to_state) for row in queries.history_of("M1")]
        assert told == [
            ("movement", "new", None, None), ("declaration", "new", None, None),
            ("message", "new", None, "WAITING"),
            ("interchange", "new", None, "PREPARED"), ("message", "prepare", "WAITING", "PREPARED"),
            ("object", "new", None, "PREPARED"),
            ("object", "dispatch", "PREPARED", "DISPATCHED"), ("interchange", "dispatch", "PREPARED", "DISPATCHED"),
            ("message", "dispatch", "PREPARED", "DISPATCHED"),
            ("object", "receipt", "DISPATCHED", "RECEIVED"), ("interchange", "receipt", "DISPATCHED", "RECEIVED"),
            ("interchange", "contrl-7", "RECEIVED", "ACKNOWLEDGED"),
            ("message", "contrl-7", "DISPATCHED", "ACKNOWLEDGED"),
            ("message", "answer-accepted", "ACKNOWLEDGED", "ANSWERED-ACCEPTED")]
        assert queries.verify_history() is None
        assert list(queries.verify_contents()) == []


def test_whatever_is_said_a_second_time_changes_nothing(ledger: Ledger) -> None:
    """Every act of a run that was killed after its commit and runs again."""
    def acts() -> list[object]:
        with ledger.transaction() as transaction:
            said: list[object] = [
                transaction.add_source(kind="events", dialect="d", key="K", files={"a": b"1", "b": b"2"}, at=NOW),
                movement(transaction), event(transaction),
                transaction.add_declaration(mrn="M1", amendment=0, function="original", tree={"mrn": "M1"},
                                            source_id=None, message_id=None, at=NOW),
                transaction.add_delivery(folder="events", name="E1.json", content=b"{}", at=NOW)]
            transaction.set_movement_state("M1", state="SENT", flags="", next_action="wait", who=PARTNER, at=NOW)
            transaction.keep_mapping(digest("mapping"), "base/cusdec", "text")
            transaction.mark_delivered([row.id for row in transaction.pending_deliveries(10)], NOW)
        return said

    def answers() -> list[object]:
        with ledger.transaction() as transaction:
            return [receipt(transaction, 1), contrl(transaction), answer(transaction)]

    first = acts()
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=None)
    settled = answers()
    with ledger.reading() as queries:
        head = queries.history_head()
    assert first == [1, True, True, 1, 1] and acts() == [None, False, False, 1, None]
    assert settled == ["received", True, 1] and answers() == ["repeated", True, 1]
    with ledger.reading() as queries:
        assert queries.history_head() == head
        assert queries.verify_history() is None


def test_of_declarations_heads_leave_out_the_goods_and_who_has_a_part_in_it_and_nothing_else(ledger: Ledger) -> None:
    head: Tree = {"amendment": 0, "function": "original", "mrn": "M1", "remark": "\x00\x01 É ☃",
                  "time_limit": date(2026, 12, 1), "total_gross_mass": Decimal("12.50")}
    body: Tree = {"items": [{"number": 1, "description": "riz \x00"}], "equipment": [{"number": "MSKU0000001"}],
                  "seals": [{"identity": "TG1"}], "consignor": {"name": "A"}, "consignee": {"name": "B"},
                  "principal": {"name": "C"}, "declarant": {"name": "D"}}
    with ledger.transaction() as transaction:
        for mrn in ("M1", "M2"):
            transaction.add_movement(mrn=mrn, key=mrn, administration="TGOTR", corridor="lome-ouaga", role="departure",
                                     departure="TGLPL", destination="BFOUI", time_limit=None, at=NOW)
        for mrn, amendment in (("M1", 0), ("M2", 0), ("M2", 1)):
            transaction.add_declaration(mrn=mrn, amendment=amendment, function="original", tree={**head, **body},
                                        source_id=None, message_id=None, at=NOW)
        assert transaction.only_versions_of(["M1", "M2"]) == {"M1": transaction.declarations("M1")[0].digest}
        assert transaction.heads_of(["M1"]) == {"M1": head}
        assert [row.tree for row in transaction.declarations("M1")] == [{**head, **body}]


def test_events_that_were_foreseen_are_those_that_stand_whatever_is_written_since(ledger: Ledger) -> None:
    def say(transaction: Transaction, reference: str, word: str) -> None:
        transaction.add_event(mrn=None, administration="BFDGD", reference=reference, word=word, happened=NOW,
                              tree={"word": word}, message_id=None, source_id=None, at=NOW)

    def held(transaction: Transaction) -> list[tuple[str, str]]:
        return [(reference, word) for reference in ("E1", "E2", "E3") for word in ("ARRIVED", "CONTROL")
                if transaction.known_event("BFDGD", reference, word) is not None]

    with ledger.transaction() as transaction:
        say(transaction, "E1", "ARRIVED")
    with ledger.transaction() as transaction:
        transaction.foresee([], "BFDGD", references=["E1", "E2", "E1"])
        assert held(transaction) == [("E1", "ARRIVED")]
        assert transaction.known_event("TGOTR", "E1", "ARRIVED") is None
        say(transaction, "E1", "CONTROL")
        say(transaction, "E2", "ARRIVED")
        assert held(transaction) == [("E1", "ARRIVED"), ("E1", "CONTROL"), ("E2", "ARRIVED")]
        with pytest.raises(ZeroDivisionError), transaction.part():
            say(transaction, "E3", "ARRIVED")
            transaction.foresee([], "BFDGD", references=["E3"])
            raise ZeroDivisionError
        assert held(transaction) == [("E1", "ARRIVED"), ("E1", "CONTROL"), ("E2", "ARRIVED")]


def test_what_was_foreseen_is_what_stands_whatever_is_written_since(ledger: Ledger) -> None:
    def record(transaction: Transaction, mrn: str, key: str) -> None:
        transaction.add_movement(mrn=mrn, key=key, administration="TGOTR", corridor="lome-ouaga", role="departure",
                                 departure="TGLPL", destination="BFOUI", time_limit=None, at=NOW)

    with ledger.transaction() as transaction:
        record(transaction, "M1", "K1")
    with ledger.transaction() as transaction:
        transaction.foresee(["M1", "M2", "M3"], "TGOTR", ["K1", "K2", "K3"])
        first = transaction.movement("M1")
        assert first is not None and transaction.movement_by_key("TGOTR", "K1") == first
        assert (transaction.movement("M2"), transaction.movement_by_key("TGOTR", "K2")) == (None, None)
        assert transaction.declarations("M2") == []
        record(transaction, "M2", "K2")
        second = transaction.movement("M2")
        assert second is not None and transaction.movement_by_key("TGOTR", "K2") == second
        transaction.add_declaration(mrn="M2", amendment=0, function="original", tree={"mrn": "M2"}, source_id=None,
                                    message_id=None, at=NOW)
        assert [row.tree for row in transaction.declarations("M2")] == [{"mrn": "M2"}]
        assert transaction.heads_of(["M1", "M2"]) == {"M2": {"mrn": "M2"}}
        assert list(transaction.movements_of(["M3", "M2", "M1"]).values()) == [first, second]
        transaction.set_movement_state("M1", state="SENT", flags="", next_action="wait", who="BFDGD", at=NOW)
        moved = transaction.movement("M1")
        assert moved is not None and moved.state == "SENT"
        assert transaction.movements_of(["M1"]) == {"M1": moved}
        assert transaction.movement_by_key("TGOTR", "K1") == moved
        with pytest.raises(ZeroDivisionError), transaction.part():
            record(transaction, "M3", "K3")
            raise ZeroDivisionError
        assert (transaction.movement("M3"), transaction.movement_by_key("TGOTR", "K3")) == (None, None)

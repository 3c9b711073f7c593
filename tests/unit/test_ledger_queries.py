"""Do the questions of an operator get their answers, and quickly enough?"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as alchemy_event

from gateway.ledger import Deadlines, Ledger, NewMessage
from gateway.ledger.lookups import NO_MIC
from gateway.ledger.questions import Count, Overdue
from tests.unit.test_ledger_story import (
    CUSDEC,
    HOUR,
    NOW,
    PARTNER,
    answer,
    contrl,
    digest,
    event,
    ledger,
    movement,
    put,
    queue,
    receipt,
    receive,
    seal,
    store,
    take,
)

__all__ = ["ledger"]

AGREED = {PARTNER: Deadlines(contrl=HOUR / 2, cusres=2 * HOUR)}


def test_at_any_time_just_one_answer_is_late_and_it_names_whose_move_it_is(ledger: Ledger) -> None:
    def late(hours: float) -> list[Overdue]:
        with ledger.reading() as queries:
            return queries.overdue(NOW + hours * HOUR, AGREED)

    with ledger.transaction() as transaction:
        message = queue(transaction)
        interchange, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + 4 * HOUR)
    assert late(3.9) == []
    assert late(4) == [Overdue(kind="receipt", partner=PARTNER, reference="<1@TGOTR>", mrn=None, subject_id=sealed,
                               since=NOW, due=NOW + 4 * HOUR, attempts=1)]
    with ledger.transaction() as transaction:
        receipt(transaction, 1, at=NOW + 5 * HOUR)
    assert late(5.4) == []
    assert late(5.5) == [Overdue(kind="contrl", partner=PARTNER, reference="TG0000000001", mrn=None,
                                 subject_id=interchange, since=NOW + 5 * HOUR, due=NOW + 5.5 * HOUR, attempts=0)]
    with ledger.transaction() as transaction:
        contrl(transaction, at=NOW + 6 * HOUR)
    assert late(7.9) == []
    assert late(8) == [Overdue(kind="cusres", partner=PARTNER, reference="TG0000000001-1", mrn="M1",
                               subject_id=message, since=NOW + 6 * HOUR, due=NOW + 8 * HOUR, attempts=0)]
    with ledger.transaction() as transaction:
        answer(transaction)
    assert late(99) == []


@pytest.mark.parametrize(("type_", "kinds"), [("CUSDEC", ["contrl"]), ("CUSRES", ["contrl"]), ("CONTRL", [])])
def test_a_contrl_waits_for_no_contrl(ledger: Ledger, type_: str, kinds: list[str]) -> None:
    with ledger.transaction() as transaction:
        queue(transaction, type=type_)
        _, sealed = seal(transaction, type=type_)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
        receipt(transaction, 1)
    with ledger.reading() as queries:
        assert [one.kind for one in queries.overdue(NOW + 99 * HOUR, AGREED)] == kinds


def test_an_acknowledged_cusres_waits_for_nothing(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction, type="CUSRES")
        seal(transaction, type="CUSRES")
        contrl(transaction)
    with ledger.reading() as queries:
        assert queries.overdue(NOW + 99 * HOUR, AGREED) == []
        summary = queries.summary(NOW)
        assert summary.open_messages == ()
        assert summary.done_messages == (Count(partner=PARTNER, direction="out", type="CUSRES", state="ACKNOWLEDGED",
                                               count=1, oldest=NOW),)


def test_the_summary_counts_what_is_open_and_what_ended_in_a_day(ledger: Ledger) -> None:
    def count(direction: str, type_: str, state: str, number: int = 1) -> Count:
        return Count(partner=PARTNER, direction=direction, type=type_, state=state, count=number, oldest=NOW)

    with ledger.transaction() as transaction:
        movement(transaction)
        transaction.set_movement_state("M1", state="SENT", flags="", next_action="", who="", at=NOW)
        for mrn in ("M1", "M2"):
            queue(transaction, mrn)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
        held = receive(transaction, 3)
        own = put(transaction, 2, digest("mic1"), None, held)
        transaction.mark_dispatched([own], at=NOW, receipt_due=NOW + HOUR)
        put(transaction, 3, digest("mic2"), None, None)
        queue(transaction, "M3")
        number = store(transaction, 1, "BF1")
        take(transaction, number, "1", "M1", "HELD")
        take(transaction, number, "2", "M2", "ACCEPTED")
        transaction.note_incoming(partner=PARTNER, name="x", code="E_OUTER", size=1, kept="q/x", at=NOW)
        transaction.add_delivery(folder="events", name="E1.json", content=b"{}", at=NOW)
    with ledger.reading() as queries:
        summary = queries.summary(NOW)
    assert summary.open_objects == (count("out", "application/EDIFACT", "PREPARED"),
                                    count("out", "application/EDIFACT", "DISPATCHED"))
    assert summary.open_interchanges == (count("out", "CUSDEC", "DISPATCHED"), count("in", "CUSDEC", "STORED"))
    assert summary.open_messages == (count("out", "CUSDEC", "WAITING"), count("out", "CUSDEC", "DISPATCHED", 2),
                                     count("in", "CUSDEC", "HELD"))
    assert summary.done_messages == (count("in", "CUSDEC", "ACCEPTED"),)
    assert (summary.movements, summary.notes, summary.pending_deliveries) == ({"SENT": 1}, {"E_OUTER": 1}, 1)
    assert [(one.partner, one.last_out, one.last_in, [(gap.first, gap.last) for gap in one.gaps])
            for one in summary.partners] == [(PARTNER, NOW, NOW, [(2, 2)])]
    with ledger.reading() as queries:
        tomorrow = queries.summary(NOW + timedelta(hours=25))
    assert (tomorrow.done_messages, tomorrow.notes) == ((), {})
    assert tomorrow.open_messages == summary.open_messages


def test_a_refused_object_is_open_until_somebody_acts(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        put(transaction, 1, NO_MIC, None, None)
        transaction.mark_dispatched([1], at=NOW, receipt_due=NOW + HOUR)
        receipt(transaction, 1, "failed/failure: E_CHAIN")
    with ledger.reading() as queries:
        assert [(one.state, one.count) for one in queries.summary(NOW).open_objects] == [("REFUSED", 1)]
        assert queries.objects_unanswered(NOW + 99 * HOUR) == []


def test_everything_answers_to_the_references_that_people_hold(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        source = transaction.add_source(kind="declarations", dialect="d", key="TGLPL/2026/M1",
                                        files={"sad-17.xml": b"<SAD/>"}, at=NOW)
        movement(transaction)
        event(transaction)
        message = queue(transaction, source=source)
        interchange, sealed = seal(transaction)
        transaction.note_incoming(partner=PARTNER, name="bad.p7m", code="E_OUTER", size=1, kept="q/x", at=NOW)
    with ledger.reading() as queries:
        found = {reference: queries.find(reference) for reference in (
            "M1", "TGLPL/2026/M1", "TG0000000001", "TG0000000001-1", "E1", "<1@TGOTR>", f"{1:032x}.p7m",
            "sad-17.xml", "bad.p7m", "nothing", "")}
    shown = {reference: ([one.mrn for one in f.movements], [one.reference for one in f.events],
                         [one.id for one in f.messages], [one.id for one in f.interchanges],
                         [one.id for one in f.objects], list(f.sources), [one.name for one in f.notes])
             for reference, f in found.items()}
    assert shown == {
        "M1": (["M1"], ["E1"], [message], [], [], [], []),
        "TGLPL/2026/M1": (["M1"], ["E1"], [message], [], [], [source], []),
        "TG0000000001": ([], [], [], [interchange], [], [], []),
        "TG0000000001-1": ([], [], [message], [], [], [], []),
        "E1": ([], ["E1"], [], [], [], [], []),
        "<1@TGOTR>": ([], [], [], [], [sealed], [], []),
        f"{1:032x}.p7m": ([], [], [], [], [sealed], [], []),
        "sad-17.xml": ([], [], [message], [], [], [source], []),
        "bad.p7m": ([], [], [], [], [], [], ["bad.p7m"]),
        "nothing": ([], [], [], [], [], [], []),
        "": ([], [], [], [], [], [], []),
    }
    assert [bool(f) for f in found.values()] == [True] * 9 + [False] * 2


def test_single_things_and_their_bytes_are_there_to_show(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        transaction.keep_mapping(digest("mapping"), "base/cusdec", "segments: …")
        message = queue(transaction)
        interchange, sealed = seal(transaction)
    with ledger.reading() as queries:
        row = queries.message(message)
        assert row is not None
        assert (row.control_reference, row.message_reference, row.identifier) == ("TG0000000001", "1", CUSDEC)
        assert queries.mapping_text(row.mapping_digest) == "segments: …"
        bytes_ = queries.bytes_of(sealed)
        assert bytes_ is not None and (bytes_.sealed, bytes_.inner, bytes_.payload) == (b"sealed 1", b"inner 1", None)
        assert [one.id for one in queries.objects_of(interchange)] == [sealed]
        assert queries.source_of(message) is None
        nothing = (queries.message(9), queries.interchange(9), queries.object_of(9), queries.bytes_of(9),
                   queries.body_of(9), queries.payload_of(9), queries.source(9), queries.mapping_text("x"))
        assert nothing == (None,) * 8
        assert [one.control_reference for one in queries.interchanges(partner=PARTNER, states=["PREPARED"])] == [
            "TG0000000001"]
        assert queries.interchanges(partner="MLDGD") == queries.interchanges(states=["STORED"]) == []
        assert [one.id for one in queries.messages(partner=PARTNER, states=["PREPARED"], limit=1)] == [message]
        assert queries.movements("SENT") == []


def fill(ledger: Ledger, messages: int) -> None:
    new = NewMessage(partner=PARTNER, type="CUSDEC", mrn=None, word="original", wire=(CUSDEC, "x" * 2000, 40),
                     mapping="base/cusdec", mapping_digest=digest("m"), source_id=None, answers=None, urgent=False)
    for _ in range(messages // 500):
        with ledger.transaction() as transaction:
            transaction.queue_messages([new] * 500, at=NOW)
            _, sealed = seal(transaction)
            transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)


def test_the_status_of_ten_thousand_messages_is_measured(ledger: Ledger) -> None:
    fill(ledger, 10_000)
    with ledger.reading() as queries:
        start = time.perf_counter()
        summary = queries.summary(NOW)
        late = queries.overdue(NOW + 9 * HOUR, AGREED)
        print(f"\nstatus of 10,000 messages: {(time.perf_counter() - start) * 1000:.0f} ms")
    assert [one.count for one in summary.open_messages] == [10_000]
    assert len(late) == 20


def test_no_question_of_a_run_reads_a_whole_table(ledger: Ledger) -> None:
    """Cost must not grow with the ledger: every statement that runs ask is answered from an index."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            statements.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    with ledger.transaction() as transaction:
        queue(transaction)
        seal(transaction)
        store(transaction, 1, "BF1")
    engines = (ledger._writer, ledger._reader)
    for engine in engines:
        alchemy_event.listen(engine, "before_cursor_execute", note)
    with ledger.transaction() as transaction:
        transaction.add_source(kind="events", dialect="d", key="K", files={"a": b"1"}, at=NOW)
        movement(transaction)
        event(transaction)
        transaction.movement_by_key("TGOTR", "K")
        transaction.declarations("M1")
        transaction.waiting(PARTNER)
        transaction.take_waiting(PARTNER, "CUSDEC", 9)
        transaction.take_waiting(PARTNER, "CUSRES", 9, behind="sent")
        transaction.prepared_declarations(PARTNER)
        transaction.mark_dispatched([one.id for one in transaction.due_objects(PARTNER, now=NOW)], at=NOW,
                                    receipt_due=NOW)
        receipt(transaction, 1)
        contrl(transaction, rejected=["2"])
        answer(transaction)
        answer(transaction, answered=None)
        transaction.known_object(PARTNER, message_id="x")
        transaction.receipt_of(1)
        transaction.unprocessed_interchanges(PARTNER)
        transaction.unprocessed()
        transaction.add_delivery(folder="events", name="E1", content=b"", at=NOW)
        transaction.pending_deliveries(9)
    with ledger.reading() as queries:
        queries.overdue(NOW, AGREED)
        queries.held_messages(NOW, PARTNER)
        queries.find("M1")
        queries.history_of("TG0000000001-1")
        queries.gaps(PARTNER)
    for engine in engines:
        alchemy_event.remove(engine, "before_cursor_execute", note)
    scans: set[tuple[str, str]] = set()
    tables = {"message", "interchange", "object", "content", "event", "declaration", "movement", "source",
              "source_file", "delivery", "incoming_note"}
    with ledger._reader.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            scans.update((row[3], statement) for row in plan
                         if row[3].startswith("SCAN") and row[3].split()[1] in tables)
    assert scans == set()
    assert len(statements) > 40

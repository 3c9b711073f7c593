"""Defects of the exchange that were found by bad input, each kept from coming back.

The tests through whole gateways stand in `tests/hostile/test_bad_*.py`; here are the decisions behind them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from gateway.edifact import MessageIdentifier, WireMessage
from gateway.errors import LocalError
from gateway.exchange.conversion import check
from gateway.exchange.inquiry import deciding_word
from gateway.exchange.rejection import event_of_rejection, rule_refusal
from gateway.exchange.route import corridor_asked, joining
from gateway.findings import Finding
from gateway.ledger import Ledger
from gateway.mapping import Corridors, load_corridors, search_path
from gateway.transit.event import Event, Word
from gateway.transit.terms import to_tree

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def said(word: Word, hour: int = 10) -> Event:
    """An event of that hour."""
    return Event(word=word, reference=f"R-{word.value}", administration="BFDGD", mrn="26TGLPLT0000182338",
                 happened=NOW.replace(hour=hour))


@pytest.mark.parametrize(("state", "events", "word"), [
    ("CLOSED", [said(Word.ARRIVED), said(Word.DISCHARGED, 9)], Word.DISCHARGED),
    ("EN-ROUTE", [said(Word.CROSS_OUT, 8), said(Word.CROSS_IN, 9), said(Word.INCIDENT, 7)], Word.CROSS_IN),
    ("EXITED", [said(Word.CROSS_IN, 9), said(Word.CROSS_OUT, 9)], Word.CROSS_OUT),
    ("DISPUTED", [said(Word.CONTROL)], Word.CONTROL),
    ("CANCELLED", [said(Word.ACCEPTED)], None),
    ("EXPECTED", [said(Word.ACCEPTED)], Word.ACCEPTED),
    ("EXPECTED", [], None),
    ("DRAFT", [said(Word.ACCEPTED)], None)])
def test_the_answer_about_a_state_is_the_word_of_the_event_that_decides_it(state: str, events: list[Event],
                                                                          word: Word | None) -> None:
    assert deciding_word(state, events) is word
    assert deciding_word(state, events[::-1]) is word


def test_a_message_with_a_letter_that_no_interchange_can_carry_never_waits_beside_others() -> None:
    wire = WireMessage(MessageIdentifier.parse("CUSRES:D:96B:UN:COR10"),
                       "BGM+962+26TGLPLT0000182338+8'DTM+9:202611201000:203'GIS+XOU:120:ZZZ'NAD+CM+TGΩ::ZZZ'"
                       "RFF+ABT:26TGLPLT0000182338'RFF+AIV:R-1'", 6)
    with pytest.raises(LocalError) as caught:
        check(wire)
    assert [(finding.code, finding.place.segment, finding.place.tag, finding.place.element)
            for finding in caught.value.findings] == [("F060", 5, "NAD", 2)]


def test_our_own_sentences_in_a_rejection_can_always_be_carried() -> None:
    event_said = event_of_rejection([rule_refusal("COR0012", mrn="“Ω” …")], mrn=None, reference="R-1", office=None,
                                    administration="BFDGD", answered="TG1-1", local_reference=None, now=NOW)
    corridor = load_corridors(search_path()).named("tg-bf")
    check(corridor.write([to_tree(event_said)]))


def test_where_a_corridor_cannot_be_read_a_route_that_seems_to_lead_nowhere_waits_for_it() -> None:
    whole = load_corridors(search_path())
    broken = Corridors([one for one in whole.all if one.identifier != "tg-ml"], whole.offices,
                       {"tg-ml": (Finding(code="S041"),)})
    with pytest.raises(LocalError, match="S041"):
        joining(broken, "TGLPL", "MLBKO")
    with pytest.raises(LocalError, match="M301"):
        joining(broken, "TGLPL", "MLXXX")
    assert joining(broken, "TGLPL", "BFOUI").identifier == "tg-bf"


def test_a_record_is_asked_for_on_the_corridor_from_the_office_in_its_mrn() -> None:
    corridors = load_corridors(search_path())
    assert corridor_asked("26TGLPLT0000182338", "MLDGD", corridors).identifier == "tg-ml"
    for mrn, own in (("26TGLPLT0000182338", "TGOTR"), ("26MLBKOT0000182338", "TGOTR"), ("26XXXXXT0000182338", "BFDGD")):
        with pytest.raises(LocalError, match="X025"):
            corridor_asked(mrn, own, corridors)


def test_a_disk_that_fills_up_inside_a_savepoint_is_a_full_disk_and_no_defect(tmp_path: Path) -> None:
    def connected(connection: object, record: object) -> None:
        connection.execute("PRAGMA max_page_count = 100")  # type: ignore[attr-defined]

    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    Ledger.open(url, now=NOW).close()
    event.listen(Engine, "connect", connected)
    try:
        with Ledger.open(url, now=NOW) as ledger, pytest.raises(LocalError, match="L009"), \
                ledger.transaction() as transaction, transaction.part():
            transaction.add_source(kind="declarations", dialect="d", key="k", files={"a": b"x" * 1_000_000}, at=NOW)
    finally:
        event.remove(Engine, "connect", connected)
    with Ledger.open(url, now=NOW) as ledger, ledger.transaction() as transaction:
        assert transaction.add_source(kind="declarations", dialect="d", key="k", files={"a": b"x"}, at=NOW) is not None

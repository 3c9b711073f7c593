"""What comes from time passing alone, each kept from coming back: limits, repeats, what lies in a mailbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import PartnerError
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.effects import Effects, First
from gateway.ledger import Ledger, NewDeclaration, NewEvent, NewMovement
from gateway.references import Tree
from gateway.reports import everything, overdue, status
from gateway.reports.status import LATEST
from gateway.transit.declaration import Declaration
from gateway.transit.terms import from_tree
from tests.tools.malice import at, codes, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn
from tests.unit.test_ledger_story import HOUR, PARTNER, queue, receipt, seal

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LIMIT = date(2027, 3, 20)
OVER = datetime(2027, 3, 21, tzinfo=UTC)
MRN = numbered_mrn(1)


def record(key: str = "A", **changes: Any) -> bytes:
    """A declaration as the national side puts it out."""
    return json.dumps({**declaration(key, mrn=MRN), **changes}).encode()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """Togo has sent one declaration, which nobody has collected yet."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": record()})
    well(togo.run("edi-send"))
    yield togo, burkina


def passes(office: Office, moment: datetime) -> None:
    """A run at a moment, whatever else it finds there."""
    at(office, "edi-send", moment)


def leaves(office: Office) -> None:
    """The truck leaves the country: nobody waits for its first passage any more."""
    event = {"word": "CROSS-OUT", "mrn": MRN, "reference": "OUT-1", "office": {"role": "exit", "code": "TGCKS"},
             "happened": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"}
    office.drop("events", {"out.json": json.dumps(event).encode()})
    well(office.run("edi-send"))


def late(office: Office, moment: datetime) -> list[tuple[str, str, datetime, str]]:
    """The movements that `edi overdue` lists at a moment."""
    with open_gateway(office.settings, moment) as gateway:
        return [(line.reference, line.what, line.due, line.next) for line in overdue(gateway.ledger, moment, {})
                if line.kind == "movement"]


def test_a_movement_becomes_overdue_by_time_alone_and_is_listed_with_the_end_of_its_last_day(
        pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    leaves(togo)
    passes(togo, OVER - timedelta(seconds=1))
    assert late(togo, OVER - timedelta(seconds=1)) == []
    assert togo.movements()[MRN]["flags"] == "NO-ANSWER-FROM:BFDGD"
    passes(togo, OVER)
    line = togo.movements()[MRN]
    assert (line["state"], line["flags"], line["next"], line["who"]) == (
        "EN-ROUTE", "NO-ANSWER-FROM:BFDGD OVERDUE", "enquire", "BFDGD")
    assert late(togo, OVER) == [(MRN, "EN-ROUTE", OVER, "enquire")]
    passes(togo, OVER + timedelta(days=1))  # nothing is left to derive
    assert togo.movements()[MRN] == line


def test_a_truck_that_nobody_sees_for_three_days_is_late_before_its_limit(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    three = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=73)
    passes(togo, three)
    line = togo.movements()[MRN]
    assert (line["flags"], line["next"], line["who"]) == ("NO-ANSWER-FROM:BFDGD OVERDUE", "chase", "BFDGD")
    assert [(what, step) for _, what, _, step in late(togo, three)] == [("SENT", "chase")]
    passes(togo, OVER)
    assert togo.movements()[MRN]["next"] == "enquire"


def test_time_derives_no_more_movements_in_a_run_than_it_may_and_goes_on_in_the_next(
        pair: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, _ = pair
    monkeypatch.setattr("gateway.exchange.movements.DUE", 1)
    togo.drop("declarations", {"d.json": json.dumps(declaration("B", mrn=numbered_mrn(2))).encode()})
    well(togo.run("edi-send"))
    counts = []
    for _ in range(3):
        passes(togo, OVER)
        counts.append(sum("OVERDUE" in line["flags"] for line in togo.movements().values()))
    assert counts == [1, 2, 2]


def test_what_is_handed_over_says_whose_answer_is_awaited(pair: tuple[Office, Office]) -> None:
    line = pair[0].movements()[MRN]
    assert (line["state"], line["flags"], line["next"], line["who"]) == (
        "SENT", "NO-ANSWER-FROM:BFDGD", "wait", "BFDGD")


def test_an_amendment_moves_the_time_limit_of_its_movement(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    leaves(togo)
    togo.drop("declarations", {"d2.json": record(function="replacement", amendment=1, time_limit="2027-04-02")})
    well(togo.run("edi-send"))
    with open_gateway(togo.settings, NOW) as gateway, gateway.ledger.reading() as queries:
        held = queries.movement(MRN)
    assert held is not None
    assert (held.time_limit, held.due) == (date(2027, 4, 2), datetime(2027, 4, 3, tzinfo=UTC))
    passes(togo, OVER)
    assert late(togo, OVER) == []


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Burkina's gateway, empty."""
    with open_gateway(offices(tmp_path)[1].settings, NOW) as opened:
        yield opened


def first_record() -> Effects:
    """What a first declaration causes."""
    tree = {name: value for name, value in declaration("A", mrn=MRN).items()
            if name in ("function", "mrn", "local_reference")}
    movement = NewMovement(mrn=MRN, key="A", administration="TGOTR", corridor="tg-bf", role="departure",
                           departure="TGLPL", destination="BFOUI", time_limit=LIMIT)
    return Effects(
        movements=[movement], firsts={MRN: First(movement, from_tree(Declaration, tree))}, touched={MRN: None},
        declarations=[NewDeclaration(mrn=MRN, amendment=0, function="original", tree=tree, source_id=None,
                                     message_id=None)])


def rejection(reference: str = "R-1", message_id: int | None = None, note: str = "a") -> NewEvent:
    """A rejection that came before the record it is about."""
    tree: Tree = {"word": "REJECTED", "administration": "BFDGD", "reference": reference, "mrn": MRN,
                  "happened": NOW, "local_reference": note}
    return NewEvent(mrn=MRN, administration="BFDGD", reference=reference, word="REJECTED", happened=NOW, tree=tree,
                    message_id=message_id, source_id=None)


def test_a_first_declaration_is_judged_with_what_was_said_of_its_mrn_before(gateway: Gateway) -> None:
    with gateway.ledger.transaction() as transaction:
        transaction.add_events([rejection()], at=NOW)
        first_record().write(gateway, transaction, NOW)
    with gateway.ledger.reading() as queries:
        held = queries.movement(MRN)
    assert held is not None
    assert held.flags == "REJECTED-BY:BFDGD"


def test_an_event_with_another_content_fails_its_batch_and_leaves_nothing_of_it(gateway: Gateway) -> None:
    effects = first_record()
    effects.events = [rejection("R-2"), rejection(message_id=1, note="b")]
    with gateway.ledger.transaction() as transaction:
        transaction.add_events([rejection()], at=NOW)
        with pytest.raises(PartnerError, match="L010"), transaction.part():
            effects.write(gateway, transaction, NOW)
    with gateway.ledger.reading() as queries:
        assert queries.movement(MRN) is None
        assert [row.reference for row in queries.events(MRN)] == ["R-1"]


def test_the_status_for_people_ends_after_the_latest_and_the_one_for_programs_does_not(ledger: Ledger) -> None:
    many = LATEST + 5
    with ledger.transaction() as transaction:
        for number in range(many + 1):
            transaction.add_movement(mrn=f"M{number:03d}", key=f"K{number}", administration="TGOTR", corridor="tg-bf",
                                     role="departure", departure="TGLPL", destination="BFOUI", time_limit=None, at=NOW)
            still = number == 0
            transaction.set_movement_state(f"M{number:03d}", state="SENT" if still else "CLOSED", flags="",
                                           next_action="wait" if still else "none", who="",
                                           at=NOW + timedelta(minutes=number))
    shown = status(ledger, NOW)
    assert [line.mrn for line in shown.movements] == ["M000", *(f"M{many - n:03d}" for n in range(LATEST))]
    assert shown.totals.movements == many + 1
    lines = list(everything(ledger, NOW))
    assert [line.mrn for line in lines[:-1] if hasattr(line, "mrn")] == [
        "M000", *(f"M{many - n:03d}" for n in range(many))]
    assert lines[-1] == shown.totals


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as opened:
        yield opened


def dispatches(office: Office, moments: Sequence[datetime]) -> list[int]:
    """How many objects a run at each moment puts up."""
    return [int(at(office, "edi-sync", moment).counts["objects_dispatched"]) for moment in moments]


def attempts(office: Office, reference: str) -> list[tuple[str, int, bool]]:
    """State and attempts of the objects under a reference, and whether one is to go up again."""
    with open_gateway(office.settings, NOW) as gateway, gateway.ledger.reading() as queries:
        carried = [row for line in queries.find(reference).interchanges for row in queries.objects_of(line.id)]
        return [(row.state.value, row.attempts, row.next_at is not None) for row in carried]


def test_a_received_object_that_is_resent_goes_up_once_and_is_never_due_again(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    for office in (burkina, togo, burkina, togo):
        well(office.run("edi-sync"))
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    assert dispatches(togo, [later(minutes=1)]) == [1]
    assert attempts(togo, "TG0000000001") == [("RECEIVED", 2, False)]
    next(burkina.mailbox("TGOTR").iterdir()).unlink()  # collected, and its receipt is lost
    assert dispatches(togo, [later(days=day, hours=5) for day in range(4)]) == [0, 1, 1, 1]  # the heads of the day
    assert attempts(togo, "TG0000000001") == [("RECEIVED", 2, False)]


def test_a_receipt_said_again_ends_every_repeat_of_what_is_received_and_none_of_what_was_refused(
        ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR, repeat_at=NOW + HOUR)
        assert receipt(transaction, 1, "failed/failure: E_CERT_RETIRED") == "refused"
        transaction.again(sealed, NOW)
        assert receipt(transaction, 1, "failed/failure: E_CERT_RETIRED") == "repeated"
        assert [one.id for one in transaction.due_objects(PARTNER, now=NOW)] == [sealed]
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR, repeat_at=NOW + HOUR)
        assert receipt(transaction, 1, "failed/failure: E_CERT_RETIRED") == "refused"  # the partner stays at it
        assert transaction.due_objects(PARTNER, now=NOW + 99 * HOUR) == []
        transaction.again(sealed, NOW)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR, repeat_at=NOW + HOUR)
        assert receipt(transaction, 1) == "received"
        transaction.again(sealed, NOW)
        assert receipt(transaction, 1) == "repeated"
        assert transaction.due_objects(PARTNER, now=NOW + 99 * HOUR) == []


def test_what_lies_uncollected_counts_no_attempt_and_is_an_alarm_once_a_day(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    (lying,) = burkina.mailbox("TGOTR").iterdir()
    start = later().replace(hour=0, minute=0) + timedelta(days=1)
    rounds = [at(togo, "edi-send", start + timedelta(hours=hours)) for hours in (6, 12, 18, 30)]
    assert [(ran.exit, codes(ran)) for ran in rounds] == [(1, ["X051"]), (0, []), (0, []), (1, ["X051"])]
    refused(rounds[0], 1, "X051", place="BFDGD")
    assert attempts(togo, "TG0000000001") == [("DISPATCHED", 1, True)]
    lying.unlink()  # collected, and no receipt comes
    at(togo, "edi-send", start + timedelta(hours=40))
    assert attempts(togo, "TG0000000001") == [("DISPATCHED", 2, True)]


def test_what_lies_uncollected_is_no_alarm_before_its_receipt_is_late(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    well(at(togo, "edi-send", later(minutes=1)))
    assert attempts(togo, "TG0000000001") == [("DISPATCHED", 1, True)]

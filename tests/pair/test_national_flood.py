"""Does one event or one urgent declaration wait until a flood of declaration files has been taken?"""

from __future__ import annotations

import gc
import hashlib
import itertools
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import cycle, intake, lots, movements
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from gateway.exchange.taking import take_groups
from gateway.ledger.codec import decode_tree
from gateway.mapping.kept import Kept
from gateway.transit.terms import to_tree
from tests.pair.test_order_of_sealing import carried, declare, passage, small
from tests.tools.malice import codes, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn

_FRESH = itertools.count()  # two runs of one second draw different numbers too


@pytest.fixture
def togo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Togo, which has declared one movement; it reads two files at once."""
    made, _ = offices(tmp_path)
    declare(made, 900)
    well(made.run("edi-send"))
    monkeypatch.setattr(lots, "FILES", 2)
    return made


def taken(office: Office) -> list[str]:
    """Files in the order in which they were taken, without the first declaration."""
    with sqlite3.connect(office.home / "state" / "ledger.sqlite") as ledger:
        return [name for (name,) in ledger.execute("select name from source_file order by source_id")][1:]


def run(office: Office, clock: Callable[[], float]) -> Summary:
    """A run of edi-send by a clock."""
    moment = datetime.now(UTC).replace(microsecond=0)
    with open_gateway(office.settings, moment) as gateway:
        return cycle.send(gateway, Occasion(moment, lambda: hashlib.sha256(b"%d" % next(_FRESH)).hexdigest()[:32],
                                            clock))


def test_an_event_is_taken_after_one_lot_of_declarations(togo: Office) -> None:
    """One whose movement is declared in the last lot is taken in the same run, once it is known."""
    declare(togo, *range(1, 8))
    togo.drop("events", {"early.json": passage(7), "known.json": passage(900)})
    well(togo.run("edi-send"))
    assert taken(togo) == ["d1.json", "d2.json", "known.json", "d3.json", "d4.json", "d5.json", "d6.json", "d7.json",
                           "early.json"]


def test_what_a_run_holds_does_not_grow_with_what_it_has_taken(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in objects between two lots, where the collector looks: a record, or its message, is 50 of them and more;
    heads of declarations are kept up to a number."""
    held: list[int] = []

    def counted() -> None:
        gc.collect()
        held.append(sys.getallocatedblocks())

    monkeypatch.setattr(intake, "look_now", counted)
    monkeypatch.setattr(movements, "_HEADS", Kept(8))
    declare(togo, *range(1, 61))
    well(togo.run("edi-send"))
    assert len(held) == 30
    assert held[-1] - held[9] < 20 * 40


def test_an_event_of_a_movement_that_nobody_declares_waits_and_is_counted_once(togo: Office) -> None:
    declare(togo, *range(1, 8))
    togo.drop("events", {"early.json": passage(8)})
    assert togo.run("edi-send").counts["records_waiting"] == 1
    assert togo.run("edi-send").counts["records_waiting"] == 1


def test_urgent_files_are_taken_first(togo: Office) -> None:
    written = togo.settings.read_text("utf-8")
    first = '    - match: "*.xml"\n'
    assert first in written
    togo.settings.write_text(written.replace(
        first, f'    - {{match: "now-*.json", dialect: neutral/json, urgent: yes}}\n{first}', 1), "utf-8")
    declare(togo, *range(1, 4))
    togo.drop("declarations", {"now-4.json": declaration_json("T-4", mrn=numbered_mrn(4))})
    well(togo.run("edi-send"))
    assert taken(togo) == ["now-4.json", "d1.json", "d2.json", "d3.json"]


def test_taking_ends_in_time_and_what_was_taken_leaves_in_the_same_run(
        togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a flood that is longer than a run would be taken by runs that are ended before they send anything."""
    now = 0.0
    honest = take_groups

    def slow(*words: Any) -> Any:
        nonlocal now
        now += 300
        return honest(*words)

    monkeypatch.setattr(intake, "take_groups", slow)
    declare(togo, *range(1, 10))
    first = run(togo, lambda: now)
    assert [(int(status), finding.code, finding.values) for status, finding in first.problems] == [
        (4, "X098", {"n": "3"})]
    assert (first.records_taken, first.records_waiting, first.objects_dispatched) == (6, 3, 1)
    now = 0.0
    second = run(togo, lambda: now)
    assert (second.problems, second.records_taken, second.objects_dispatched) == ([], 3, 1)


def story(office: Office) -> list[str]:
    """Sources that were taken and interchanges that stood in a mailbox, in the order of the history, without the first
    declaration."""
    with sqlite3.connect(office.home / "state" / "ledger.sqlite") as ledger:
        return [text or reference for reference, text in ledger.execute(
            "select reference, text from history where (subject, event) in (values ('source', 'new'), "
            "('interchange', 'dispatch')) order by id")][2:]


def test_what_was_taken_leaves_while_the_rest_is_taken(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status at once, declarations by full interchanges: what does not fill one leaves in the end."""
    monkeypatch.setattr(intake, "QUEUED", 2)
    small(togo, 2)
    declare(togo, *range(1, 6))
    togo.drop("events", {"known.json": passage(900)})
    ran = togo.run("edi-send")
    well(ran)
    assert story(togo) == ["d1.json", "d2.json", "TG0000000002", "known.json", "d3.json", "d4.json",
                           "TG0000000003", "TG0000000004", "d5.json", "TG0000000005"]
    assert carried(togo, "out")[1:] == [
        ("CUSDEC", [numbered_mrn(1), numbered_mrn(2)]), ("CUSRES", [numbered_mrn(900)]),
        ("CUSDEC", [numbered_mrn(3), numbered_mrn(4)]), ("CUSDEC", [numbered_mrn(5)])]
    assert (ran.counts["interchanges_prepared"], ran.counts["objects_dispatched"]) == (4, 4)
    assert {mrn: line["state"] for mrn, line in togo.movements().items()} == {
        **{numbered_mrn(number): "SENT" for number in range(1, 6)}, numbered_mrn(900): "EN-ROUTE"}


def test_a_partner_that_is_away_is_told_once_while_much_is_taken(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "QUEUED", 2)
    small(togo, 2)
    declare(togo, *range(1, 8))
    box = togo.mail / "BFDGD" / "TGOTR" / "v1" / "in"
    box.rename(box.with_name("away"))
    box.write_bytes(b"")
    ran = togo.run("edi-send")
    assert (codes(ran), ran.counts["records_taken"], ran.counts["objects_dispatched"]) == (["B107"], 7, 0)
    box.unlink()
    box.with_name("away").rename(box)
    assert togo.run("edi-send", "--now").counts["objects_dispatched"] == 4


def test_what_is_kept_at_hand_of_a_declaration_is_what_the_ledger_says_of_it(togo: Office) -> None:
    """Without its items: its state when it leaves follows from the rest, without another look."""
    declare(togo, *range(1, 4))
    well(togo.run("edi-send"))
    with sqlite3.connect(togo.home / "state" / "ledger.sqlite") as ledger:
        rows = list(ledger.execute("select digest, tree from declaration"))
    assert [to_tree(movements._HEADS[digest]) for digest, _ in rows] == [
        decode_tree(tree, ("items",)) for _, tree in rows]

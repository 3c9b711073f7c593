"""Does one event or one urgent declaration wait until a flood of declaration files has been taken?"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import cycle, intake, lots
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from gateway.exchange.taking import take_groups
from tests.pair.test_order_of_sealing import declare, passage
from tests.tools.malice import well
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

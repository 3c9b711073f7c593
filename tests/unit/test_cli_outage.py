"""When is a mailbox that cannot be reached spoken of, and when not?"""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.exchange.outage import Outage, follow, judge
from gateway.findings import Finding

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
FAULT = Finding(code="B102", values={"address": "a", "phase": "p", "detail": "d"})
OUT, IN = ("BFDGD", "outbound"), ("BFDGD", "inbound")


def test_an_outage_is_told_when_it_begins_and_each_time_its_length_has_doubled() -> None:
    outage, told = None, []
    for run in range(1, 289):  # one day of a five-minute cron
        outage, tell = judge(outage, True, NOW + run * STEP)
        if tell:
            told.append(run)
    assert told == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert outage == Outage(NOW + STEP, 288)


def test_a_recovery_is_told_once() -> None:
    assert judge(Outage(NOW, 7), False, NOW) == (None, True)
    assert judge(None, False, NOW) == (None, False)


def test_each_direction_of_a_partner_is_followed_by_itself(tmp_path: Path) -> None:
    first = follow(tmp_path, {OUT: (FAULT,), IN: ()}, NOW)
    assert ([finding.code for finding in first.extra], list(first.silent)) == (["X092"], [])
    assert first.extra[0].values == {"partner": "BFDGD", "since": "2026-11-26 12:00", "failures": "1"}
    path = tmp_path / "links" / "BFDGD.json"
    assert json.loads(path.read_text()) == {
        "schema": 1, "links": {"outbound": {"since": "2026-11-26T12:00:00+00:00", "failures": 1}}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert follow(tmp_path, {}, NOW + STEP).extra == []  # nobody asked: nothing is known
    assert len(follow(tmp_path, {OUT: (FAULT,)}, NOW + STEP).extra) == 1  # the second
    third = follow(tmp_path, {OUT: (FAULT,)}, NOW + 2 * STEP)
    assert (list(third.extra), list(third.silent)) == ([], [FAULT])
    both = follow(tmp_path, {IN: (FAULT,), OUT: (FAULT,)}, NOW + 3 * STEP)
    assert [finding.values["failures"] for finding in both.extra] == ["1", "4"]
    over = follow(tmp_path, {IN: (), OUT: ()}, NOW + 4 * STEP)
    assert [(finding.code, finding.values["failures"]) for finding in over.extra] == [("X093", "1"), ("X093", "4")]
    assert not path.exists()


def test_a_spoilt_memory_costs_one_sentence_and_no_run(tmp_path: Path) -> None:
    for spoilt in (b"", b"[]", b'{"links": 1}', b'{"links": {"outbound": {"since": "x", "failures": 1}}}', b"\xff"):
        (tmp_path / "links").mkdir(mode=0o700, exist_ok=True)
        (tmp_path / "links" / "BFDGD.json").write_bytes(spoilt)
        told = follow(tmp_path, {OUT: (FAULT,)}, NOW)
        assert ([finding.code for finding in told.extra], list(told.silent)) == (["X092"], []), spoilt

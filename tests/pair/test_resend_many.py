"""Does a resend by partner, corridor and time put up just what was asked for, with one result for each message?"""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.tools.malice import at
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn

SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)
HALF = timedelta(minutes=30)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo has sent one declaration before six o'clock and two after; Burkina Faso has them all."""
    togo, burkina = offices(tmp_path, now=SIX - 4 * HALF)
    for moment, numbers in ((SIX - HALF, (1,)), (SIX + HALF, (2, 3))):
        togo.drop("declarations", {f"{n}.json": declaration_json(f"T-{n}", mrn=numbered_mrn(n)) for n in numbers})
        assert at(togo, "edi-send", moment).exit == 0
    assert at(burkina, "edi-receive", SIX + 2 * HALF).exit == 0
    return togo, burkina


def journal(office: Office) -> list[str]:
    ledger = Ledger.open(f"sqlite:///{office.home}/state/ledger.sqlite", now=SIX)
    try:
        with ledger.reading() as queries:
            assert queries.verify_history() is None
            return [row.text for row in queries.history() if row.subject == "resend"]
    finally:
        ledger.close()


@pytest.mark.parametrize("guide", ["en/operator.md", "fr/exploitation.md"])
def test_the_line_of_the_guide_puts_up_what_was_prepared_since_then_and_nothing_is_taken_twice(
        pair: tuple[Office, Office], guide: str) -> None:
    togo, burkina = pair
    (line,) = re.findall(r"^edi (resend --partner .*)$", (ROOT / "gateway" / "docs" / guide).read_text("utf-8"),
                         re.MULTILINE)
    ran = togo.run("edi", *shlex.split(line), "--json")
    *told, summary = checked("resend", ran.out)
    assert (ran.exit, ran.err) == (0, "")
    assert [(one["mrn"], one["reason"]) for one in told] == [(numbered_mrn(2), ""), (numbered_mrn(3), "")]
    assert len({*told[0]["objects"], *told[1]["objects"]}) == 1, "one interchange, one file"
    assert (summary["asked"], summary["resent"]) == (2, 2)
    assert [re.sub(r"\(.*?\)", "()", text) for text in journal(togo)] == [
        "1 by hand; Awa Diallo (): their disk was lost"]
    held = {line["reference"] for line in burkina.interchanges("in")}
    assert togo.run("edi-send").exit == 0
    assert burkina.run("edi-receive").counts["messages_accepted"] == 0
    assert {line["reference"] for line in burkina.interchanges("in")} == held


def test_a_corridor_or_a_time_without_messages_gives_no_line(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    for words, count in ((("--since", "2026-11-20", "--corridor", "tg-bf"), 3), (("--since", "2026-11-20"), 3),
                         (("--since", "2026-11-20", "--corridor", "tg-ml"), 0), (("--since", "2026-11-21"), 0)):
        ran = togo.run("edi", "resend", *words, "--json")
        assert (ran.exit, checked("resend", ran.out)[-1]["asked"]) == (0, count), ran.err


@pytest.mark.parametrize(("words", "status"), [
    ((), 2), (("TG0000000001", "--since", "2026-11-20"), 2), (("TG0000000001", "--partner", "BFDGD"), 2),
    (("--since", "yesterday"), 2), (("--since", "2026-11-20", "--partner", "XXXXX"), Exit.SETTINGS),
    (("--since", "2026-11-20", "--corridor", "nowhere"), Exit.SETTINGS)])
def test_a_question_that_cannot_be_meant_changes_nothing(pair: tuple[Office, Office], words: tuple[str, ...],
                                                         status: int) -> None:
    togo, _ = pair
    ran = togo.run("edi", "resend", *words)
    assert (ran.exit, ran.out, journal(togo)) == (status, "", []), ran.err

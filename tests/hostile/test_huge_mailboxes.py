"""Does a run stay small and even, however much lies in a mailbox? A slice of the campaign, and whether it can fail."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.campaigns import huge_mailbox
from tests.campaigns.huge_mailbox import GROWTH, Mark, Run
from tests.tools.offices import Office, offices
from tests.tools.records import numbered_mrn


@pytest.mark.needs_sshd
@pytest.mark.threat(17)
def test_t17_many_foreign_files_and_many_waiting_ones_cost_no_memory_and_each_the_same_time(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands of foreign files, or of waiting ones, are worked through oldest first in bounded memory."""
    status = huge_mailbox.main(["--foreign", "5000", "--waiting", "500", "--folder", str(tmp_path), "--json"])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["failures"], report["ok"], status) == ([], True, 0)
    assert [(one["mailbox"], one["waiting"], one["foreign"]) for one in report["mailboxes"]] == [
        ("few", 64, 0), ("foreign", 64, 5000), ("waiting", 500, 0)]
    assert (report["runs"], report["lost"], report["doubled"], report["leaked"]) == (3, 0, 0, 0)


def marks(milliseconds: float, growing: float = 0.0, held: float = 0.0) -> list[Mark]:
    """A hundred files: what each takes, what the next takes more, MiB that each leaves behind."""
    found, at = [], 0.0
    for number in range(1, 101):
        at += (milliseconds + growing * number) / 1000
        found.append(Mark("collect", at, at, number, 80 + held * number))
    return found


def measured(found: list[Mark]) -> Run:
    run = Run("waiting", 100, 0)
    huge_mailbox._measure(run, found)
    return run


def test_a_run_that_is_even_and_small_passes() -> None:
    run = measured(marks(5))
    assert (run.wrong, run.tenths["collect"], run.uneven["collect"]) == ([], [5.0] * 10, 1.0)


def test_files_that_take_longer_the_more_there_were_are_found() -> None:
    assert measured(marks(5, growing=0.5)).wrong == [
        "broken: collect: a file takes 2.41 times as long in the second half"]


def test_memory_that_grows_with_the_files_is_found() -> None:
    assert measured(marks(5, held=GROWTH / 50)).wrong == ["broken: memory grew by 114 MiB since the first tenth"]


@pytest.fixture
def served(tmp_path: Path) -> tuple[Office, Office]:
    """Two offices; twelve messages went from one to the other."""
    togo, burkina = offices(tmp_path)
    huge_mailbox._fill(togo, burkina, 12, 3)
    assert burkina.run("edi-receive").exit == 5  # the foreign files
    return togo, burkina


def judged(offices: tuple[Office, Office], waiting: int = 12, foreign: int = 3) -> list[str]:
    run = Run("waiting", waiting, foreign)
    huge_mailbox._judge(run, *offices, {"E_NAME": foreign})
    return run.wrong


def test_the_judge_finds_nothing_where_all_is_well_and_everything_where_it_is_not(
        served: tuple[Office, Office]) -> None:
    togo, burkina = served
    assert judged(served) == []
    assert judged(served, waiting=13) == [
        "lost: 1 objects not stored, 13 the first", "lost: 1 declarations not accepted",
        "lost: 1 declarations not handed over", "lost: 1 receipts not sent"]
    assert judged(served, foreign=4) == ["lost: 1 foreign files are gone"]
    (burkina.mailbox(togo.name) / f"{0:032x}.p7m").write_bytes(b"")
    assert judged(served) == ["leaked: 1 files left in the mailbox"]


def test_the_judge_sees_the_order_in_which_files_were_taken(served: tuple[Office, Office]) -> None:
    _, burkina = served
    with sqlite3.connect(burkina.home / "state" / "ledger.sqlite") as ledger:
        ledger.execute("drop trigger if exists history_no_update")
        ledger.execute("update object set sequence = 100 - sequence where direction = 'in'")
        ledger.execute("update object set sequence = 13 - (100 - sequence) where direction = 'in'")
    assert judged(served) == ["broken: not stored oldest first, each once"]
    assert numbered_mrn(1) in burkina.movements()

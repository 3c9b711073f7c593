"""Killed over the upkeep of a link and run again: is anything signed, asked or taken back twice, or not at all?"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from gateway.security import CHECKPOINT, RESEND, WITHDRAW
from tests.tools.malice import well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json

KILLED = -9
POINTS = {"link.signing": 0, "link.signed": 1, "link.asking": 0, "link.asked": 1, "link.withdrawing": 0,
          "link.withdrawn": 1}
"""What stands of the step after the kill: nothing before the commit, all of it behind."""


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso; Togo's first object is lost, its second has arrived."""
    togo, burkina = offices(tmp_path)
    for number in (1, 2):
        togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}")})
        well(togo.run("edi-send"))
        if number == 1:
            for path in burkina.mailbox("TGOTR").iterdir():
                path.unlink()
    well(burkina.run("edi-receive"))
    return [togo, burkina]


def sealed(office: Office, kind: str) -> int:
    """How many objects of a kind an office has sealed."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite")
    (count,), = connection.execute("SELECT count(*) FROM object WHERE direction = 'out' AND kind = ?", (kind,))
    connection.close()
    return int(count)


def age(office: Office, hours: int) -> None:
    """What was stored in an office was stored so many hours earlier."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite")
    connection.execute("UPDATE object SET at = at - ?", (hours * 3600 * 10 ** 6,))
    connection.commit()
    connection.close()


def test_every_failpoint_of_links_is_passed() -> None:
    assert list(POINTS) == [name for name in NAMES if name.startswith("link.")]


@pytest.mark.parametrize("failpoint", ["link.signing", "link.signed"])
def test_a_run_killed_over_the_heads_of_the_day_signs_them_once(failpoint: str, pair: list[Office]) -> None:
    togo, burkina = pair
    age(togo, 25)
    assert togo.killed("edi-send", failpoint) == KILLED
    assert sealed(togo, CHECKPOINT) == POINTS[failpoint]
    for _ in range(2):
        well(togo.run("edi-send"))
    assert sealed(togo, CHECKPOINT) == 1
    well(burkina.run("edi-receive"))
    assert togo.run("edi", "audit", "verify").exit == 0


@pytest.mark.parametrize("failpoint", ["link.asking", "link.asked"])
def test_a_run_killed_over_a_gap_asks_once(failpoint: str, pair: list[Office]) -> None:
    togo, burkina = pair
    age(burkina, 2)
    assert burkina.killed("edi-receive", failpoint) == KILLED
    assert sealed(burkina, RESEND) == POINTS[failpoint]
    for _ in range(2):
        assert burkina.run("edi-receive").exit == 1  # the gap is told
    assert sealed(burkina, RESEND) == 1
    well(togo.run("edi-receive"))
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 2


@pytest.mark.parametrize("failpoint", ["link.withdrawing", "link.withdrawn"])
def test_a_killed_withdrawal_stands_as_a_whole_or_not_at_all(failpoint: str, pair: list[Office]) -> None:
    togo, burkina = pair
    words = ("link", "withdraw", "1", "--partner", "BFDGD", "--reason", "lost", "--by", "Awa Diallo", "--anew")
    assert togo.killed("edi", failpoint, *words) == KILLED
    assert sealed(togo, WITHDRAW) == POINTS[failpoint]
    assert togo.run("edi", *words).exit == POINTS[failpoint]  # X061 where it stands already
    assert sealed(togo, WITHDRAW) == 1
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    assert len(burkina.movements()) == 2

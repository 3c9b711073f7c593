"""Two gateways compare all that they hold of each other: do both see that it is the same, or exactly what is not?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from tests.tools.malice import at, codes, later
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso after three declarations and everything that answers them."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=400))
    for number in range(1, 4):
        togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
        togo.run("edi-send")
    for _ in range(3):
        burkina.run("edi-sync")
        togo.run("edi-sync")
    return [togo, burkina]


@contextmanager
def raw(office: Office) -> Iterator[sqlite3.Connection]:
    """What somebody with a shell on the machine has."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def agreed(office: Office) -> dict[str, int]:
    """How far both sides signed the same head, by direction."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return {one.direction: one.agreed for one in queries.links()}


def reconciled(asker: Office, other: Office, name: str, rounds: int = 5) -> Ran:
    """The command, and cron at the other side, until it says how it ended."""
    for _ in range(rounds):
        ran = asker.run("edi", "reconcile", name)
        if ran.exit != Exit.LATER:
            return ran
        at(other, "edi-sync", later(minutes=1))
    return ran


def test_the_same_on_both_sides_is_said_with_its_count_and_signed_by_both(pair: list[Office]) -> None:
    togo, burkina = pair
    with raw(togo) as connection:
        (held,), = connection.execute("SELECT sum(sequence) FROM link")
    first = togo.run("edi", "reconcile", "BFDGD")
    assert (first.exit, first.err) == (Exit.LATER, "")
    assert "BFDGD has not answered yet" in first.out
    burkina.run("edi-sync")
    ran = togo.run("edi", "reconcile", "BFDGD")
    assert (ran.exit, ran.err) == (Exit.DONE, "")
    assert ran.out.startswith(f"BFDGD: {held} messages, same on both sides\n")
    burkina.run("edi-sync")
    togo.run("edi-receive")
    for office in pair:
        assert min(agreed(office).values()) >= 3, office.name


def test_an_object_that_the_partner_lost_is_named_and_asked_for_again(pair: list[Office]) -> None:
    togo, burkina = pair
    with raw(burkina) as connection:
        (number,), = connection.execute("SELECT id FROM object WHERE direction = 'in' AND sequence = 2")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM object WHERE id = ?", (number,))
    ran = reconciled(togo, burkina, "BFDGD")
    assert ran.exit == Exit.PERSON
    line = next(line for line in ran.out.splitlines() if "number 2" in line)
    assert "BFDGD does not hold" in line
    assert numbered_mrn(2) in line
    at(togo, "edi-sync", later(minutes=2))
    at(burkina, "edi-sync", later(minutes=3))
    with raw(burkina) as connection:
        (held,), = connection.execute("SELECT count(*) FROM object WHERE direction = 'in' AND sequence = 2")
    assert held == 1
    assert reconciled(togo, burkina, "BFDGD").out.count("number 2") == 0


@pytest.mark.parametrize("asker", [0, 1], ids=["the sender asks", "the receiver asks"])
def test_an_altered_object_is_named_on_both_sides_and_both_links_stop(asker: int, pair: list[Office]) -> None:
    with raw(pair[1]) as connection:
        connection.execute("UPDATE object SET leaf = CAST(leaf || 'x' AS BLOB) WHERE direction = 'in' AND sequence = 2")
    one, other = pair[asker], pair[1 - asker]
    ran = reconciled(one, other, other.name)
    assert ran.exit == Exit.TRUST
    assert [line for line in ran.out.splitlines() if "number 2" in line and "differs" in line]
    with open_gateway(one.settings, later()) as gateway, gateway.ledger.reading() as queries:
        assert {link.halted for link in queries.links()} == {"E_FORK"}


def test_every_line_for_programs_fits_its_schema(pair: list[Office]) -> None:
    togo, burkina = pair
    lines = checked("reconcile", togo.run("edi", "reconcile", "BFDGD", "--json").out)
    assert [(line["kind"], line.get("state")) for line in lines] == [
        ("comparison", "asking"), ("comparison", "asking"), ("summary", "asking")]
    burkina.run("edi-sync")
    lines = checked("reconcile", togo.run("edi", "reconcile", "BFDGD", "--json").out)
    assert [(line["kind"], line.get("state")) for line in lines] == [
        ("comparison", "same"), ("comparison", "same"), ("summary", "same")]
    assert [line["questions"] for line in lines[:2]] == [1, 1]


def test_a_partner_who_asks_without_end_is_answered_so_often_in_a_day(pair: list[Office],
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    monkeypatch.setattr("gateway.exchange.reconciling.MOST_ANSWERED", 1)
    togo.run("edi", "reconcile", "BFDGD")
    burkina.run("edi-sync")
    with raw(burkina) as connection:
        (answers,), = connection.execute("SELECT count(*) FROM object WHERE direction = 'out' AND kind LIKE '%roots'")
        (told,), = connection.execute("SELECT count(*) FROM history WHERE text = 'roots asked for, not answered'")
    assert (answers, told) == (1, 1)


def test_an_answer_that_nobody_asked_for_changes_nothing(pair: list[Office]) -> None:
    togo, burkina = pair
    togo.run("edi", "reconcile", "BFDGD")
    burkina.run("edi-sync")
    with raw(togo) as connection:
        connection.execute("DELETE FROM reconciliation")
    ran = togo.run("edi-receive")
    assert (ran.exit, codes(ran)) == (Exit.DONE, [])
    with raw(togo) as connection:
        (told,), = connection.execute("SELECT count(*) FROM history WHERE text = 'roots that nobody asked for'")
    assert told == 2

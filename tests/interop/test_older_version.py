"""Two gateways of an earlier version stopped in the middle of an exchange; this version is installed in their place.

Does it wait for a person, bring both ledgers forward, read and answer what the other version sealed, and go on as if
nothing had happened? What they left was recorded once (`tests/tools/older.py`, which also lets both versions exchange
live): settings, keys, ledgers of schema 0016, and files in both mailboxes.
"""

from __future__ import annotations

import json
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from gateway.ledger.migrations import HEAD
from gateway.ledger.upgrading import standing
from tests.tools.malice import at, well
from tests.tools.offices import Office
from tests.tools.older import ABOUT, BURKINA, TOGO, A, B, C
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked
from tests.tools.records import event_json

RECORDED = Path(__file__).with_name("older") / "538c60e.tar.xz"
SCHEMA = "0016"


@pytest.fixture
def left(tmp_path: Path) -> tuple[Office, Office, datetime]:
    """The two offices where they are now, and when they stopped."""
    with tarfile.open(RECORDED, "r:xz") as archive:
        for entry in archive:
            path = tmp_path / entry.name
            if entry.isdir():
                path.mkdir()
            else:
                content = archive.extractfile(entry)
                assert content is not None
                path.write_bytes(content.read())
            path.chmod(entry.mode)
    about = json.loads((tmp_path / ABOUT).read_text("utf-8"))
    for path in tmp_path.rglob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace(about["root"], str(tmp_path)), "utf-8")
    return (Office(TOGO, tmp_path / TOGO.lower(), tmp_path / "mail"),
            Office(BURKINA, tmp_path / BURKINA.lower(), tmp_path / "mail"), datetime.fromisoformat(about["at"]))


def revision(office: Office) -> str | None:
    return standing(f"sqlite:///{ledger_file(office)}").revision


def waiting(*offices: Office) -> list[set[str]]:
    """What lies in the mailboxes."""
    return [{path.name for path in office.mailbox(partner).iterdir()}
            for office, partner in zip(offices, (BURKINA, TOGO), strict=True)]


def test_until_a_person_has_brought_the_ledger_forward_everything_waits_where_it_lies(
        left: tuple[Office, Office, datetime]) -> None:
    togo, burkina, _ = left
    before = waiting(togo, burkina)
    assert [len(files) for files in before] == [5, 2]
    for office in (togo, burkina):
        assert revision(office) == SCHEMA < HEAD
        ran = office.run("edi-sync")
        assert (ran.exit, "L004" in ran.err) == (Exit.SETTINGS, True)
        [line] = checked("upgrade", office.run("edi", "upgrade", "--check", "--json").out)
        assert (line["found"], line["target"]) == (SCHEMA, HEAD)
    assert waiting(togo, burkina) == before


def test_what_the_other_version_sealed_is_read_answered_and_carried_on(left: tuple[Office, Office, datetime]) -> None:
    togo, burkina, moment = left
    for office in (togo, burkina):
        assert office.run("edi", "upgrade", "--yes").exit == Exit.DONE
        assert revision(office) == HEAD
    assert {mrn: one["state"] for mrn, one in togo.movements().items()} == {
        A: "CONFIRMED", B: "SENT", C: "SENT"}, "what the ledger held is what it holds"
    for minutes in (1, 2):
        for office in (burkina, togo):
            well(at(office, "edi-sync", moment + timedelta(minutes=minutes)))
    assert waiting(togo, burkina) == [set(), set()]
    assert {mrn: one["state"] for mrn, one in togo.movements().items()} == {
        A: "ARRIVED", B: "CONFIRMED", C: "CONFIRMED"}
    assert {mrn: one["state"] for mrn, one in burkina.movements().items()} == {
        A: "ARRIVED", B: "EXPECTED", C: "EXPECTED"}
    assert {name for name in burkina.inbox("declarations") if C in name}, "the national side has it"
    announced = [one for one in burkina.lines("keys", "list") if one["kind"] == "key" and one["owner"] == TOGO]
    assert len({one["sha256"] for one in announced if one["use"] == "signing"}) == 2, "its next key is known"
    for office in (togo, burkina):
        assert office.lines("status")[-1]["quarantined"] == 0
        assert office.run("edi", "audit", "verify").exit == Exit.DONE
    for word in ("CONTROL", "DISCHARGED"):
        burkina.drop("events", {f"{word}.json": event_json(A, word)})
        for minutes in (3, 4):
            for office in (burkina, togo):
                well(at(office, "edi-sync", moment + timedelta(minutes=minutes)))
    assert [office.movements()[A]["state"] for office in (togo, burkina)] == ["CLOSED", "DISCHARGED"]

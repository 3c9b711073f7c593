"""Does a conflict stop a link until somebody resumes it, and nothing else?"""

from __future__ import annotations

from pathlib import Path

from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


def forget(office: Office) -> None:
    """The whole machine is put back to its beginning: nothing on it says that its ledger had come farther."""
    for path in [*(office.home / "state").glob("ledger.sqlite*"), office.home / "state" / "generation"]:
        path.unlink()


def test_a_number_used_twice_halts_the_link_until_it_is_resumed(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    togo.run("edi-send")
    burkina.run("edi-receive")
    # the ledger of Togo is put back to its beginning: the same numbers go out again with another content
    forget(togo)
    togo.drop("declarations", {"d2.json": declaration_json("B")})
    togo.run("edi-send")
    conflict = burkina.run("edi-receive")
    assert (conflict.exit, [one["code"] for one in conflict.counts["findings"]]) == (5, ["E_DUPLICATE"])
    assert len(burkina.movements()) == 1
    again = burkina.run("edi-receive")
    assert (again.exit, [one["code"] for one in again.counts["findings"]]) == (5, ["X049"])
    assert burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "compared by telephone").exit == 0
    assert burkina.run("edi-receive").exit == 0
    assert burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "twice").exit == 1


def test_a_sender_whose_ledger_is_old_stops_sending_when_an_unknown_receipt_comes(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    togo.run("edi-send")
    burkina.run("edi-receive")
    forget(togo)
    received = togo.run("edi-receive")
    assert "E_RECEIPT_UNKNOWN" in [one["code"] for one in received.counts["findings"]]
    togo.drop("declarations", {"d2.json": declaration_json("B")})
    sent = togo.run("edi-send")
    assert (sent.exit, [one["code"] for one in sent.counts["findings"]], sent.counts["objects_dispatched"]) == (
        5, ["X049"], 0)
    assert list(burkina.mailbox("TGOTR").iterdir()) == []

"""Do status messages leave before declarations, and never before the declaration of their own movement?"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.tools.malice import well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn


def passage(number: int) -> bytes:
    """Togo says that a movement has left it."""
    return json.dumps({"word": "CROSS-OUT", "mrn": numbered_mrn(number), "happened": "2026-03-12T08:00Z",
                       "office": {"role": "exit", "code": "TGCKS"}}).encode()


def declare(togo: Office, *numbers: int) -> None:
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"T-{number}", mrn=numbered_mrn(number))
                               for number in numbers})


def carried(office: Office, direction: str) -> list[tuple[str, list[str]]]:
    """Type and MRNs of the interchanges of a direction, in the order of their objects."""
    with sqlite3.connect(office.home / "state" / "ledger.sqlite") as ledger:
        found = list(ledger.execute(
            "select i.id, i.type from interchange i join object o on o.interchange_id = i.id "
            "where o.direction = ? order by o.sequence", (direction,)))
        return [(kind, [mrn for (mrn,) in ledger.execute(
            "select mrn from message where interchange_id = ? order by cast(message_reference as integer)", (number,))])
            for number, kind in found]


def small(office: Office, messages: int) -> None:
    """An office whose interchanges have few messages."""
    written = office.settings.read_text("utf-8")
    office.settings.write_text(
        written.replace("messages_per_interchange: 500", f"messages_per_interchange: {messages}"), "utf-8")


def agreed(office: Office, partner: str, order: str) -> None:
    file = office.home / "partners" / f"{partner}.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", f"order: {order}"), "utf-8")


@pytest.mark.parametrize("order", ["loose", "strict"])
def test_a_passage_goes_before_declarations_and_behind_its_own(tmp_path: Path, order: str) -> None:
    """In one run: a passage of a movement that is known, and one of a movement that is declared in this very run."""
    togo, burkina = offices(tmp_path)
    small(togo, 2)
    agreed(togo, "BFDGD", order)
    agreed(burkina, "TGOTR", order)
    declare(togo, 900)
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    declare(togo, *range(1, 5))
    togo.drop("events", {"e1.json": passage(1), "e2.json": passage(900)})
    well(togo.run("edi-send"))
    sent = carried(togo, "out")[1:]
    assert sent[0] == ("CUSRES", [numbered_mrn(900)])
    declared = [("CUSDEC", [numbered_mrn(1), numbered_mrn(2)]), ("CUSDEC", [numbered_mrn(3), numbered_mrn(4)])]
    assert [one for one in sent if one[0] == "CUSDEC"] == declared
    assert sent.index(("CUSRES", [numbered_mrn(1)])) > sent.index(declared[0])
    well(burkina.run("edi-receive"))
    assert sorted((mrn, line["state"]) for mrn, line in burkina.movements().items()) == sorted(
        (numbered_mrn(number), "EXPECTED") for number in (*range(1, 5), 900))


def test_a_status_overtakes_declarations_that_could_not_leave(tmp_path: Path) -> None:
    """A strict link whose mailbox is away: few of a flood are sealed, so that a status has one of the next numbers."""
    togo, burkina = offices(tmp_path)
    small(togo, 1)
    agreed(togo, "BFDGD", "strict")
    declare(togo, 900)
    well(togo.run("edi-send"))
    box = burkina.mailbox("TGOTR").parent
    box.rename(box.with_name("away"))
    box.write_bytes(b"")
    declare(togo, *range(1, 13))
    assert togo.run("edi-send").exit == 1
    togo.drop("events", {"e.json": passage(900)})
    assert togo.run("edi-send", "--now").exit == 1
    box.unlink()
    box.with_name("away").rename(box)
    well(togo.run("edi-send", "--now"))
    assert [kind for kind, _ in carried(togo, "out")] == ["CUSDEC"] * 5 + ["CUSRES"] + ["CUSDEC"] * 8

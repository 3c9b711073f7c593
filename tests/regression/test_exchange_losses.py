"""Does the history of a gateway name what left its place: a text that overflowed, content that no line takes?"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.tools.offices import Office, offices
from tests.tools.records import declaration

LONG = "0123456789-ABCDEFGHIJ-0123456789-ABCDEFGHIJ"
COMMON = """format: "1"
id: corridors/tg-bf/cusdec
extends: base/cusdec-d96b@1
version: "7"
record: {unique_consignment_reference: an..100}
override:
  ucr: "? RFF+UCN:{unique_consignment_reference|overflow 35}'"
"""
REST = ("  extra: |\n    more: rest unique_consignment_reference: "
        "FTX+AAI+++{unique_consignment_reference|chunks 5x70}'\n")
SENDER = COMMON + "after:\n" + REST + "  ucr: |\n    second: ? RFF+AFM:{place_of_loading.code}'\n"
RECEIVER = COMMON + "unmapped: keep\nafter:\n" + REST


def journal(office: Office) -> list[tuple[str, str, str]]:
    """Subject, reference and text of what the history only tells."""
    path = office.home / "state" / "ledger.sqlite"
    with sqlite3.connect(path) as ledger:
        rows = ledger.execute("select subject, reference, text from history where event = 'journal' order by id")
        return [(str(subject), str(reference), str(text)) for subject, reference, text in rows]


def test_what_left_its_place_stands_in_the_history_of_both_sides(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("sender", SENDER), ("receiver", RECEIVER)):
        folder = tmp_path / name / "corridors" / "tg-bf"
        folder.mkdir(parents=True)
        (folder / "cusdec.yaml").write_text(text, "utf-8")
    togo, burkina = offices(tmp_path)
    record = {**declaration("T-1"), "unique_consignment_reference": LONG, "place_of_loading": {"code": "TGLFW"}}
    togo.drop("declarations", {"d.json": json.dumps(record).encode()})
    monkeypatch.setenv("EDI_MAPPINGS", str(tmp_path / "sender"))
    sent = togo.run("edi-send")
    assert (sent.exit, sent.err) == (0, "")
    monkeypatch.setenv("EDI_MAPPINGS", str(tmp_path / "receiver"))
    received = burkina.run("edi-receive")
    assert (received.exit, received.counts["messages_accepted"]) == (0, 1)
    (content,) = burkina.inbox("declarations").values()
    assert json.loads(content)["unique_consignment_reference"] == LONG
    assert [row for row in journal(togo) if row[0] == "record"] == [
        ("record", "TGLPL/2026/T/T-1", "unique_consignment_reference: M131: la fin du texte passe dans la ligne prévue "
         "pour son reste (corridors/tg-bf/cusdec.yaml:10) : « CDEFGHIJ »")]
    assert [row for row in journal(burkina) if row[0] == "message"] == [
        ("message", "TG0000000001-1", "segment 27: M231: contenu reçu qu'aucune ligne ne prend, gardé en annexe : "
         "« RFF+AFM:TGLFW » (-)")]

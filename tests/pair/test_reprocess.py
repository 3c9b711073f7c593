"""Is a message made anew with the mapping as it is now, only on demand, linked both ways, and taken by the partner?"""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.pair.test_old_mapping_version import (
    CHANGE,
    in_force_since_yesterday,
    mapping,
    messages,
    starting,
    write,
)
from tests.pair.test_three_administrations import far
from tests.tools.malice import at
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, declaration_json, event_json, numbered_mrn

__all__ = ["mapping"]

MRN = numbered_mrn(1)
GUIDES = ["en/operator.md", "fr/exploitation.md"]
WHO = ("--by", "Awa Diallo", "--reason", "the reference stands under ABO there")
Both = tuple[Office, Office]


@pytest.fixture
def pair(tmp_path: Path, mapping: Path) -> Both:  # a fixture
    """Togo has sent by version 7; Burkina Faso reads by version 8, and has rejected. Both have version 8 now."""
    togo, burkina = offices(tmp_path, now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    write(mapping, "7")
    in_force_since_yesterday(togo)
    write(mapping, "8", CHANGE)
    in_force_since_yesterday(burkina)
    togo.drop("declarations", {"1.json": declaration_json("T-1", mrn=MRN)})
    assert ago(togo, "edi-send", 50).exit == 0
    assert ago(burkina, "edi-receive", 40).exit == 0
    assert ago(togo, "edi-receive", 30).exit == Exit.PERSON
    assert togo.movements()[MRN]["flags"] == "REJECTED-BY:BFDGD"
    starting(togo, datetime.now(UTC))
    return togo, burkina


def ago(office: Office, program: str, minutes: int) -> Ran:
    """A run of some minutes ago."""
    return at(office, program, datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes))


def asked(office: Office, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    ran = office.run("edi", "reprocess", *words, "--json")
    return ran.exit, checked("reprocess", ran.out), ran.err


def refused(office: Office, *words: str) -> list[str]:
    """The codes for which nothing is made anew; nothing changes by the question."""
    before = messages(office)
    status, lines, err = asked(office, *words)
    assert (status, lines[-1]["rebuilt"], messages(office)) == (Exit.PERSON, 0, before)
    codes = [code for line in lines if line["kind"] == "refused" for code in line["codes"]]
    assert all(code in err for code in codes)
    return codes


def shown(office: Office, reference: str) -> list[dict[str, Any]]:
    return [line for line in checked("show", office.run("edi", "show", reference, "--json").out)
            if line["kind"] == "rebuilt"]


def test_the_difference_is_shown_and_nothing_is_sent(pair: Both) -> None:
    togo, _ = pair
    status, (line, summary), err = asked(togo, MRN)
    assert (status, err) == (0, "")
    assert (line["message"], line["partner"], line["before"], line["after"], line["queued"]) == (
        "TG0000000001-1", "BFDGD", "7", "8", False)
    assert [[segment["text"] for segment in line[side]] for side in ("removed", "added")] == [
        ["RFF+ABE:T-1'"], ["RFF+ABO:T-1'"]]
    assert [part["value"] for part in line["added"][0]["values"]] == ["ABO", "T-1"]
    assert (summary["found"], summary["rebuilt"], summary["refused"], summary["queued"]) == (1, 1, 0, 0)
    ran = togo.run("edi", "reprocess", MRN)
    for text in ("version 7 as it went, 8 now", "old", "RFF+ABE:T-1'", "new", "RFF+ABO:T-1'", "Reference number: T-1"):
        assert text in ran.out
    assert "--yes" in ran.err
    assert (len(messages(togo)), shown(togo, MRN)) == (1, [])


@pytest.mark.parametrize("guide", GUIDES)
def test_the_lines_of_the_guide_send_what_the_partner_takes_and_the_old_stays_as_it_was(pair: Both, guide: str) -> None:
    togo, burkina = pair
    text = (ROOT / "gateway" / "docs" / guide).read_text("utf-8")
    first, second = re.findall(r"^edi (reprocess 26.*)$", text, re.MULTILINE)
    assert togo.run("edi", *shlex.split(first)).exit == 0
    before = [line for line in togo.lines("show", "TG0000000001-1") if line["kind"] == "message"]
    done = togo.run("edi", *shlex.split(second))
    assert (done.exit, "edi-send" in done.err) == (0, True)
    assert refused(togo, MRN) == ["X264"], "it waits; a second time nothing is made"
    assert ago(togo, "edi-send", 20).exit == 0
    received = ago(burkina, "edi-receive", 10)
    assert (received.exit, received.counts["messages_accepted"]) == (0, 1), received.err
    assert togo.run("edi-receive").exit == 0
    movement = togo.movements()[MRN]
    assert (movement["state"], movement["flags"]) == ("CONFIRMED", "")
    after = [line for line in togo.lines("show", "TG0000000001-1") if line["kind"] == "message"]
    assert after == before
    assert [body.count("RFF+ABO:T-1'") for body in messages(togo)] == [0, 1]
    for reference in ("TG0000000001-1", "TG0000000003-1", MRN):
        (line,) = shown(togo, reference)
        assert (line["old"], line["new"], line["people"], line["mapping"]) == (
            "TG0000000001-1", "TG0000000003-1", "Awa Diallo", "corridors/tg-bf/cusdec 8")
    assert "TG0000000001-1 was made anew as TG0000000003-1" in togo.run("edi", "show", MRN).out
    with Ledger.open(f"sqlite:///{togo.home}/state/ledger.sqlite", now=datetime.now(UTC)) as ledger, \
            ledger.reading() as queries:
        assert queries.verify_history() is None
        told = [(row.subject, row.event) for row in queries.history()
                if row.event in ("reprocess", "rebuilt", "rebuilds")]
    assert told == [("act", "reprocess"), ("message", "rebuilt"), ("message", "rebuilds")]
    assert refused(togo, MRN) == ["X261"]
    assert refused(togo, "TG0000000001-1") == ["X268"]


def test_later_declarations_of_the_movement_go_by_the_version_that_the_partner_took(pair: Both) -> None:
    togo, burkina = pair
    assert asked(togo, MRN, "--yes", *WHO)[0] == 0
    exchange(togo, burkina)
    record = declaration("T-1", mrn=MRN) | {"function": "replacement", "amendment": 1, "reason": "erreur"}
    togo.drop("declarations", {"2.json": json.dumps(record).encode()})
    assert togo.run("edi-send").exit == 0
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    assert messages(togo)[-1].count("RFF+ABO:T-1'") == 1


def test_a_version_that_makes_no_difference_or_does_not_exist_makes_nothing(pair: Both) -> None:
    togo, _ = pair
    assert refused(togo, MRN, "--mapping", "7") == ["X260"]
    assert refused(togo, MRN, "--mapping", "7", "--yes", *WHO) == ["X260"]
    assert refused(togo, MRN, "--mapping", "6") == ["X266"]
    assert asked(togo, MRN, "--mapping", "8")[0] == 0


def test_what_is_unknown_a_partners_or_of_no_mapping_makes_nothing(pair: Both) -> None:
    togo, burkina = pair
    assert refused(togo, "NOTHING") == ["X044"]
    assert refused(burkina, "TG0000000001") == ["X267"]
    contrl = next(line["reference"] for line in burkina.interchanges("out") if line["type"] == "CONTRL")
    assert refused(burkina, contrl) == ["X267"]
    rejection = next(line["reference"] for line in burkina.interchanges("out") if line["type"] == "CUSRES")
    assert refused(burkina, rejection) == ["X262"], "the gateway itself said it"


def test_without_the_national_files_nothing_is_made(pair: Both) -> None:
    togo, _ = pair
    with sqlite3.connect(togo.home / "state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE message SET source_id = NULL")
    assert refused(togo, MRN) == ["X262"]


def test_who_sends_says_who_and_why(pair: Both) -> None:
    togo, _ = pair
    for words in (("--yes",), ("--yes", "--by", "Awa Diallo"), ("--yes", "--reason", "so")):
        ran = togo.run("edi", "reprocess", MRN, *words)
        assert (ran.exit != 0, len(messages(togo))) == (True, 1)


def test_only_the_newest_declaration_is_made_anew(pair: Both) -> None:
    togo, _ = pair
    record = declaration("T-1", mrn=MRN) | {"function": "replacement", "amendment": 1, "reason": "erreur"}
    togo.drop("declarations", {"2.json": json.dumps(record).encode()})
    assert togo.run("edi-send").exit == 0
    assert messages(togo)[-1].count("RFF+ABE:T-1'") == 1, "the movement keeps its version"
    assert refused(togo, "TG0000000001-1") == ["X269"]
    status, (line, _), _ = asked(togo, MRN)
    assert (status, line["message"], line["word"]) == (0, "TG0000000003-1", "replacement")


def exchange(togo: Office, burkina: Office) -> None:
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")):
        assert office.run(program).exit == 0


def test_an_event_is_made_anew_until_the_partner_has_acknowledged_it(tmp_path: Path, mapping: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"1.json": declaration_json("T-1", mrn=MRN)})
    exchange(togo, burkina)
    burkina.drop("events", {"a.json": event_json(MRN, "ARRIVED")})
    assert burkina.run("edi-send").exit == 0
    reference = f"{burkina.interchanges('out')[-1]['reference']}-1"
    assert refused(burkina, reference) == ["X260"]
    layout = mapping.parent / "cusres" / "arrived.yaml"
    layout.parent.mkdir()
    head = ('format: "1"\nid: corridors/tg-bf/cusres/arrived\nextends: base/cusres-d96b/arrived@1\n'
            'version: "9"\ntitle: {fr: "Arrivée", en: "Arrival"}\n')
    layout.write_text(head, "utf-8")
    assert refused(burkina, reference) == ["X260"], "another version, the same message"
    layout.write_text(f"{head}override:\n  happened: DTM+132:{{happened|moment}}'\n", "utf-8")
    status, (line, _), err = asked(burkina, reference, "--yes", *WHO)
    assert (status, err, line["type"], line["word"], line["before"], line["after"]) == (
        0, "", "CUSRES", "ARRIVED", "1", "9")
    assert [[segment["text"][:8] for segment in line[side]] for side in ("removed", "added")] == [
        ["DTM+178:"], ["DTM+132:"]]
    assert [(one["old"], one["new"]) for one in shown(burkina, reference)] == [(reference, "")]
    assert [row for row in burkina.lines("show", MRN) if row["kind"] == "message" and row["state"] == "WAITING"] != []


def test_an_event_that_the_partner_acknowledged_is_not_said_otherwise(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"1.json": declaration_json("T-1", mrn=MRN)})
    exchange(togo, burkina)
    burkina.drop("events", {"a.json": event_json(MRN, "ARRIVED")})
    exchange(burkina, togo)
    assert togo.run("edi-send").exit == 0
    assert burkina.run("edi-receive").exit == 0
    assert refused(burkina, f"{burkina.interchanges('out')[-1]['reference']}-1") == ["X263"]


def test_of_two_partners_only_the_one_that_has_not_accepted_gets_it_anew(tmp_path: Path, mapping: Path) -> None:
    togo, burkina, _ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    togo.drop("declarations", {"1.json": far("T-1", mrn=MRN)})
    exchange(togo, burkina)
    file = mapping.parents[1] / "tg-ml" / "cusdec.yaml"
    file.parent.mkdir()
    text = (ROOT / "mappings" / "corridors" / "tg-ml" / "cusdec.yaml").read_text("utf-8")
    file.write_text(text + CHANGE, "utf-8")
    status, lines, err = asked(togo, MRN, "--yes", *WHO)
    assert (status, [(line["kind"], line.get("partner")) for line in lines[:-1]]) == (
        0, [("refused", None), ("rebuilt", "MLDGD")])
    assert ("X261: BFDGD" in err, lines[-1]["queued"]) == (True, 1)

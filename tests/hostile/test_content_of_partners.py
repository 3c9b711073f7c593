"""What can a partner do to us by the values it writes? Nothing but say something wrong.

Statements for the database, formulas, escapes for a terminal, lines of a log, HTML, and interchanges that never end.
"""

from __future__ import annotations

import ast
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.entry import run
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from gateway.records.csv import Layout, read_csv, write_csv
from tests.tools.malice import Puppet, again, at, codes, later, quarantined, well
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

MRN = numbered_mrn(1)
INJECTION = "'); DROP TABLE object;--"


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def text_everywhere(value: Any, text: str) -> Any:
    """A declaration with the text in every element that is free text."""
    free = {"description", "marks", "name", "city", "local_reference", "national_reference", "location_of_goods",
            "identity", "street"}
    if isinstance(value, dict):
        return {key: text if key in free and isinstance(inner, str) else text_everywhere(inner, text)
                for key, inner in value.items()}
    return [text_everywhere(inner, text) for inner in value] if isinstance(value, list) else value


def ledger_of(office: Office) -> Path:
    """The ledger's file."""
    return next((office.home / "state").glob("*.sqlite"))


def tables(office: Office) -> set[str]:
    """The tables of the ledger."""
    connection = sqlite3.connect(ledger_of(office))
    try:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def sound(office: Office) -> None:
    """The ledger is what its history says."""
    ledger = Ledger.open(f"sqlite:///{ledger_of(office)}", now=datetime.now(UTC), create=False)
    try:
        with ledger.reading() as queries:
            assert queries.verify_history() is None
            assert list(queries.verify_contents()) == []
    finally:
        ledger.close()


# --- 20: interchanges that never end --------------------------------------------------------------------------------

def segments(count: int) -> bytes:
    """A CUSRES of so many segments."""
    return b"FTX+AAA+++X'" * count


BOMBS: dict[str, tuple[Any, str]] = {
    "no terminator": (lambda body: body[:-1].replace(b"'", b"!") + b"A+B:C?+" * 400_000, "F"),
    "a million segments": (lambda body: body.replace(b"UNS+D'", b"UNS+D'" + segments(1_000_000), 1), "F"),
    "an endless element": (lambda body: body.replace(b"UNS+D'", b"FTX+AAA+++" + b"X" * 8_000_000 + b"'UNS+D'", 1), "F"),
    "endless components": (lambda body: body.replace(b"UNS+D'", b"FTX" + b"+:" * 2_000_000 + b"'UNS+D'", 1), "F"),
    "endless release": (lambda body: body.replace(b"UNS+D'", b"FTX+AAA+++" + b"??" * 4_000_000 + b"'UNS+D'", 1), "F"),
    "a count that lies": (lambda body: re.sub(rb"UNT\+\d+", b"UNT+999999999999999999", body), "F"),
    "a count of messages that lies": (lambda body: re.sub(rb"UNZ\+\d+", b"UNZ+999999", body), "F"),
    "groups without end": (lambda body: body.replace(b"UNS+D'", b"CST+1+8517:122'" * 200_000 + b"UNS+D'", 1), "F"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_t20_a_bomb_in_a_good_envelope_costs_little_and_is_answered(world: tuple[Puppet, Office], name: str) -> None:
    """A hostile interchange in a good envelope gets a negative answer within seconds; the next one is taken."""
    malice, burkina = world
    make, code = BOMBS[name]
    good = malice.interchange(malice.cusdec(declaration("T-1", mrn=MRN)))
    bad = make(good)
    assert bad != good
    malice.put(malice.seal(bad).content)
    malice.send(malice.cusdec(declaration("T-2", mrn=numbered_mrn(2))))
    began = time.monotonic()
    ran = burkina.run("edi-receive")
    assert time.monotonic() - began < 90
    assert "Traceback" not in ran.err
    assert ran.exit in (Exit.PERSON, Exit.TRUST), ran.err
    assert codes(ran)[0].startswith(code), codes(ran)
    assert all(found.startswith((code, "X099")) for found in codes(ran)), codes(ran)  # X099: and how many more
    assert list(burkina.movements()) == [numbered_mrn(2)]
    if code == "F":
        assert any(re.search(r"\+TG0000000001\+.*\+4(\+|')", text) or "+4" in text for text in malice.said()
                   if text.startswith("UCI+TG0000000001")), "a negative CONTRL"
        assert malice.receipts() == ["processed", "processed"]
    else:
        assert sorted(malice.receipts()) == [f"failed/failure: {code}", "processed"]
    again(burkina)


# --- 33: SQL --------------------------------------------------------------------------------------------------------

def test_t33_a_statement_in_every_text_arrives_as_a_text_and_nothing_else(tmp_path: Path) -> None:
    """A statement in every text element of a declaration goes through both gateways and arrives as it was written."""
    togo, burkina = offices(tmp_path)
    for office in (togo, burkina):
        well(office.run("edi-send"))
    before = {office.name: tables(office) for office in (togo, burkina)}
    tree = text_everywhere(declaration("T-1", mrn=MRN), INJECTION)
    assert json.dumps(tree).count("DROP TABLE") >= 6
    togo.drop("declarations", {"d.json": json.dumps(tree).encode()})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")):
        well(office.run(program))
    arrived = json.loads(burkina.inbox("declarations")[f"{MRN}.json"])
    assert [item["description"] for item in arrived["items"]] == [INJECTION, INJECTION]
    assert arrived["principal"]["name"] == INJECTION
    assert togo.movements()[MRN]["national_key"] == f"TGLPL/{INJECTION}"
    for office in (togo, burkina):
        assert tables(office) == before[office.name]
        sound(office)
        for words in (("show", INJECTION), ("trace", INJECTION, INJECTION), ("resend", INJECTION),
                      ("reprocess", INJECTION), ("quarantine", "show", INJECTION), ("show", f"{MRN}' OR '1'='1")):
            ran = office.run("edi", *words)
            assert "Traceback" not in ran.err and "sqlite" not in ran.err.lower()
        assert tables(office) == before[office.name]
        sound(office)
    again(togo, burkina)


def test_t33_a_statement_in_references_of_an_interchange_finds_nothing(world: tuple[Puppet, Office]) -> None:
    """Control references, message texts and file names are bound, never part of a statement."""
    malice, burkina = world
    malice.send(malice.cusdec(text_everywhere(declaration("T-1", mrn=MRN), INJECTION)), reference="');DROP T--")
    well(burkina.run("edi-send"))
    before = tables(burkina)
    well(burkina.run("edi-receive"))
    malice.send(malice.cusdec(declaration("T-2", mrn=numbered_mrn(2))), reference="' OR '1'='1")
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [MRN, numbered_mrn(2)]
    assert tables(burkina) == before
    sound(burkina)


_STATEMENTS = {"text", "execute", "executemany", "executescript", "exec_driver_sql", "scalars", "scalar"}
_MADE_OF_CONSTANTS = {"gateway/ledger/sqlite.py": 1}
"""Statements put together in code: PRAGMA of a constant."""


def _formatted(node: ast.expr) -> bool:
    """Whether an expression is a text put together from parts."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right)) \
            or _formatted(node.left) or _formatted(node.right)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and \
        node.func.attr in ("format", "join") and not _quoting(node.func.value)


def _quoting(node: ast.expr) -> bool:
    """Whether an expression is psycopg's own text of SQL, whose ``format`` takes nothing but what it quotes itself."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "SQL" \
        and len(node.args) == 1 and isinstance(node.args[0], ast.Constant)


def test_t33_no_statement_is_put_together_from_texts() -> None:
    """No code of ours formats SQL: neither f-string, concatenation, %, format nor join reaches a statement."""
    found: dict[str, int] = {}
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if "migrations/versions" in path.as_posix() or "launcher" in path.parts:  # pip's command line is no SQL
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and _formatted(node.args[0]) and (
                    getattr(node.func, "attr", None) or getattr(node.func, "id", None)) in _STATEMENTS:
                name = path.relative_to(ROOT).as_posix()
                found[name] = found.get(name, 0) + 1
    assert found == _MADE_OF_CONSTANTS
    assert _formatted(ast.parse("f'SELECT {x}'", mode="eval").body), "the search finds what it looks for"
    assert _formatted(ast.parse("'SELECT ' + x", mode="eval").body)


# --- 34: what other programs would obey -----------------------------------------------------------------------------

@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "=HYPERLINK(\"x\")"])
def test_t34_a_cell_that_a_spreadsheet_would_run_is_written_with_a_quote(value: str) -> None:
    """CSV cells beginning with = + - @ TAB or CR get a quote in front, and are read back as they were."""
    layout = Layout("utf-8", ";", {"a": ["A"], "b": ["B"]}, guard=True)
    content = write_csv([{"a": value, "b": "x"}], layout)
    assert f"'{value.split(chr(34))[0]}".encode() in content
    assert b"\r\n" + value[:1].encode() not in content
    (line,) = read_csv(content, "x.csv", layout).lines
    assert [child.text for name in ("a", "b") for child in line.children[name]] == [value, "x"]


FORGED = "\x1b[31m\nINFO ok\r\x9b2J\x7f\x1b]0;owned\x07\n2026-11-26 ERROR X999"


def said(office: Office, mrn: str) -> Iterator[str]:
    """Everything that the gateway tells people and programs about a movement and its messages."""
    for words in (("status",), ("overdue",), ("show", mrn), ("show", "TG0000000001"), ("quarantine",),
                  ("trace", mrn, "FTX"), ("status", "--json"), ("show", mrn, "--json"), ("quarantine", "--json"),
                  ("trace", mrn, "FTX", "--json")):
        ran = office.run("edi", *words)
        yield ran.out
        yield ran.err


@pytest.mark.parametrize("place", ["goods", "reference", "unb", "events"])
def test_t34_escapes_and_forged_lines_reach_no_terminal_and_no_log(world: tuple[Puppet, Office], place: str) -> None:
    """Control characters of partners are shown as escapes on every output; no value begins a line of its own."""
    malice, burkina = world
    payload = malice.interchange(malice.cusdec(declaration("T-1", mrn=MRN)))
    if place == "events":
        malice.put(malice.seal(payload).content)
        payload = malice.interchange(malice.cusres("ARRIVED", MRN, reference="BFOUI-1",
                                                   office={"role": "destination", "code": "BFOUI"}))
    old = {"goods": b"TELEPHONES PORTABLES", "reference": b"T-1", "unb": b"TG0000000001", "events": b"BFOUI-1"}[place]
    assert old in payload
    malice.put(malice.seal(payload.replace(old, FORGED.encode("latin-1")[:60 if place == "goods" else 14])).content)
    ran = burkina.run("edi-receive")
    told = [ran.out, ran.err, *said(burkina, MRN)]
    for text in told:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), ascii(text)
        assert not [line for line in text.splitlines() if line.startswith(("INFO ok", "2026-11-26 ERROR"))]
    for text in told:
        for line in text.splitlines():
            if line.startswith("{"):
                json.loads(line)
    assert quarantined(burkina) == []


def test_t34_html_of_a_record_is_shown_as_text(tmp_path: Path) -> None:
    """Values are escaped in every page of HTML: markup in a record is read, never obeyed."""
    evil = "<script>alert(1)</script>"
    tree = text_everywhere(declaration("T-1", mrn=MRN), evil)
    file, page = tmp_path / "d.json", tmp_path / "page.html"
    file.write_text(json.dumps(tree), "utf-8")
    run("edi", ["map", "preview", "tg-bf/cusdec", str(file), "--html", str(page), "--lang", "en"])
    text = page.read_text("utf-8")
    assert "&lt;script&gt;" in text
    assert not re.search("<script", text)


# --- 26: clocks -----------------------------------------------------------------------------------------------------

def test_t26_a_clock_that_jumps_back_between_two_runs_loses_nothing(tmp_path: Path) -> None:
    """Our own clock may jump between runs, forward and back: everything is done once and the ledger stays whole."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A", mrn=MRN)})
    assert at(togo, "edi-send", later(days=3)).exit == 0
    togo.drop("declarations", {"b.json": declaration_json("B", mrn=numbered_mrn(2))})
    assert at(togo, "edi-send", later(minutes=1)).exit == 0
    ran = at(burkina, "edi-receive", later(minutes=1))
    assert set(codes(ran)) == {"E_FUTURE"}, ran.err
    assert ran.counts["messages_accepted"] == 1
    assert at(burkina, "edi-receive", later(days=3)).counts["messages_accepted"] == 1
    for moment in (later(days=3, hours=1), later(minutes=2), later(days=4), later(minutes=3)):
        for office in (togo, burkina):
            assert "Traceback" not in at(office, "edi-sync", moment).err
    assert {line["state"] for line in togo.movements().values()} == {"CONFIRMED"}
    assert sorted(burkina.inbox("declarations")) == sorted([f"{MRN}.json", f"{numbered_mrn(2)}.json"])
    for office in (togo, burkina):
        sound(office)


def test_t26_an_event_dated_in_the_future_or_long_ago_is_no_clock_of_ours(world: tuple[Puppet, Office]) -> None:
    """What a message says of time is content: it moves no deadline and no order of ours."""
    malice, burkina = world
    tree = {**declaration("T-1", mrn=MRN), "accepted": "1999-01-01T00:00Z", "released": "2099-01-01T00:00Z"}
    malice.send(malice.cusdec(tree))
    ran = burkina.run("edi-receive")
    assert (ran.counts["objects_collected"], "Traceback" in ran.err) == (1, False)
    assert all(not line["changed"].startswith(("1999", "2099")) for line in burkina.lines("status")
               if line["kind"] == "movement")
    sound(burkina)


def test_t26_a_partner_whose_clock_runs_back_is_a_warning_and_its_objects_are_taken(
        world: tuple[Puppet, Office]) -> None:
    """A signing time more than five minutes before the predecessor's is a warning, within one run and between runs."""
    malice, burkina = world

    def brought(*signed: int) -> Ran:
        for minutes in signed:
            number = malice.sequence + 1
            payload = malice.interchange(malice.cusdec(declaration(f"T-{number}", mrn=numbered_mrn(number))))
            malice.put(malice.seal(payload, at=later(minutes=minutes)).content)
        return at(burkina, "edi-receive", later(minutes=120 + malice.sequence))  # a moment of its own for each run

    assert codes(brought(120, 116)) == []
    between = brought(90, 91)
    assert (between.exit, codes(between), between.counts["messages_accepted"]) == (0, ["X052"], 2), between.err
    assert "TGOTR 3: X052: " in between.err
    within = brought(110, 100, 101)
    assert (within.exit, codes(within), within.counts["messages_accepted"]) == (0, ["X052"], 3), within.err
    assert "TGOTR 6: X052: " in within.err
    assert len(burkina.movements()) == 7

"""Does every message keep the version of its mapping, while the mapping changes between two administrations?"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.cli import runs
from gateway.cli.context import occasion
from gateway.exchange.activation import activate
from gateway.ledger import Ledger
from gateway.mapping import load_mapping, search_path
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration

IDENTIFIER = "corridors/tg-bf/cusdec"
TEXT = (ROOT / "mappings" / f"{IDENTIFIER}.yaml").read_text("utf-8")
CHANGE = "override:\n  local: \"? RFF+ABO:{local_reference}'\"\n"


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the mapping, in a folder before all others."""
    file = tmp_path / "mappings" / f"{IDENTIFIER}.yaml"
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("EDI_MAPPINGS", str(tmp_path / "mappings"))
    return file


def write(file: Path, version: str, more: str = "") -> str:
    """Write a version; its digest."""
    file.write_text(TEXT.replace('version: "2"', f'version: "{version}"') + more, "utf-8")
    return load_mapping(IDENTIFIER, search_path()).digest


def in_force_since_yesterday(office: Office) -> None:
    """What was activated a day ago: the files as they are."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = load_mapping(IDENTIFIER, search_path())
    with Ledger.open(f"sqlite:///{office.home}/state/ledger.sqlite", now=now) as ledger, \
            ledger.transaction() as transaction:
        transaction.keep_mapping(made.digest, made.identifier, made.archive.dump())
        transaction.activate(mapping=made.identifier, version=made.version, digest=made.digest,
                             starts=now - timedelta(days=1), at=now - timedelta(days=1))


def starting(office: Office, starts: datetime) -> None:
    """The files as they are, in force from an instant on."""
    now = datetime.now(UTC).replace(microsecond=0)
    with Ledger.open(f"sqlite:///{office.home}/state/ledger.sqlite", now=now) as ledger:
        activate(ledger, [load_mapping(IDENTIFIER, search_path())], starts, now)


def declared(togo: Office, burkina: Office, key: str, **changes: Any) -> str:
    """Send a declaration and have it accepted; how its message named the local reference."""
    record = declaration(key)
    record.update(changes)
    togo.drop("declarations", {f"{key}-{record['function']}.json": json.dumps(record).encode()})
    sent = togo.run("edi-send")
    assert (sent.exit, sent.err) == (0, "")
    received = burkina.run("edi-receive")
    assert (received.exit, received.err, received.counts["messages_accepted"]) == (0, "", 1)
    assert togo.run("edi-receive").exit == 0
    (body,) = messages(togo)[-1:]
    assert body in messages(burkina)
    return next(segment for segment in body.split("'") if segment.startswith("RFF+AB") and segment.endswith(key))


def messages(office: Office) -> list[str]:
    """The texts of all declarations in a ledger, oldest first."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite")
    rows = connection.execute("SELECT content.bytes FROM message JOIN content ON content.id = message.content_id "
                              "WHERE message.type = 'CUSDEC' ORDER BY message.id").fetchall()
    connection.close()
    return [row[0].decode() for row in rows]


def mrn_of(office: Office, key: str) -> str:
    return next(mrn for mrn, line in office.movements().items() if line["national_key"].endswith(key))


def test_a_movement_keeps_the_version_it_was_declared_with_and_a_new_one_takes_the_new(
        tmp_path: Path, mapping: Path) -> None:
    togo, burkina = offices(tmp_path)
    first = write(mapping, "2026.1")
    for office in (togo, burkina):
        in_force_since_yesterday(office)
    assert declared(togo, burkina, "T-1") == "RFF+ABE:T-1"

    second = write(mapping, "2026.2", CHANGE)  # edited, not yet in force
    assert declared(togo, burkina, "T-2") == "RFF+ABE:T-2"
    (entry,) = (line for line in togo.lines("map", "list", "tg-bf") if line.get("layout") == "cusdec")
    assert (entry["state"], entry["version"], entry["digest"], entry["changed"]) == ("active", "2026.1", first, True)

    for office in (togo, burkina):
        done = office.run("edi", "map", "activate", "tg-bf")
        assert done.exit == 0, done.err
        assert second in done.out
    assert declared(togo, burkina, "T-3") == "RFF+ABO:T-3"
    assert declared(togo, burkina, "T-1", function="replacement", amendment=1, mrn=mrn_of(togo, "T-1"),
                    reason="erreur") == "RFF+ABE:T-1"
    (entry,) = (line for line in burkina.lines("map", "list", "tg-bf") if line.get("layout") == "cusdec")
    assert (entry["version"], entry["digest"], entry["changed"]) == ("2026.2", second, False)

    mapping.unlink()  # whatever becomes of the files
    for key, line in (("T-2", "RFF+ABE"), ("T-3", "RFF+ABO")):
        traced = togo.run("edi", "trace", mrn_of(togo, key), line)
        assert (traced.exit, "local_reference" in traced.out) == (0, True), traced.err
    assert declared(togo, burkina, "T-4") == "RFF+ABO:T-4"


def test_what_was_written_before_a_start_is_read_after_it_by_the_version_it_was_written_in(
        tmp_path: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = offices(tmp_path)
    write(mapping, "2026.1")
    for office in (togo, burkina):
        in_force_since_yesterday(office)
    write(mapping, "2026.2", CHANGE)
    start = datetime.now(UTC) + timedelta(minutes=2)
    for office in (togo, burkina):
        starting(office, start)
    togo.drop("declarations", {"d1.json": json.dumps(declaration("T-1")).encode()})
    assert togo.run("edi-send").exit == 0
    monkeypatch.setattr(runs, "occasion", lambda: replace(occasion(), now=occasion().now + timedelta(minutes=4)))
    received = burkina.run("edi-receive")
    assert (received.exit, received.err, received.counts["messages_accepted"]) == (0, "", 1)
    assert ["RFF+ABE:T-1'" in body for body in messages(burkina)] == [True]
    assert declared(togo, burkina, "T-2") == "RFF+ABO:T-2"


def test_an_edited_mapping_needs_a_new_version_number_and_an_instant_to_come(tmp_path: Path, mapping: Path) -> None:
    togo, _ = offices(tmp_path)
    write(mapping, "7")
    assert togo.run("edi", "map", "activate", "tg-bf/cusdec", "--from", "2100-01-01").exit == 0
    write(mapping, "7", CHANGE)
    refused = togo.run("edi", "map", "activate", "tg-bf/cusdec", "--from", "2100-02-01")
    assert (refused.exit, "M405" in refused.err) == (1, True), refused.err
    write(mapping, "8", CHANGE)
    for start, code in (("2100-01-01", "M404"), ("2020-01-01", "M403"), ("01/02/2100", "M406"),
                        ("2100-01-01T00:00", "M406")):
        refused = togo.run("edi", "map", "activate", "tg-bf/cusdec", "--from", start)
        assert (refused.exit, code in refused.err) == (1, True), (start, refused.err)
    assert togo.run("edi", "map", "activate", "tg-bf/cusdec", "--from", "2100-01-01T01:00+01:00").exit == 1
    mapping.write_text("format: \"1\"\nid: corridors/tg-bf/cusdec\nextends: base/nothing\n", "utf-8")
    faulty = togo.run("edi", "map", "activate", "tg-bf", "--from", "2100-03-01")
    assert (faulty.exit, "M006" in faulty.err) == (3, True)
    (entry,) = (line for line in togo.lines("map", "list", "tg-bf") if line.get("layout") == "cusdec")
    assert (entry["state"], [one["version"] for one in entry["planned"]]) == ("faulty", ["7"])


def test_the_check_of_the_settings_compares_what_is_in_force_with_the_agreement(tmp_path: Path, mapping: Path) -> None:
    togo, _ = offices(tmp_path)
    digest = write(mapping, "7")
    partner = togo.home / "partners" / "BFDGD.yaml"
    text = partner.read_text("utf-8")

    def agree(*lines: str) -> list[str]:
        at = text.index("agreement:\n") + len("agreement:\n")
        partner.write_text(f"{text[:at]}  mappings:\n{''.join(f'    - {line}{chr(10)}' for line in lines)}{text[at:]}",
                           "utf-8")
        told = togo.run("edi", "config", "check", "--json")
        return [f"{one['code']} {Path(one['file'] or '').name}" for one in json.loads(told.out)["findings"]]
    agreed = f'{{mapping: {IDENTIFIER}, version: "7", sha256: "{digest}"}}'
    other = f'{{mapping: {IDENTIFIER}, version: "6", sha256: "{"0" * 64}"}}'
    assert agree(agreed) == []
    assert agree(other) == ["M402 BFDGD.yaml"]
    assert agree(other, agreed) == []
    assert agree('{mapping: corridors/tg-xx/cusdec, version: "1", sha256: "' + "1" * 64 + '"}') == ["M407 BFDGD.yaml"]
    assert togo.run("edi", "map", "activate", "tg-bf").exit == 0
    write(mapping, "8", CHANGE)  # in force is what was activated
    assert agree(agreed) == []


def test_what_was_read_is_explained_by_the_dialect_that_read_it(tmp_path: Path, mapping: Path) -> None:
    togo, burkina = offices(tmp_path)
    write(mapping, "7")
    declared(togo, burkina, "T-1")
    before = togo.run("edi", "trace", mrn_of(togo, "T-1"), "NAD+AF")
    assert (before.exit, "T-1-original.json" in before.out) == (0, True), before.err
    broken = tmp_path / "mappings" / "dialects" / "neutral" / "json.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("format: \"1\"\nid: neutral/json\n", "utf-8")
    assert togo.run("edi", "config", "check").exit == 3
    assert togo.run("edi", "trace", mrn_of(togo, "T-1"), "NAD+AF").out == before.out

"""Does what lies in clear go when its time is over, and does anything else ever go?"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.retention import Due, due, remove
from gateway.ledger import Ledger
from tests.tools.malice import Puppet, at, later, quarantined, well
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, declaration_json, event_json, numbered_mrn

DAY = timedelta(days=1)


def files(office: Office) -> set[str]:
    """Every file below an office but its ledger and its locks."""
    return {str(path.relative_to(office.home)) for path in office.home.rglob("*")
            if path.is_file() and ".sqlite" not in path.name and "lock" not in path.parts}


def after(office: Office, passed: timedelta) -> list[Due]:
    """What is due in an office after some time, removed."""
    moment = datetime.now(UTC).replace(microsecond=0) + passed
    with open_gateway(load_settings(office.settings), moment) as gateway:
        things = due(gateway, moment)
        remove(gateway, things, Occasion(moment, lambda: "0" * 32, lambda: 0.0))
        assert due(gateway, moment) == []
    return things


def journal(office: Office) -> list[str]:
    """What the history says of retention."""
    ledger = Ledger.open(f"sqlite:///{next((office.home / 'state').glob('*.sqlite'))}", now=later())
    try:
        with ledger.reading() as queries:
            assert queries.verify_history() is None
            assert list(queries.verify_contents()) == []
            return [row.text for row in queries.history() if row.subject == "retention"]
    finally:
        ledger.close()


@pytest.fixture
def busy(tmp_path: Path) -> tuple[Office, Office]:
    """Two offices after a day: files taken, refused, handed over, quarantined, left behind; and foreign ones."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A", mrn=numbered_mrn(1)), "bad.json": b"{"})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")):
        office.run(program)
    burkina.drop("events", {"e.json": event_json(numbered_mrn(1), "ARRIVED")})
    for office, program in ((burkina, "edi-send"), (togo, "edi-receive"), (burkina, "edi-receive")):
        well(office.run(program))
    togo.drop("declarations", {"open.json": declaration_json("OPEN", mrn=numbered_mrn(2))})
    well(togo.run("edi-send"))
    (togo.mailbox("BFDGD") / ("0" * 32 + ".p7m")).write_bytes(b"rubbish")
    togo.run("edi-receive")
    togo.run("edi-receive")
    assert quarantined(togo) == [b"rubbish"]
    sent = togo.home / "national" / "sent" / "declarations"
    (sent / "foreign.json").write_bytes(b"put here by hand")
    (sent / ".x.json.123-1.partial").write_bytes(b"left by a kill")
    (sent / "link.json").symlink_to(togo.home / "settings.yaml")
    (togo.home / "national" / "refused" / "declarations" / "no-reason.json").write_bytes(b"{")
    (togo.home / "national" / "in" / "answers" / "note.txt").write_bytes(b"of the national system")
    (togo.home / "state" / "defects").mkdir(mode=0o700)
    (togo.home / "state" / "defects" / "edi-defect-20261126T120000Z-1-1.txt").write_bytes(b"report")
    (togo.home / "state" / "defects" / "notes.txt").write_bytes(b"of a person")
    return togo, burkina


def test_t36_nothing_goes_before_its_time(busy: tuple[Office, Office]) -> None:
    """Before its time nothing is removed, however often retention runs."""
    togo, _ = busy
    before = files(togo)
    assert after(togo, timedelta(hours=23)) == []
    assert togo.run("edi", "retention").exit == 0
    assert files(togo) == before
    assert journal(togo) == []


def test_t36_what_is_due_goes_and_nothing_else(busy: tuple[Office, Office]) -> None:
    """Each kind goes at its time; unanswered, foreign, changed and linked files, and all of the ledger, stay."""
    togo, _ = busy
    before = files(togo)
    gone: set[str] = set()
    for passed, expected in (
            (2 * DAY, {"national/sent/declarations/.x.json.123-1.partial"}),
            (91 * DAY, {"national/sent/declarations/a.json", "state/defects/edi-defect-20261126T120000Z-1-1.txt"}),
            (181 * DAY, {"national/refused/declarations/bad.json", "national/refused/declarations/bad.json.reason"}),
            (366 * DAY, {f"state/quarantine/{path.name}" for path in (togo.home / "state" / "quarantine").iterdir()}),
            (4000 * DAY, set())):
        after(togo, passed)
        gone |= expected
        assert before - files(togo) == gone, passed
        assert files(togo) <= before
    assert {"national/sent/declarations/open.json", "national/sent/declarations/foreign.json",
            "national/refused/declarations/no-reason.json", "national/in/answers/note.txt", "state/defects/notes.txt",
            "national/sent/declarations/link.json", "settings.yaml"} <= files(togo)
    assert any(name.startswith("national/in/") for name in files(togo)), "the national system's own"
    assert journal(togo) == ["partial 1", "sent 1, reports 1", "refused 1", "quarantine 1"]
    assert togo.lines("quarantine")[-1]["count"] == 0
    assert togo.lines("status")[-1]["quarantined"] == 0
    assert len(togo.movements()) == 2


def test_t36_what_was_unanswered_goes_when_it_is_answered_and_its_time_is_over(busy: tuple[Office, Office]) -> None:
    """A file whose declaration is unanswered stays for ever; answered, it goes."""
    togo, burkina = busy
    path = togo.home / "national" / "sent" / "declarations" / "open.json"
    after(togo, 4000 * DAY)
    assert path.exists()
    well(burkina.run("edi-receive"))
    togo.run("edi-receive")
    after(togo, 89 * DAY)
    assert path.exists()
    after(togo, 91 * DAY)
    assert not path.exists()


def test_t36_what_was_handed_over_goes_only_where_the_settings_say_so_and_if_it_is_what_was_handed_over(
        busy: tuple[Office, Office]) -> None:
    """Files of the inbox are the national system's: they go by a setting alone, and never one that it has changed."""
    togo, _ = busy
    inbox = togo.home / "national" / "in"
    handed = {path for path in inbox.rglob("*") if path.is_file() and path.name != "note.txt"}
    assert len(handed) >= 2
    changed = min(handed)
    changed.write_bytes(b"worked on by the national system")
    settings = togo.settings.read_text("utf-8")
    togo.settings.write_text(f'{settings}\nretention:\n  inbox: 30d\n', "utf-8")
    after(togo, 29 * DAY)
    assert handed <= set(inbox.rglob("*"))
    after(togo, 31 * DAY)
    assert {path for path in inbox.rglob("*") if path.is_file()} == {changed, inbox / "answers" / "note.txt"}
    assert togo.run("edi-receive").exit == 0
    assert {path for path in inbox.rglob("*") if path.is_file()} == {changed, inbox / "answers" / "note.txt"}


def test_t36_evidence_of_a_halted_link_stays_until_it_is_resumed(tmp_path: Path) -> None:
    """While a link is halted, what was quarantined on it is evidence and stays, whatever its age."""
    togo, burkina = offices(tmp_path)
    malice = Puppet(togo, burkina)
    first = malice.previous
    malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    well(burkina.run("edi-receive"))
    other = malice.seal(malice.interchange(malice.cusdec(declaration("T-2", mrn=numbered_mrn(2)))), sequence=1,
                        previous=first, count=False)
    malice.put(other.content)
    burkina.run("edi-receive")
    assert after(burkina, 1000 * DAY) == []
    assert quarantined(burkina) == [other.content]
    burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "cleared up by telephone")
    assert [one.what for one in after(burkina, 1000 * DAY)] == ["quarantine"]
    assert quarantined(burkina) == []


def test_t36_a_rehearsal_names_what_is_due_and_removes_nothing(busy: tuple[Office, Office]) -> None:
    """edi retention --dry-run names each file; the run itself removes it, quietly, and says so to programs."""
    togo, _ = busy
    left = togo.home / "national" / "sent" / "declarations" / ".x.json.123-1.partial"
    os.utime(left, (1_700_000_000, 1_700_000_000))
    ran = togo.run("edi", "retention", "--dry-run")
    assert (ran.exit, str(left) in ran.out, left.exists()) == (0, True, True)
    lines = checked("retention", togo.run("edi", "retention", "--json", "--dry-run").out)
    assert [(line["what"], line["removed"]) for line in lines[:-1]] == [("partial", False)]
    ran = togo.run("edi", "retention")
    assert (ran.exit, ran.out, ran.err, left.exists()) == (0, "", "", False)
    assert checked("retention", togo.run("edi", "retention", "--json").out) == [
        {"schema": 1, "kind": "summary", "removed": 0, "due": 0, "past": 0}]


def test_t36_a_retention_that_is_cut_is_completed_by_the_next(busy: tuple[Office, Office],
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut between any two removals, retention is completed by the next run and removes nothing else."""
    togo, _ = busy
    before = files(togo)
    real = Path.unlink
    left = 3

    def unlink(path: Path, missing_ok: bool = False) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(KeyboardInterrupt):
        after(togo, 500 * DAY)
    monkeypatch.undo()
    after(togo, 500 * DAY)
    gone = before - files(togo)
    assert len(gone) == 7
    assert not any(re.search(r"open|foreign|no-reason|note|link|/in/", name) for name in gone)
    assert at(togo, "edi-send", later()).exit == 0

"""An archive past its legal period goes by decision: never before, never by itself, and what proves it stays."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.archiving import archive
from gateway.exchange.assembly import open_gateway
from gateway.exchange.purging import past_period, purge, purge_of
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.pair.test_archive import MONTHS, WHO, archived, rows
from tests.pair.test_erasure import MRN, WHY, declared, everybody
from tests.tools.malice import later
from tests.tools.offices import Office, Ran, offices
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked
from tests.tools.records import event_json

YES = (*WHY, "--yes")
TEN_DAYS = 864_000_000_000


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Office, Office], Path]:
    """Two offices whose one movement is over, and a folder with all that is theirs as it was then."""
    home = tmp_path_factory.mktemp("purge") / "home"
    home.mkdir()
    togo, burkina = offices(home)
    togo.drop("declarations", {"one.json": declared("N1", MRN)})
    everybody(togo, burkina)
    for word in ("ARRIVED", "CONTROL", "DISCHARGED"):
        burkina.drop("events", {f"{word}.json": event_json(MRN, word)})
        everybody(burkina, togo)
    return (togo, burkina), Path(shutil.copytree(home, home.with_name("kept"), symlinks=True))


@pytest.fixture
def pair(once: tuple[tuple[Office, Office], Path]) -> tuple[Office, Office]:
    """The two offices, as they were."""
    made, kept = once
    shutil.rmtree(kept.with_name("home"))
    shutil.copytree(kept, kept.with_name("home"), symlinks=True)
    return made


def aged(office: Office) -> None:
    """Everything that was over is over for ten days more."""
    with closing(sqlite3.connect(ledger_file(office))) as connection, connection:
        for table, column in (("interchange", "changed"), ("message", "changed"), ("movement", "changed"),
                              ("delivery", "delivered")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - {TEN_DAYS}")


def keeping(office: Office, **periods: str) -> None:
    """Legal periods, as the settings have them."""
    text = office.settings.read_text("utf-8").partition("\nretention:\n")[0]
    lines = "".join(f"  {kind}: {period}\n" for kind, period in periods.items())
    office.settings.write_text(f"{text}\nretention:\n{lines}", "utf-8")


def codes(ran: Ran) -> list[str]:
    """The codes of what stderr says."""
    return re.findall(r"\b([A-Z]\d{3}): ", ran.err)


def sound(office: Office) -> None:
    with Ledger.open(f"sqlite:///{ledger_file(office)}", now=later(), create=False) as ledger, \
            ledger.reading() as queries:
        assert (ledger.integrity(), queries.verify_history(), list(queries.verify_contents())) == ([], None, [])


def test_without_a_period_for_all_that_is_in_it_an_archive_is_kept_for_ever(pair: tuple[Office, Office],
                                                                           tmp_path: Path) -> None:
    togo, _ = pair
    folder = archived(togo, tmp_path / "volume")
    (folder / "index.csv").unlink()  # what is in it is asked of the ledger, not of its own list
    aged(togo)
    for periods, code, what in (({}, "L057", "messages"), ({"messages": "1d", "sealed": "1d"}, "L057", "sources"),
                                ({"messages": "1d", "sealed": "12d", "sources": "1d"}, "L056", "sealed")):
        keeping(togo, reports="90d", **periods)
        ran = togo.run("edi", "archive", "--purge", str(folder), *YES)
        assert (ran.exit, codes(ran), f" {what}" in ran.err) == (Exit.PERSON, [code], True)
        assert [line for line in togo.lines("retention", "--dry-run") if line.get("what") == "archive"] == []
    assert (folder / "contents.zip").exists()
    assert rows(togo, "SELECT kind FROM departure") == [("archived",)]


def test_a_purge_takes_the_contents_and_leaves_what_proves_them(pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, burkina = pair
    folder = archived(togo, tmp_path / "volume")
    aged(togo)
    keeping(togo, messages="9d", sealed="9d", sources="9d")
    before = rows(togo, "SELECT id, digest, size FROM content ORDER BY id")
    [due] = [line for line in checked("retention", togo.run("edi", "retention", "--json").out)
             if line["kind"] == "past" and line["what"] == "archive"]
    assert due["archive"] == str(folder)
    assert togo.run("edi", "retention").out == "", "cron's mail is for what changes"

    [line] = checked("archive", togo.run("edi", "archive", "--purge", str(folder), *WHY, "--json").out)
    assert (line["done"], line["contents"], {one["what"] for one in line["kinds"]}) == (
        False, due["contents"], {"messages", "sealed", "sources"})
    ran = togo.run("edi", "archive", "--purge", str(folder), *YES, "--dry-run")
    assert (ran.exit, ran.out.startswith("would: ")) == (Exit.DONE, True)
    assert (folder / "contents.zip").exists()
    ran = togo.run("edi", "archive", "--purge", str(folder), *YES)
    assert (ran.exit, ran.err) == (Exit.DONE, "")

    assert {path.name for path in folder.iterdir()} == {"archive.txt", "index.csv", "SHA256SUMS", "purged.txt"}
    assert "Ama Lawson, Kofi Mensah" in (folder / "purged.txt").read_text("utf-8")
    assert rows(togo, "SELECT id, digest, size FROM content ORDER BY id") == before
    assert togo.run("edi", "audit", "verify").exit == Exit.DONE
    for words in (("show", MRN, "--raw", "source"), ("evidence", MRN, "--out", str(togo.home / "evidence"))):
        ran = togo.run("edi", *words)
        assert (ran.exit, codes(ran), "Ama Lawson, Kofi Mensah" in ran.err, "article 12" in ran.err) == (
            Exit.PERSON, ["L055"], True, True)
    ran = togo.run("edi", "archive", "--bring", str(folder))
    assert (ran.exit, codes(ran)) == (Exit.PERSON, ["L053"])
    lines = checked("archive", togo.run("edi", "archive", "--list", "--json").out)
    assert [(one["departure"], one["reference"], one["contents"]) for one in lines[:-1]] == [
        ("archived", folder.name, due["contents"]), ("purged", folder.name, due["contents"])]
    assert [line for line in togo.lines("retention", "--dry-run") if line["kind"] == "past"] == []
    assert togo.run("edi", "archive", "--purge", str(folder), *YES).exit == Exit.DONE, "what is done is not done again"
    assert len(rows(togo, "SELECT id FROM departure")) == 2
    assert togo.run("edi", "reconcile", "BFDGD").exit == Exit.LATER
    everybody(burkina, togo)
    assert togo.run("edi", "reconcile", "BFDGD").exit == Exit.DONE, "the trees are what they were"


def test_a_month_that_is_handed_over_after_a_purge_names_who_decided_it(pair: tuple[Office, Office],
                                                                       tmp_path: Path) -> None:
    togo, _ = pair
    keeping(togo, messages="1d", sealed="1d", sources="1d")
    folder = archived(togo, tmp_path / "volume")
    with open_gateway(togo.settings, later() + MONTHS) as gateway:
        assert purge(gateway, folder, WHO, later() + MONTHS).departure is not None
        assert list(past_period(gateway, later() + MONTHS)) == []
    assert togo.run("edi", "audit", "export", f"{later():%Y-%m}", "--out", str(tmp_path / "month")).exit == Exit.DONE
    lines = checked("audit-verify", togo.run("edi", "audit", "verify", str(tmp_path / "month"), "--json").out)
    gone = list((tmp_path / "month").rglob("*.erased"))
    assert (lines[-1]["verdict"], lines[-1]["faults"]) == ("open", 0)
    assert gone and all("Ama Lawson" in path.read_text("utf-8") for path in gone)


def test_two_people_and_a_reason_where_the_settings_want_them(pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, _ = pair
    folder = archived(togo, tmp_path / "volume")
    aged(togo)
    text = togo.settings.read_text("utf-8").replace("approvals: one", "approvals: two")
    togo.settings.write_text(text if "approvals: two" in text else f"{text}\napprovals: two\n", "utf-8")
    keeping(togo, messages="1d", sealed="1d", sources="1d")
    ran = togo.run("edi", "archive", "--purge", str(folder), "--reason", "over", "--by", "Ama Lawson", "--yes")
    assert (ran.exit, codes(ran)) == (Exit.PERSON, ["C012"])
    for words in (("--purge", str(folder), "--by", "A B", "--by", "C D", "--yes"), ("--list", "--yes"),
                  ("--purge", str(folder), "--only", "sealed", *YES)):
        assert togo.run("edi", "archive", *words).exit == Exit.USAGE
    elsewhere = folder.rename(tmp_path / folder.name)
    ran = togo.run("edi", "archive", "--purge", str(folder), *YES)
    assert (ran.exit, codes(ran)) == (Exit.PERSON, ["L042"]), "what is not at hand cannot be destroyed"
    ran = togo.run("edi", "archive", "--purge", str(tmp_path / "volume"), *YES)
    assert (ran.exit, codes(ran)) == (Exit.PERSON, ["L053"])
    assert togo.run("edi", "archive", "--purge", str(elsewhere), *YES).exit == Exit.DONE, "wherever it is mounted"
    assert not (elsewhere / "contents.zip").exists()


def test_kinds_with_periods_of_their_own_go_in_archives_of_their_own(pair: tuple[Office, Office],
                                                                    tmp_path: Path) -> None:
    togo, _ = pair
    keeping(togo, sources="30d", sealed="30d")
    now = later() + MONTHS
    with open_gateway(togo.settings, now) as gateway:
        found = {one.what: one for one in past_period(gateway, now)}
        assert set(found) == {"sources", "sealed"}
        done = archive(gateway, later(), tmp_path / "volume", WHO, now, ["sources"])
        assert done.folder is not None
        assert (done.contents, done.octets) == (found["sources"].contents, found["sources"].octets)
        assert [one.what for one in past_period(gateway, now)] == ["sealed", "archive"]
        assert [one.kind for one in purge_of(gateway, done.folder, now).kinds] == ["sources"]
        purge(gateway, done.folder, WHO, now)
    sound(togo)
    assert togo.run("edi", "show", MRN).exit == Exit.DONE
    ran = togo.run("edi", "show", MRN, "--raw", "source")
    assert codes(ran) == ["L055"]
    assert rows(togo, "SELECT count(*) FROM content WHERE bytes = x'' AND size > 0") == [(done.contents,)]


EDITS = (
    "DELETE FROM departure WHERE kind = 'purged'",
    "UPDATE departure SET digest = replace(digest, substr(digest, 1, 1), 'x') WHERE kind = 'purged'",
    "INSERT INTO away SELECT max(content.id), max(departure.id) FROM content, departure",
    "DELETE FROM away WHERE departure_id = 2 AND content_id = (SELECT min(content_id) FROM away)")


def test_a_purge_that_was_changed_later_is_found(pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, _ = pair
    keeping(togo, messages="1d", sealed="1d", sources="1d")
    folder = archived(togo, tmp_path / "volume")
    with open_gateway(togo.settings, later() + timedelta(days=2) + MONTHS) as gateway:
        purge(gateway, folder, WHO, later() + MONTHS)
    for number, edit in enumerate(("SELECT 1", *EDITS)):
        copy = Path(shutil.copy(ledger_file(togo), tmp_path / f"{number}.sqlite"))
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(edit)
        with Ledger.open(f"sqlite:///{copy}", now=later()) as ledger, ledger.reading() as queries:
            assert bool(list(queries.verify_contents()) or queries.verify_history()) is (edit in EDITS), edit

"""Old contents go to another volume: are they found there, named while it is away, proven, and do they come back?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.archiving import archive, old, unreadable
from gateway.exchange.assembly import open_gateway
from gateway.exchange.erasing import Decision
from gateway.exchange.summary import Exit
from tests.pair.test_erasure import MATE, MRN, WHY, pair
from tests.tools.malice import at, later, well
from tests.tools.offices import Office
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked

__all__ = ["pair"]

WHO = Decision(people="Ama Lawson", account="edi", reason="three years")
MONTHS = timedelta(days=40)


def rows(office: Office, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(ledger_file(office))) as connection:
        return connection.execute(query).fetchall()


def archived(office: Office, to: Path) -> Path:
    """Everything that was settled by now goes; the archive."""
    now = later(seconds=1)  # what was settled in this very second, too
    with open_gateway(office.settings, now + MONTHS) as gateway:
        planned = old(gateway, now)
        done = archive(gateway, now, to, WHO, now + MONTHS)
    assert done.folder is not None
    assert (planned.contents, planned.octets) == (done.contents, done.octets) > (3, 3)
    return done.folder


def test_what_is_over_goes_is_read_from_there_and_what_is_under_way_stays(pair: tuple[Office, Office],
                                                                         tmp_path: Path) -> None:
    togo, burkina = pair
    before = rows(togo, "SELECT id, digest, size FROM content ORDER BY id")
    raw = togo.lines("show", MRN)
    folder = archived(togo, tmp_path / "volume")
    assert {path.name for path in folder.iterdir()} == {"contents.zip", "index.csv", "archive.txt", "SHA256SUMS"}
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0
    assert rows(togo, "SELECT id, digest, size FROM content ORDER BY id") == before
    gone = {number for number, in rows(togo, "SELECT id FROM content WHERE bytes = x'' AND size > 0")}
    assert gone == {number for number, in rows(togo, "SELECT content_id FROM away")}
    open_ = {number for number, in rows(togo, f"SELECT content_id FROM message WHERE mrn = '{MATE}'")}
    assert not gone & open_, "the interchange of a movement that is under way stays whole"
    assert togo.run("edi", "audit", "verify").exit == Exit.DONE
    assert togo.lines("show", MRN) == raw
    with open_gateway(togo.settings, later()) as gateway:
        assert list(unreadable(gateway)) == []
        with gateway.ledger.reading() as queries:
            for number, in rows(togo, "SELECT id FROM object"):
                assert isinstance(number, int)
                held = queries.bytes_of(number)
                assert held is not None and held.inner
    for minutes in range(3):
        well(at(burkina, "edi-sync", later(minutes=minutes)))
        well(at(togo, "edi-sync", later(minutes=minutes)))


def test_while_the_volume_is_away_it_is_named_and_runs_go_on(pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, burkina = pair
    folder = archived(burkina, tmp_path / "volume")
    elsewhere = folder.rename(tmp_path / folder.name)
    [(number,)] = rows(burkina, "SELECT id FROM object WHERE sealed_id IN (SELECT content_id FROM away) LIMIT 1")
    with open_gateway(burkina.settings, later()) as gateway:
        assert [one.reference for one, _ in unreadable(gateway)] == [folder.name]
        with gateway.ledger.transaction() as transaction:
            assert isinstance(number, int) and transaction.again(number, later()) is False
    for office in (togo, burkina):
        well(office.run("edi-sync"))
    ran = burkina.run("edi", "erase", MRN, *WHY, "--shared", "--yes")
    assert ("L048" in ran.err, folder.name in ran.err) == (True, True)
    ran = burkina.run("edi", "archive", "--bring", str(tmp_path / "volume"))
    assert (ran.exit, "L053" in ran.err) == (Exit.PERSON, True)
    ran = burkina.run("edi", "archive", "--bring", str(elsewhere), "--json")
    [line] = checked("archive", ran.out)
    assert (ran.exit, line["name"]) == (Exit.DONE, folder.name)
    assert rows(burkina, "SELECT id FROM content WHERE bytes = x'' AND size > 0") == []
    assert burkina.run("edi", "audit", "verify").exit == Exit.DONE
    shutil.rmtree(elsewhere)
    ran = burkina.run("edi", "archive", "--list")
    assert (ran.exit, "brought back" in ran.out) == (Exit.DONE, True)
    assert burkina.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    assert burkina.run("edi", "audit", "verify").exit == Exit.DONE


def test_what_left_is_on_the_other_disk_before_the_ledger_lets_go(pair: tuple[Office, Office], tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    monkeypatch.setattr("os.fsync", noted)
    archived(pair[0], tmp_path / "volume")
    assert [name for name in flushed if name == "contents.zip"] == ["contents.zip"]


@pytest.mark.parametrize("damage", ["changed", "cut", "stream"])
def test_an_archive_that_says_something_else_is_not_believed(damage: str, pair: tuple[Office, Office],
                                                             tmp_path: Path) -> None:
    togo, _ = pair
    folder = archived(togo, tmp_path / "volume")
    content = bytearray((folder / "contents.zip").read_bytes())
    if damage == "changed":
        content[60:90] = bytes(30)
    elif damage == "stream":  # behind the first header, whose name has 64 octets
        content[94:124] = b"\xff" * 30
    (folder / "contents.zip").write_bytes(content[:len(content) // 2] if damage == "cut" else content)
    ran = togo.run("edi", "archive", "--bring", str(folder))
    assert (ran.exit, "L044" in ran.err) == (Exit.PERSON, True)
    assert rows(togo, "SELECT returned FROM departure") == [(None,)]
    with open_gateway(togo.settings, later()) as gateway:
        assert [one.reference for one, _ in unreadable(gateway)] == [folder.name]


def test_only_what_is_old_goes_and_a_rehearsal_writes_nothing(pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, _ = pair
    for words in (("--before", "2000-01-01", "--to", str(tmp_path / "volume")),
                  ("--before", "2999-01-01", "--to", str(tmp_path / "volume"))):  # never younger than a day
        ran = togo.run("edi", "archive", *words)
        assert (ran.exit, ran.out.startswith("nothing that was settled")) == (Exit.DONE, True)
    [line] = checked("archive", togo.run("edi", "archive", "--before", "2999-01-01", "--to", str(tmp_path / "volume"),
                                         "--dry-run", "--json").out)
    assert (line["folder"], line["dry_run"], (tmp_path / "volume").exists()) == (None, True, False)
    for line_of_words in ("", "--before 2000-01-01", "--list --bring x", "--before soon --to x"):
        assert togo.run("edi", "archive", *line_of_words.split()).exit == Exit.USAGE
    assert checked("archive", togo.run("edi", "archive", "--list", "--json").out) == [
        {"schema": 1, "kind": "summary", "count": 0}]
    with open_gateway(togo.settings, later()) as gateway, gateway.ledger.reading() as queries:
        assert list(queries.old_contents(later() - timedelta(days=1))) == []

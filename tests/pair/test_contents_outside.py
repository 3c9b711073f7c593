"""Contents that lie in a store outside of the ledger: is everything as without one, and nothing lost or left over?

Two real gateways; what one of them puts lies in a folder, or in a bucket of a real server.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.exchange.archiving import bring_back
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from tests.pair.test_archive import archived
from tests.pair.test_erasure import MRN, TRADER, WHY, declared, everybody, holding, kept, octets, rows
from tests.tools.malice import later, well
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked
from tests.tools.records import event_json
from tests.tools.s3server import BUCKET, KEY, SECRET, S3Server, running_s3

MARK = "gateway.txt"

both = pytest.mark.parametrize("outside", ["directory", "s3"], indirect=True)


@dataclass
class Outside:
    """Togo, whose contents go to a store; the folder in which that lies; Burkina Faso, which has none."""

    togo: Office
    burkina: Office
    folder: Path

    def stored(self) -> dict[str, bytes]:
        """What lies in the store, by key, without its mark."""
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.folder.rglob("*")
                if path.is_file() and path.name != MARK}

    def held(self) -> set[str]:
        """The keys that the ledger knows."""
        return {f"{str(digest)[:2]}/{digest}-{number}" for number, digest in rows(
            self.togo, "SELECT s.id, c.digest FROM stored s JOIN content c ON c.id = s.content_id "
                       "WHERE s.state = 'held' AND c.bytes = x''")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as found:
        yield found


def with_store(office: Office, section: str) -> None:
    with office.settings.open("a", encoding="utf-8") as settings:
        settings.write(f"\ncontents:\n{section}  above: 256B\n")


def in_a_folder(office: Office, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with_store(office, f"  store: directory\n  folder: {folder}\n")


def in_a_bucket(office: Office, server: S3Server, prefix: str) -> None:
    secret = office.home / "keys" / "s3"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    with_store(office, f"  store: s3\n  address: {server.address}\n  bucket: {BUCKET}\n  prefix: {prefix}\n"
                       f"  access_key: {KEY}\n  secret: keys/s3\n")


@pytest.fixture
def outside(request: pytest.FixtureRequest, tmp_path: Path) -> Outside:
    """A movement that is over; all of it has gone both ways."""
    togo, burkina = offices(tmp_path)
    folder = tmp_path / "store"
    if getattr(request, "param", "directory") == "s3":
        server: S3Server = request.getfixturevalue("server")
        in_a_bucket(togo, server, tmp_path.name)
        folder = server.root / tmp_path.name
    else:
        in_a_folder(togo, folder)
    play(togo, burkina)
    return Outside(togo, burkina, folder)


def play(togo: Office, burkina: Office) -> None:
    togo.drop("declarations", {"one.json": declared("N1", MRN)})
    everybody(togo, burkina)
    burkina.drop("events", {f"{word}.json": event_json(MRN, word) for word in ("ARRIVED", "CONTROL", "DISCHARGED")})
    everybody(burkina, togo)


def audited(office: Office) -> None:
    ran = office.run("edi", "audit", "verify")
    assert (ran.exit, ran.err) == (Exit.DONE, "")


@both
def test_everything_is_as_without_a_store_and_the_store_holds_what_the_ledger_does_not(outside: Outside) -> None:
    stored = outside.stored()
    assert set(stored) == outside.held() and len(stored) > 10
    assert {key: hashlib.sha256(content).hexdigest() for key, content in stored.items()} == {
        key: key[3:67] for key in stored}
    assert rows(outside.togo, "SELECT count(*) FROM content WHERE size > 0 AND bytes = x''") == [(len(stored),)]
    [line] = checked("ledger-contents", outside.togo.run("edi", "ledger", "contents", "--json").out)
    assert (line["store_contents"], line["store_octets"]) == (len(stored), sum(map(len, stored.values())))
    audited(outside.togo)
    for words in (("show", MRN), ("status",), ("mirror", MRN),
                  ("ledger", "contents", "--check")):
        ran = outside.togo.run("edi", *words)
        assert (ran.exit, ran.err) == (Exit.DONE, ""), words
    raw = subprocess.run([sys.executable, "-m", "gateway.cli", "show", MRN, "--raw", "source", "--config",
                          str(outside.togo.settings)], capture_output=True, check=True).stdout
    assert raw == declared("N1", MRN)
    assert outside.togo.run("edi", "reconcile", "BFDGD").exit in (Exit.DONE, Exit.LATER)
    doctor = {line["name"]: line["verdict"] for line in outside.togo.lines("doctor") if line["kind"] == "check"}
    assert doctor["contents"] == "ok" and not any("trial" in key for key in outside.stored())
    sent = outside.togo.interchanges("out")[0]["reference"]
    assert outside.togo.run("edi", "resend", sent, "--reason", "asked for").exit == Exit.DONE
    everybody(outside.togo, outside.burkina)


@both
def test_what_is_erased_goes_from_the_store_as_from_the_ledger(outside: Outside) -> None:
    before = kept(outside.togo)
    assert any(TRADER.encode() in content for content in outside.stored().values())
    ran = outside.togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes")
    assert (ran.exit, ran.out.startswith(f"{MRN}: erased; ")) == (Exit.DONE, True), ran.err
    assert [key for key, content in outside.stored().items() if TRADER.encode() in content] == []
    assert holding(outside.togo, TRADER) == []
    assert set(outside.stored()) == outside.held() != set()
    assert rows(outside.togo, "SELECT count(*) FROM stored WHERE state != 'held'") == [(0,)]
    assert kept(outside.togo)[1:] == before[1:]
    audited(outside.togo)


def test_what_is_archived_leaves_the_store_and_comes_back_into_the_ledger(outside: Outside, tmp_path: Path) -> None:
    raw, stored = outside.togo.lines("show", MRN), outside.stored()
    folder = archived(outside.togo, tmp_path / "volume")
    assert set(outside.stored()) == outside.held() < set(stored)
    assert outside.togo.lines("show", MRN) == raw
    audited(outside.togo)
    with open_gateway(outside.togo.settings, later()) as gateway:
        bring_back(gateway, folder, "Ama", later())
    shutil.rmtree(folder)
    assert outside.togo.lines("show", MRN) == raw
    assert outside.togo.run("edi", "ledger", "contents", "--move").exit == Exit.DONE
    assert {key[:67] for key in outside.stored()} == {key[:67] for key in stored}
    audited(outside.togo)


def test_everything_comes_back_into_the_ledger_and_the_store_is_empty(outside: Outside) -> None:
    raw, count = outside.togo.lines("show", MRN), len(outside.stored())
    before = rows(outside.togo, "SELECT sum(size) FROM content")
    [now] = checked("ledger-contents", outside.togo.run("edi", "ledger", "contents", "--json").out)
    [would] = checked("ledger-contents",
                      outside.togo.run("edi", "ledger", "contents", "--return", "--dry-run", "--json").out)
    assert (would["ledger_contents"] - now["ledger_contents"], would["store_contents"], would["store_octets"]) == (
        count, 0, 0)
    assert len(outside.stored()) == count
    ran = outside.togo.run("edi", "ledger", "contents", "--return")
    assert (ran.exit, ran.err) == (Exit.DONE, "")
    assert (outside.stored(), rows(outside.togo, "SELECT count(*) FROM stored")) == ({}, [(0,)])
    assert rows(outside.togo, "SELECT sum(length(bytes)) FROM content") == before
    assert outside.togo.lines("show", MRN) == raw
    audited(outside.togo)
    [would] = checked("ledger-contents",
                      outside.togo.run("edi", "ledger", "contents", "--move", "--dry-run", "--json").out)
    assert outside.stored() == {}
    [moved] = checked("ledger-contents", outside.togo.run("edi", "ledger", "contents", "--move", "--json").out)
    assert len(outside.stored()) == moved["store_contents"] >= count
    assert moved["store_contents"] <= would["store_contents"], "what is under way stays"


def test_a_backup_has_the_contents_and_a_restored_ledger_finds_them_in_a_new_store(outside: Outside,
                                                                                  tmp_path: Path) -> None:
    raw, stored = outside.togo.lines("show", MRN), outside.stored()
    [made] = checked("backup", outside.togo.run("edi", "backup", "--to", str(tmp_path / "safe"), "--json").out)
    folder = Path(made["folder"])
    assert {path.relative_to(folder / "contents").as_posix(): path.read_bytes()
            for path in (folder / "contents").rglob("*") if path.is_file()} == stored
    assert sorted(path.name for path in folder.glob("ledger*")) == ["ledger.sqlite"]
    shutil.rmtree(outside.folder)
    outside.folder.mkdir(mode=0o700)
    ran = outside.togo.run("edi", "restore", str(folder))
    assert ran.exit == Exit.DONE, ran.err
    assert outside.stored() == stored
    assert outside.togo.lines("show", MRN) == raw
    assert outside.togo.run("edi", "ledger", "contents", "--check").exit == Exit.DONE


def test_a_backup_without_contents_says_so_and_one_that_lost_a_content_is_not_proven(outside: Outside,
                                                                                    tmp_path: Path) -> None:
    ran = outside.togo.run("edi", "backup", "--to", str(tmp_path / "lean"), "--without-contents")
    assert (ran.exit, ran.err.count("are not in this backup")) == (Exit.DONE, 1)
    [folder] = (tmp_path / "lean").iterdir()
    assert not (folder / "contents").exists()
    [made] = checked("backup", outside.togo.run("edi", "backup", "--to", str(tmp_path / "safe"), "--json").out)
    whole = Path(made["folder"])
    lost = min(outside.stored())
    (whole / "contents" / lost).unlink()
    sums = whole / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if lost not in line))
    ran = outside.togo.run("edi", "backup", "--verify", str(whole))
    assert (ran.exit, ran.err.count("L050"), lost in ran.err) == (Exit.PERSON, 1, True)


def test_a_ledger_that_moves_to_another_file_finds_its_contents(outside: Outside, tmp_path: Path) -> None:
    raw = outside.togo.lines("show", MRN)
    target = tmp_path / "moved.sqlite"
    assert outside.togo.run("edi", "ledger", "copy", f"sqlite:{target}").exit == Exit.DONE
    text = outside.togo.settings.read_text("utf-8")
    outside.togo.settings.write_text(f"{text}\nledger: sqlite:///{target}\n", "utf-8")
    assert outside.togo.lines("show", MRN) == raw
    audited(outside.togo)


def test_contents_below_the_size_and_under_way_stay_in_the_ledger(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    in_a_folder(togo, tmp_path / "store")
    togo.drop("declarations", {"one.json": declared("N1", MRN)})
    well(togo.run("edi-send"))
    left = rows(togo, "SELECT c.id FROM content c JOIN object o ON o.sealed_id = c.id WHERE c.bytes = x''")
    assert left == [], "an envelope without receipt may go up once more"
    small = rows(togo, "SELECT count(*) FROM content WHERE size <= 256 AND size > 0 AND bytes = x''")
    assert small == [(0,)]
    assert holding(togo, TRADER) and octets(togo)
    everybody(togo, burkina)
    assert set(rows(togo, "SELECT id FROM content WHERE size > 256 AND bytes != x''")) <= set(
        rows(togo, "SELECT sealed_id FROM object WHERE next_at IS NOT NULL"))


def test_the_ledger_is_not_asked_for_anything_outside_without_the_setting(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    play(togo, burkina)
    assert rows(togo, "SELECT count(*) FROM stored") == [(0,)]
    with closing(sqlite3.connect(ledger_file(togo))) as connection:
        names = {name for name, in connection.execute("SELECT name FROM counter")}
    assert not {name for name in names if name.startswith("contents/")}
    ran = togo.run("edi", "ledger", "contents", "--move")
    assert (ran.exit, ran.err.startswith("L060: ")) == (Exit.PERSON, True)

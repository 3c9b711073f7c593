"""Does a backup hold all that is needed to go on elsewhere, no secret that was not asked for, and is it proven?"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.exchange.backup_check import proven
from gateway.exchange.backup_file import pack, unpacked
from gateway.exchange.summary import Exit
from gateway.security import load_certificate
from gateway.spool import make_folder, run_lock
from tests.tools.malice import codes, later
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked
from tests.tools.records import declaration_json


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo after one declaration, with a folder of mappings of its own and a secret beside its partners."""
    office, _ = offices(tmp_path)
    office.drop("declarations", {"a.json": declaration_json("A")})
    assert office.run("edi-send").exit == Exit.DONE
    (office.home / "own" / "codes").mkdir(parents=True)
    (office.home / "own" / "codes" / "kinds.csv").write_text("code,name\n1,one\n")
    text = office.settings.read_text("utf-8")
    office.settings.write_text(text.replace("\npaths:\n", "\npaths:\n  mappings: [own]\n", 1), "utf-8")
    shutil.copy(office.home / "keys" / "ssh", office.home / "partners" / "copied-key")
    return office


def made(office: Office, to: Path, *words: str) -> Path:
    ran = office.run("edi", "backup", "--to", str(to), *words, "--json")
    assert (ran.exit, ran.err) == (Exit.DONE, "")
    [line] = checked("backup", ran.out)
    return Path(line["folder"])


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_backup_holds_all_that_is_needed_and_no_private_key(togo: Office, tmp_path: Path) -> None:
    folder = made(togo, tmp_path / "safe")
    held = names(folder)
    assert {"ledger.sqlite", "settings.yaml", "partners/BFDGD.yaml", "partners/BFDGD-signing.crt", "keys/signing.crt",
            "keys.txt", "mappings.txt", "backup.txt", "SHA256SUMS"} <= held
    assert [name for name in held if name.startswith("mappings/")] == ["mappings/1/codes/kinds.csv"]
    assert not {name for name in held if b"PRIVATE KEY" in (folder / name).read_bytes()}
    assert "partners/copied-key" not in held
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")
    assert load_certificate(togo.home / "keys" / "signing.crt").sha256 in (folder / "keys.txt").read_text()
    assert "program/" in (folder / "mappings.txt").read_text()
    assert [path.name for path in (tmp_path / "safe").iterdir()] == [folder.name], "nothing half made lies beside"


def test_private_keys_go_along_only_encrypted_to_a_certificate_that_openssl_opens(togo: Office, tmp_path: Path) -> None:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", tmp_path / "r.key", "-out",
                    tmp_path / "r.crt", "-days", "30", "-subj", "/CN=recovery", "-addext",
                    "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,keyEncipherment", "-addext",
                    "extendedKeyUsage=emailProtection"], check=True, capture_output=True)
    folder = made(togo, tmp_path / "safe", "--with-keys", str(tmp_path / "r.crt"))
    key = (togo.home / "keys" / "signing.key").read_bytes()
    assert not [path for path in folder.rglob("*") if path.is_file() and key[40:80] in path.read_bytes()]
    subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", folder / "keys.p7m", "-inkey",
                    tmp_path / "r.key", "-out", tmp_path / "keys.tar"], check=True, capture_output=True)
    with tarfile.open(tmp_path / "keys.tar") as archive:
        held = archive.extractfile("keys/signing.key")
        assert held is not None and held.read() == key
        assert {one.mode for one in archive} == {0o600}


@pytest.mark.parametrize("name", ["ledger.sqlite", "settings.yaml", "keys.txt", "SHA256SUMS"])
def test_a_backup_that_was_changed_cut_or_added_to_is_neither_proven_nor_put_back(
        name: str, togo: Office, tmp_path: Path) -> None:
    folder = made(togo, tmp_path / "safe")
    ran = togo.run("edi", "backup", "--verify", str(folder))
    assert (ran.exit, ran.out) == (Exit.DONE, f"{folder}: whole; restored for trial, history verified\n")
    whole = (folder / name).read_bytes()
    before = ledger_file(togo).read_bytes()
    for damage in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:len(whole) // 2], None):
        (folder / name).unlink() if damage is None else (folder / name).write_bytes(damage)
        for words in (("backup", "--verify", str(folder)), ("restore", str(folder))):
            ran = togo.run("edi", *words)
            assert (ran.exit, ran.err.count("L050")) == (Exit.PERSON, 1), (words, ran.err)
    (folder / name).write_bytes(whole)
    (folder / "more.txt").write_text("more")
    assert "more.txt" in togo.run("edi", "backup", "--verify", str(folder)).err
    assert ledger_file(togo).read_bytes() == before


def test_a_ledger_that_cannot_be_proven_is_not_backed_up(togo: Office, tmp_path: Path) -> None:
    with sqlite3.connect(ledger_file(togo)) as connection:
        connection.execute("DROP TRIGGER history_no_update")
        connection.execute("UPDATE history SET text = 'otherwise' WHERE id = 2")
    connection.close()
    ran = togo.run("edi", "backup", "--to", str(tmp_path / "safe"))
    assert (ran.exit, "L052" in ran.err, list((tmp_path / "safe").iterdir())) == (Exit.PERSON, True, [])


def test_what_a_cut_backup_left_goes_with_the_next_and_none_is_written_over(togo: Office, tmp_path: Path) -> None:
    left = tmp_path / "safe" / ".edi-backup-TGOTR-20260101T000000Z.partial"
    left.mkdir(parents=True)
    (left / "ledger.sqlite").write_bytes(b"half")
    other = tmp_path / "safe" / ".edi-backup-TGOTR-TEST-20260101T000000Z.partial"  # being made at this moment
    other.mkdir()
    folder = made(togo, tmp_path / "safe")
    assert {path.name for path in (tmp_path / "safe").iterdir()} == {folder.name, other.name}


def test_a_backup_is_put_back_as_a_copy_is_and_everything_is_held(togo: Office, tmp_path: Path) -> None:
    folder = made(togo, tmp_path / "safe")
    togo.drop("declarations", {"b.json": declaration_json("B")})
    assert togo.run("edi-send").exit == Exit.DONE
    ran = togo.run("edi", "restore", str(folder))
    assert (ran.exit, "BFDGD: held" in ran.err) == (Exit.DONE, True)
    assert codes(togo.run("edi-send")) == ["L030"]
    assert len(togo.movements()) == 1


def test_a_backup_as_one_file_is_proven_opens_with_tar_and_is_put_back(togo: Office, tmp_path: Path) -> None:
    file = made(togo, tmp_path / "safe" / "monday.tar")
    assert (file, file.stat().st_mode & 0o777) == (tmp_path / "safe" / "monday.tar", 0o600)
    assert [path.name for path in (tmp_path / "safe").iterdir()] == ["monday.tar"], "nothing half made lies beside"
    ran = togo.run("edi", "backup", "--verify", str(file))
    assert (ran.exit, ran.out) == (Exit.DONE, f"{file}: whole; restored for trial, history verified\n")
    subprocess.run(["tar", "-xf", file, "-C", tmp_path], check=True)
    [folder] = tmp_path.glob("edi-backup-TGOTR-*")
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert togo.run("edi", "backup", "--verify", str(folder)).exit == Exit.DONE
    ran = togo.run("edi", "backup", "--to", str(file))
    assert (ran.exit, "L051" in ran.err) == (Exit.PERSON, True), "none is written over"
    togo.drop("declarations", {"b.json": declaration_json("B")})
    assert togo.run("edi-send").exit == Exit.DONE
    ran = togo.run("edi", "restore", str(file))
    assert (ran.exit, "BFDGD: held" in ran.err, str(file) in ran.out) == (Exit.DONE, True, True), ran
    assert codes(togo.run("edi-send")) == ["L030"]
    assert len(togo.movements()) == 1
    assert (togo.home / "keys" / "former" / folder.name / "signing.crt").is_file()
    assert not list((togo.home / "state").glob(".edi-*"))


def test_the_same_folder_packed_again_is_the_same_octets_and_unpacked_the_same_folder(togo: Office,
                                                                                      tmp_path: Path) -> None:
    folder = made(togo, tmp_path / "safe")
    for number in (1, 2):
        pack(folder, folder.name, tmp_path / f"{number}.tar", later())
        for path in folder.rglob("*"):
            os.utime(path, (number, number))
            path.chmod(0o700)
    assert (tmp_path / "1.tar").read_bytes() == (tmp_path / "2.tar").read_bytes()
    with unpacked(tmp_path / "1.tar", tmp_path) as again:
        assert again.name == folder.name
        assert {name: (again / name).read_bytes() for name in names(again)} == {
            name: (folder / name).read_bytes() for name in names(folder)}
        assert {path.stat().st_mode & 0o077 for path in again.rglob("*")} == {0}
    assert not list(tmp_path.glob(".edi-unpacked-*"))


def entry(name: str, content: bytes = b"x", **values: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for key, value in values.items():
        setattr(made, key, value)
    return made, content


HOSTILE = {
    "a path that leads out": [entry("edi-backup-X/../../out.txt")],
    "an absolute path": [entry("/tmp/out.txt")],
    "no folder": [entry("out.txt")],
    "two folders": [entry("edi-backup-X/a"), entry("edi-backup-Y/a")],
    "the same twice": [entry("edi-backup-X/a"), entry("edi-backup-X/a")],
    "a file as a folder": [entry("edi-backup-X/a"), entry("edi-backup-X/a/b")],
    "a link": [entry("edi-backup-X/a", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "a hard link": [entry("edi-backup-X/a"), entry("edi-backup-X/b", b"", type=tarfile.LNKTYPE,
                                                   linkname="edi-backup-X/a")],
    "a pipe": [entry("edi-backup-X/a", b"", type=tarfile.FIFOTYPE)],
    "a file with holes": [entry("edi-backup-X/a", pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": "9999999"})],
    "holes at no place": [entry("edi-backup-X/a", pax_headers={"GNU.sparse.map": "x,y"})],
    "less than nothing": [entry("edi-backup-X/a", pax_headers={"size": "-5"})],
    "nothing": [],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_archive_of_a_backup_is_refused_and_leaves_nothing(what: str, tmp_path: Path) -> None:
    file = tmp_path / "in" / "bad.tar"
    file.parent.mkdir()
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        for one, content in HOSTILE[what]:
            archive.addfile(one, io.BytesIO(content))
    home = tmp_path / "home"
    home.mkdir()
    with pytest.raises(LocalError) as raised, unpacked(file, home):
        pass
    assert [finding.code for finding in raised.value.findings] == ["L050"]
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"in", "in/bad.tar", "home"}


def test_a_file_that_was_cut_or_changed_anywhere_is_not_proven(togo: Office, tmp_path: Path) -> None:
    file = made(togo, tmp_path / "monday.tar")
    whole = file.read_bytes()
    for damaged in (b"", whole[:300], whole[:len(whole) // 2], whole[:-30_000],
                    whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1:]):
        file.write_bytes(damaged)
        with pytest.raises(LocalError) as raised:
            proven(file, later(), tmp_path)
        assert [finding.code for finding in raised.value.findings] == ["L050"], len(damaged)
    file.unlink()
    ran = togo.run("edi", "restore", str(file))
    assert (ran.exit, "L050" in ran.err) == (Exit.PERSON, True)


def test_of_each_days_backups_the_newest_stay_and_nothing_of_others_goes(togo: Office, tmp_path: Path) -> None:
    others = {"edi-backup-BFDGD-20240101T000000Z", "edi-backup-TGOTR-20240101T000000Z.tar", "edi-backup-TGOTR-mine"}
    for name in (*others, *(f"edi-backup-TGOTR-2024010{day}T000000Z" for day in range(1, 5))):
        (tmp_path / "safe" / name).mkdir(parents=True)
    ran = togo.run("edi", "backup", "--to", str(tmp_path / "safe"), "--keep", "3", "--json")
    [line] = checked("backup", ran.out)
    assert line["removed"] == 2
    assert {path.name for path in (tmp_path / "safe").iterdir()} - {Path(line["folder"]).name} == {
        *others, "edi-backup-TGOTR-20240103T000000Z", "edi-backup-TGOTR-20240104T000000Z"}
    for words in (("--keep", "3"), ("--to", str(tmp_path / "a.tar"), "--keep", "3"), ("--to", "x", "--keep", "0")):
        assert togo.run("edi", "backup", *words).exit == Exit.USAGE


def test_a_backup_stays_though_a_wrong_clock_named_another_one_later(togo: Office, tmp_path: Path) -> None:
    (tmp_path / "safe" / "edi-backup-TGOTR-20990101T000000Z").mkdir(parents=True)
    folder = made(togo, tmp_path / "safe", "--keep", "1")
    assert [path.name for path in (tmp_path / "safe").iterdir()] == [folder.name]


def test_two_backups_at_once_are_one_and_the_other_says_so(togo: Office, tmp_path: Path) -> None:
    half = tmp_path / "safe" / ".edi-backup-TGOTR-20260101T000000Z.partial"
    half.mkdir(parents=True)
    with run_lock(make_folder(togo.home / "state" / "lock") / "edi-backup.lock"):
        ran = togo.run("edi", "backup", "--to", str(tmp_path / "safe"))
    assert (ran.exit, "B001" in ran.err, half.is_dir()) == (Exit.BUSY, True, True)


def test_one_of_making_and_proving_is_asked_for(togo: Office, tmp_path: Path) -> None:
    for path in (togo.settings, tmp_path / "absent"):  # neither a folder nor a .tar
        ran = togo.run("edi", "backup", "--verify", str(path))
        assert (ran.exit, ran.err.count("L050"), "B006" in ran.err) == (Exit.PERSON, 1, False)
    for words in ((), ("--to", str(tmp_path), "--verify", str(tmp_path))):
        assert togo.run("edi", "backup", *words).exit == Exit.USAGE

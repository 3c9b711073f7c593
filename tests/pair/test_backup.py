"""Does a backup hold all that is needed to go on elsewhere, no secret that was not asked for, and is it proven?"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tarfile
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from gateway.security import load_certificate
from tests.tools.malice import codes
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
    folder = made(togo, tmp_path / "safe")
    assert [path.name for path in (tmp_path / "safe").iterdir()] == [folder.name]


def test_a_backup_is_put_back_as_a_copy_is_and_everything_is_held(togo: Office, tmp_path: Path) -> None:
    folder = made(togo, tmp_path / "safe")
    togo.drop("declarations", {"b.json": declaration_json("B")})
    assert togo.run("edi-send").exit == Exit.DONE
    ran = togo.run("edi", "restore", str(folder))
    assert (ran.exit, "BFDGD: held" in ran.err) == (Exit.DONE, True)
    assert codes(togo.run("edi-send")) == ["L030"]
    assert len(togo.movements()) == 1


def test_one_of_making_and_proving_is_asked_for(togo: Office, tmp_path: Path) -> None:
    for words in ((), ("--to", str(tmp_path), "--verify", str(tmp_path))):
        assert togo.run("edi", "backup", *words).exit == Exit.USAGE

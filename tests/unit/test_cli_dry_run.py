"""Does a dry run make every check and say everything, and leave no trace: no row, no file, nothing in a mailbox?"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.tools.command import command
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json

BY = ("--by", "Mme Afi Mensah")
WHY = ("--reason", "essai à blanc")


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office that has sent two declarations, and holds a file that was altered on its way."""
    togo, burkina = offices(tmp_path_factory.mktemp("dry"))
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B")})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive")):
        assert office.run(program).exit == 0
    path = next(togo.mailbox("BFDGD").iterdir())
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    for _ in range(2):
        togo.run("edi-receive")
    text = (ROOT / "samples" / "reference" / "bfdgd.yaml").read_text("utf-8")
    (togo.home / "reference.yaml").write_text(text.replace("BFNEW", "TGNEW").replace("BFOUI", "TGLPL"), "utf-8")
    return togo


def trace(office: Office) -> str:
    """Everything that could tell that something was done: each file, and each row of the ledger."""
    found = hashlib.sha256()
    for folder in (office.home, office.mail):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("ledger.sqlite") and path.parent.name != "lock":
                found.update(f"{path}\0".encode() + path.read_bytes())
    ledger = sqlite3.connect(f"file:{office.home / 'state' / 'ledger.sqlite'}?mode=ro", uri=True)
    for line in ledger.iterdump():
        found.update(line.encode())
    ledger.close()
    return found.hexdigest()


@pytest.mark.parametrize(("words", "schema", "kind"), [
    (["resend", "TG0000000001"], "resend", "resent"),
    (["link", "checkpoint"], "link-checkpoint", "checkpoint"),
    (["guarantee", "limit", "G1", "500.00", "XOF", *WHY, *BY], "guarantee-limit", "guarantee"),
    (["fallback", "add", "{mrn}", *WHY, *BY], "fallback-add", "movement"),
    (["map", "activate", "tg-bf"], "map-activate", "activation"),
    (["reference", "publish", "{home}/reference.yaml", *BY], "reference-publish", "published"),
    (["quarantine", "reject", "{held}", *WHY, *BY], "quarantine", "rejected"),
    (["reprocess", "{mrn}", "--yes", *WHY, *BY], "reprocess", "refused"),
    (["keys", "revoke", "own", "{fingerprint}", *WHY, *BY, *BY], "keys-revoke", "revoked"),
], ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "")
def test_a_dry_run_says_what_would_be_and_leaves_no_trace(togo: Office, words: list[str], schema: str,
                                                          kind: str) -> None:
    values = {"home": str(togo.home), "mrn": next(iter(togo.movements()))}
    if "{held}" in words:
        values["held"] = togo.lines("quarantine")[0]["name"]
    if "{fingerprint}" in words:
        values["fingerprint"] = next(line["sha256"] for line in togo.lines("keys", "list")
                                     if line.get("use") == "signing" and line["owner"] == "TGOTR")
    given = [word.format(**values) for word in words]
    before = trace(togo)
    told = togo.run("edi", *given, "--dry-run")
    as_json = togo.run("edi", *given, "--dry-run", "--json")
    assert trace(togo) == before
    lines = [line for line in (told.out + told.err).splitlines() if line.strip()]
    assert lines
    findings = [line for line in lines if line.startswith(("X", "  →"))]
    assert [line for line in lines if not line.startswith("would: ") and line not in findings] == []
    objects = checked(schema, as_json.out)
    assert objects[0]["kind"] == kind, json.dumps(objects)
    assert all(line["dry_run"] is True for line in objects)
    assert as_json.exit == told.exit


def test_what_was_rehearsed_can_be_done_afterwards(togo: Office) -> None:
    words = ("guarantee", "limit", "G2", "7.00", "XOF", *WHY, *BY)
    assert togo.run("edi", *words, "--dry-run").exit == 0
    assert "G2" not in [line.get("reference") for line in togo.lines("guarantee", "list")]
    done = togo.run("edi", *words)
    assert (done.exit, done.out.startswith("would")) == (0, False)
    assert "G2" in [line.get("reference") for line in togo.lines("guarantee", "list")]


def test_a_rehearsal_makes_no_ledger(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    told = office.run("edi", "resend", "X", "--dry-run")
    assert (told.exit, told.err.split(":")[0], list((office.home / "state").rglob("ledger*"))) == (1, "L001", [])


def files(root: Path) -> dict[str, bytes | None]:
    """Every file below a folder, and every folder; the locks are empty and stay."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")
            if not {"lock", "ledger.sqlite-wal", "ledger.sqlite-shm"} & {*path.relative_to(root).parts}}


def rehearsed(root: Path, schema: str, *words: object) -> tuple[int, list[dict[str, object]]]:
    """What a rehearsal ends with and says to programs; in words each line begins as it must, and no file is touched."""
    before = files(root)
    told = command(*words, "--dry-run")
    as_json = command(*words, "--dry-run", "--json")
    assert files(root) == before
    lines = [line for line in (told.out + told.err).splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("  →", "K0", "L0", "M", "/"))]
    assert [line for line in lines if not line.startswith("would: ") and line not in faults] == []
    objects = checked(schema, as_json.out)
    assert as_json.exit == told.exit
    assert all(line["dry_run"] is True for line in objects)
    return told.exit, objects


def test_a_rehearsal_of_keys_names_the_files_and_refuses_those_that_are_there(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    assert command("init", tmp_path, "--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome").exit == 0
    status, told = rehearsed(tmp_path, "keys-init", "keys", "init", "--config", settings)
    assert (status, [line["kind"] for line in told]) == (0, ["files"])
    status, without = rehearsed(tmp_path, "keys-init", "keys", "init", "--without-authority", "--config", settings)
    assert (status, [line["kind"] for line in without]) == (0, ["files"])
    status, asked = rehearsed(tmp_path, "keys-request", "keys", "request", "signing", "--config", settings)
    assert (status, [line["kind"] for line in asked]) == (0, ["request"])
    assert command("keys", "init", "--config", settings).exit == 0
    made = {str(path) for path in (tmp_path / "keys").rglob("*") if path.is_file()}
    assert {*map(str, told[0]["files"])} == made  # type: ignore[call-overload]
    status, again = rehearsed(tmp_path, "keys-init", "keys", "init", "--config", settings)
    assert (status != 0, again) == (True, [])


def test_a_rehearsal_of_an_import_of_keys_judges_them_and_takes_none(tmp_path: Path) -> None:
    for name in ("theirs", "ours"):
        assert command("init", tmp_path / name, "--gateway", "TGOTR", "--country", "TG",
                       "--time-zone", "Africa/Lome").exit == 0
    assert command("keys", "init", "--config", tmp_path / "theirs" / "settings.yaml").exit == 0
    keys = tmp_path / "theirs" / "keys"
    words = ("keys", "import", "signing", keys / "signing.key", keys / "signing.crt", keys / "authority.crt",
             "--config", tmp_path / "ours" / "settings.yaml")
    status, told = rehearsed(tmp_path, "keys-import", *words)
    assert (status, [line["kind"] for line in told]) == (0, ["imported"])
    assert command(*words).exit == 0
    assert (tmp_path / "ours" / "keys" / "signing.key").is_file()


def test_a_rehearsal_of_a_restore_judges_the_copy_and_moves_nothing(togo: Office, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    assert togo.run("edi", "ledger", "copy", str(copy)).exit == 0
    status, told = rehearsed(togo.home, "restore", "restore", copy, "--config", togo.settings)
    assert (status, told[0]["kind"], told[0]["held"]) == (0, "restored", ["BFDGD"])
    assert str(told[0]["kept"]).startswith(f"{togo.home / 'state' / 'ledger.sqlite'}.before-")
    copy.write_bytes(b"torn")
    assert rehearsed(togo.home, "restore", "restore", copy, "--config", togo.settings) == (1, [])


def test_a_rehearsal_of_new_mappings_shows_the_files_and_writes_none(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    status, told = rehearsed(tmp_path, "map-new", "map", "new", "BJ-NE", "--into", into)
    assert (status, told[0]["kind"], told[-1]["kind"]) == (0, "file", "summary")
    assert command("map", "new", "BJ-NE", "--into", into).exit == 0
    assert all(Path(str(line["file"])).is_file() for line in told if line["kind"] == "file")
    assert rehearsed(tmp_path, "map-new", "map", "new", "BJ-NE", "--into", into)[1] == []  # M461: they are there

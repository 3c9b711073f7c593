"""Does an evidence bundle prove to a stranger what was signed, and does nothing else pass for it?

The committed bundle is checked with nothing but sh, sed, awk, tail, cmp and openssl; then it is damaged in every
way that matters, with the list of its files as it was, and with a list made anew by whoever damaged it.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.evidence import gather
from gateway.security import load_certificate
from gateway.security.keys import load_private_key
from gateway.security.own_list import Revoked, issue_list
from tests.golden.evidence_builder import EVIDENCE, Built, built, bundle
from tests.golden.fraud_builder import BEGIN, MRN
from tests.golden.story.offices import LIFE
from tests.tools.command import command
from tests.tools.outputs import checked

COMMITTED = EVIDENCE / MRN
SCRIPT = Path("gateway/exchange/verify.sh").resolve()
TOOLS = ("sed", "awk", "tail", "cmp", "openssl")
FIRST = "001-TGOTR-BFDGD-1"
OF_AN_OBJECT = ("message.cms", "receipt.cms", "leaf.txt", "proof.tlog-proof", "checkpoint-TGOTR.cms",
                "checkpoint-BFDGD.cms")
FILES = (*(f"{FIRST}/{name}" for name in OF_AN_OBJECT), "trust/TGOTR.pem", "trust/BFDGD.pem", "bundle.txt",
         "story.fr.txt", "story.en.txt", "verify.sh", "SHA256SUMS")
PROOF = tuple(name for name in FILES if "/" in name)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with the tools that the specification allows, and no other."""
    folder = tmp_path_factory.mktemp("tools")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return os.fspath(folder)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The same story with other keys: a bundle of the same names that proves something else."""
    with built(tmp_path_factory.mktemp("other")) as made:
        yield made


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The committed bundle in another place."""
    return Path(shutil.copytree(COMMITTED, tmp_path / "somewhere else" / "bundle"))


def verified(folder: Path, path: str, script: Path = SCRIPT, language: str = "en") -> tuple[int, str]:
    """What the script says of a folder: its status, and its last line."""
    shell = shutil.which("dash") or "/bin/sh"
    done = subprocess.run([shell, os.fspath(script), os.fspath(folder)], env={"PATH": path, "EDI_LANG": language},
                          capture_output=True, text=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).strip().split("\n")
    return done.returncode, said[-1]


def list_anew(folder: Path) -> None:
    """SHA256SUMS as somebody makes it who has changed files."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*")
                   if file.is_file() and file.name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names))


def change(content: bytes) -> bytes:
    """Another content of the same kind: text by one character, a structure in the middle of it."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]


def test_the_committed_bundle_is_proven_elsewhere_with_the_tools_of_the_specification_alone(
        copy: Path, path: str) -> None:
    assert (copy / "verify.sh").read_bytes() == SCRIPT.read_bytes()
    assert verified(copy, path, copy / "verify.sh") == (0, (
        f"PROVEN: {MRN}, 14 objects signed, receipted, and entered in a ledger that both administrations signed."))


def test_the_committed_bundle_is_proven_in_french(copy: Path, path: str) -> None:
    status, said = verified(copy, path, language="fr")
    assert (status, said[:9]) == (0, "PROUVÉ : ")


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_fails(copy: Path, path: str, name: str) -> None:
    (copy / name).write_bytes(change((copy / name).read_bytes()))
    status, said = verified(copy, path)
    assert (status, said[:7]) == (1, "FALSE: ")


@pytest.mark.parametrize("name", FILES)
def test_an_absent_file_fails(copy: Path, path: str, name: str) -> None:
    (copy / name).unlink()
    assert verified(copy, path) == (1, f"FALSE: {name} is absent")


@pytest.mark.parametrize("name", [name for name in FILES if name != "verify.sh"])
def test_a_file_of_another_bundle_fails(copy: Path, other: Built, path: str, name: str) -> None:
    if (other.folder / name).read_bytes() == (copy / name).read_bytes():
        assert name in ("story.fr.txt", "story.en.txt", "bundle.txt")  # the same story in the same words
        return
    shutil.copyfile(other.folder / name, copy / name)
    status, said = verified(copy, path)
    assert (status, said[:7]) == (1, "FALSE: ")


@pytest.mark.parametrize("damage", ["changed", "swapped", "absent"])
@pytest.mark.parametrize("name", PROOF)
def test_a_damaged_proof_fails_although_the_list_of_files_was_made_anew(
        copy: Path, other: Built, path: str, name: str, damage: str) -> None:
    ways: dict[str, Callable[[], object]] = {
        "changed": lambda: (copy / name).write_bytes(change((copy / name).read_bytes())),
        "swapped": lambda: shutil.copyfile(other.folder / name, copy / name),
        "absent": lambda: (copy / name).unlink()}
    ways[damage]()
    list_anew(copy)
    status, said = verified(copy, path)
    assert (status, said[:7]) == (1, "FALSE: ")


@pytest.mark.parametrize("name", OF_AN_OBJECT[:4])  # a later checkpoint may repeat the head, and then proves it as well
def test_what_proves_another_object_of_the_same_bundle_fails(copy: Path, path: str, name: str) -> None:
    shutil.copyfile(copy / "014-TGOTR-BFDGD-17" / name, copy / FIRST / name)
    list_anew(copy)
    status, said = verified(copy, path)
    assert (status, said[:7]) == (1, "FALSE: ")


@pytest.mark.parametrize("seed", range(12))
def test_a_single_byte_changed_anywhere_fails(copy: Path, path: str, seed: int) -> None:
    drawn = random.Random(seed)
    file = drawn.choice(sorted(file for file in copy.rglob("*") if file.is_file()))
    content = bytearray(file.read_bytes())
    content[drawn.randrange(len(content))] ^= drawn.randrange(1, 256)
    file.write_bytes(content)
    status, said = verified(copy, path)
    assert (status, said[:7]) == (1, "FALSE: ")


def test_a_receipt_taken_away_leaves_a_bundle_that_says_so_and_never_a_proof(copy: Path, path: str) -> None:
    plan = copy / "bundle.txt"
    lines = [line.split(" ") for line in plan.read_text().splitlines()]
    for words in lines:
        if words[1:2] == [FIRST]:
            words[6:8] = ["missing", "-"]
    plan.write_text("".join(" ".join(words) + "\n" for words in lines))
    (copy / FIRST / "receipt.cms").unlink()
    list_anew(copy)
    assert verified(copy, path)[0] == 2


def test_what_is_not_agreed_yet_is_said_and_proven_after_the_next_heads(other: Built, tmp_path: Path,
                                                                         path: str) -> None:
    end = other.fraud.end  # whatever came since: the bundle of a gateway is of all that it holds
    with open_gateway(other.fraud.destination.settings, other.at) as gateway:
        evidence = gather(gateway, MRN)
    assert (len(evidence.exhibits), evidence.receipted, evidence.complete) == (14, 14, True)
    assert end < other.at
    assert verified(bundle(other.fraud, tmp_path, other.at), path)[0] == 0


def test_the_command_makes_the_bundle_and_never_changes_one(other: Built, tmp_path: Path, path: str) -> None:
    arguments = ["--out", tmp_path, "--config", other.fraud.departure.settings]
    made = command("evidence", MRN, *arguments, "--json")
    assert checked("evidence", made.out) == [{
        "schema": 1, "kind": "bundle", "folder": os.fspath(tmp_path / MRN), "mrn": MRN, "objects": 14, "receipted": 14,
        "agreed": 14, "complete": True}]
    assert verified(tmp_path / MRN, path)[0] == 0
    again = command("evidence", MRN, *arguments)
    assert (again.exit, "C060" in again.err) == (1, True)
    nothing = command("evidence", "NIRGENDS", *arguments)
    assert (nothing.exit, "X240" in nothing.err) == (1, True)


def test_a_list_of_revocation_that_names_the_signer_ends_the_proof(
        other: Built, copy: Path, path: str) -> None:
    home = other.fraud.departure.home / "keys"
    assert b"X509 CRL" in (copy / "trust" / "TGOTR.pem").read_bytes()
    revoked = issue_list(
        load_private_key(home / "authority.key", None), load_certificate(home / "authority.crt"), now=BEGIN, valid=LIFE,
        revoked=[Revoked(load_certificate(home / "signing.crt").x509.serial_number, BEGIN, "compromise")],
        before=None)
    bundled = Path(shutil.copytree(other.folder, copy.parent / "revoked"))
    (bundled / "trust" / "TGOTR.pem").write_bytes((home / "authority.crt").read_bytes() + revoked)
    list_anew(bundled)
    assert verified(bundled, path) == (
        1, f"FALSE: the signature of {FIRST}/message.cms does not hold under trust/TGOTR.pem")

"""Does a gateway whose every private key lies under a passphrase, the SSH key too, exchange like any other?"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.security.keys import load_private_key
from gateway.security.privatekeys import private_pem
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json
from tests.tools.sshd import running_sshd

pytestmark = pytest.mark.needs_sshd

PHRASE = "correct horse"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """Togo, whose keys are locked, and Burkina Faso; every push goes through OpenSSH's server."""
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        keys = togo.home / "keys"
        for name in ("signing", "encryption"):
            key = load_private_key(keys / f"{name}.key", None)
            (keys / f"{name}.key").write_bytes(private_pem(key, PHRASE.encode()))
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", PHRASE, "-f", keys / "ssh"], check=True)
        yield togo, burkina


def name_secret(office: Office, source: str) -> None:
    text = office.settings.read_text("utf-8")
    office.settings.write_text(text.replace("\nkeys:\n", f"\nkeys:\n  passphrase: {source}\n"), "utf-8")


def secret(path: Path, phrase: str = PHRASE) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(phrase, "ascii")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("source", ["keys/passphrase", "credential:edi"])
def test_a_declaration_crosses_with_keys_that_all_lie_under_a_passphrase(pair: tuple[Office, Office], source: str,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    name_secret(togo, source)
    if source == "credential:edi":
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret(togo.home / "credentials" / "edi").parent))
    else:
        secret(togo.home / source)
    togo.drop("declarations", {"d1.json": declaration_json("T-1")})
    assert (togo.run("edi-send").exit, burkina.run("edi-receive").exit, togo.run("edi-receive").exit) == (0, 0, 0)
    assert len(burkina.movements()) == 1
    assert [line["state"] for line in togo.interchanges("in")] == ["TAKEN", "ACKNOWLEDGED"]


def test_t35_a_missing_or_wrong_passphrase_sends_nothing_and_is_shown_nowhere(pair: tuple[Office, Office],
                                                                             tmp_path: Path) -> None:
    """Without the right passphrase nothing is signed or sent, and no output or file of ours holds what was tried."""
    togo, _ = pair
    togo.drop("declarations", {"d1.json": declaration_json("T-1")})
    assert _code(togo.run("edi-send").out) == "K003"
    name_secret(togo, "keys/passphrase")
    secret(togo.home / "keys" / "passphrase", "wrong horse")
    told = togo.run("edi-send", "-vv")
    assert (_code(told.out), "wrong horse" in told.out + told.err) == ("K003", False)
    written = [path for path in (togo.home / "state").rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if b"wrong horse" in path.read_bytes()] == []


def test_a_mailbox_may_have_an_ssh_key_with_a_passphrase_of_its_own(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    keys = togo.home / "keys"
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", PHRASE, "-N", "another phrase", "-f", keys / "ssh"], check=True)
    name_secret(togo, "keys/passphrase")
    secret(keys / "passphrase")
    secret(keys / "ssh-passphrase", "another phrase")
    file = togo.home / "partners" / "BFDGD.yaml"
    file.write_text(re.sub(r"^( +)(host_keys:)", r"\1passphrase: ../keys/ssh-passphrase\n\1\2",
                           file.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    togo.drop("declarations", {"d1.json": declaration_json("T-1")})
    assert (togo.run("edi-send").exit, burkina.run("edi-receive").exit) == (0, 0)
    assert len(burkina.movements()) == 1


def _code(out: str) -> str:
    return str(json.loads(out.splitlines()[-1])["findings"][0]["code"])

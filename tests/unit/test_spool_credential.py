"""Is a secret of the service manager used as a secret, from its own folder only, and shown nowhere?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.security import load_signer, read_passphrase
from gateway.spool import is_credential
from tests.tools.identities import identity
from tests.unit.test_cli_files import edi

PHRASE = "correct horse battery"
ANSWERS = ["--gateway", "TGOTR", "--country", "TG", "--time-zone", "Africa/Lome"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemd makes: a folder and a file that only the service may read."""
    made = tmp_path / "credentials"
    made.mkdir(mode=0o500)
    made.chmod(0o700)
    (made / "edi-phrase").write_text(f"{PHRASE}\nnot this\n", "ascii")
    (made / "edi-phrase").chmod(0o400)
    made.chmod(0o500)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(made))
    return made


def reason(name: str = "credential:edi-phrase") -> str:
    with pytest.raises(LocalError) as caught:
        read_passphrase(Path(name))
    assert caught.value.code == "K060"
    return caught.value.findings[0].values["reason"]


def test_a_passphrase_comes_from_the_service_manager(folder: Path) -> None:
    assert read_passphrase(Path("credential:edi-phrase")) == PHRASE.encode()


@pytest.mark.parametrize("mode", [0o440, 0o400])
def test_the_mask_of_the_access_list_by_which_roots_file_is_shown_is_no_fault(folder: Path, mode: int) -> None:
    (folder / "edi-phrase").chmod(mode)
    assert read_passphrase(Path("credential:edi-phrase")) == PHRASE.encode()


@pytest.mark.parametrize(("name", "expected"), [
    ("credential:edi-phrase", True), ("credential:", False), ("credential:../x", False), ("credential:a/b", False),
    ("credential:.x", False), ("/srv/credential:x", False), ("keys/passphrase", False)])
def test_a_credential_has_a_plain_name(name: str, expected: bool) -> None:
    assert is_credential(Path(name)) is expected


def test_settings_name_it_show_it_and_make_keys_with_it(folder: Path, tmp_path: Path) -> None:
    assert edi("init", tmp_path / "home", *ANSWERS)[0] == 0
    settings = tmp_path / "home" / "settings.yaml"
    text = settings.read_text("utf-8").replace("\nkeys:\n", "\nkeys:\n  passphrase: credential:edi-phrase\n")
    settings.write_text(text, "utf-8")
    assert load_settings(settings, partners=False).keys.passphrase == Path("credential:edi-phrase")
    assert "credential:edi-phrase" in edi("config", "show", "--config", settings)[1]
    status, out, err = edi("keys", "init", "--config", settings)
    assert (status, PHRASE in out + err) == (0, False)
    keys = tmp_path / "home" / "keys"
    load_signer(keys / "signing.key", keys / "signing.crt", PHRASE.encode())
    settings.write_text(text.replace("credential:edi-phrase", "credential:a/b"), "utf-8")
    status, out, err = edi("config", "check", "--config", settings)
    assert (status, "S094" in err + out) == (3, True)


def test_without_a_passphrase_keys_under_one_do_not_load(folder: Path, tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR", passphrase=PHRASE.encode())
    with pytest.raises(LocalError) as caught:
        load_signer(party.folder / "signing.key", party.folder / "signing.crt", None)
    assert caught.value.code == "K003"

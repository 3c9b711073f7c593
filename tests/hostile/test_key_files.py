"""Are files with secrets used only when nobody else could have read or written them? (THREATS row 35)"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.security import check_environment, load_signer, read_passphrase
from gateway.security.identity import FILES, PUBLIC_FILES
from tests.tools.identities import Party
from tests.unit.test_security_keys import codes, party
from tests.unit.test_spool_credential import folder, reason

ROOT = Path(__file__).parents[2]
__all__ = ["folder", "party"]


def test_t35_every_file_of_an_identity_is_readable_by_its_owner_alone(party: Party) -> None:
    """Every file that is made beside a private key can be read by its owner alone."""
    modes = {path.relative_to(party.folder).as_posix(): f"{stat.S_IMODE(path.stat().st_mode):04o}"
             for path in party.folder.rglob("*")}
    assert modes == {"public": "0700", **dict.fromkeys(FILES, "0600"),
                     **{f"public/{name}": "0600" for name in PUBLIC_FILES}}
    assert stat.S_IMODE(party.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_t35_a_key_that_others_may_read_is_not_used(party: Party, mode: int) -> None:
    """A private key that a group or others may read is refused with E_KEYFILE."""
    key = party.folder / "signing.key"
    key.chmod(mode)
    assert codes(lambda: load_signer(key, party.folder / "signing.crt", None)) == ["E_KEYFILE"]


def test_t35_a_key_behind_a_link_or_in_an_open_folder_or_missing_is_not_used(party: Party, tmp_path: Path) -> None:
    """A key behind a link, in a folder that others may write to, or missing is refused with E_KEYFILE."""
    link = tmp_path / "link.key"
    link.symlink_to(party.folder / "signing.key")
    certificate = party.folder / "signing.crt"
    refused = [codes(lambda path=path: load_signer(path, certificate, None))  # type: ignore[misc]
               for path in (link, party.folder, party.folder / "none.key")]
    party.folder.chmod(0o777)
    refused.append(codes(lambda: load_signer(party.folder / "signing.key", certificate, None)))
    assert refused == [["E_KEYFILE"]] * 4


def test_t35_a_passphrase_is_one_line_of_a_private_file(tmp_path: Path) -> None:
    """A passphrase comes from a file that only we may read, under the same rules as keys."""
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\r\nnot this\n")
    path.chmod(0o600)
    assert read_passphrase(path) == b"correct horse"
    path.chmod(0o640)
    assert codes(lambda: read_passphrase(path)) == ["E_KEYFILE"]


def test_t35_no_private_key_is_kept_in_the_repository() -> None:
    """No private key stands in the repository, the published vectors excepted."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", ".", ":!samples/gw1"], cwd=ROOT, capture_output=True,
                            check=False)
    if listed.returncode:
        pytest.skip("not a checkout")
    marks = [f"-----BEGIN {kind}PRIVATE KEY-----".encode() for kind in ("", "EC ", "RSA ", "ENCRYPTED ", "OPENSSH ")]
    found = [name.decode() for name in listed.stdout.split(b"\0") if name and (ROOT / name.decode()).is_file()
             and any(mark + b"\n" in (ROOT / name.decode()).read_bytes() for mark in marks)]
    assert found == []
    assert [name for name in listed.stdout.split(b"\0") if name.startswith(b"keys/")] in (
        [b"keys/README.md"], [b"keys/.gitignore", b"keys/README.md"])


def test_t35_a_process_that_holds_keys_leaves_no_core_and_lets_nobody_look_inside() -> None:
    """A process that holds keys leaves no core file, and no other process may look into its memory."""
    script = ("from gateway.security import forbid_dumps; import ctypes, os, resource; forbid_dumps();"
              "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), os.umask(0))")
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told == "(0, 0) 0 63\n"


def test_t35_a_credential_that_others_may_read_or_write_is_not_used(folder: Path) -> None:
    """A secret that the service manager hands over is refused when others could have read or written it."""
    reasons = []
    for mode in (0o404, 0o420, 0o402):
        (folder / "edi-phrase").chmod(mode)
        reasons.append(reason())
    assert reasons == ["mode 0404", "mode 0420", "mode 0402"]
    (folder / "edi-phrase").chmod(0o400)
    folder.chmod(0o777)
    assert reason() == "folder-mode 0777"


def test_t35_no_folder_no_file_a_link_and_a_pipe_are_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a regular file in the folder of the service manager is a secret, never what a link or a name leads to."""
    folder.chmod(0o700)
    (folder / "link").symlink_to("edi-phrase")
    os.mkfifo(folder / "pipe", 0o400)
    assert [reason(f"credential:{name}") for name in ("none", "link", "pipe")] == [
        "absent", "Too many levels of symbolic links", "kind"]
    for value in ("", "relative", str(folder / "none")):
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", value)
        assert reason() == "CREDENTIALS_DIRECTORY"


def test_t38_our_own_certificate_of_another_environment_is_refused_at_start(party: Party) -> None:
    """A gateway does not start with a certificate of its own that was made for another environment."""
    check_environment(party.identity.signing, "demo")
    assert codes(lambda: check_environment(party.identity.signing, "production")) == ["K024"]

"""A real PKCS#11 token for tests: SoftHSM, with a store of its own for each test."""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.stock import Tool, tool

MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib64/pkcs11/libsofthsm2.so"),
           Path("/usr/lib64/softhsm/libsofthsm2.so"))
USER_SECRET = "573184"
_LET_DERIVE = """
import sys
import pkcs11
module, token, label, pin = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin, rw=True) as session:
    key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
    if key.key_type == pkcs11.KeyType.EC:
        key[pkcs11.Attribute.DERIVE] = True
"""


@dataclass(frozen=True)
class Token:
    """A token of this name, its tool, and the file with its PIN."""

    tool: Tool
    folder: Path
    name: str

    @property
    def pin(self) -> Path:
        """The file with the PIN, as settings name it."""
        return self.folder / "pin"

    def take(self, key: Path, label: str, identifier: str) -> None:
        """Move a private key (PKCS#8) from a file into the token: the file is gone."""
        self.tool("--import", key, "--token", self.name, "--label", label, "--id", identifier, "--pin", USER_SECRET,
                  folder=self.folder)
        self._let_derive(label)
        key.unlink()

    def _let_derive(self, label: str) -> None:
        """Give an EC key the right to agree upon secrets, which the tool leaves out."""
        subprocess.run([sys.executable, "-c", _LET_DERIVE, str(self.module), self.name, label, USER_SECRET], check=True)

    @property
    def module(self) -> Path:
        """The library."""
        return next(path for path in MODULES if path.exists())

    def address(self, *, pin: str | None = None, **parts: str) -> str:
        """The RFC 7512 address of a key: ``label`` or ``id`` (percent-encoded)."""
        named = ";".join(f"{'object' if name == 'label' else name}={value}" for name, value in parts.items())
        return f"pkcs11:token={self.name};{named}?module-path={self.module}&pin-source={pin or self.pin}"


def token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    """A fresh token. Skipped, or in CI failed, where SoftHSM is missing."""
    store = folder / "tokens"
    store.mkdir(parents=True, mode=0o700)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {store}\nlog.level = ERROR\n", "utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    made = Token(tool("softhsm2-util", "softhsm2"), folder, f"edi-{secrets.token_hex(4)}")
    made.tool("--init-token", "--free", "--label", made.name, "--so-pin", "123456", "--pin", USER_SECRET, folder=folder)
    made.pin.write_text(USER_SECRET + "\n", "ascii")
    made.pin.chmod(0o600)
    return made

"""New gateways as the commands make them, for tests of how two administrations get to know each other."""

from __future__ import annotations

import contextlib
import io
from datetime import datetime, timedelta
from pathlib import Path

from gateway.cli.entry import run as run_program
from gateway.security import make_identity

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
"""A server's public key, of no server."""

NAMES = ("--country", "ML", "--name-fr", "Douanes du Mali", "--name-en", "Mali customs")
PEOPLE = ("--by", "Kofi Mensah", "--by", "Awa Traoré", "--compared", "voice")


def edi(*words: object, lang: str = "en") -> tuple[int, str, str]:
    """Run `edi` in this process: exit status, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_program("edi", [*map(str, words), "--lang", lang])
    return status, out.getvalue(), err.getvalue()


def new_gateway(home: Path, gateway: str, country: str, environment: str = "test") -> Path:
    """A gateway with settings and keys, made by `edi init` and `edi keys init`; its settings file."""
    assert edi("init", home, "--gateway", gateway, "--country", country, "--time-zone", "Africa/Lome",
               "--environment", environment)[0] == 0
    settings = home / "settings.yaml"
    assert edi("keys", "init", "--config", settings)[0] == 0
    return settings


def public_folder(root: Path, environment: str, now: datetime, valid: timedelta, gateway: str = "MLDGD") -> Path:
    """What a partner without packs sends: the folder ``public`` of its keys."""
    return make_identity(root / gateway.lower(), gateway=gateway, environment=environment, now=now, valid=valid,
                         passphrase=None).folder / "public"


def pack_of(settings: Path, file: Path, *words: object) -> Path:
    """The pack of a gateway, made by `edi partner pack`."""
    status, _, err = edi("partner", "pack", "--config", settings, "-o", file, "--name-fr", "Douanes du Mali",
                         "--name-en", "Mali customs", *words)
    assert status == 0, err
    return file


def left(settings: Path) -> list[str]:
    """The names in the partners' folder."""
    return sorted(path.name for path in (settings.parent / "partners").iterdir())

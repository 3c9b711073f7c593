"""Three gateways, each with its own folder, keys, settings, ledger, mailbox and cron line, as three offices would have.

    DIR/togo, DIR/burkina, DIR/mali
        settings.yaml  partners/  keys/  state/  national/  mailbox/  crontab  edi  edi-send  edi-receive  edi-sync
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
from gateway.security import make_identity, ssh_public_line
from gateway.transport.server import MailboxServer

MARKER = ".corridor-gateway-demo"
"""A folder with this file is ours to empty and to write again."""

VALID = timedelta(days=7)


class Administration(Struct, frozen=True, kw_only=True):
    """One administration of the story."""

    gateway: str
    folder: str
    country: str
    name: tuple[str, str]
    zone: str
    inbox: str

    def home(self, root: Path) -> Path:
        """Its folder."""
        return root / self.folder


TOGO = Administration(gateway="TGOTR", folder="togo", country="TG", zone="Africa/Lome", inbox="tgotr/asycuda",
                      name=("Office togolais des recettes", "Togo revenue authority"))
BURKINA = Administration(gateway="BFDGD", folder="burkina", country="BF", zone="Africa/Ouagadougou",
                         inbox="bfdgd/asycuda",
                         name=("Direction générale des douanes du Burkina Faso", "Burkina Faso customs"))
MALI = Administration(gateway="MLDGD", folder="mali", country="ML", zone="Africa/Bamako", inbox="mldgd/asycuda",
                      name=("Direction générale des douanes du Mali", "Mali customs"))
ALL = (TOGO, BURKINA, MALI)

DECLARATIONS = (("*.xml", "tgotr/asycuda"), ("*-t1.csv", "tgotr/asycuda"), ("*.csv", "tgotr/csv"),
                ("*.json", "neutral/json"))
"""What Togo's national side puts out, and which dialect reads it; the first that fits."""

OTHERS = (("*.json", "neutral/json"),)


class NotOurs(Exception):
    """The folder exists, is not empty and was not made by the demonstration: it is left alone."""


def prepare(root: Path, now: datetime) -> None:
    """Make the three folders with fresh keys. A folder of an earlier demonstration is made anew."""
    if root.exists() and any(root.iterdir()):
        if not (root / MARKER).exists():
            raise NotOurs(str(root))
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    root.chmod(0o700)
    (root / MARKER).write_text("Made by the demonstration of the corridor gateway; safe to delete.\n", "utf-8")
    for who in ALL:
        home = who.home(root)
        for name in ("partners", "national/out/declarations", "national/out/events", "mailbox", "state"):
            (home / name).mkdir(parents=True, mode=0o700)
        make_identity(home / "keys", gateway=who.gateway, environment="demo", now=now, valid=VALID, passphrase=None,
                      algorithm="rsa" if who is MALI else "ec")
        for partner in others(who):
            for box in ("tmp", "new"):
                (home / "mailbox" / partner.gateway / "v1" / "in" / box).mkdir(parents=True, mode=0o700)
        _wrapper(home)


def others(who: Administration) -> list[Administration]:
    """The partners of an administration."""
    return [other for other in ALL if other is not who]


@contextlib.contextmanager
def mailboxes(root: Path, now: datetime, language: str) -> Iterator[dict[str, int]]:
    """Serve every mailbox, then write the settings that name the ports and host keys. Yields port by gateway id."""
    servers: dict[str, MailboxServer] = {}
    ports: dict[str, int] = {}
    try:
        for who in ALL:
            home = who.home(root)
            accounts = {other.gateway: (ssh_public_line(other.home(root) / "keys" / "ssh"),
                                        home / "mailbox" / other.gateway) for other in others(who)}
            accounts[who.gateway] = (ssh_public_line(home / "keys" / "ssh"), home / "mailbox")
            servers[who.gateway] = MailboxServer(accounts)
            ports[who.gateway] = servers[who.gateway].start()
        for who in ALL:
            _settings(root, who, servers, ports, now, language)
        yield ports
    finally:
        for server in servers.values():
            server.stop()


def _settings(root: Path, who: Administration, servers: dict[str, MailboxServer], ports: dict[str, int],
              now: datetime, language: str) -> None:
    home = who.home(root)
    (home / "settings.yaml").write_text(settings_text(SettingsAnswers(
        gateway=who.gateway, environment="demo", country=who.country, time_zone=who.zone,
        language=language, declarations=DECLARATIONS if who is TOGO else OTHERS,
        inbox_declarations=who.inbox, inbox_events="neutral/event-json")), "utf-8")
    for other in others(who):
        for part in ("authority", "signing", "encryption"):
            shutil.copy(other.home(root) / "keys" / f"{part}.crt", home / "partners" / f"{other.gateway}-{part}.crt")
        theirs, ours = servers[other.gateway], servers[who.gateway]
        (home / "partners" / f"{other.gateway}.yaml").write_text(partner_text(PartnerAnswers(
            partner=other.gateway, name_fr=other.name[0], name_en=other.name[1], country=other.country,
            folder=home / "partners", valid_from=now - timedelta(minutes=5), valid_until=now + VALID,
            outbound=MailboxAnswers(host="127.0.0.1", port=ports[other.gateway], user=who.gateway,
                                    host_keys=(theirs.host_key_line,), base="v1/in"),
            inbound=MailboxAnswers(host="127.0.0.1", port=ports[who.gateway], user=who.gateway,
                                   host_keys=(ours.host_key_line,), base=f"{other.gateway}/v1/in"))), "utf-8")


def _wrapper(home: Path) -> None:
    """Small `edi`, `edi-send`, ... that carry the right settings and Python, and the cron line of this office."""
    checkout = Path(__file__).parents[2]
    for name, program in (("edi", ""), ("edi-send", "edi-send "), ("edi-receive", "edi-receive "),
                          ("edi-sync", "edi-sync ")):
        path = home / name
        path.write_text(
            "#!/bin/sh\n"
            f'here="{home.resolve()}"\n'
            f'EDI_CONFIG="$here/settings.yaml" PYTHONPATH="{checkout}" PYTHONSAFEPATH=1 '
            f'exec "{sys.executable}" -m gateway.cli {program}"$@"\n', "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (home / "crontab").write_text(f"*/5 * * * * {home.resolve()}/edi-sync\n", "utf-8")

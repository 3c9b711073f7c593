"""Gateways for a story: as `tests.tools.offices`, but at fixed moments and with fixed identifiers.

Keys and ciphertext differ every time; what is inside the sealed files does not.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, partner_text, settings_text
from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from gateway.security import make_identity
from tests.golden.story.scenarios import Participant

ROOT = Path(__file__).parents[3]
ENVIRONMENT = "demo"
LIFE = timedelta(days=60)
DIALECTS = (("*.xml", "tgotr/asycuda"), ("*-t1.csv", "tgotr/asycuda"), ("*.csv", "tgotr/csv"),
            ("*.json", "neutral/json"))


@dataclass(frozen=True)
class Office:
    """One gateway of a story, with its own folder and mailboxes in local folders."""

    participant: Participant
    home: Path
    identifiers: Iterator[int]

    @property
    def name(self) -> str:
        """Its gateway id."""
        return self.participant.gateway

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.home / "settings.yaml"

    def drop(self, kind: str, name: str, content: bytes) -> None:
        """What the national side puts out."""
        (self.home / "national" / "out" / kind / name).write_bytes(content)

    def inbox(self) -> dict[str, bytes]:
        """Everything that the national side has been given, by its path below ``national/in``."""
        folder = self.home / "national" / "in"
        return {path.relative_to(folder).as_posix(): path.read_bytes()
                for path in sorted(folder.rglob("*")) if path.is_file()}

    def shown(self, reference: str, language: str) -> bytes:
        """What `edi show` prints, by a process of its own: a process speaks one language."""
        options = ("--config", str(self.settings), "--lang", language)
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", "show", reference, *options], cwd=ROOT,
            env={**os.environ, "PYTHONUTF8": "1"}, check=True, capture_output=True, timeout=60).stdout

    def run(self, at: datetime) -> Summary:
        """One `edi-sync` at a moment."""
        with open_gateway(self.settings, at) as gateway:
            return cycle.sync(gateway, Occasion(at, lambda: f"{next(self.identifiers):032x}", lambda: 0.0))


def open_offices(root: Path, participants: Sequence[Participant], now: datetime, *,
                 ledgers: Mapping[str, str] = MappingProxyType({})) -> list[Office]:
    """Make gateways that know each other, with certificates from `now` on.

    ledgers  gateway -> address of its ledger, where that is not a file of its own
    """
    made = [Office(one, root / one.gateway.lower(), itertools.count(1)) for one in participants]
    for office in made:
        for folder in ("partners", "national/out/declarations", "national/out/events", "state"):
            (office.home / folder).mkdir(parents=True, mode=0o700)
        make_identity(office.home / "keys", gateway=office.name, environment=ENVIRONMENT, now=now, valid=LIFE,
                      passphrase=None)
        for sender in made:
            for box in ("tmp", "new"):
                (_mailbox(office, sender) / box).mkdir(parents=True)
        office.settings.write_text(settings_text(SettingsAnswers(
            gateway=office.name, environment=ENVIRONMENT, country=office.participant.country,
            time_zone=office.participant.zone, declarations=office.participant.outbox or DIALECTS,
            inbox_declarations=office.participant.inbox)), "utf-8")
        if office.name in ledgers:
            with office.settings.open("a", encoding="utf-8") as written:
                written.write(f"ledger: {ledgers[office.name]}\n")
    for office in made:
        for partner in made:
            if partner is not office:
                _introduce(office, partner, now)
    return made


def _mailbox(owner: Office, sender: Office) -> Path:
    return owner.home / "mailbox" / sender.name / "v1" / "in"


def _introduce(office: Office, partner: Office, now: datetime) -> None:
    folder = office.home / "partners"
    for part in ("authority", "signing", "encryption"):
        (folder / f"{partner.name}-{part}.crt").write_bytes((partner.home / "keys" / f"{part}.crt").read_bytes())
    french, english = partner.participant.name
    (folder / f"{partner.name}.yaml").write_text(partner_text(PartnerAnswers(
        partner=partner.name, name_fr=french, name_en=english, country=partner.participant.country,
        folder=folder, valid_from=now, valid_until=now + LIFE,
        outbound=MailboxAnswers(path=str(_mailbox(partner, office))),
        inbound=MailboxAnswers(path=str(_mailbox(office, partner))))), "utf-8")

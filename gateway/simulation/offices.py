"""Gateways of a corridor in one folder, each with keys, settings, a ledger and mailboxes of its own, run at any moment.

    DIR/tgotr, DIR/bfdgd    settings.yaml  partners/  keys/  state/  national/
    DIR/mail/BFDGD/TGOTR/v1/in/new    what lies for BFDGD, from TGOTR
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, load_settings, partner_text, settings_text
from gateway.exchange import cycle
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.mapping import Corridor
from gateway.security import make_identity

ENVIRONMENT = "demo"
"""What the certificates are marked with: no other environment takes them."""

STEPS: Mapping[str, Callable[[Gateway, Occasion], Summary]] = {
    "edi-send": cycle.send, "edi-receive": cycle.receive, "edi-sync": cycle.sync}


class Ran(Struct, frozen=True, kw_only=True):
    """How a run ended.

    findings  what was told, in its order
    counts    what it did, by name (`gateway.exchange.summary.Summary`)
    """

    status: Exit
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of what was told, sorted, each once."""
        return tuple(sorted({finding.code for finding in self.findings}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One gateway.

    home  its folder; mail  the folder of everybody's mailboxes
    """

    name: str
    home: Path
    mail: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count, compare=False, repr=False)

    @property
    def settings(self) -> Path:
        """Its settings file, for the programs: ``edi status --config SETTINGS``."""
        return self.home / "settings.yaml"

    def mailbox(self, partner: str) -> Path:
        """Where files from a partner arrive."""
        return self.mail / self.name / partner / "v1" / "in" / "new"

    def run(self, program: str, moment: datetime) -> Ran:
        """Run edi-send, edi-receive or edi-sync at a moment; the two before it in time come first."""
        occasion = Occasion(moment, lambda: self.identifier(moment), lambda: 0.0)
        with open_gateway(load_settings(self.settings), moment) as gateway:
            summary = STEPS[program](gateway, occasion)
        return Ran(status=summary.status, findings=tuple(finding for _, finding in summary.problems),
                   counts=summary.counts())

    def identifier(self, moment: datetime) -> str:
        """32 hex digits that never come twice from this office."""
        return hashlib.sha256(f"{self.home} {moment} {next(self._numbers)}".encode()).hexdigest()[:32]

    def drop(self, kind: str, files: Mapping[str, bytes]) -> None:
        """Put out national files; kind is declarations or events."""
        for name, content in files.items():
            (self.home / "national" / "out" / kind / name).write_bytes(content)

    def inbox(self, kind: str) -> dict[str, bytes]:
        """What the national side has been given; kind is declarations, events or answers."""
        folder = self.home / "national" / "in" / kind
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}

    def quarantined(self) -> int:
        """How many files lie in quarantine."""
        return len(list((self.home / "state" / "quarantine").glob("*.bin")))


def make_offices(root: Path, corridor: Corridor, now: datetime, *, mappings: Sequence[Path] = (),
                 valid: timedelta = timedelta(days=60)) -> list[Office]:
    """Gateways of every administration of a corridor that know each other, in the order of the itinerary.

    root      an empty folder
    now       from when their keys are good; valid  for how long
    mappings  folders of mappings beside those of the project
    """
    offices = [Office(name=member.gateway, home=root / member.gateway.lower(), mail=root / "mail")
               for member in corridor.administrations]
    countries = {member.gateway: member.country for member in corridor.administrations}
    for office in offices:
        for folder in ("partners", "national/out/declarations", "national/out/events", "state"):
            (office.home / folder).mkdir(parents=True, mode=0o700)
        make_identity(office.home / "keys", gateway=office.name, environment=ENVIRONMENT, now=now, valid=valid,
                      passphrase=None)
        for other in offices:
            for box in ("tmp", "new"):
                (office.mailbox(other.name).parent / box).mkdir(parents=True, exist_ok=True)
    for office in offices:
        text = settings_text(SettingsAnswers(gateway=office.name, environment=ENVIRONMENT,
                                             country=countries[office.name], time_zone="UTC",
                                             declarations=(("*.json", "neutral/json"),)))
        if mappings:
            listed = ", ".join(f'"{folder.resolve()}"' for folder in mappings)
            text = text.replace("\npaths:\n", f"\npaths:\n  mappings: [{listed}]\n", 1)
        office.settings.write_text(text, "utf-8")
        for other in offices:
            if other is not office:
                _introduce(office, other, countries[other.name], now, valid)
    return offices


def _introduce(office: Office, other: Office, country: str, now: datetime, valid: timedelta) -> None:
    folder = office.home / "partners"
    for part in ("authority", "signing", "encryption"):
        (folder / f"{other.name}-{part}.crt").write_bytes((other.home / "keys" / f"{part}.crt").read_bytes())
    (folder / f"{other.name}.yaml").write_text(partner_text(PartnerAnswers(
        partner=other.name, name_fr=other.name, name_en=other.name, country=country, folder=folder,
        valid_from=now - timedelta(minutes=5), valid_until=now + valid,
        outbound=MailboxAnswers(path=str(other.mailbox(office.name).parent)),
        inbound=MailboxAnswers(path=str(office.mailbox(other.name).parent)))), "utf-8")

"""Two real gateways whose clock a test moves: what a change of keys takes months for is played in a second.

    togo, burkina = clocked(tmp_path)
    togo.send(day=3)                     a run of edi-send three days after they were made
    togo.open(day=3, lambda gateway, occasion: ...)
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from gateway.exchange import cycle
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.dispatch import UNCOLLECTED
from gateway.exchange.key_change import Told, announce, record_next
from gateway.exchange.own_keys import OwnPair
from gateway.exchange.summary import Summary
from gateway.security import load_certificate
from gateway.security.next_pair import make_next
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, event_json

T = TypeVar("T")
_names = itertools.count(1)


@dataclass(frozen=True)
class Clocked:
    """An office, and the day on which it was made."""

    office: Office
    start: datetime

    @property
    def name(self) -> str:
        """Its gateway id."""
        return self.office.name

    def at(self, day: float) -> datetime:
        """So many days after the start."""
        return self.start + timedelta(days=day)

    def open(self, day: float, act: Callable[[Gateway, Occasion], T]) -> T:
        """What an act gives, done with the gateway on that day."""
        occasion = Occasion(self.at(day), lambda: secrets.token_hex(16), lambda: 0.0)
        with open_gateway(self.office.settings, occasion.now) as gateway:
            return act(gateway, occasion)

    def send(self, day: float) -> Summary:
        """A run of edi-send."""
        return self.open(day, lambda gateway, occasion: cycle.send(gateway, occasion))

    def receive(self, day: float) -> Summary:
        """A run of edi-receive."""
        return self.open(day, lambda gateway, occasion: cycle.receive(gateway, occasion))

    def declare(self) -> None:
        """The national side puts out a declaration."""
        key = f"K{next(_names)}"
        self.office.drop("declarations", {f"{key}.json": declaration_json(key)})

    def report(self, mrn: str) -> None:
        """The national side of the destination reports an arrival."""
        self.office.drop("events", {f"{mrn}.json": event_json(mrn, "ARRIVED")})

    def arrived(self) -> set[str]:
        """The MRNs of the movements that this office knows to have arrived."""
        return {mrn for mrn, line in self.office.movements().items() if line["state"] == "ARRIVED"}

    def rotate(self, use: str, day: float) -> OwnPair:
        """The next pair, made by the own authority."""
        def act(gateway: Gateway, occasion: Occasion) -> OwnPair:
            key, certificate = make_next(
                gateway.settings.paths.keys, use=use, gateway=gateway.name, environment=gateway.settings.environment,
                authority=gateway.settings.keys.authority, now=occasion.now, valid=timedelta(days=700), passphrase=None)
            made = OwnPair(number=None, sha256=load_certificate(certificate).sha256, key=key, certificate=certificate)
            record_next(gateway, use, made, "rehearsal", occasion)
            return made
        return self.open(day, act)

    def announce(self, use: str, day: float, partners: Sequence[str] = ()) -> list[Told]:
        """Ask the partners to take the pair that was made last."""
        return self.open(day, lambda gateway, occasion: list(announce(gateway, use, partners, None, occasion)))

    def movements(self) -> set[str]:
        """The MRNs of the movements that this office holds."""
        return set(self.office.movements())


def clocked(root: Path) -> list[Clocked]:
    """Two offices whose certificates hold for two years."""
    start = datetime.now(UTC).replace(microsecond=0)
    return [Clocked(office, start) for office in offices(root, valid=timedelta(days=730))]


def codes(summary: Summary) -> list[str]:
    """The codes of what a run found wrong; that a partner does not collect is what these tests are about."""
    return [finding.code for _, finding in summary.problems if finding.code != UNCOLLECTED]


def accepted(togo: Clocked, burkina: Clocked, count: int) -> list[str]:
    """Declarations that both have settled on the first day; their MRNs."""
    for _ in range(count):
        togo.declare()
    for office in (togo, burkina) * 3:
        assert codes(office.send(0)) == []
        assert codes(office.receive(0)) == []
    return sorted(togo.office.movements())

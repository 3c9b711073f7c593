"""We and a partner that misbehaves, over local mailboxes: what everybody does is said step by step, time included.

    pair = Pair.make(folder, load_corridors(search_path()), "tg-bf", now)
    pair.begin(pair.declaration("T-1"))      we put it into the partner's mailbox
    pair.partner_answers()                   the partner takes it, judges it, answers
    pair.spoil("bad-signature")              what it has sent is wrong on arrival ...
    pair.receive().codes                     ... ("E_SIGNATURE",)
    pair.deliver()                           ... and what it had really sent arrives after all
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.findings import Finding
from gateway.mapping import Corridor, Corridors
from gateway.security import (
    EDIFACT,
    Header,
    load_certificate,
    load_signer,
    make_identity,
    open_envelope,
    seal,
)
from gateway.simulation.declarations import declaration_for
from gateway.simulation.faults import FAULTS, Material, Sent
from gateway.simulation.offices import ENVIRONMENT, Office, Ran, make_offices

STRANGER = "ZZSTRANGER"


@dataclass(slots=True, kw_only=True)
class Pair:
    """Two gateways and the moment that it is.

    ours     of the departure; theirs  of the destination, the partner that misbehaves
    others   administrations between them, which do everything right
    now      moves forward by every step, and by `wait`
    """

    corridors: Corridors
    corridor: Corridor
    ours: Office
    theirs: Office
    others: Sequence[Office]
    now: datetime
    _kept: list[tuple[str, bytes]] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path, corridors: Corridors, identifier: str, now: datetime, *,
             mappings: Sequence[Path] = ()) -> Pair:
        """Gateways of a corridor in an empty folder.

        now       aware and in UTC
        mappings  folders of mappings beside those of the project

        Raises LocalError M302 for a corridor that there is not.
        """
        corridor = corridors.named(identifier)
        moment = now.replace(microsecond=0)
        ours, *others, theirs = make_offices(root, corridor, moment, mappings=mappings)
        make_identity(root / "foreign", gateway=STRANGER, environment=ENVIRONMENT, now=moment,
                      valid=timedelta(days=60), passphrase=None)
        return cls(corridors=corridors, corridor=corridor, ours=ours, theirs=theirs, others=others, now=moment)

    def declaration(self, key: str) -> bytes:
        """A made-up declaration of this corridor under a national reference, as a file of ``neutral/json``."""
        return declaration_for(self.corridor, self.corridors.offices, key, self.now)

    def wait(self, **passed: float) -> datetime:
        """Let time pass: ``wait(hours=5)``."""
        self.now += timedelta(**passed)
        return self.now

    def begin(self, declaration: bytes) -> Ran:
        """We send one declaration, a national file of ``neutral/json``. Raises LocalError X280, and what our run told,
        when it did not go."""
        self.ours.drop("declarations", {"declaration.json": declaration})
        ran = self.send()
        if not ran.counts["objects_dispatched"]:
            raise LocalError(Finding(code="X280", values={"codes": ", ".join(ran.codes) or "-"}), *ran.findings)
        return ran

    def lose(self) -> int:
        """What we have put into the partner's mailbox is gone. Returns how many files."""
        paths = list(self.theirs.mailbox(self.ours.name).iterdir())
        for path in paths:
            path.unlink()
        return len(paths)

    def forget(self) -> None:
        """What is held never arrives."""
        self._kept.clear()

    def send(self) -> Ran:
        """We run edi-send, a minute later."""
        return self.ours.run("edi-send", self.wait(minutes=1))

    def receive(self) -> Ran:
        """We run edi-receive, a minute later."""
        return self.ours.run("edi-receive", self.wait(minutes=1))

    def partner_answers(self, *, ahead: timedelta = timedelta()) -> Ran:
        """The partner, and those between, run edi-receive, a minute later.

        ahead  by how much the partner's clock is wrong
        """
        moment = self.wait(minutes=1)
        for other in self.others:
            other.run("edi-receive", moment)
        return self.theirs.run("edi-receive", moment + ahead)

    def arriving(self) -> list[Path]:
        """The partner's files that wait in our mailbox, in the order of their names."""
        return sorted(self.ours.mailbox(self.theirs.name).iterdir())

    def hold(self) -> int:
        """Take the partner's files out of our mailbox, as if they were still on their way. Returns how many."""
        paths = self.arriving()
        self._kept.extend((path.name, path.read_bytes()) for path in paths)
        for path in paths:
            path.unlink()
        return len(paths)

    def deliver(self, *, again: bool = False) -> int:
        """Let what was held arrive; `again` keeps it, so that it may arrive once more. Returns how many files."""
        for name, content in self._kept:
            self._put(name, content)
        number = len(self._kept)
        if not again:
            self._kept.clear()
        return number

    def spoil(self, fault: str) -> int:
        """Hold the partner's files, and let one that is wrong arrive in place of each. Returns how many.

        fault  a name of FAULTS; KeyError for another
        """
        material = self._material()
        start = len(self._kept)
        self.hold()
        for name, content in self._kept[start:]:
            self._put(*FAULTS[fault](self._opened(name, content), material))
        return len(self._kept) - start

    def answer_twice(self) -> int:
        """The partner says once more, under new numbers, what it said in the interchanges that are held. Returns in
        how many objects.

        The partner's own ledger knows nothing of these: nothing that it sends afterwards fits.
        """
        signer = self._material().signer
        recipient = load_certificate(self.ours.home / "keys" / "encryption.crt")
        everything = sorted((self._opened(name, content).opened for name, content in self._kept),
                            key=lambda opened: opened.header.sequence)
        sequence, previous = everything[-1].header.sequence, everything[-1].mic
        told = [opened for opened in everything if opened.header.content_type == EDIFACT]
        for opened in told:
            sequence += 1
            header = _renumbered(opened.header, self.theirs.identifier(self.now), sequence, previous)
            sealed = seal(header, opened.payload, signer=signer, recipients=[recipient],
                          signing_time=opened.header.date)
            previous = sealed.mic
            self._put(sealed.name, sealed.content)
        return len(told)

    def _put(self, name: str, content: bytes) -> None:
        (self.ours.mailbox(self.theirs.name) / name).write_bytes(content)

    def _opened(self, name: str, content: bytes) -> Sent:
        """With our keys, as an observer: nothing is noted."""
        with open_gateway(load_settings(self.ours.settings), self.now) as gateway:
            opened = open_envelope(name, content, recipient=self.ours.name, keys=gateway.decryption_keys,
                                   trust=gateway.trust(self.theirs.name), now=self.now, environment=ENVIRONMENT)
        return Sent(name=name, content=content, opened=opened)

    def _material(self) -> Material:
        foreign = self.ours.home.parent / "foreign"
        keys = self.theirs.home / "keys"
        return Material(
            signer=load_signer(keys / "signing.key", keys / "signing.crt", None),
            foreign=load_signer(foreign / "signing.key", foreign / "signing.crt", None),
            ours=load_certificate(self.ours.home / "keys" / "encryption.crt"),
            theirs=load_certificate(foreign / "encryption.crt"), stranger=STRANGER)


def _renumbered(header: Header, identifier: str, sequence: int, previous: str) -> Header:
    return replace(header, message_id=f"<{identifier}@{header.sender}>", sequence=sequence, previous=previous)

"""Putting the cases into a partner's mailbox, waiting, fetching and judging.

The kit answers as a gateway does: a receipt for each object that it takes, a CONTRL for each interchange that wants
one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from gateway.edifact import (
    InterchangeHeader,
    make_contrl,
    read_interchanges,
    validate,
    wants_contrl,
    write_interchange,
)
from gateway.errors import GatewayError
from gateway.exchange.assembly import Assembly
from gateway.exchange.payload import interchange_of
from gateway.kit.cases import LATER, Case, Maker
from gateway.kit.folder import Kit, State
from gateway.kit.judging import Got, Verdict, judge, unanswered
from gateway.mapping import Corridor
from gateway.security import (
    EDIFACT,
    INTERCHANGES,
    RECEIPT,
    DecryptionKey,
    Header,
    Opened,
    load_certificate,
    load_decryption_key,
    load_signer,
    open_envelope,
    receipt_payload,
    seal,
)
from gateway.simulation.faults import Material
from gateway.spool import read_whole, write_whole
from gateway.transport import open_mailbox

PRODUCT = "conformance-kit 1"
LARGEST = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way to the partner: put files into its mailbox, fetch (and remove) what lies in ours."""

    put: Callable[[Sequence[tuple[str, bytes]]], None]
    fetch: Callable[[], list[tuple[str, bytes]]]


@dataclass(slots=True, kw_only=True)
class Running:
    """One run of a kit.

    identifier  32 hex digits at each step
    now         the moment
    pause       waits; gives the share of the time that is left, 0 when it is over
    """

    kit: Kit
    assembly: Assembly
    corridor: Corridor
    maker: Maker
    line: Line
    identifier: Iterator[str]
    now: Callable[[], datetime]
    pause: Callable[[], float]
    _got: dict[str, Opened | str] = field(default_factory=dict)
    _times: Counter[str] = field(default_factory=Counter)

    def go(self) -> tuple[int, list[Verdict]]:
        """Begin a run, or go on with one that has no report yet, to its end. Returns its number and the verdicts.

        Raises LinkError, LocalError as the mailboxes do: nothing is lost, the next call goes on.
        """
        number = self._number()
        cases = self.kit.cases(number)
        first = self.kit.state
        self._reload(number)
        self.line.put([(case.file, content) for case, content in cases if case.name not in LATER])
        later, rest = False, 1.0
        while True:
            self._collect(number)
            verdicts = self._judged([case for case, _ in cases], first)
            early = [verdict for verdict in verdicts if verdict.case not in (*LATER, "link")
                     and verdict.check != "silence"]
            if not later and (not unanswered(early) or rest < 0.5):
                self.line.put([(case.file, content) for case, content in cases if case.name in LATER])
                later = True
            elif later and not unanswered(verdicts):
                break
            if rest <= 0:
                break
            rest = self.pause()
        opened = [one for one in self._got.values() if isinstance(one, Opened)]
        last = max(opened, key=lambda one: one.header.sequence, default=None)
        if last is not None:
            self.kit.keep(replace(self.kit.state, theirs=last.header.sequence, their_previous=last.mic))
        return number, verdicts

    def _number(self) -> int:
        state = self.kit.state
        if state.runs and not self.kit.finished(state.runs):
            return state.runs
        prepare(self.kit, self.maker, self.identifier, self.now())
        return self.kit.state.runs

    def _judged(self, cases: Sequence[Case], first: State) -> list[Verdict]:
        got = [Got(file=name, opened=one, times=self._times[name]) if isinstance(one, Opened)
               else Got(file=name, opened=None, code=one, times=self._times[name]) for name, one in self._got.items()]
        return judge(cases, got, self.corridor, first.theirs, first.their_previous)

    def _reload(self, number: int) -> None:
        """What an earlier call of this run has fetched."""
        folder = self.kit.run(number) / "answers"
        times = folder.parent / "times.json"
        self._times.update(json.loads(read_whole(times, LARGEST)) if times.exists() else {})
        for path in sorted(folder.iterdir()):
            self._got[path.name] = self._opened(path.name, read_whole(path, LARGEST))

    def _collect(self, number: int) -> None:
        run = self.kit.run(number)
        new = []
        for name, content in self.line.fetch():
            self._times[name] += 1
            if name not in self._got:
                write_whole(run / "answers" / name, content)
                self._got[name] = one = self._opened(name, content)
                new.extend([one] if isinstance(one, Opened) else [])
        write_whole(run / "times.json", json.dumps(self._times).encode())
        for one in sorted(new, key=lambda opened: opened.header.sequence):
            self._answer(one, run)

    def _opened(self, name: str, content: bytes) -> Opened | str:
        try:
            return open_envelope(name, content, recipient=self.kit.plan.gateway, keys=[key_of(self.kit)],
                                 trust=self.assembly.trust(self.kit.plan.partner), now=self.now(),
                                 environment=self.kit.plan.environment)
        except GatewayError as error:
            return error.code

    def _answer(self, opened: Opened, run: Path) -> None:
        """A receipt, and a CONTRL where one is wanted; none for a receipt."""
        if opened.header.content_type == RECEIPT:
            return
        self._send(receipt_payload(opened, product=PRODUCT), RECEIPT, run)
        if opened.header.content_type not in INTERCHANGES:
            return
        for interchange in read_interchanges(interchange_of(opened)):
            if wants_contrl(interchange):
                (sender, its), (recipient, theirs) = self.maker.identifiers
                self._send(write_interchange(InterchangeHeader(
                    sender=sender, sender_qualifier=its, recipient=recipient, recipient_qualifier=theirs, test="1",
                    prepared=self.now(), control_reference=f"C{self.kit.state.sequence + 1:09d}"),
                    [("1", make_contrl(interchange, validate(interchange)))]), EDIFACT, run)

    def _send(self, payload: bytes, kind: str, run: Path) -> None:
        state, now = self.kit.state, self.now()
        header = Header(f"<{next(self.identifier)}@{self.maker.sender}>", self.maker.sender, self.maker.recipient, now,
                        state.sequence + 1, state.previous, kind, "answer")
        sealed = seal(header, payload, signer=self.maker.material.signer, recipients=[self.maker.material.ours],
                      signing_time=now)
        write_whole(run / "sealed" / sealed.name, sealed.content)
        self.kit.keep(replace(state, sequence=header.sequence, previous=sealed.mic))
        self.line.put([(sealed.name, sealed.content)])


def prepare(kit: Kit, maker: Maker, identifier: Iterator[str], now: datetime) -> None:
    """Make the files of the next run."""
    state = kit.state
    kit.begin(state.runs + 1, maker.cases(state.runs + 1, state.sequence, state.previous, identifier, now), state)


def key_of(kit: Kit) -> DecryptionKey:
    """What opens the partner's answers."""
    return load_decryption_key(kit.keys / "encryption.key", kit.keys / "encryption.crt", None)


def maker_of(kit: Kit, assembly: Assembly, now: datetime) -> Maker:
    """What this kit makes its cases with. Raises LocalError M302, X010, K021."""
    plan, settings = kit.plan, assembly.settings
    partner = assembly.partner(plan.partner)
    foreign = kit.keys / "foreign"
    return Maker(
        sender=plan.gateway, recipient=plan.partner, corridor=assembly.corridors.named(plan.corridor),
        identifiers=((settings.unb.identifier, settings.unb.qualifier),
                     (partner.unb.identifier, partner.unb.qualifier)),
        offices=assembly.corridors.offices, dialect=assembly.dialect("neutral/json"),
        material=Material(
            signer=load_signer(kit.keys / "signing.key", kit.keys / "signing.crt", None),
            foreign=load_signer(foreign / "signing.key", foreign / "signing.crt", None),
            ours=assembly.recipients(plan.partner, now)[0], theirs=load_certificate(foreign / "encryption.crt"),
            stranger="ZZSTRANGER"))


def line_of(kit: Kit, assembly: Assembly, clock: Callable[[], float]) -> Line:
    """The mailboxes that our settings name for this partner; one session for each step."""
    def put(files: Sequence[tuple[str, bytes]]) -> None:
        with open_mailbox(assembly.lane(kit.plan.partner, "outbound"), clock=clock) as mailbox:
            for outcome in mailbox.publish(files):
                if outcome.error is not None:
                    raise outcome.error

    def fetch() -> list[tuple[str, bytes]]:
        with open_mailbox(assembly.lane(kit.plan.partner, "inbound"), clock=clock) as mailbox:
            found = [(entry.name, content) for entry, content in mailbox.fetch(mailbox.list(), limit=LARGEST)
                     if isinstance(content, bytes)]
            mailbox.remove([name for name, _ in found])
            return found

    return Line(put=put, fetch=fetch)


def report(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """The verdicts for the kit's own report."""
    return [dict(asdict(verdict)) for verdict in verdicts]

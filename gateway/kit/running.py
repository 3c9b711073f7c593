"""Putting the cases into a partner's mailbox, waiting, fetching and judging.

The kit answers as a gateway does: a receipt for each object that it takes, a CONTRL for each interchange that wants
one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from gateway.edifact import (
    InterchangeHeader,
    make_contrl,
    read_interchanges,
    validate,
    wants_contrl,
    write_interchange,
)
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembly import Assembly
from gateway.exchange.payload import interchange_of
from gateway.findings import Finding
from gateway.kit.cases import LATER, Case, Maker
from gateway.kit.folder import Kit, Plan, State
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


class Line(Struct, frozen=True, kw_only=True):
    """The way to the partner: put files into its mailbox; give what lies in ours to somebody who keeps it, then remove
    it there."""

    put: Callable[[Sequence[tuple[str, bytes]]], None]
    fetch: Callable[[Callable[[str, bytes], None]], None]


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
    _answered: set[str] = field(default_factory=set)

    def go(self) -> tuple[int, list[Verdict]]:
        """Begin a run, or go on with one that has no report yet, to its end. Returns its number and the verdicts.

        Raises LinkError, LocalError as the mailboxes do: nothing is lost, the next call goes on.
        """
        number = self._number()
        cases = self.kit.cases(number)
        first = self.kit.state
        self._reload(number, {case.file for case, _ in cases})
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

    def _reload(self, number: int, cases: Collection[str]) -> None:
        """What an earlier call of this run has fetched; its answers go up again: it may have been cut when one had its
        number and was not put yet."""
        fetched = self.kit.fetched(number)
        self._answered.update(fetched.answered)
        for name, content in fetched.files.items():
            self._times[name] = max(1, fetched.times.get(name, 1))
            self._got[name] = self._opened(name, content)
        sealed = self.kit.run(number) / "sealed"
        self.line.put([(path.name, read_whole(path, LARGEST)) for path in sorted(sealed.iterdir())
                       if path.name not in cases])

    def _collect(self, number: int) -> None:
        run = self.kit.run(number)

        def keep(name: str, content: bytes) -> None:
            self._times[name] += 1
            if name not in self._got:
                write_whole(run / "answers" / name, content)
                self._got[name] = self._opened(name, content)

        self.line.fetch(keep)
        waiting = {name: one for name, one in self._got.items()
                   if isinstance(one, Opened) and name not in self._answered}
        for name, one in sorted(waiting.items(), key=lambda item: item[1].header.sequence):
            self._answer(one, run)
            self._answered.add(name)
        self.kit.note(number, self._times, self._answered)

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
        try:
            contrls = [make_contrl(interchange, validate(interchange))
                       for interchange in read_interchanges(interchange_of(opened)) if wants_contrl(interchange)]
        except GatewayError:  # nobody can answer it; it is judged as unreadable
            return
        for contrl in contrls:
            (sender, its), (recipient, theirs) = self.maker.identifiers
            self._send(write_interchange(InterchangeHeader(
                sender=sender, sender_qualifier=its, recipient=recipient, recipient_qualifier=theirs, test="1",
                prepared=self.now(), control_reference=f"C{self.kit.state.sequence + 1:09d}"),
                [("1", contrl)]), EDIFACT, run)

    def _send(self, payload: bytes, kind: str, run: Path) -> None:
        state, now = self.kit.state, self.now()
        header = Header(f"<{next(self.identifier)}@{self.maker.sender}>", self.maker.sender, self.maker.recipient, now,
                        state.sequence + 1, state.previous, kind, "answer")
        sealed = seal(header, payload, signer=self.maker.material.signer, recipients=[self.maker.material.ours],
                      signing_time=now)
        write_whole(run / "sealed" / sealed.name, sealed.content)
        self.kit.keep(replace(state, sequence=header.sequence, previous=sealed.mic))
        self.line.put([(sealed.name, sealed.content)])


def require_joined(plan: Plan, assembly: Assembly) -> None:
    """Raises LocalError X284 for a corridor that one of the two is not on, M302."""
    members = [one.gateway for one in assembly.corridors.named(plan.corridor).administrations]
    if not {plan.gateway, plan.partner} <= set(members):
        raise LocalError(Finding(code="X284", values={"corridor": plan.corridor, "gateway": plan.gateway,
                                                      "partner": plan.partner, "members": ", ".join(members)}))


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

    def fetch(keep: Callable[[str, bytes], None]) -> None:
        with open_mailbox(assembly.lane(kit.plan.partner, "inbound"), clock=clock) as mailbox:
            kept = []
            for entry, content in mailbox.fetch(mailbox.list(), limit=LARGEST):
                if isinstance(content, bytes):
                    keep(entry.name, content)
                    kept.append(entry.name)
            mailbox.remove(kept)

    return Line(put=put, fetch=fetch)


def report(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """The verdicts for the kit's own report."""
    return [asdict(verdict) for verdict in verdicts]

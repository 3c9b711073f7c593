"""Judge stored interchanges: syntax first, then each message, and queue every answer: the second half of receiving.

One transaction per interchange: its effects, its CONTRL and its answers become true together or not at all. A run
that dies in between finds the interchange stored and unprocessed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.edifact import (
    Contrl,
    Message,
    MessageIdentifier,
    WireMessage,
    make_contrl,
    read_contrl,
    read_wire,
    wants_contrl,
)
from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.appraisal import Appraisal, body_of
from gateway.exchange.asking import ask_for_records
from gateway.exchange.assembly import PATIENCE, Gateway, Occasion
from gateway.exchange.backlog import Backlog
from gateway.exchange.effects import Effects
from gateway.exchange.foresight import Foresight
from gateway.exchange.inbound import judge_cusdec
from gateway.exchange.inbound_events import judge_cusres
from gateway.exchange.judgement import Incoming, Judgement, held, nothing
from gateway.exchange.national_writer import NationalWriter
from gateway.exchange.reading_ahead import ReadInterchange, look_ahead, read_stored, written_at
from gateway.exchange.stored import UNLIMITED, Time, held_in_turn, stored_in_turn
from gateway.exchange.summary import Exit, Summary, exit_for
from gateway.exchange.workers import Workers
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import NewMessageIn, Transaction, of_the_machine
from gateway.ledger.rows import InterchangeIn
from gateway.mapping import Peek, peek

TOGETHER = 128
"""Messages written together: enough for few statements, few enough for little memory."""

ATTEMPTS = 3
"""Judgements that began and did not end before an interchange is a dead letter (MAILBOX 3.2, 5)."""


def process_stored(gateway: Gateway, occasion: Occasion, summary: Summary, time: Time = UNLIMITED,
                   foresight: Foresight | None = None) -> None:
    """Process stored interchanges, each partner's in its turn; hosts that share a ledger do so together.

    foresight  of workers that may be there already; None: they are this step's
    """
    if foresight is None:
        with Workers(gateway.settings.workers) as workers:
            process_stored(gateway, occasion, summary, time, Foresight(gateway, workers))
        return
    gates = _Gates(gateway, summary)
    waiting = stored_in_turn(gateway, occasion, summary, time, gates.open_for)
    judging = _Judging(gateway, foresight, occasion, summary)
    Backlog(gateway.ledger, gateway.settings.limits.lease, summary, read=judging.read, judge=judging.judge,
            tries=ATTEMPTS).work(judging.noting(waiting))


def judge_held(gateway: Gateway, occasion: Occasion, summary: Summary, time: Time = UNLIMITED) -> None:
    """Judge again what was held, and ask for the records that it waits for."""
    _judge_held(gateway, _Gates(gateway, summary), occasion, summary, time)
    try:
        ask_for_records(gateway, occasion)
    except GatewayError as error:
        summary.trouble(error)


class _Gates:
    """Which links release what they brought (ENVELOPE O2 and section 6), asked once in a run."""

    def __init__(self, gateway: Gateway, summary: Summary) -> None:
        self._gateway = gateway
        self._summary = summary
        self._released: dict[str, int | None] = {}

    def open_for(self, partner: str, sequence: int | None = None) -> bool:
        """Tell whether the link releases its object of that number, or anything where None.

        Nothing where it is halted or its partner's settings cannot be read (a finding, once); where the agreement says
        strict, nothing behind a missing number.
        """
        if partner not in self._released:
            self._released[partner] = self._highest(partner)
        highest = self._released[partner]
        return highest is not None and (sequence is None or sequence <= highest)

    def _highest(self, partner: str) -> int | None:
        if partner in self._gateway.settings.broken_partners:  # told when the run began
            return None
        try:
            strict = self._gateway.partner(partner).agreement.order == "strict"
        except GatewayError as error:
            self._summary.trouble(error)
            return None
        with self._gateway.ledger.reading() as queries:
            if queries.halted(partner, "in") is not None:
                return None
            return queries.link_head(partner, "in").sequence if strict else sys.maxsize


class _Judging(Struct, frozen=True):
    """Reading and judging one interchange after the other. An attempt was counted before; it does not count where the
    fault was that of the hour: a full disk, or a server that went away, says nothing about the interchange."""

    gateway: Gateway
    foresight: Foresight
    occasion: Occasion
    summary: Summary
    behind: dict[int, Sequence[InterchangeIn]] = field(default_factory=dict)

    def noting(self, waiting: Iterable[tuple[InterchangeIn, Sequence[InterchangeIn]]]) -> Iterator[InterchangeIn]:
        """The interchanges; beside each is noted what workers may look at meanwhile."""
        for row, behind in waiting:
            self.behind[row.id] = behind
            yield row

    def read(self, row: InterchangeIn) -> ReadInterchange | None:
        """Read it ahead; None where there is a fault, or a defect, which its judgement meets again."""
        with suppress(Exception):
            read = self._read(row)
            look_ahead(self.gateway, read, row.partner, self.occasion.now)
            return read
        return None

    def _read(self, row: InterchangeIn) -> ReadInterchange:
        with self.gateway.ledger.reading() as queries:
            payload = queries.payload_of(row.id)
        assert payload is not None
        ahead = self.foresight.of(row, payload, self.behind.pop(row.id, ()))
        return read_stored(payload, row.control_reference, ahead)

    def judge(self, row: InterchangeIn, read: ReadInterchange | None) -> None:
        """Judge it; what goes wrong is told, and it stays stored."""
        try:
            if row.attempts >= ATTEMPTS:
                _bury(self.gateway, row, self.occasion, self.summary)
            else:
                self._judge(row, read)
        except GatewayError as error:
            self.summary.trouble(error)
        reach(failpoints.PROCESSED)

    def _judge(self, row: InterchangeIn, read: ReadInterchange | None) -> None:
        try:
            if read is None:
                read = self._read(row)
            with self.gateway.ledger.transaction() as transaction:
                transaction.require_waiting(row.id)
                _process(self.gateway, transaction, row, read, self.foresight.writer, self.occasion, self.summary)
                reach(failpoints.PROCESSING)
        except GatewayError as error:
            cause = error.__cause__
            if exit_for(error) is Exit.LATER or (isinstance(cause, Exception) and of_the_machine(cause)):
                self.gateway.ledger.count_attempts([row.id], -1)
            raise


def _bury(gateway: Gateway, row: InterchangeIn, occasion: Occasion, summary: Summary) -> None:
    """An interchange whose judgement never ended rests, with its bytes, until a person revives it."""
    with gateway.ledger.transaction() as transaction:
        transaction.settle_interchange_in(row.id, state="DEAD", at=occasion.now, detail=f"{row.attempts} attempts")
    summary.trouble(PartnerError(Finding(code="X036", place=Place(interchange=row.control_reference), values={
        "partner": row.partner, "attempts": str(row.attempts), "reference": row.control_reference})), Exit.PERSON)


def _process(gateway: Gateway, transaction: Transaction, row: InterchangeIn, read: ReadInterchange,
             writer: NationalWriter, occasion: Occasion, summary: Summary) -> None:
    interchange, findings, refused = read.interchange, read.findings, read.refused
    state = "TAKEN"
    if wants_contrl(interchange):
        _queue_contrl(transaction, row, make_contrl(interchange, findings), occasion)
        state = "REJECTED" if refused is None else "ACKNOWLEDGED"
    if refused is not None:
        batch = _Batch(gateway, transaction, row, written_at(interchange, occasion.now), writer, occasion, summary)
        for start in range(0, len(refused), TOGETHER):
            some = range(start, min(start + TOGETHER, len(refused)))
            glances = [Peek() if refused[number] else peek(interchange.messages[number])
                       if (one := read.ahead[number]) is None or not one.sound else one.glance for number in some]
            transaction.foresee((glance.mrn for glance in glances if glance.mrn is not None), row.partner,
                                references=(glance.reference for glance in glances if glance.reference is not None))
            for number, glance in zip(some, glances, strict=True):
                batch.take(interchange.messages[number], refused[number], glance, read.ahead[number])
                read.ahead[number] = None  # in memory no longer than it is needed
        batch.write()
    if refused is None or any(refused):
        summary.trouble(PartnerError(*findings), Exit.PERSON)
    transaction.settle_interchange_in(row.id, state=state, at=occasion.now)
    summary.interchanges_processed += 1


def _queue_contrl(transaction: Transaction, row: InterchangeIn, wire: WireMessage, occasion: Occasion) -> None:
    transaction.queue_message(partner=row.partner, type="CONTRL", mrn=None, word=row.control_reference,
                              wire=(str(wire.identifier), wire.body, wire.segments), mapping="", mapping_digest="",
                              source_id=None, answers=None, urgent=True, at=occasion.now)


def _judge(incoming: Incoming, glance: Peek, summary: Summary) -> Judgement:
    kind = incoming.message.identifier.type
    if kind == "CONTRL":
        return _take_contrl(incoming, summary)
    if kind in ("CUSDEC", "CUSRES"):
        try:
            return judge_cusdec(incoming, glance) if kind == "CUSDEC" else judge_cusres(incoming, glance)
        except LocalError as error:  # our own corridor or mapping is at fault
            return held(incoming, glance, error.findings)
    return Judgement(state="UNREADABLE", problems=(Finding(code="X033", place=incoming.place, values={"type": kind}),))


class _Batch:
    """Messages of one interchange, judged one after the other and written together.

    A batch is written before it grows large, and before a movement comes up a second time, so that its next message is
    judged by what the first one did. Where writing together fails, each is written by itself, and the one at fault is
    held.
    """

    def __init__(self, gateway: Gateway, transaction: Transaction, row: InterchangeIn, written: datetime,
                 writer: NationalWriter, occasion: Occasion, summary: Summary) -> None:
        self._gateway = gateway
        self._transaction = transaction
        self._row = row
        self._written = written
        self._writer = writer
        self._occasion = occasion
        self._summary = summary
        self._pending: list[tuple[Message, Judgement, Appraisal | None]] = []
        self._mrns: set[str] = set()

    def take(self, message: Message, refused: bool, glance: Peek, ahead: Appraisal | None) -> None:
        """Judge one message; `refused` by its syntax: then it is only stored."""
        mrn = glance.mrn
        if len(self._pending) >= TOGETHER or (mrn is not None and mrn in self._mrns):
            self.write()
        incoming = Incoming(gateway=self._gateway, transaction=self._transaction, partner=self._row.partner,
                            control_reference=self._row.control_reference, message=message, occasion=self._occasion,
                            written=self._written, writer=self._writer,
                            received=None if ahead is None else ahead.received,
                            told=None if ahead is None else ahead.told)
        judgement = Judgement(state="SYNTAX-REJECTED") if refused else _judge(incoming, glance, self._summary)
        self._pending.append((message, judgement, ahead))
        if mrn is not None:
            self._mrns.add(mrn)

    def write(self) -> None:
        """Write what was judged so far."""
        pending, self._pending, self._mrns = self._pending, [], set()
        try:
            with self._transaction.part():
                self._write(pending)
        except GatewayError as error:
            if len(pending) == 1:
                self._hold(*pending[0], error)
                return
            for one in pending:
                self._pending = [one]
                self.write()
            return
        for message, judgement, _ in pending:
            _count(judgement, self._summary)
            message.forget()  # the interchange holds all its messages to the end

    def _write(self, pending: Sequence[tuple[Message, Judgement, Appraisal | None]]) -> None:
        effects = Effects()
        numbers = self._transaction.add_messages_in([self._stored(*one) for one in pending], at=self._occasion.now)
        for number, (_, judgement, _) in zip(numbers, pending, strict=True):
            if judgement.mapping is not None:
                effects.mappings[judgement.mapping.digest] = judgement.mapping
            judgement.apply(number, effects)
        effects.write(self._gateway, self._transaction, self._occasion.now)

    def _hold(self, message: Message, judgement: Judgement, ahead: Appraisal | None, error: GatewayError) -> None:
        """Store a message whose effects could not be written: later runs judge it again."""
        held = replace(judgement, state="HELD", problems=tuple(error.findings), apply=nothing)
        self._transaction.add_messages_in([self._stored(message, held, ahead)], at=self._occasion.now)
        self._summary.trouble(error)

    def _stored(self, message: Message, judgement: Judgement, ahead: Appraisal | None) -> NewMessageIn:
        mapping = judgement.mapping
        return NewMessageIn(
            interchange_id=self._row.id, message_reference=message.reference, type=message.identifier.type,
            mrn=judgement.mrn, word=judgement.word, identifier=str(message.identifier),
            body=ahead.body if ahead is not None and ahead.sound else body_of(message), segments=message.count - 2,
            mapping="" if mapping is None else mapping.identifier,
            mapping_digest="" if mapping is None else mapping.digest, state=judgement.state)


def _judge_held(gateway: Gateway, gates: _Gates, occasion: Occasion, summary: Summary, time: Time) -> None:
    """Judge again what earlier runs held, but no event whose movement is still unknown before its time. After PATIENCE
    it is a finding, once; it stays held, for a line may be down for days and the declaration come after all."""
    for row in held_in_turn(gateway, occasion.now - PATIENCE, time):
        try:
            if not gates.open_for(row.partner):
                continue
            with gateway.ledger.transaction() as transaction:
                wire = WireMessage(MessageIdentifier.parse(row.identifier), row.body, row.segments)
                incoming = Incoming(gateway=gateway, transaction=transaction, partner=row.partner,
                                    control_reference=row.control_reference,
                                    message=read_wire(wire, row.message_reference), occasion=occasion,
                                    written=row.at, writer=NationalWriter(gateway))
                judgement = _judge(incoming, peek(incoming.message), summary)
                if judgement.state == "HELD":
                    if _status(judgement.problems) is Exit.SETTINGS:  # ours to mend, however long it takes
                        summary.trouble(LocalError(*judgement.problems), Exit.SETTINGS)
                    elif occasion.now - row.at >= PATIENCE:
                        _alarm(transaction, incoming, judgement, row.id, occasion, summary)
                    continue
                transaction.settle_message_in(row.id, state=judgement.state, at=occasion.now)
                effects = Effects()
                judgement.apply(row.id, effects)
                effects.write(gateway, transaction, occasion.now)
                _count(judgement, summary)
        except GatewayError as error:
            summary.trouble(error)


def _alarm(transaction: Transaction, incoming: Incoming, judgement: Judgement, number: int, occasion: Occasion,
           summary: Summary) -> None:
    """Ask a person about a message that has waited too long, unless somebody was asked before."""
    code = judgement.problems[0].code
    if not transaction.noted(partner=incoming.partner, name=incoming.answered, code=code):
        transaction.note_incoming(partner=incoming.partner, name=incoming.answered, code=code, size=0,
                                  kept=f"message {number}", at=occasion.now)
        summary.trouble(PartnerError(*judgement.problems), Exit.PERSON)


def _count(judgement: Judgement, summary: Summary) -> None:
    if judgement.state == "ACCEPTED":
        summary.messages_accepted += 1
    elif judgement.state in ("REJECTED", "SYNTAX-REJECTED"):
        summary.messages_rejected += 1
    elif judgement.state == "TAKEN":
        summary.answers_taken += 1
    if judgement.problems:
        summary.trouble(PartnerError(*judgement.problems), _status(judgement.problems))


def _status(problems: Sequence[Finding]) -> Exit:
    """The exit status that the problems of a message ask for: settings where they are ours to mend, else a person."""
    return Exit.SETTINGS if exit_for(LocalError(*problems)) is Exit.SETTINGS else Exit.PERSON


def _take_contrl(incoming: Incoming, summary: Summary) -> Judgement:
    """What a CONTRL means for us: the interchange it names is acknowledged or rejected, whole or in part."""
    contrl = read_contrl(incoming.message)
    rejected = [answered.reference for answered in contrl.messages if answered.action == "4"]

    def settle(message_id: int, effects: Effects) -> None:
        effects.settle(incoming.transaction, incoming.occasion.now)  # answers before this one came first
        known = incoming.transaction.settle_contrl(
            incoming.partner, control_reference=contrl.reference, action=contrl.action, rejected=rejected,
            detail=in_short(contrl), at=incoming.occasion.now)
        if not known:
            summary.trouble(PartnerError(Finding(code="X034", place=Place(interchange=contrl.reference),
                                                 values={"partner": incoming.partner})), Exit.PERSON)

    problems: tuple[Finding, ...] = ()
    if contrl.action == "4" or rejected:
        problems = (Finding(code="X035", place=Place(interchange=contrl.reference), values={
            "partner": incoming.partner, "messages": ", ".join(rejected) or "*", "detail": in_short(contrl)}),)
    return Judgement(state="TAKEN", word=contrl.reference, problems=problems, apply=settle)


def in_short(contrl: Contrl) -> str:
    """What a CONTRL says, in one line of segment notation, for the ledger."""
    parts: list[str] = [f"UCI {contrl.action}" + (f" {contrl.fault}" if contrl.fault else "")]
    for message in contrl.messages:
        parts.append(f"UCM {message.reference} {message.action}" + (f" {message.fault}" if message.fault else ""))
        for segment in message.segments:
            parts.append(f"UCS {segment.position}" + (f" {segment.fault}" if segment.fault else ""))
            parts.extend(f"UCD {element.fault} {element.element}:{element.component or ''}".rstrip(":")
                         for element in segment.elements)
    return ", ".join(parts)

"""One exchange without a partner: national files to an interchange, judged and answered as its receiver would.

The same pieces as a real exchange, without seal, mailbox and ledger: nothing is sent and nothing is kept. What only a
ledger knows (which version is held, which number comes next) is answered as on the first day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.edifact import (
    InterchangeHeader,
    Message,
    WireMessage,
    make_contrl,
    read_interchanges,
    rejected_messages,
    validate,
    write_interchange,
)
from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.exchange.conversion import SYNTAX, check
from gateway.exchange.judgement import whole_minute
from gateway.exchange.outbound import GATEWAY_SERIAL, placed, register_of
from gateway.exchange.rejection import Refusal, event_of_rejection, refusals, unreadable
from gateway.exchange.route import corridor_of, office_concerned
from gateway.findings import Finding, Place
from gateway.mapping import Corridor, Corridors
from gateway.mapping.dialect import Dialect, NationalRecord
from gateway.references import Tree
from gateway.spool import plain_name
from gateway.transit.checks import check_declaration
from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.event import Event, Word
from gateway.transit.mrn import make_mrn
from gateway.transit.terms import from_tree, to_tree


class Exchange(Struct, frozen=True, kw_only=True):
    """What went and came back, in the order in which it happened; what was not reached is empty.

    records          the transit records that the sender's dialect read, completed as the gateway does
    wire             the interchange, as it would travel
    contrl           the receiver's answer on syntax, as an interchange
    received         the records that the receiver read from `wire`
    national         the national files that the receiver's dialect wrote: name -> content
    answer           the receiver's answers on content (CUSRES ACCEPTED or REJECTED), as one interchange
    national_answer  the national files that the sender's dialect wrote of the answers
    words            what each record was answered: ACCEPTED or REJECTED
    findings         everything that was refused or announced on the way
    """

    records: Sequence[Tree] = ()
    wire: bytes = b""
    contrl: bytes = b""
    received: Sequence[Tree] = ()
    national: Mapping[str, bytes] = field(default_factory=dict)
    answer: bytes = b""
    national_answer: Mapping[str, bytes] = field(default_factory=dict)
    words: Sequence[str] = ()
    findings: Sequence[Finding] = ()

    @property
    def accepted(self) -> bool:
        """There was a record, and each was accepted."""
        return bool(self.words) and set(self.words) == {Word.ACCEPTED.value}


class Dialects(Struct, frozen=True, kw_only=True):
    """Which dialect each side speaks: of the sender's files, the receiver's declarations, the sender's answers."""

    sent: Dialect
    received: Dialect
    answered: Dialect


def exchange(corridors: Corridors, corridor: Corridor, national: Mapping[str, bytes], dialects: Dialects,
             now: datetime) -> Exchange:
    """Let national files of the departure go to the destination of a corridor, and its answers come back.

    national   name -> content
    now        the moment of all messages, in UTC
    """
    done = Exchange()
    try:
        done = _sent(corridors, corridor, national, dialects, now)
        if done.wire:
            done = _received(corridors, corridor, done, dialects, now)
        return _answered(corridor, done, dialects) if done.answer else done
    except GatewayError as error:  # what stops everything: the findings say where
        return replace(done, findings=[*done.findings, *error.findings])


def _sent(corridors: Corridors, corridor: Corridor, national: Mapping[str, bytes], dialects: Dialects,
          now: datetime) -> Exchange:
    reading = dialects.sent.read(national)
    findings = [finding for refused in reading.refused for finding in refused.findings]
    findings += [Finding(code="X002", place=Place(file=one.file), values={"key": one.key, "lacks": one.lacks})
                 for one in reading.waiting]
    findings += [finding for record in reading.records for finding in record.findings]
    trees: list[Tree] = []
    wires: list[WireMessage] = []
    for number, record in enumerate(reading.records, 1):
        try:
            found, tree = completed(corridors, record, number, now)
            if found.identifier != corridor.identifier and tree.get("function") in WHOLE:
                raise LocalError(Finding(code="M450", place=Place(path="office_of_destination.code"), values={
                    "corridor": found.identifier, "wanted": corridor.identifier}))
            wire = corridor.cusdec.to_message(tree)
            check(wire, corridor.cusdec, tree)
        except LocalError as error:
            findings.extend(placed(finding, record) for finding in error.findings)
        else:
            trees.append(tree)
            wires.append(wire)
    departure, destination = corridor.administrations[0].gateway, corridor.administrations[-1].gateway
    return Exchange(records=trees, findings=findings,
                    wire=_interchange(departure, destination, wires, now) if wires else b"")


def completed(corridors: Corridors, record: NationalRecord, number: int, now: datetime) -> tuple[Corridor, Tree]:
    """The corridor of a record, and the record with what the gateway gives it: MRN, version, time.

    number  the number of an MRN that must be given
    Raises LocalError as `corridor_of`. A cancellation or a request names no corridor: any on which the office of
    departure, or the MRN, may declare will do to judge it.
    """
    declaration = from_tree(Declaration, record.tree)
    corridor = corridor_of(declaration, corridors) if declaration.function in WHOLE \
        else _departing(corridors, declaration)
    if declaration.mrn is None:
        office, year = register_of(declaration, now)
        declaration = replace(declaration, mrn=make_mrn(year=year, office=office, serial=GATEWAY_SERIAL, number=number))
    amendment = declaration.amendment if declaration.amendment is not None else 0
    return corridor, to_tree(replace(declaration, prepared=declaration.prepared or whole_minute(now),
                                     amendment=amendment if declaration.function in WHOLE else declaration.amendment))


def _departing(corridors: Corridors, declaration: Declaration) -> Corridor:
    """A corridor from the administration of an office. Raises LocalError X025 when there is none."""
    office = declaration.office_of_departure.code if declaration.office_of_departure else (declaration.mrn or "")[2:7]
    entry = corridors.offices.get(office)
    for corridor in corridors.all:
        if entry is not None and corridor.role(entry.administration) == "departure":
            return corridor
    raise LocalError(Finding(code="X025", place=Place(path="mrn"), values={"mrn": declaration.mrn or "?",
                                                                           "office": office or "?"}))


def _received(corridors: Corridors, corridor: Corridor, done: Exchange, dialects: Dialects,
              now: datetime) -> Exchange:
    """The receiver's side: CONTRL, records, national files, answers."""
    departure, destination = corridor.administrations[0].gateway, corridor.administrations[-1].gateway
    interchange = next(iter(read_interchanges(done.wire)))
    faults = validate(interchange)
    contrl = _interchange(destination, departure, [make_contrl(interchange, faults)], now)
    refused = rejected_messages(faults)
    findings = [*done.findings, *faults]
    received: list[Tree] = []
    files: dict[str, bytes] = {}
    events: list[Event] = []
    for number, message in enumerate(interchange.messages if "" not in refused else (), 1):
        if message.reference in refused:
            continue
        verdict = judged(corridor, message)
        declaration = verdict.declaration
        office = None if declaration is None else office_concerned(declaration, destination, corridors)
        reference = f"{office.code if office is not None else destination}-{now:%Y%m%d}-{number:06d}"
        answered = f"{interchange.header.control_reference}-{message.reference}"
        local = declaration.local_reference if declaration is not None else None
        mrn = declaration.mrn if declaration is not None else None
        if verdict.reasons:
            events.append(event_of_rejection(verdict.reasons, mrn=mrn, reference=reference, administration=destination,
                                             office=office, answered=answered, local_reference=local,
                                             now=whole_minute(now)))
            findings.extend(verdict.findings)
            continue
        received.append(verdict.tree)
        files.update(dialects.received.write(verdict.tree, plain_name(mrn or str(number))))
        events.append(Event(word=Word.ACCEPTED, reference=reference, administration=destination, mrn=mrn,
                            happened=whole_minute(now), office=office, answered_message=answered,
                            local_reference=local))
    answers = [corridor.write([to_tree(event)]) for event in events]
    for answer in answers:
        check(answer)
    return replace(done, contrl=contrl, received=received, national=files, findings=findings,
                   words=[event.word.value for event in events],
                   answer=_interchange(destination, departure, answers, now) if answers else b"")


class Verdict(Struct, frozen=True, kw_only=True):
    """What the receiver makes of one message: its record, or the reasons to reject it, which `findings` tell, too."""

    tree: Tree = field(default_factory=dict)
    declaration: Declaration | None = None
    reasons: Sequence[Refusal] = ()
    findings: Sequence[Finding] = ()


def judged(corridor: Corridor, message: Message) -> Verdict:
    """Judge a declaration as `gateway.exchange.inbound` does, as far as no ledger is needed."""
    try:
        tree = corridor.cusdec.to_record(message)
        declaration = from_tree(Declaration, tree)
    except (PartnerError, LocalError) as error:
        return Verdict(reasons=unreadable(error.findings), findings=error.findings)
    failures = [*corridor.cusdec.requirements(tree),
                *(check_declaration(declaration) if declaration.function in WHOLE else ())]
    reasons = refusals(failures, corridor.cusdec.trace_message(message)) if failures else []
    findings = [Finding(code=reason.rule, values={"fr": reason.french, "en": reason.english}, place=Place(
        message=message.reference, segment=reason.position, tag=reason.tag, path=failure.path or None))
        for failure, reason in zip(failures, reasons, strict=True)]
    return Verdict(tree=tree, declaration=declaration, reasons=reasons, findings=findings)


def _answered(corridor: Corridor, done: Exchange, dialects: Dialects) -> Exchange:
    """The sender's side again: the answers, judged and read, as files of its national system."""
    interchange = next(iter(read_interchanges(done.answer)))
    findings = [*done.findings, *validate(interchange)]
    files: dict[str, bytes] = {}
    for tree in _events(corridor, interchange.messages):
        event = from_tree(Event, tree)
        files.update(dialects.answered.write(tree, plain_name(event.administration, event.reference,
                                                              event.word.value)))
    return replace(done, national_answer=files, findings=findings)


def _events(corridor: Corridor, messages: Sequence[Message]) -> Iterator[Tree]:
    for message in messages:
        yield from corridor.read(message)


def _interchange(sender: str, recipient: str, wires: Sequence[WireMessage], now: datetime) -> bytes:
    """Marked as a test (0035): nothing here may be taken for the real thing."""
    header = InterchangeHeader(
        syntax_identifier=SYNTAX, syntax_version="3", sender=sender, sender_qualifier="ZZZ", recipient=recipient,
        recipient_qualifier="ZZZ", prepared=now, control_reference=f"{now:%y%j%H%M%S}", test="1")
    return write_interchange(header, [(str(number), wire) for number, wire in enumerate(wires, 1)])


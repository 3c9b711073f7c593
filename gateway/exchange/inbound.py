"""What one message of a partner means: a declaration is judged and answered, an event moves its movement.

A message is judged first (a `Judgement`), stored with its state, and then its effects are applied, all inside the
transaction of its interchange. Who answers: the receiver's rules (mapping `require`, transit checks) accept or reject
by themselves; all other events come from the national side (DESIGN section 6, 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from gateway.edifact import Message
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Moment
from gateway.exchange.effects import Effects, First
from gateway.exchange.outbound import check, event_reference, queue_events
from gateway.exchange.rejection import Refusal, event_of_rejection, refusals, rule_refusal, unreadable
from gateway.exchange.route import departure_of, foreign_office
from gateway.findings import Finding, Place
from gateway.ledger import NewDeclaration, NewDelivery, NewEvent, NewMovement, Transaction
from gateway.mapping import Corridor, Mapping, Peek, peek
from gateway.references import Tree
from gateway.transit.checks import check_declaration
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, EventOffice, Word
from gateway.transit.terms import from_tree, to_tree

_ANSWERS = (Word.ACCEPTED, Word.REJECTED, Word.ENQ_ANSWER, Word.STATE_ANSWER)
_WHOLE = ("original", "replacement", "copy", "retransmission")


def nothing(message_id: int, effects: Effects) -> None:
    """A message without effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How one message is judged.

    state     ACCEPTED, REJECTED, TAKEN, HELD, UNREADABLE (the ledger's words)
    problems  what somebody must look at
    apply     adds its effects; called with the ledger's number of the stored message
    """

    state: str
    mrn: str | None = None
    word: str = ""
    mapping: Mapping | None = None
    problems: tuple[Finding, ...] = ()
    apply: Callable[[int, Effects], None] = field(default=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message of a partner with what its judgement needs."""

    gateway: Gateway
    transaction: Transaction
    partner: str
    control_reference: str
    message: Message
    moment: Moment

    @property
    def answered(self) -> str:
        """How an answer names this message: interchange reference, hyphen, message reference (PROFILE RFF+ACW)."""
        return f"{self.control_reference}-{self.message.reference}"

    @property
    def place(self) -> Place:
        """Where this message stands."""
        return Place(interchange=self.control_reference, message=self.message.reference)


def judge_cusdec(incoming: Incoming) -> Judgement:
    """Judge a declaration of a partner: copy for us, amendment, cancellation, request."""
    glance = peek(incoming.message)
    try:
        corridor = _corridor(incoming, glance)
    except LocalError as error:
        return _held(incoming, glance, error.findings)
    mapping = corridor.cusdec
    try:
        tree = mapping.to_record(incoming.message)
        declaration = from_tree(Declaration, tree)
    except (PartnerError, LocalError) as error:
        return _reject(incoming, corridor, mapping, glance.mrn, None, unreadable(error.findings))
    if declaration.function == "request":
        return _answer_request(incoming, corridor, mapping, declaration)
    reasons = _reasons(incoming, corridor, tree, declaration)
    if reasons:
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration, reasons)
    assert declaration.mrn is not None
    version = _version(incoming.transaction, declaration, tree)
    if version == "held":
        return Judgement(state="TAKEN", mrn=declaration.mrn, word=declaration.function, mapping=mapping)
    if version == "conflict":
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration,
                       [rule_refusal("COR0026", amendment=declaration.amendment or 0)])
    try:
        files = _national_files(incoming.gateway, tree, declaration.mrn, declaration.amendment or 0,
                                declaration.function)
    except LocalError as error:
        return _held(incoming, glance, error.findings)
    return Judgement(state="ACCEPTED", mrn=declaration.mrn, word=declaration.function, mapping=mapping,
                     apply=partial(_accept, incoming, corridor, declaration, tree, files))


def judge_cusres(incoming: Incoming) -> Judgement:
    """Judge an event of a partner: who says it, about what, and whether it is new."""
    glance = peek(incoming.message)
    movement = incoming.transaction.movement(glance.mrn) if glance.mrn else None
    corridor = _corridor_of_event(incoming, movement.corridor if movement else None)
    if corridor is None:
        return _held(incoming, glance, [Finding(code="X023", place=incoming.place,
                                                values={"partner": incoming.partner})])
    try:
        trees = corridor.read(incoming.message)
        events = [from_tree(Event, tree) for tree in trees]
    except (PartnerError, LocalError) as error:
        return Judgement(state="UNREADABLE", mrn=glance.mrn, problems=tuple(error.findings))
    first = events[0]
    mapping = corridor.cusres(first.word.value)
    word = "+".join(event.word.value for event in events)
    refused = _not_theirs(incoming, events)
    if refused:
        return Judgement(state="UNREADABLE", mrn=first.mrn, word=word, mapping=mapping, problems=refused)
    if first.mrn is not None and movement is None and first.word is not Word.REJECTED:
        return replace(_held(incoming, glance, [Finding(code="X042", place=incoming.place,
                                                        values={"mrn": first.mrn, "word": word})]),
                       word=word, mapping=mapping)
    said = [incoming.transaction.known_event(event.administration, event.reference, event.word.value)
            for event in events]
    if all(row is not None and row.tree == tree for row, tree in zip(said, trees, strict=True)):
        return Judgement(state="TAKEN", mrn=first.mrn, word=word, mapping=mapping)
    if any(row is not None and row.tree != tree for row, tree in zip(said, trees, strict=True)):
        return Judgement(state="UNREADABLE", mrn=first.mrn, word=word, mapping=mapping, problems=(Finding(
            code="X048", place=incoming.place, values={"reference": first.reference, "word": word}),))
    try:
        files = {name: content for event, tree in zip(events, trees, strict=True)
                 for name, content in incoming.gateway.dialect(incoming.gateway.settings.national.inbox.events).write(
                     tree, f"{event.reference}.{event.word.value}").items()}
    except LocalError as error:
        return replace(_held(incoming, glance, error.findings), word=word, mapping=mapping)
    return Judgement(state="TAKEN", mrn=first.mrn, word=word, mapping=mapping,
                     problems=_rejection_problem(incoming, first),
                     apply=partial(_hold_events, incoming, events, trees, files))


def _corridor(incoming: Incoming, glance: Peek) -> Corridor:
    """The corridor of a record: its movement's, or that of its offices. Raises LocalError when there is none."""
    movement = incoming.transaction.movement(glance.mrn) if glance.mrn else None
    if movement is not None:
        return incoming.gateway.corridors.named(movement.corridor)
    if glance.departure is None or glance.destination is None:
        raise LocalError(Finding(code="X023", place=incoming.place, values={"partner": incoming.partner}))
    return incoming.gateway.corridors.between(glance.departure, glance.destination)


def _corridor_of_event(incoming: Incoming, known: str | None) -> Corridor | None:
    """The movement's corridor, or for what concerns no movement one that we share with the partner."""
    corridors = incoming.gateway.corridors
    if known is not None:
        return corridors.named(known)
    return next((corridor for corridor in corridors.all
                 if corridor.role(incoming.partner) and corridor.role(incoming.gateway.name)), None)


def _held(incoming: Incoming, glance: Peek, findings: Sequence[Finding]) -> Judgement:
    """Kept and judged again by later runs: what it needs is not there yet (DESIGN section 6, 6)."""
    return Judgement(state="HELD", mrn=glance.mrn, problems=tuple(findings))


def _reasons(incoming: Incoming, corridor: Corridor, tree: Tree, declaration: Declaration) -> list[Refusal]:
    """Every reason to reject a record: not theirs to declare, not on our way, the corridor's rules, the arithmetic."""
    if departure_of(corridor) != incoming.partner:
        return [rule_refusal("COR0010", partner=incoming.partner)]
    if corridor.role(incoming.gateway.name) is None:
        return [rule_refusal("COR0011", gateway=incoming.gateway.name)]
    failures = [*corridor.cusdec.requirements(tree),
                *(check_declaration(declaration) if declaration.function in _WHOLE else ())]
    if declaration.function == "cancellation" and declaration.mrn is not None \
            and incoming.transaction.movement(declaration.mrn) is None:
        return [rule_refusal("COR0012", mrn=declaration.mrn)]
    return refusals(failures, corridor.cusdec.trace_message(incoming.message)) if failures else []


def _version(transaction: Transaction, declaration: Declaration, tree: Tree) -> str:
    """Whether this version is ``new``, already ``held``, or in ``conflict`` with one held (PROFILE section 6, 8)."""
    assert declaration.mrn is not None
    content = _content(tree)
    versions = transaction.declarations(declaration.mrn)
    same = [row for row in versions if row.amendment == (declaration.amendment or 0)
            and (row.function == "cancellation") is (declaration.function == "cancellation")]
    if any(_content(row.tree) == content for row in same):
        return "held"
    if declaration.function == "cancellation":
        return "new"
    newest = max((row.amendment for row in versions), default=-1)
    return "new" if (declaration.amendment or 0) > newest else "conflict"


def _content(tree: Tree) -> Tree:
    """What two copies of one version must share: everything but how and when the copy was sent."""
    return {name: value for name, value in tree.items() if name not in ("function", "prepared", "authentication")}


def _national_files(gateway: Gateway, tree: Tree, mrn: str, amendment: int, function: str) -> dict[str, bytes]:
    stem = mrn if amendment == 0 else f"{mrn}.{amendment}"
    if function == "cancellation":
        stem = f"{mrn}.cancellation"
    return gateway.dialect(gateway.settings.national.inbox.declarations).write(tree, stem)


def _accept(incoming: Incoming, corridor: Corridor, declaration: Declaration, tree: Tree, files: dict[str, bytes],
            message_id: int, effects: Effects) -> None:
    """Hold the record, hand it to the national side, and answer ACCEPTED unless the national side wants to."""
    gateway, transaction, now = incoming.gateway, incoming.transaction, incoming.moment.now
    assert declaration.mrn is not None
    departure, destination = declaration.office_of_departure, declaration.office_of_destination
    if departure is not None and destination is not None:  # a cancellation has neither, and its movement is held
        movement = NewMovement(
            mrn=declaration.mrn, key=declaration.mrn, administration=incoming.partner, corridor=corridor.identifier,
            role=corridor.role(gateway.name) or "transit", departure=departure.code, destination=destination.code,
            time_limit=declaration.time_limit)
        effects.movements.append(movement)
        effects.firsts[declaration.mrn] = First(movement, declaration)
    effects.declarations.append(NewDeclaration(
        mrn=declaration.mrn, amendment=declaration.amendment or 0, function=declaration.function, tree=tree,
        source_id=None, message_id=message_id))
    effects.deliveries.extend(NewDelivery(folder="declarations", name=name, content=content)
                              for name, content in files.items())
    effects.touch(declaration.mrn)
    if gateway.settings.acceptance == "automatic":
        office = own_office(gateway, declaration)
        event = Event(
            word=Word.ACCEPTED, reference=_reference(gateway, transaction, office, now), administration=gateway.name,
            mrn=declaration.mrn, happened=_minute(now), office=office, answered_message=incoming.answered,
            local_reference=declaration.local_reference)
        effects.events.append(_own(event, now))
        if declaration.mrn in effects.firsts:
            effects.firsts[declaration.mrn] = replace(effects.firsts[declaration.mrn], events=(event,))
        queue_events(gateway, corridor, [event], effects, source=None, answers=message_id)


def _reject(incoming: Incoming, corridor: Corridor, mapping: Mapping, mrn: str | None, declaration: Declaration | None,
            reasons: Sequence[Refusal]) -> Judgement:
    word = declaration.function if declaration is not None else ""
    return Judgement(state="REJECTED", mrn=mrn, word=word, mapping=mapping,
                     apply=partial(_send_rejection, incoming, corridor, mrn, declaration, reasons))


def _send_rejection(incoming: Incoming, corridor: Corridor, mrn: str | None, declaration: Declaration | None,
                    reasons: Sequence[Refusal], message_id: int, effects: Effects) -> None:
    gateway, transaction, now = incoming.gateway, incoming.transaction, incoming.moment.now
    office = own_office(gateway, declaration) if declaration is not None else None
    event = event_of_rejection(
        reasons, mrn=mrn, reference=_reference(gateway, transaction, office, now), administration=gateway.name,
        office=office, answered=incoming.answered,
        local_reference=declaration.local_reference if declaration is not None else None, now=_minute(now))
    wire = corridor.write([to_tree(event)])
    check(wire)
    effects.queue([incoming.partner], "CUSRES", mrn, event.word.value, wire, corridor.cusres(event.word.value),
                  source=None, answers=message_id)
    if mrn is not None and transaction.movement(mrn) is not None:  # what was rejected at first sight leaves no movement
        effects.events.append(_own(event, now))
        effects.touch(mrn)


def _own(event: Event, now: datetime) -> NewEvent:
    """An event that the gateway itself says."""
    return NewEvent(mrn=event.mrn, administration=event.administration, reference=event.reference,
                    word=event.word.value, happened=event.happened or now, tree=to_tree(event), message_id=None,
                    source_id=None)


def _answer_request(incoming: Incoming, corridor: Corridor, mapping: Mapping, declaration: Declaration) -> Judgement:
    """A partner asks for a record: answer with a copy of the newest version, or reject when we hold none."""
    assert declaration.mrn is not None
    versions = [row for row in incoming.transaction.declarations(declaration.mrn) if row.function in _WHOLE]
    if not versions:
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration,
                       [rule_refusal("COR0012", mrn=declaration.mrn)])
    newest = max(versions, key=lambda row: row.amendment)
    copy: Tree = {**newest.tree, "function": "copy", "prepared": _minute(incoming.moment.now)}

    def send_copy(message_id: int, effects: Effects) -> None:
        effects.queue([incoming.partner], "CUSDEC", declaration.mrn, "copy", mapping.to_message(copy), mapping,
                      source=None, answers=message_id)

    return Judgement(state="ACCEPTED", mrn=declaration.mrn, word="request", mapping=mapping, apply=send_copy)


def _not_theirs(incoming: Incoming, events: Sequence[Event]) -> tuple[Finding, ...]:
    """Findings for events that the partner may not say: another administration's, or at an office not its own."""
    found = []
    for event in events:
        if event.administration != incoming.partner:
            found.append(Finding(code="X040", place=incoming.place, values={
                "administration": event.administration, "partner": incoming.partner}))
        foreign = foreign_office(event, incoming.partner, incoming.gateway.corridors)
        if foreign is not None:
            found.append(Finding(code="X041", place=incoming.place, values={
                "office": foreign, "partner": incoming.partner, "word": event.word.value}))
    return tuple(found)


def _rejection_problem(incoming: Incoming, event: Event) -> tuple[Finding, ...]:
    if event.word is not Word.REJECTED:
        return ()
    rules = ", ".join(dict.fromkeys(error.rule for error in event.errors))
    return (Finding(code="X043", place=Place(message=event.answered_message), values={
        "mrn": event.mrn or "?", "partner": incoming.partner, "rules": rules}),)


def _hold_events(incoming: Incoming, events: Sequence[Event], trees: Sequence[Tree], files: dict[str, bytes],
                 message_id: int, effects: Effects) -> None:
    transaction, now = incoming.transaction, incoming.moment.now
    for event, tree in zip(events, trees, strict=True):
        effects.events.append(NewEvent(
            mrn=event.mrn, administration=event.administration, reference=event.reference, word=event.word.value,
            happened=event.happened or now, tree=tree, message_id=message_id, source_id=None))
        if event.word in (Word.ACCEPTED, Word.REJECTED):
            transaction.settle_answer(incoming.partner, answered=event.answered_message, mrn=event.mrn,
                                      word=event.word.value, detail=", ".join(error.rule for error in event.errors),
                                      at=now)
    folder = "answers" if events[0].word in _ANSWERS else "events"
    effects.deliveries.extend(NewDelivery(folder=folder, name=name, content=content)
                              for name, content in files.items())
    effects.touch(events[0].mrn)


def own_office(gateway: Gateway, declaration: Declaration) -> EventOffice | None:
    """The office of ours that a declaration concerns: the destination where it is ours, else the first on the way."""
    offices = gateway.corridors.offices

    def ours(code: str) -> bool:
        entry = offices.get(code)
        return entry is not None and entry.administration == gateway.name

    destination = declaration.office_of_destination
    if destination is not None and ours(destination.code):
        return EventOffice(role="destination", code=destination.code)
    return next((EventOffice(role="transit", code=office.code) for office in declaration.offices_of_transit
                 if ours(office.code)), None)


def _reference(gateway: Gateway, transaction: Transaction, office: EventOffice | None, now: datetime) -> str:
    return event_reference(transaction, office.code if office is not None else gateway.name, now)


def _minute(now: datetime) -> datetime:
    """Instants travel to the minute (DTM 203)."""
    return now.replace(second=0, microsecond=0)

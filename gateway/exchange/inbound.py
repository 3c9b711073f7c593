"""What one declaration of a partner means: copy for us, amendment, cancellation, request; judged and answered.

Who answers: the receiver's rules (mapping `require`, transit checks) accept or reject by themselves (DESIGN section 6,
2), unless the settings leave acceptance to the national side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from gateway.errors import LocalError, PartnerError
from gateway.exchange.activation import corridor_kept
from gateway.exchange.appraisal import Received, receive, stem_of
from gateway.exchange.asking import answered_by_copy
from gateway.exchange.conversion import check
from gateway.exchange.effects import Effects, First
from gateway.exchange.judgement import (
    Incoming,
    Judgement,
    held,
    new_reference,
    own_event,
    shared_corridor,
    whole_minute,
)
from gateway.exchange.losses import note_annex
from gateway.exchange.outbound import queue_events
from gateway.exchange.rejection import Refusal, event_of_rejection, refusals, rule_refusal, unreadable
from gateway.exchange.route import departure_of, joining, office_concerned
from gateway.findings import Finding
from gateway.ledger import NewDeclaration, NewDelivery, NewMovement, Transaction
from gateway.mapping import Corridor, Peek
from gateway.mapping import Mapping as MessageMapping
from gateway.references import Tree
from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.event import Event, Word
from gateway.transit.terms import to_tree


def judge_cusdec(incoming: Incoming, glance: Peek) -> Judgement:
    """Judge a declaration of a partner: copy for us, amendment, cancellation, request."""
    corridor = _corridor(incoming, glance)
    mapping = corridor.cusdec
    received = incoming.received
    if received is None or received.mapping != mapping.digest:
        try:
            received = receive(incoming.message, mapping)
        except (PartnerError, LocalError) as error:
            return _reject(incoming, corridor, mapping, glance.mrn, None, unreadable(error.findings))
    declaration = received.declaration
    if declaration.function == "request":
        return _answer_request(incoming, corridor, mapping, declaration)
    reasons = _reasons(incoming, corridor, received)
    if reasons:
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration, reasons)
    assert declaration.mrn is not None
    version = _version(incoming.transaction, received)
    if version == "held":
        return Judgement(state="TAKEN", mrn=declaration.mrn, word=declaration.function, mapping=mapping,
                         apply=partial(_answered, incoming, declaration))
    if version == "superseded":
        return Judgement(state="ACCEPTED", mrn=declaration.mrn, word=declaration.function, mapping=mapping,
                         apply=partial(_accept_superseded, incoming, corridor, received))
    if version == "conflict":
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration,
                       [rule_refusal("COR0026", amendment=declaration.amendment or 0)])
    try:
        files = _files(incoming, received)
    except LocalError as error:
        return held(incoming, glance, error.findings)
    return Judgement(state="ACCEPTED", mrn=declaration.mrn, word=declaration.function, mapping=mapping,
                     apply=partial(_accept, incoming, corridor, received, files))


def _files(incoming: Incoming, received: Received) -> Callable[[], Mapping[str, bytes]]:
    """What gives the national files. Raises LocalError as `NationalWriter.begin`."""
    files = received.files
    return incoming.writer.begin(received.tree, stem_of(received.declaration)) if files is None else lambda: files


def _corridor(incoming: Incoming, glance: Peek) -> Corridor:
    """The corridor of a record: its movement's, or that of its offices. Raises LocalError when there is none."""
    movement = incoming.transaction.movement(glance.mrn) if glance.mrn else None
    if movement is not None:
        return corridor_kept(incoming.gateway, incoming.transaction, movement)
    if glance.function == "request":  # for a record that we do not hold: it names no offices, and is answered at once
        shared = shared_corridor(incoming)
        if shared is not None:
            return shared
    if glance.departure is None or glance.destination is None:
        raise LocalError(Finding(code="X023", place=incoming.place, values={"partner": incoming.partner}))
    return joining(incoming.gateway.corridors, glance.departure, glance.destination).at(incoming.written)


def _reasons(incoming: Incoming, corridor: Corridor, received: Received) -> list[Refusal]:
    """Every reason to reject a record: not theirs to declare, not on our way, the corridor's rules, the arithmetic."""
    if departure_of(corridor) != incoming.partner:
        return [rule_refusal("COR0010", partner=incoming.partner)]
    if corridor.role(incoming.gateway.name) is None:
        return [rule_refusal("COR0011", gateway=incoming.gateway.name)]
    declaration, failures = received.declaration, received.failures
    if declaration.function == "cancellation" and declaration.mrn is not None \
            and incoming.transaction.movement(declaration.mrn) is None:
        return [rule_refusal("COR0012", mrn=declaration.mrn)]
    return refusals(failures, corridor.cusdec.trace_message(incoming.message)) if failures else []


def _version(transaction: Transaction, received: Received) -> str:
    """Whether this version is ``new``, already ``held``, in ``conflict`` with one held (PROFILE section 6, 8), or came
    after a later one and is ``superseded``: mailboxes keep no order, and a late copy is nobody's fault."""
    declaration = received.declaration
    assert declaration.mrn is not None
    versions = transaction.declarations(declaration.mrn)
    content = _content(received.tree) if versions else {}
    same = [row for row in versions if row.amendment == (declaration.amendment or 0)
            and (row.function == "cancellation") is (declaration.function == "cancellation")]
    if any(_content(row.tree) == content for row in same):
        return "held"
    if declaration.function == "cancellation":
        return "new"
    if same:
        return "conflict"
    newest = max((row.amendment for row in versions), default=-1)
    return "new" if (declaration.amendment or 0) > newest else "superseded"


def _content(tree: Tree) -> Tree:
    """What two copies of one version must share: everything but how and when the copy was sent."""
    return {name: value for name, value in tree.items() if name not in ("function", "prepared", "authentication")}


def _answered(incoming: Incoming, declaration: Declaration, message_id: int, effects: Effects) -> None:
    """A copy that we asked for ends the request."""
    if declaration.function == "copy" and declaration.mrn is not None:
        answered_by_copy(incoming.transaction, incoming.partner, declaration.mrn, incoming.occasion)


def _accept_superseded(incoming: Incoming, corridor: Corridor, received: Received, message_id: int,
                       effects: Effects) -> None:
    """Keep a version that a later one overtook, for the file of the movement, and tell who sent it. The national side
    is told nothing: it would put the older version over the later one."""
    declaration = received.declaration
    effects.declarations.append(_held_declaration(received, message_id))
    effects.touch(declaration.mrn)
    _answer_accepted(incoming, corridor, declaration, message_id, effects)


def _held_declaration(received: Received, message_id: int) -> NewDeclaration:
    declaration = received.declaration
    return NewDeclaration(mrn=declaration.mrn or "", amendment=declaration.amendment or 0,
                          function=declaration.function, tree=received.kept, source_id=None, message_id=message_id)


def _accept(incoming: Incoming, corridor: Corridor, received: Received, files: Callable[[], Mapping[str, bytes]],
            message_id: int, effects: Effects) -> None:
    """Hold the record, hand it to the national side, and answer ACCEPTED unless the national side wants to."""
    gateway, declaration = incoming.gateway, received.declaration
    assert declaration.mrn is not None
    _answered(incoming, declaration, message_id, effects)
    departure, destination = declaration.office_of_departure, declaration.office_of_destination
    if departure is not None and destination is not None:  # a cancellation has neither, and its movement is held
        movement = NewMovement(
            mrn=declaration.mrn, key=declaration.mrn, administration=incoming.partner, corridor=corridor.identifier,
            role=corridor.role(gateway.name) or "transit", departure=departure.code, destination=destination.code,
            time_limit=declaration.time_limit)
        effects.movements.append(movement)
        effects.firsts[declaration.mrn] = First(movement, declaration)
    effects.declarations.append(_held_declaration(received, message_id))
    annex = corridor.cusdec.annex(incoming.message) if received.annex is None else received.annex
    note_annex(incoming.transaction, incoming.answered, annex, incoming.occasion.now)
    effects.deliveries.extend(NewDelivery(folder="declarations", name=name, content=content)
                              for name, content in files().items())
    effects.touch(declaration.mrn)
    if gateway.settings.acceptance == "automatic":
        _answer_accepted(incoming, corridor, declaration, message_id, effects)


def _answer_accepted(incoming: Incoming, corridor: Corridor, declaration: Declaration, message_id: int,
                     effects: Effects) -> None:
    gateway, now = incoming.gateway, incoming.occasion.now
    assert declaration.mrn is not None
    office = office_concerned(declaration, gateway.name, gateway.corridors)
    event = Event(
        word=Word.ACCEPTED, reference=new_reference(gateway, incoming.transaction, office, now),
        administration=gateway.name, mrn=declaration.mrn, happened=whole_minute(now), office=office,
        answered_message=incoming.answered, local_reference=declaration.local_reference)
    effects.events.append(own_event(event, now))
    if declaration.mrn in effects.firsts:
        effects.firsts[declaration.mrn] = replace(effects.firsts[declaration.mrn], events=(event,))
    queue_events(gateway, corridor, [event], effects, source=None, answers=message_id)


def _reject(incoming: Incoming, corridor: Corridor, mapping: MessageMapping, mrn: str | None,
            declaration: Declaration | None, reasons: Sequence[Refusal]) -> Judgement:
    word = declaration.function if declaration is not None else ""
    return Judgement(state="REJECTED", mrn=mrn, word=word, mapping=mapping,
                     apply=partial(_send_rejection, incoming, corridor, mrn, declaration, reasons))


def _send_rejection(incoming: Incoming, corridor: Corridor, mrn: str | None, declaration: Declaration | None,
                    reasons: Sequence[Refusal], message_id: int, effects: Effects) -> None:
    gateway, transaction, now = incoming.gateway, incoming.transaction, incoming.occasion.now
    office = office_concerned(declaration, gateway.name, gateway.corridors) if declaration is not None else None
    event = event_of_rejection(
        reasons, mrn=mrn, reference=new_reference(gateway, transaction, office, now), administration=gateway.name,
        office=office, answered=incoming.answered,
        local_reference=declaration.local_reference if declaration is not None else None, now=whole_minute(now))
    wire = corridor.write([to_tree(event)])
    check(wire)
    effects.queue([incoming.partner], "CUSRES", mrn, event.word.value, wire, corridor.cusres(event.word.value),
                  source=None, answers=message_id)
    if mrn is not None and transaction.movement(mrn) is not None:  # what was rejected at first sight leaves no movement
        effects.events.append(own_event(event, now))
        effects.touch(mrn)


def _answer_request(incoming: Incoming, corridor: Corridor, mapping: MessageMapping,
                    declaration: Declaration) -> Judgement:
    """A partner asks for a record: answer with a copy of the newest version, or reject when we hold none."""
    assert declaration.mrn is not None
    versions = [row for row in incoming.transaction.declarations(declaration.mrn) if row.function in WHOLE]
    if not versions:
        return _reject(incoming, corridor, mapping, declaration.mrn, declaration,
                       [rule_refusal("COR0012", mrn=declaration.mrn)])
    newest = max(versions, key=lambda row: row.amendment)
    copy: Tree = {**newest.tree, "function": "copy", "prepared": whole_minute(incoming.occasion.now)}

    def send_copy(message_id: int, effects: Effects) -> None:
        effects.queue([incoming.partner], "CUSDEC", declaration.mrn, "copy", mapping.to_message(copy), mapping,
                      source=None, answers=message_id)

    return Judgement(state="ACCEPTED", mrn=declaration.mrn, word="request", mapping=mapping, apply=send_copy)

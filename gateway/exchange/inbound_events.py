"""What one event of a partner means: who says it, about what, whether it is new, and what it moves.

All events but acceptance and rejection come from the national side of whoever says them (DESIGN section 6, 2); a
question about a state is answered by the gateway itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.exchange.appraisal import Told, listen
from gateway.exchange.conversion import check
from gateway.exchange.effects import Effects
from gateway.exchange.inquiry import deciding_word
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
from gateway.exchange.route import foreign_office
from gateway.findings import Finding, Place
from gateway.ledger import NewAnswer, NewDelivery, NewEvent
from gateway.mapping import Corridor, Peek
from gateway.transit.event import Event, Word
from gateway.transit.terms import from_tree, to_tree

_ANSWERS = (Word.ACCEPTED, Word.REJECTED, Word.ENQ_ANSWER, Word.STATE_ANSWER)


def judge_cusres(incoming: Incoming, glance: Peek) -> Judgement:
    """Judge an event of a partner: who says it, about what, and whether it is new."""
    movement = incoming.transaction.movement(glance.mrn) if glance.mrn else None
    corridor = incoming.gateway.corridors.named(movement.corridor).at(incoming.written) if movement \
        else shared_corridor(incoming)
    if corridor is None:
        return held(incoming, glance, [Finding(code="X023", place=incoming.place,
                                                values={"partner": incoming.partner})])
    told = incoming.told
    if told is None or not corridor.reads_by(told.tried):
        try:
            told = listen(incoming.message, corridor)
        except PartnerError as error:
            return _unreadable(incoming, glance, error)
    events = told.events
    first = events[0]
    mapping = corridor.cusres(first.word.value)
    word = "+".join(event.word.value for event in events)
    refused = _not_theirs(incoming, events)
    if refused:
        return Judgement(state="UNREADABLE", mrn=first.mrn, word=word, mapping=mapping, problems=refused)
    if first.mrn is not None and movement is None and first.word is Word.STATE_QUERY:
        return Judgement(state="TAKEN", mrn=first.mrn, word=word, mapping=mapping,
                         apply=partial(_answer_state, incoming, corridor, first))
    if first.mrn is not None and movement is None and first.word is not Word.REJECTED:
        return replace(held(incoming, glance, [Finding(code="X042", place=incoming.place,
                                                        values={"mrn": first.mrn, "word": word})]),
                       word=word, mapping=mapping)
    said = [incoming.transaction.known_event(event.administration, event.reference, event.word.value)
            for event in events]
    if any(said):
        known = [(row.tree, tree) for row, tree in zip(said, told.trees, strict=True) if row is not None]
        if any(before != tree for before, tree in known):
            return Judgement(state="UNREADABLE", mrn=first.mrn, word=word, mapping=mapping, problems=(Finding(
                code="X048", place=incoming.place, values={"reference": first.reference, "word": word}),))
        if len(known) == len(events):
            return Judgement(state="TAKEN", mrn=first.mrn, word=word, mapping=mapping)
    try:
        files = _files(incoming, told) if told.files is None else told.files
    except LocalError as error:
        return replace(held(incoming, glance, error.findings), word=word, mapping=mapping)
    return Judgement(state="TAKEN", mrn=first.mrn, word=word, mapping=mapping,
                     problems=_rejection_problem(incoming, first),
                     apply=partial(_hold_events, incoming, corridor, told, files))


def _files(incoming: Incoming, told: Told) -> Mapping[str, bytes]:
    """The national files. Raises LocalError as `Dialect.write`."""
    dialect = incoming.gateway.dialect(incoming.gateway.settings.national.inbox.events)
    return {name: content for tree, stem in told.named for name, content in dialect.write(tree, stem).items()}


def _unreadable(incoming: Incoming, glance: Peek, error: GatewayError) -> Judgement:
    """Kept for a person: it says nothing that the corridor has words for."""
    return Judgement(state="UNREADABLE", mrn=glance.mrn, problems=tuple(
        replace(finding, place=replace(finding.place, interchange=incoming.control_reference,
                                       message=incoming.message.reference)) for finding in error.findings))


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


def _hold_events(incoming: Incoming, corridor: Corridor, told: Told, files: Mapping[str, bytes], message_id: int,
                 effects: Effects) -> None:
    transaction, now, events = incoming.transaction, incoming.occasion.now, told.events
    note_annex(transaction, incoming.answered, told.annex, now)
    for event, tree in zip(events, told.kept, strict=True):
        effects.events.append(NewEvent(
            mrn=event.mrn, administration=event.administration, reference=event.reference, word=event.word.value,
            happened=event.happened or now, tree=tree, message_id=message_id, source_id=None))
        if event.word in (Word.ACCEPTED, Word.REJECTED):
            effects.answers.append(NewAnswer(
                partner=incoming.partner, answered=event.answered_message, mrn=event.mrn, word=event.word.value,
                detail=", ".join(error.rule for error in event.errors)))
    folder = "answers" if events[0].word in _ANSWERS else "events"
    effects.deliveries.extend(NewDelivery(folder=folder, name=name, content=content)
                              for name, content in files.items())
    effects.touch(events[0].mrn)
    if events[0].word is Word.STATE_QUERY:
        _answer_state(incoming, corridor, events[0], message_id, effects)


def _answer_state(incoming: Incoming, corridor: Corridor, question: Event, message_id: int, effects: Effects) -> None:
    """Tell who asks, and nobody else, what we know of a movement; of one that we do not know, nothing."""
    gateway, transaction, now = incoming.gateway, incoming.transaction, incoming.occasion.now
    movement = transaction.movement(question.mrn) if question.mrn is not None else None
    said = [from_tree(Event, row.tree) for row in transaction.events(question.mrn)] if movement and question.mrn else []
    word = deciding_word(movement.state, said) if movement is not None else None
    answer = Event(
        word=Word.STATE_ANSWER, reference=new_reference(gateway, transaction, None, now), administration=gateway.name,
        mrn=question.mrn, happened=whole_minute(now), answered_event=question.reference,
        state=None if word is None else word.value)
    wire = corridor.write([to_tree(answer)])
    check(wire)
    effects.queue([incoming.partner], "CUSRES", question.mrn, answer.word.value, wire,
                  corridor.cusres(answer.word.value), source=None, answers=message_id)
    if movement is not None:
        effects.events.append(own_event(answer, now))

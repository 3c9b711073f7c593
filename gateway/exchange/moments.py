"""A movement at an earlier moment, as each side knew it then (DESIGN 2.10): ours, and every partner's of the corridor.

What we knew is what we had recorded by then. Of a partner we can say what he knew at least: what he signed himself up
to that moment, though it may have reached us later, and what of ours he had answered by then: with a CUSRES that names
it, signed by then, or with a receipt or CONTRL that had reached us by then. What partners told each other beside us is
in their ledgers, and is not guessed here.

The state is derived from that, by the tables that derive it today. A corridor as it is today tells who takes part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.exchange.assembly import Gateway
from gateway.exchange.movements import derive
from gateway.ledger.rows import DeclarationRow, EventRow, MessageRow, Movement
from gateway.ledger.states import MessageState, ObjectState
from gateway.reports.moment import Past, last_states, past
from gateway.security.stored import read_stored
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import from_tree

_NOT_OUT = {MessageState.WAITING, MessageState.PREPARED}


class Piece(Struct, frozen=True, kw_only=True):
    """One declaration or event that a side had, or, where it is on its way, that we had put up for it.

    what       declaration, event
    word       function of a declaration, word of an event
    reference  amendment number of a declaration, reference of an event
    said_by    the administration that says it
    since      since when that side had it; None while it was on its way
    """

    what: str
    word: str
    reference: str
    said_by: str
    since: datetime | None


class Side(Struct, frozen=True, kw_only=True):
    """One administration on one movement.

    state    as derived from what it had; "" where it had nothing
    pieces   what it had, and what was on its way to it, in the order of recording here
    """

    mrn: str
    administration: str
    role: str
    ours: bool
    state: str
    flags: str
    next_action: str
    who: str
    pieces: tuple[Piece, ...]


class Moment(Struct, frozen=True, kw_only=True):
    """What `edi show REF --at` shows. sides: of each movement ours first, then by the itinerary."""

    past: Past
    sides: tuple[Side, ...]


def moment(gateway: Gateway, reference: str, at: datetime) -> Moment | None:
    """Everything under a reference as it stood at a moment; None when nothing answers to it today.

    Raises LocalError M302 for a corridor that is not there any more.
    """
    found = past(gateway.ledger, reference, at)
    if not found.found and not found.objects:
        return None
    return Moment(past=found, sides=tuple(
        side for movement in found.found.movements for side in _sides(gateway, _Held(gateway, found, movement))))


class _Held:
    """What we hold of one movement today, and when each side had it."""

    def __init__(self, gateway: Gateway, found: Past, movement: Movement) -> None:
        self.movement, self.at = movement, found.at
        self._gateway, self._past = gateway, found
        self._signed: dict[int, datetime] = {}
        self._last = last_states(found.steps)
        with gateway.ledger.reading() as queries:
            self.declarations = queries.declarations(movement.mrn)
            self.events = queries.events(movement.mrn)
        self.messages = [row for row in found.found.messages if row.mrn == movement.mrn]

    def by(self, row: DeclarationRow | EventRow) -> str:
        """Who says it: for a declaration from a message its sender, else we."""
        if isinstance(row, EventRow):
            return row.administration
        message = next((one for one in self.messages if one.id == row.message_id), None)
        return self._gateway.name if message is None else message.partner

    def had(self, side: str, row: DeclarationRow | EventRow) -> tuple[bool, datetime | None]:
        """Whether a side had it or it was on its way there, and since when it had it."""
        if side == self._gateway.name:
            return row.at <= self.at, row.at
        if self.by(row) == side:
            signed = self._signed_at(row)
            return signed <= self.at, signed
        return self._handed(side, row)

    def _signed_at(self, row: DeclarationRow | EventRow) -> datetime:
        """When its author signed the object that brought it to us; the time of recording where that is not held."""
        carrying = next((one.interchange_id for one in self.messages if one.id == row.message_id), None)
        if carrying is None:
            return row.at
        if carrying not in self._signed:
            objects = [one for one in self._past.objects.values() if one.interchange_id == carrying]
            with self._gateway.ledger.reading() as queries:
                bodies = [queries.bytes_of(one.id) for one in objects]
            times = []
            for body in bodies:
                try:
                    times.append(read_stored(body.inner).signing_time if body is not None else row.at)
                except ValueError:  # said by its file once, and no object any more
                    times.append(row.at)
            self._signed[carrying] = min(times, default=row.at)
        return self._signed[carrying]

    def _handed(self, side: str, row: DeclarationRow | EventRow) -> tuple[bool, datetime | None]:
        """What of ours was put up for a side by then, and since when it has acknowledged it."""
        if row.at > self.at or self.by(row) != self._gateway.name:
            return False, None
        known, since = False, list[datetime]()
        for message in self._telling(side, row):
            known = known or self._was_out(message)
            since.extend(when for when in self._acknowledged(side, message) if when <= self.at)
        return known or bool(since), min(since, default=None)

    def _telling(self, side: str, row: DeclarationRow | EventRow) -> list[MessageRow]:
        """Our messages to a side that tell it."""
        kind = "CUSRES" if isinstance(row, EventRow) else "CUSDEC"
        out = [one for one in self.messages if one.direction == "out" and one.partner == side and one.type == kind]
        word = row.word if isinstance(row, EventRow) else row.function
        told = [one for one in out if one.source_id == row.source_id]
        same = [one for one in told if one.word == word]
        return same if same or row.source_id is None else told

    def _acknowledged(self, side: str, message: MessageRow) -> Iterator[datetime]:
        """When a side answered a message of ours, each by its own kind of answer; an answer is signed by its author."""
        answered = f"{message.control_reference}-{message.message_reference}"
        yield from (self._signed_at(event) for event in self.events
                    if event.administration == side and event.tree.get("answered_message") == answered)
        line = self._past.interchanges.get(message.interchange_id or 0)
        if line is None:
            return
        if line.answered is not None:
            yield line.answered
        yield from (one.received for one in self._past.objects.values() if one.interchange_id == line.id
                    and one.direction == "out" and one.state is ObjectState.RECEIVED and one.received is not None)

    def handed_to(self) -> set[str]:
        """The partners into whose mailbox the declaration had been put by then."""
        return {one.partner for one in self.messages
                if one.direction == "out" and one.type == "CUSDEC" and self._was_out(one)}

    def _was_out(self, message: MessageRow) -> bool:
        step = self._last.get(("message", message.id))
        return step is not None and step.to_state not in _NOT_OUT


def _sides(gateway: Gateway, held: _Held) -> Iterator[Side]:
    corridor = gateway.corridors.named(held.movement.corridor)
    members = sorted(corridor.administrations, key=lambda member: member.gateway != gateway.name)
    if corridor.role(gateway.name) is None:  # taken out of the corridor since: what we held is still ours
        yield _side(gateway, held, gateway.name, held.movement.role)
    for member in members:
        role = held.movement.role if member.gateway == gateway.name else member.role
        yield _side(gateway, held, member.gateway, role)


def _side(gateway: Gateway, held: _Held, administration: str, role: str) -> Side:
    ours = administration == gateway.name
    pieces, declarations, events = [], list[Declaration](), list[Event]()
    rows: Sequence[DeclarationRow | EventRow] = (*held.declarations, *held.events)
    for row in rows:
        there, since = held.had(administration, row)
        if not there:
            continue
        event = isinstance(row, EventRow)
        pieces.append(Piece(what="event" if event else "declaration", said_by=held.by(row), since=since,
                            word=row.word if isinstance(row, EventRow) else row.function,
                            reference=row.reference if isinstance(row, EventRow) else str(row.amendment)))
        if since is None:
            continue
        if event:
            events.append(from_tree(Event, row.tree))
        else:
            declarations.append(from_tree(Declaration, row.tree))
    if not declarations and not events:
        return Side(mrn=held.movement.mrn, administration=administration, role=role, ours=ours, state="", flags="",
                    next_action="", who="", pieces=tuple(pieces))
    state = derive(gateway, held.movement, declarations, events, held.handed_to() if ours else None, held.at,
                   seen_by=(administration, role))
    return Side(mrn=held.movement.mrn, administration=administration, role=role, ours=ours, state=state.state,
                flags=state.flags, next_action=state.next_action, who=state.who, pieces=tuple(pieces))

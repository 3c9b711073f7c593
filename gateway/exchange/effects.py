"""What judged records and messages cause, gathered so that many of them cost few statements.

Judging reads and decides; the effects are written afterwards, together, in the same transaction. Whoever is judged
next sees the effects that were written, so that a batch ends before a movement comes up a second time (`process`,
`taking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from gateway.edifact import WireMessage
from gateway.exchange.assembly import Assembly
from gateway.exchange.downtimes import note_downtimes
from gateway.exchange.movements import Known, keep, refresh, will_leave
from gateway.ledger import (
    EventOutcome,
    NewAnswer,
    NewDeclaration,
    NewDelivery,
    NewEvent,
    NewMessage,
    NewMovement,
    Transaction,
    event_differs,
)
from gateway.ledger.codec import TreeText
from gateway.mapping import Mapping
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event


class First(Struct, frozen=True):
    """The first declaration of a movement with the events that the gateway says about it at once.

    They are all there is to derive its state from, unless events had come before it (a rejection of an earlier try).

    declaration  perhaps without its goods items: nothing follows from them until an event takes some
    """

    movement: NewMovement
    declaration: Declaration
    events: tuple[Event, ...] = ()


@dataclass(slots=True)
class Effects:
    """Rows to come, in the order in which one needs the other, and the movements whose state they change."""

    movements: list[NewMovement] = field(default_factory=list)
    declarations: list[NewDeclaration] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)
    mappings: dict[str, Mapping] = field(default_factory=dict)
    answers: list[NewAnswer] = field(default_factory=list)
    firsts: dict[str, First] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)

    def touch(self, mrn: str | None) -> None:
        """Have the state of a movement derived anew."""
        if mrn is not None:
            self.touched[mrn] = None

    def queue(self, partners: Sequence[str], message_type: str, mrn: str | None, word: str, wire: WireMessage,
              mapping: Mapping, *, source: int | None, answers: int | None) -> None:
        """Queue one message for each of some partners, with the mapping that made it."""
        self.mappings[mapping.digest] = mapping
        self.messages.extend(NewMessage(
            partner=partner, type=message_type, mrn=mrn, word=word,
            wire=(str(wire.identifier), wire.body, wire.segments), mapping=mapping.identifier,
            mapping_digest=mapping.digest, source_id=source, answers=answers, urgent=message_type != "CUSDEC")
            for partner in partners)

    def settle(self, transaction: Transaction, now: datetime) -> None:
        """Move what the answers so far answer: the first answer stands."""
        answers, self.answers = self.answers, []
        if answers:
            transaction.settle_answers(answers, at=now)

    def write(self, assembly: Assembly, transaction: Transaction, now: datetime) -> None:
        """Write everything and derive the states.

        Raises GatewayError, and then nothing of it may stand; L010 where an event is held with another content.
        """
        self.settle(transaction, now)
        for digest, mapping in self.mappings.items():
            transaction.keep_mapping(digest, mapping.identifier, mapping.archive.dump())
        created = transaction.add_movements(self.movements, at=now)
        transaction.add_declarations(self.declarations, at=now)
        spoken_of = transaction.spoken_of(self.firsts)
        outcomes = transaction.add_events(self.events, at=now)
        for event, outcome in zip(self.events, outcomes, strict=True):
            if outcome is EventOutcome.CONFLICT:
                raise event_differs(event)
        note_downtimes(transaction, (event for event, outcome in zip(self.events, outcomes, strict=True)
                                     if outcome is EventOutcome.NEW), now)
        transaction.queue_messages(self.messages, at=now)
        transaction.add_deliveries(self.deliveries, at=now)
        new = {movement.mrn for movement, is_new in zip(self.movements, created, strict=True) if is_new}
        firsts = [first for mrn, first in self.firsts.items() if mrn in new - spoken_of]
        keep(assembly, transaction,
             [Known(first.movement, (first.declaration,), first.events) for first in firsts], now)
        self._will_leave()
        known = {first.movement.mrn for first in firsts}
        refresh(assembly, transaction, [mrn for mrn in self.touched if mrn not in known], now,
                {declaration.mrn for declaration in self.declarations})

    def _will_leave(self) -> None:
        for new in self.declarations:
            first = self.firsts.get(new.mrn)
            if first is not None and first.movement.role == "departure" and isinstance(new.tree, TreeText):
                will_leave(new.tree.digest, first.declaration)

"""One message of a partner and how it is judged: what declarations and events have in common.

A message is judged first (a `Judgement`), stored with its state, and then its effects are applied, all inside the
transaction of its interchange.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct, field

from gateway.edifact import Message
from gateway.exchange.appraisal import Received, Told
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.effects import Effects
from gateway.exchange.national_writer import NationalWriter
from gateway.exchange.outbound import event_reference
from gateway.findings import Finding, Place
from gateway.ledger import NewEvent, Transaction
from gateway.mapping import Corridor, Mapping, Peek
from gateway.transit.event import Event, EventOffice
from gateway.transit.terms import to_tree


def nothing(message_id: int, effects: Effects) -> None:
    """A message without effect."""


class Judgement(Struct, frozen=True, kw_only=True):
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


class Incoming(Struct, frozen=True, kw_only=True):
    """One message of a partner with what its judgement needs.

    written  when its interchange was prepared, as UNB says: the versions of mappings then in force read it
    writer   makes its national files
    received the declaration, where it was read ahead
    told     the events, likewise
    """

    gateway: Gateway
    transaction: Transaction
    partner: str
    control_reference: str
    message: Message
    occasion: Occasion
    written: datetime
    writer: NationalWriter
    received: Received | None = None
    told: Told | None = None

    @property
    def answered(self) -> str:
        """How an answer names this message: interchange reference, hyphen, message reference (PROFILE RFF+ACW)."""
        return f"{self.control_reference}-{self.message.reference}"

    @property
    def place(self) -> Place:
        """Where this message stands."""
        return Place(interchange=self.control_reference, message=self.message.reference)


def shared_corridor(incoming: Incoming) -> Corridor | None:
    """A corridor that we share with the partner, for what concerns no movement that we know."""
    corridor = incoming.gateway.corridors.shared(incoming.partner, incoming.gateway.name)
    return None if corridor is None else corridor.at(incoming.written)


def held(incoming: Incoming, glance: Peek, findings: Sequence[Finding]) -> Judgement:
    """Kept and judged again by later runs: what it needs is not there yet (DESIGN section 6, 6)."""
    return Judgement(state="HELD", mrn=glance.mrn, problems=tuple(findings))


def own_event(event: Event, now: datetime) -> NewEvent:
    """An event that the gateway itself says."""
    return NewEvent(mrn=event.mrn, administration=event.administration, reference=event.reference,
                    word=event.word.value, happened=event.happened or now, tree=to_tree(event), message_id=None,
                    source_id=None)


def new_reference(gateway: Gateway, transaction: Transaction, office: EventOffice | None, now: datetime) -> str:
    return event_reference(transaction, office.code if office is not None else gateway.name, now)


def whole_minute(now: datetime) -> datetime:
    """Instants travel to the minute (DTM 203)."""
    return now.replace(second=0, microsecond=0)

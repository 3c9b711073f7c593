"""The canonical transit event: one word said by one administration about one movement.

Words, issuers and content: corridor profile COR10. An event is never changed; a correction is a new event. Its identity
is the administration, its own event reference and the word: the same event twice is one event.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from gateway.transit.declaration import Extra, Moment, Vehicle

Identity: TypeAlias = tuple[str, str, str]
"""Administration, its own reference of the event, word."""


@enum.unique
class Word(enum.Enum):
    """The event words, as they stand in code, national event files and user interface."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    NOT_RELEASED = "NOT-RELEASED"
    CROSS_OUT = "CROSS-OUT"
    CROSS_IN = "CROSS-IN"
    INCIDENT = "INCIDENT"
    ARRIVED = "ARRIVED"
    DIVERTED = "DIVERTED"
    CONTROL = "CONTROL"
    PART_DISCHARGED = "PART-DISCHARGED"
    DIFF_CLOSED = "DIFF-CLOSED"
    DISCHARGED = "DISCHARGED"
    ENQUIRY = "ENQUIRY"
    ENQ_ANSWER = "ENQ-ANSWER"
    RECOVERY = "RECOVERY"
    STATE_QUERY = "STATE-QUERY"
    STATE_ANSWER = "STATE-ANSWER"
    LEDGER = "LEDGER"
    DOWNTIME = "DOWNTIME"


class EventOffice(Struct, frozen=True, kw_only=True):
    """The office an event speaks of. role: departure, exit, transit, destination (its LOC qualifier on the wire)."""

    role: str
    code: str
    name: str | None = None


class EquipmentSeen(Struct, frozen=True, kw_only=True):
    """A container or trailer seen at the event. kind: container, trailer."""

    kind: str
    number: str


class SealSeen(Struct, frozen=True, kw_only=True):
    """A seal seen or put on at the event. state: intact, damaged, missing, replaced. applied: when, if put on."""

    identity: str
    equipment: int | None = None
    number: int | None = None
    state: str | None = None
    applied: datetime | None = None


class Contact(Struct, frozen=True, kw_only=True):
    """Whom to ask. channel: mail, telephone, fax."""

    name: str | None = None
    address: str | None = None
    channel: str | None = None


class ErrorText(Struct, frozen=True, kw_only=True):
    """The sentence of a functional error in one language (``EN``, ``FR``)."""

    language: str
    text: str


class FunctionalError(Struct, frozen=True, kw_only=True):
    """Why a record is rejected.

    section   heading, item
    item      number of the goods item, when the section is item
    sub_item  sub-item, 0 for the item itself
    segment   segment tag it points at; position: that segment's position in the message, UNH is 1
    rule      rule code, ``COR0nnn``
    """

    section: str
    item: int | None = None
    sub_item: int | None = None
    segment: str | None = None
    position: int | None = None
    rule: str
    texts: tuple[ErrorText, ...] = ()


class EventItem(Struct, frozen=True, kw_only=True):
    """What an event says of one goods item.

    item           number of the declared item
    packages       found, written off or settled, after the word
    difference     short, excess, other, settled
    document_type  950 the transit declaration itself, 929 the import declaration that writes off
    """

    item: int
    packages: int | None = None
    package_kind: str | None = None
    reason: str | None = None
    difference: str | None = None
    gross_mass: Decimal | None = None
    document_type: str
    document_number: str | None = None
    document_date: date | None = None


class Event(Struct, frozen=True, kw_only=True):
    """One event. Which fields a word uses is said by its mapping (mappings/base/cusres-d96b).

    happened           when it happened; for ARRIVED the arrival, for CONTROL the control, and so on
    answered_message   interchange reference, hyphen, message reference of the record that is answered
    answered_event     reference of the event that is answered or settled
    answer             the second word of an enquiry answer: unknown, arrived, returned
    state              word of the deciding event in a state answer
    control_result     A1 conform, A2 considered conform, B1 not conform
    """

    word: Word
    reference: str
    administration: str
    mrn: str | None = None
    notice: str | None = None
    happened: Moment | None = None
    office: EventOffice | None = None
    offices: tuple[EventOffice, ...] = ()
    place_crossed: str | None = None
    declared_office: str | None = None
    answered_message: str | None = None
    answered_event: str | None = None
    local_reference: str | None = None
    reason: str | None = None
    remark: str | None = None
    answer: str | None = None
    state: str | None = None
    answer_limit: Moment | None = None
    contact: Contact | None = None
    seals_intact: bool | None = None
    equipment_damaged: bool | None = None
    control_result: str | None = None
    vehicles: tuple[Vehicle, ...] = ()
    equipment: tuple[EquipmentSeen, ...] = ()
    seals: tuple[SealSeen, ...] = ()
    guarantee_reference: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    items: tuple[EventItem, ...] = ()
    errors: tuple[FunctionalError, ...] = ()
    total_packages: int | None = None
    total_gross_mass: Decimal | None = None
    period_start: date | None = None
    period_end: date | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    last_interchange: str | None = None
    messages: int | None = None
    digest: str | None = None
    digest_key: str | None = None
    digest_at: datetime | None = None
    extras: tuple[Extra, ...] = ()

    @property
    def identity(self) -> Identity:
        """Administration, its own reference, word: the same event twice is one event."""
        return self.administration, self.reference, self.word.value


def distinct(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events, each once."""
    return tuple({event.identity: event for event in events}.values())

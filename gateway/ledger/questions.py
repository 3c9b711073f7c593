"""The answers to questions put to the ledger, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from gateway.ledger.link_rows import Gap
from gateway.ledger.rows import EventRow, InterchangeRow, MessageRow, Movement, ObjectRow


class Note(Struct, frozen=True, kw_only=True):
    """A file of a partner that was refused or quarantined. kept: where its bytes lie."""

    id: int
    at: datetime
    partner: str
    name: str
    code: str
    size: int
    kept: str


class HistoryRow(Struct, frozen=True, kw_only=True):
    """One row of the history. The meaning of each part is in `chain.Fact`."""

    id: int
    at: datetime
    subject: str
    subject_id: int | None
    reference: str
    event: str
    from_state: str | None
    to_state: str | None
    text: str
    digest: str | None
    row_hash: str


class HistoryHead(Struct, frozen=True, kw_only=True):
    """The end of the history: number and hash of its last row; 0 and 64 zeros when it is empty."""

    id: int
    row_hash: str


class BadRow(Struct, frozen=True, kw_only=True):
    """The first place where the history is not what it was. fault: hash, hole or end."""

    id: int
    fault: str
    reference: str


class BadContent(Struct, frozen=True, kw_only=True):
    """Something in the ledger that is not what its history says. what: table; id: its number there, or MRN."""

    what: str
    id: str
    fault: str


class Overdue(Struct, frozen=True, kw_only=True):
    """An answer that is late.

    kind       receipt, contrl or cusres; dead: the receipt of an object that is a dead letter
    reference  Message-ID of the object, control reference of the interchange, or control reference-message reference
    since      when the waiting began; due: when the answer should have been here
    """

    kind: str
    partner: str
    reference: str
    mrn: str | None
    subject_id: int
    since: datetime
    due: datetime
    attempts: int


class Count(Struct, frozen=True, kw_only=True):
    """How many rows of one kind one partner has in one state. type: of messages or interchanges, else the kind."""

    partner: str
    direction: str
    type: str
    state: str
    count: int
    oldest: datetime


class PartnerActivity(Struct, frozen=True, kw_only=True):
    """When something last went to and came from a partner."""

    partner: str
    last_out: datetime | None
    last_in: datetime | None
    gaps: tuple[Gap, ...]


class LinkState(Struct, frozen=True, kw_only=True):
    """Where a directed link stands.

    direction  out: ours to the partner; in: the partner's to us
    sequence   the last number without a hole before it
    parked     objects behind a hole
    halted     the code for which it is halted, or None
    agreed     up to which number both sides signed one head
    """

    partner: str
    direction: str
    sequence: int
    parked: int
    halted: str | None
    agreed: int
    gaps: tuple[Gap, ...]


class Summary(Struct, frozen=True, kw_only=True):
    """One look at everything open, and at what was finished in the last 24 hours.

    open_*     rows whose life is not over; done_*: rows that ended since `since`
    movements  state -> how many
    notes      code -> how many files were refused since `since`
    """

    now: datetime
    since: datetime
    open_objects: tuple[Count, ...]
    open_interchanges: tuple[Count, ...]
    open_messages: tuple[Count, ...]
    done_interchanges: tuple[Count, ...]
    done_messages: tuple[Count, ...]
    movements: Mapping[str, int]
    notes: Mapping[str, int]
    pending_deliveries: int
    partners: tuple[PartnerActivity, ...]


class Found(Struct, frozen=True, kw_only=True):
    """Everything that answers to a reference. Empty everywhere: nothing does."""

    reference: str
    movements: Sequence[Movement] = field(default=())
    events: Sequence[EventRow] = field(default=())
    messages: Sequence[MessageRow] = field(default=())
    interchanges: Sequence[InterchangeRow] = field(default=())
    objects: Sequence[ObjectRow] = field(default=())
    sources: Sequence[int] = field(default=())
    notes: Sequence[Note] = field(default=())

    def __bool__(self) -> bool:
        return any((self.movements, self.events, self.messages, self.interchanges, self.objects, self.sources,
                    self.notes))


class Unanswered(Struct, frozen=True, kw_only=True):
    """An object of ours whose receipt is awaited. late: its deadline has passed."""

    object: ObjectRow
    late: bool


class HeldMessage(Struct, frozen=True, kw_only=True):
    """A partner's message that waits for its movement to be known, with its segments between UNH and UNT."""

    id: int
    partner: str
    type: str
    mrn: str | None
    identifier: str
    segments: int
    body: str
    interchange_id: int
    control_reference: str
    message_reference: str
    at: datetime

"""What the ledger holds, row by row, as frozen values.

Instants are aware UTC; a moment is a day or an instant; digests and MICs are 64 hex digits; states are those of
`states`. A row that names another by number does so by the ledger's own number, which never leaves this gateway.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

from msgspec import Struct

from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.references import Tree

Moment: TypeAlias = date | datetime


class Activation(Struct, frozen=True, kw_only=True):
    """A version of a mapping that is in force from an instant on, until another one of that mapping starts.

    mapping   its identifier
    version   as its file says
    digest    of its archive, whose text the ledger keeps
    starts    from when on
    at        when it was activated
    """

    mapping: str
    version: str
    digest: str
    starts: datetime
    at: datetime


class SourceFile(Struct, frozen=True, kw_only=True):
    """One national file as it was."""

    name: str
    digest: str
    content: bytes


class Source(Struct, frozen=True, kw_only=True):
    """What the national side gave us at one time for one record.

    dialect_digest  of the dialect as it was when it read the files; None for what came before that was kept
    """

    id: int
    kind: str
    dialect: str
    dialect_digest: str | None
    key: str
    at: datetime
    files: tuple[SourceFile, ...]


class Movement(Struct, frozen=True, kw_only=True):
    """One transport under one transit declaration, with the state last derived from its events.

    due    when the first of the timers that run ends, and timer its name; None where none runs
    wakes  when the next of them ends: nothing comes from time passing before
    """

    mrn: str
    key: str
    administration: str
    corridor: str
    role: str
    departure: str
    destination: str
    time_limit: Moment | None
    due: datetime | None
    timer: str | None = None
    wakes: datetime | None = None
    state: str
    flags: str
    next_action: str
    who: str
    at: datetime
    changed: datetime


class DeclarationRow(Struct, frozen=True, kw_only=True):
    """One version of a declaration as held."""

    id: int
    mrn: str
    amendment: int
    function: str
    tree: Tree
    digest: str
    source_id: int | None
    message_id: int | None
    at: datetime


class EventRow(Struct, frozen=True, kw_only=True):
    """One event as held. at: when we recorded it."""

    id: int
    mrn: str | None
    administration: str
    reference: str
    word: str
    happened: Moment | None
    tree: Tree
    digest: str
    source_id: int | None
    message_id: int | None
    at: datetime


class Delivery(Struct, frozen=True, kw_only=True):
    """A file for the national inbox."""

    id: int
    folder: str
    name: str
    content: bytes
    at: datetime


class Delivered(Struct, frozen=True, kw_only=True):
    """A file that was handed over to the national side, without its content."""

    folder: str
    name: str
    digest: str
    delivered: datetime


class Outage(Struct, frozen=True, kw_only=True):
    """A mailbox that failed when it was last tried.

    direction  ``inbound`` or ``outbound``
    since      the first of these failures; failures: how many, in a row
    tried      the last of them; code: what it was
    next_at    when it is tried again
    told       when somebody was last told of it
    held       when somebody was last told that it was not tried, for its time had not come; None where nobody was
    """

    partner: str
    direction: str
    since: datetime
    failures: int
    tried: datetime
    next_at: datetime
    code: str
    told: datetime
    held: datetime | None


class Buried(Struct, frozen=True, kw_only=True):
    """The dead letters to one partner: how many, from which number to which, and since when the first has no receipt.

    reference  what the first answers to: a control reference, or the name of its file where it carries no interchange
    """

    count: int
    first: int
    last: int
    since: datetime
    reference: str


class WaitingGroup(Struct, frozen=True, kw_only=True):
    """Messages of one type that wait for an interchange."""

    type: str
    count: int


class Unasked(Struct, frozen=True, kw_only=True):
    """A movement of which events wait and whose record nobody was asked for. message_id: the first of these events."""

    mrn: str
    message_id: int


class QueuedMessage(Struct, frozen=True, kw_only=True):
    """A message that waits for its interchange."""

    id: int
    identifier: str
    body: str
    segments: int
    mrn: str | None
    word: str


class MessageRow(Struct, frozen=True, kw_only=True):
    """A message as held, without its body. control_reference: of its interchange, once it has one."""

    id: int
    direction: str
    partner: str
    type: str
    word: str
    mrn: str | None
    identifier: str
    segments: int
    mapping: str
    mapping_digest: str
    urgent: bool
    state: MessageState
    message_reference: str | None
    detail: str | None
    at: datetime
    changed: datetime
    source_id: int | None
    answers: int | None
    interchange_id: int | None
    control_reference: str | None


class InterchangeRow(Struct, frozen=True, kw_only=True):
    """An interchange as held, without its payload. action: 0083 of the CONTRL that answered ours."""

    id: int
    direction: str
    partner: str
    control_reference: str
    type: str
    test: bool
    state: InterchangeState
    messages: int
    attempts: int
    action: str | None
    detail: str | None
    digest: str
    at: datetime
    dispatched: datetime | None
    received: datetime | None
    answered: datetime | None
    changed: datetime


class InterchangeIn(Struct, frozen=True, kw_only=True):
    """A partner's interchange that waits to be judged.

    type      of its messages: CUSDEC, CUSRES, CONTRL
    sequence  number of the object that brought it, on the partner's link
    attempts  how many judgements began before
    size      octets
    """

    id: int
    partner: str
    control_reference: str
    type: str
    sequence: int
    attempts: int
    size: int


class KnownInterchange(Struct, frozen=True, kw_only=True):
    """A partner's interchange that we hold already. digest: SHA-256 of its payload."""

    id: int
    digest: str
    state: InterchangeState


class LinkHead(Struct, frozen=True, kw_only=True):
    """Where a directed link stands: out, the last object sealed; in, the last one before the first hole."""

    sequence: int
    mic: str


class ObjectOut(Struct, frozen=True, kw_only=True):
    """A sealed object of ours, with its bytes."""

    id: int
    partner: str
    sequence: int
    name: str
    sealed: bytes
    kind: str
    state: ObjectState
    attempts: int
    dispatched: datetime | None
    receipt_due: datetime | None


class ObjectRow(Struct, frozen=True, kw_only=True):
    """An object of either direction, without its bytes."""

    id: int
    direction: str
    partner: str
    sequence: int
    message_id: str
    kind: str
    name: str
    mic: str
    previous: str
    signature_digest: str
    state: ObjectState
    code: str | None
    disposition: str | None
    attempts: int
    next_at: datetime | None
    receipt_due: datetime | None
    at: datetime
    dispatched: datetime | None
    received: datetime | None
    interchange_id: int | None
    receipt_for: int | None


class ObjectBytes(Struct, frozen=True, kw_only=True):
    """The bytes of an object. sealed: ours only; payload: partners' only (ours is in the interchange)."""

    sealed: bytes | None
    inner: bytes
    payload: bytes | None


class KnownObject(Struct, frozen=True, kw_only=True):
    """A partner's object that we hold, for the judgement of order and duplicates. receipt_object_id: our receipt;
    previous: None where we hold no more of it than its leaf (VOID)."""

    sequence: int
    message_id: str
    mic: str
    previous: str | None
    state: ObjectState
    object_id: int
    receipt_object_id: int | None

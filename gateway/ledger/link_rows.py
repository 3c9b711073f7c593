"""What the ledger holds of the two links with a partner: numbers, gaps, leaves, heads. Written as in `rows`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.ledger.states import ObjectState


class HeldNumber(Struct, frozen=True, kw_only=True):
    """What is held under a number of a partner's link; `previous` is None where only its leaf is known."""

    state: ObjectState
    previous: str | None
    leaf: bytes


class Gap(Struct, frozen=True, kw_only=True):
    """Sequences of a partner's link that are missing while a later one is here, or shown by a checkpoint; both ends
    included.

    since  when the one after them was stored, or when the checkpoint showed them
    """

    first: int
    last: int
    since: datetime


class HeadRow(Struct, frozen=True, kw_only=True):
    """A head of a link as somebody signed it (ENVELOPE section 11).

    root       64 hex digits
    signer     ours or theirs
    state      waiting (larger than what we hold), verified, agreed (both signed this text), fork (ours is another)
    object_id  the checkpoint object that it stands in; the latest, where it stands in several
    frontier   the peaks of the tree, where we signed it as our own head
    """

    id: int
    direction: str
    size: int
    root: str
    signer: str
    state: str
    at: datetime
    object_id: int
    frontier: bytes | None


class NewHead(Struct, frozen=True, kw_only=True):
    """A head to be kept; see `HeadRow`."""

    direction: str
    size: int
    root: str
    state: str
    frontier: bytes | None = None


class VoidLeaf(Struct, frozen=True, kw_only=True):
    """The leaf of an object that a partner took back."""

    sequence: int
    message_id: str
    mic: str
    signature_digest: str
    leaf: bytes


class Carried(Struct, frozen=True, kw_only=True):
    """The interchange that an object of ours carries."""

    id: int
    control_reference: str
    payload: bytes


class LinkTimes(Struct, frozen=True, kw_only=True):
    """Instants of the two links with a partner.

    asked         when we last asked for what is missing
    checkpointed  when we last told our heads
    first         when the first object of either link was stored
    """

    asked: datetime | None
    checkpointed: datetime | None
    first: datetime | None


class StoredObject(Struct, frozen=True, kw_only=True):
    """What the ledger notes of one object, for the check of a whole link, with its SignedData."""

    id: int
    sequence: int
    message_id: str
    mic: str
    previous: str
    signature_digest: str
    leaf: bytes
    state: ObjectState
    inner: bytes


class HeldObject(Struct, frozen=True, kw_only=True):
    """An object of a partner as we hold it. inner: its SignedData; None for a number that it took back."""

    sequence: int
    inner: bytes | None

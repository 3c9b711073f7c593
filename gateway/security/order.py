"""Rules V30 and V31: is this object the next, one we have, or a contradiction? (GW-1 sections 5 and 8 R5)

Identity is the signed one: sequence, message id and MIC on one link, remembered for ever; the file name plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from gateway.security.header import FIRST_PREVIOUS
from gateway.security.keys import DecryptionKey
from gateway.security.opening import LARGEST_FILE, Opened, open_envelope
from gateway.security.refusals import EnvelopeError
from gateway.security.trust import Trust


@dataclass(frozen=True, slots=True)
class Known:
    """An object the ledger holds on this link.

    mic       64 hex digits; previous  the MIC it names as its predecessor's, None for a number known by its leaf alone
    void      the sender took the number back (O4); message id and MIC stay on record
    """

    sequence: int
    message_id: str
    mic: str
    previous: str | None
    void: bool = False


class LinkView(Protocol):
    """What the ledger knows of one link."""

    def by_sequence(self, sequence: int) -> Known | None:
        """The object of that number."""

    def by_message_id(self, message_id: str) -> Known | None:
        """The object of that message id."""


def judge_order(opened: Opened, link: LinkView) -> Literal["new", "duplicate"]:
    """Judge V30 and V31 for an opened object.

    "duplicate": the very same object (a copy may be encrypted or signed anew): nothing is processed again.
    Raises EnvelopeError E_DUPLICATE, E_VOID, E_CHAIN, each with `opened`.
    """
    header = opened.header
    same_number, same_id = link.by_sequence(header.sequence), link.by_message_id(header.message_id)
    if same_number is not None and same_number.void:
        raise EnvelopeError("E_VOID", opened=opened, sequence=str(header.sequence))
    if same_number is not None or same_id is not None:
        if same_number is not None and same_number == same_id and same_number.mic == opened.mic:
            return "duplicate"
        raise EnvelopeError("E_DUPLICATE", opened=opened, sequence=str(header.sequence), message_id=header.message_id)
    before = link.by_sequence(header.sequence - 1) if header.sequence > 1 else None
    expected = FIRST_PREVIOUS if header.sequence == 1 else before.mic if before is not None else header.previous
    after = link.by_sequence(header.sequence + 1)
    followed = after is None or after.previous in (None, opened.mic)
    if header.previous != expected or not followed:
        raise EnvelopeError("E_CHAIN", opened=opened, sequence=str(header.sequence))
    return "new"


def open_from_link(name: str, content: bytes, *, recipient: str, keys: Sequence[DecryptionKey], trust: Trust,
                   now: datetime, environment: str, link: LinkView,
                   limit: int = LARGEST_FILE) -> tuple[Opened, Literal["new", "duplicate"]]:
    """Open a file and judge its order: V1 to V33, each in its place.

    An object of long ago that is put back is a duplicate before it is too old. Raises EnvelopeError.
    """
    try:
        opened = open_envelope(name, content, recipient=recipient, keys=keys, trust=trust, now=now,
                               environment=environment, limit=limit)
    except EnvelopeError as error:
        if error.opened is None:
            raise
        if judge_order(error.opened, link) == "duplicate":
            return error.opened, "duplicate"
        raise
    return opened, judge_order(opened, link)

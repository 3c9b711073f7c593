"""Rules V30 and V31: is this object the next, one we have, or a contradiction? (GW-1 sections 5 and 8 R5)

Identity is the signed one: sequence, message id and MIC on one link, remembered for ever; the file name plays no part.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from typing import Literal, Protocol

from gateway.security.header import FIRST_PREVIOUS
from gateway.security.keys import DecryptionKey
from gateway.security.opening import Opened, open_envelope
from gateway.security.refusals import EnvelopeError
from gateway.security.sealing import LARGEST_FILE
from gateway.security.trust import Trust


class Known(Protocol):
    """An object the ledger holds on this link; `previous` is None where only its leaf is known (a withdrawn one)."""

    @property
    def sequence(self) -> int:
        """Its number."""

    @property
    def message_id(self) -> str:
        """Its message id, in angle brackets."""

    @property
    def mic(self) -> str:
        """Its MIC, 64 hex digits."""

    @property
    def previous(self) -> str | None:
        """The MIC it names as its predecessor's."""


class LinkView(Protocol):
    """What the ledger knows of one link."""

    def by_sequence(self, sequence: int) -> Known | None:
        """The object of that number."""

    def by_message_id(self, message_id: str) -> Known | None:
        """The object of that message id."""


def judge_order(opened: Opened, link: LinkView, *, void: Container[int] = ()) -> Literal["new", "duplicate"]:
    """Judge V30 and V31 for an opened object.

    void  numbers that the sender took back (O4)

    "duplicate": the very same object (a copy may be encrypted or signed anew): nothing is processed again.
    Raises EnvelopeError E_DUPLICATE, E_VOID, E_CHAIN, each with `opened`.
    """
    header = opened.header
    if header.sequence in void:
        raise EnvelopeError("E_VOID", opened=opened, sequence=str(header.sequence))
    held = (link.by_sequence(header.sequence), link.by_message_id(header.message_id))
    identity = (header.sequence, header.message_id, opened.mic)
    if all(known is not None and (known.sequence, known.message_id, known.mic) == identity for known in held):
        return "duplicate"
    if held != (None, None):
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
                   void: Container[int] = (), limit: int = LARGEST_FILE,
                   waive: Collection[str] = ()) -> tuple[Opened, Literal["new", "duplicate"]]:
    """Open a file and judge its order: V1 to V33, each in its place.

    An object of long ago that is put back is a duplicate before it is too old. Raises EnvelopeError.
    """
    try:
        opened = open_envelope(name, content, recipient=recipient, keys=keys, trust=trust, now=now,
                               environment=environment, limit=limit, waive=waive)
    except EnvelopeError as error:
        if error.opened is None:
            raise
        if judge_order(error.opened, link, void=void) == "duplicate":
            return error.opened, "duplicate"
        raise
    return opened, judge_order(opened, link, void=void)

"""Heads of both links as their keepers sign them (GW-1 section 11): what a checkpoint says, and reading one strictly.

A checkpoint travels as the payload of an object of its own and is worth what that object's signature is worth. Whether
its heads are those of our own trees is judged where the trees are.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from msgspec import Struct

from gateway.security.header import CHECKPOINT
from gateway.security.merkle import head_text
from gateway.security.opening import Opened
from gateway.security.refusals import EnvelopeError

MOST_HEADS = 8
_OWN = 2
"""Every checkpoint begins with a head of each of the two links (C2)."""


class Head(Struct, frozen=True):
    """The head of a link.

    sender     gateway that seals the objects of the link
    recipient  gateway that receives them
    size       leaves of the tree: the Sequence of the last one
    root       32 octets
    """

    sender: str
    recipient: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The head as it stands in a checkpoint."""
        return head_text(self.sender, self.recipient, self.size, self.root)


def checkpoint_payload(heads: Sequence[Head]) -> bytes:
    """The payload of a checkpoint. Raises ValueError for a number of heads outside 2..8."""
    if not _OWN <= len(heads) <= MOST_HEADS:
        raise ValueError(f"a checkpoint has {_OWN} to {MOST_HEADS} heads")
    return b"\n".join(head.text for head in heads)


def read_checkpoint(opened: Opened) -> list[Head]:
    """The heads of a checkpoint whose grammar was judged, in their order.

    Raises EnvelopeError E_PAYLOAD, with `opened`, where it breaks C2: it begins with one head of each of the two
    links between its sender and its recipient and names no other link, and no head of the sender's own link covers
    the object that carries it, or a later one.
    """
    heads = [_head(text) for text in opened.payload.split(b"\n\n")]
    header = opened.header
    ours, theirs = (header.recipient, header.sender), (header.sender, header.recipient)
    links = [(head.sender, head.recipient) for head in heads if head is not None]
    if (len(links) != len(heads) or set(links[:_OWN]) != {ours, theirs} or not {ours, theirs}.issuperset(links)
            or any(head.size >= header.sequence for head in heads
                   if head is not None and (head.sender, head.recipient) == theirs)):
        raise EnvelopeError("E_PAYLOAD", opened=opened, kind=CHECKPOINT)
    return [head for head in heads if head is not None]


def _head(text: bytes) -> Head | None:
    """One head text; None where its base64 has bits behind the last octet that are not zero: another text, no head."""
    link, size, encoded = text.rstrip(b"\n").decode("ascii").split("\n")
    _, sender, recipient = link.split("/")
    root = base64.b64decode(encoded)
    return Head(sender, recipient, int(size), root) if base64.b64encode(root).decode("ascii") == encoded else None

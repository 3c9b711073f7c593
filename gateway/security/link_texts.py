"""What two gateways say about the numbers of a link: ask for some again, take some back, list their leaves (GW-1
sections 4, 9 and 11).

The grammar of each kind was judged by `payloads`; what it cannot say (an end before its beginning, a count that does
not fit) is judged here, as E_PAYLOAD with the object.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from msgspec import Struct

from gateway.security.header import LEAVES, RESEND, ROOTS
from gateway.security.opening import Opened
from gateway.security.refusals import EnvelopeError

MOST_RANGES = 1000
MOST_LEAVES = 10000
MOST_ROOTS = 64

_LEAF = re.compile(rb"gw-leaf/1\n([0-9]+)\n(<[^>\n]*>)\nsha-256=([0-9a-f]{64})\nsha-256=([0-9a-f]{64})\n")


class Leaf(Struct, frozen=True):
    """A leaf: number, message id in angle brackets, MIC and signature digest as 64 hex digits, and its octets."""

    sequence: int
    message_id: str
    mic: str
    signature_digest: str
    content: bytes


class LeafList(Struct, frozen=True):
    """Leaf hashes of a link, in order. sender, recipient: of the link; first: number of the first one."""

    sender: str
    recipient: str
    first: int
    hashes: tuple[bytes, ...]


class Roots(Struct, frozen=True):
    """A question after roots of a link, or its answer.

    sender, recipient: of the link; roots: (size, root of 32 octets), where the line has one; bare: the other sizes
    """

    sender: str
    recipient: str
    answers: bool
    roots: tuple[tuple[int, bytes], ...]
    bare: tuple[int, ...]


def roots_payload(link: Roots) -> bytes:
    """A question or an answer, lines with a root first. Raises ValueError for no line, or more than 64."""
    if not 1 <= len(link.roots) + len(link.bare) <= MOST_ROOTS:
        raise ValueError(f"1 to {MOST_ROOTS} sizes can be named")
    lines = [f"{size} {base64.b64encode(root).decode('ascii')}" for size, root in link.roots]
    lines += [str(size) for size in link.bare]
    word = "answer" if link.answers else "ask"
    return (f"gw-roots/1\ngw-1/{link.sender}/{link.recipient}\n{word}\n"
            + "".join(f"{line}\n" for line in lines)).encode("ascii")


def read_roots(opened: Opened) -> Roots:
    """What a partner asks or answers. Raises EnvelopeError E_PAYLOAD for another link than the two between us."""
    _, link, word, *lines = opened.payload.decode("ascii").splitlines()
    _, sender, recipient = link.split("/")
    if {sender, recipient} != {opened.header.sender, opened.header.recipient}:
        raise EnvelopeError("E_PAYLOAD", opened=opened, kind=ROOTS)
    pairs = [line.split(" ") for line in lines]
    return Roots(sender, recipient, word == "answer",
                 tuple((int(pair[0]), base64.b64decode(pair[1])) for pair in pairs if len(pair) > 1),
                 tuple(int(pair[0]) for pair in pairs if len(pair) == 1))


def resend_payload(ranges: Sequence[tuple[int, int]]) -> bytes:
    """Ask for numbers again, first and last of each range. Raises ValueError for none, or more than 1,000 ranges."""
    if not 1 <= len(ranges) <= MOST_RANGES or any(first > last for first, last in ranges):
        raise ValueError(f"1 to {MOST_RANGES} ranges can be asked for")
    lines = (str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    return ("gw-resend/1\n" + "".join(f"{line}\n" for line in lines)).encode("ascii")


def read_resend(opened: Opened) -> list[tuple[int, int]]:
    """The ranges asked for. Raises EnvelopeError E_PAYLOAD for one that ends before it begins."""
    ranges = []
    for line in opened.payload.decode("ascii").splitlines()[1:]:
        first, _, last = line.partition("-")
        ranges.append((int(first), int(last or first)))
    if any(first > last for first, last in ranges):
        raise EnvelopeError("E_PAYLOAD", opened=opened, kind=RESEND)
    return ranges


def read_leaf_texts(payload: bytes) -> list[Leaf]:
    """The leaves of a withdrawal, as they stand in it."""
    return [Leaf(int(found[1]), found[2].decode("ascii"), found[3].decode("ascii"), found[4].decode("ascii"), found[0])
            for found in _LEAF.finditer(payload)]


def leaves_payload(sender: str, recipient: str, first: int, hashes: Sequence[bytes]) -> bytes:
    """The list of some leaf hashes of a link. Raises ValueError for none, or more than 10,000."""
    if not 1 <= len(hashes) <= MOST_LEAVES:
        raise ValueError(f"1 to {MOST_LEAVES} leaves can be listed")
    lines = "".join(f"{base64.b64encode(one).decode('ascii')}\n" for one in hashes)
    return f"gw-leaves/1\ngw-1/{sender}/{recipient}\n{first} {first + len(hashes) - 1}\n{lines}".encode("ascii")


def read_leaves(opened: Opened) -> LeafList:
    """The leaf hashes that a partner lists.

    Raises EnvelopeError E_PAYLOAD where it names another link than the two between us, or where the numbers do not fit
    the count of lines.
    """
    _, link, span, *lines = opened.payload.decode("ascii").splitlines()
    _, sender, recipient = link.split("/")
    first, last = (int(number) for number in span.split())
    if {sender, recipient} != {opened.header.sender, opened.header.recipient} or last - first + 1 != len(lines):
        raise EnvelopeError("E_PAYLOAD", opened=opened, kind=LEAVES)
    return LeafList(sender, recipient, first, tuple(base64.b64decode(line) for line in lines))

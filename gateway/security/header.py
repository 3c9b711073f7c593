"""The protected header: ten lines that are signed together with the payload (GW-1 section 4).

An ENTITY is the ten lines, an empty line, and the payload untouched. The grammar is one compiled pattern; building and
reading use the same fields, so what we write is what we accept.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from gateway.security.refusals import EnvelopeError

EDIFACT = "application/EDIFACT"
EDIFACT_GZIP = "application/EDIFACT+gzip"
RECEIPT = "message/disposition-notification"
CHECKPOINT = "application/vnd.gw.checkpoint"
RESEND = "application/vnd.gw.resend"
WITHDRAW = "application/vnd.gw.withdraw"
KEYS = "application/vnd.gw.keys"
LEAVES = "application/vnd.gw.leaves"
ROOTS = "application/vnd.gw.roots"
REFERENCE = "application/vnd.gw.reference"
INTERCHANGES = frozenset({EDIFACT, EDIFACT_GZIP})
"""What carries an interchange."""

KINDS = (EDIFACT, EDIFACT_GZIP, RECEIPT, CHECKPOINT, RESEND, WITHDRAW, KEYS, LEAVES, ROOTS, REFERENCE)

FIRST_PREVIOUS = "0" * 64
LONGEST_HEADER = 4096

_GATEWAY = r"[A-Z0-9][A-Z0-9.-]{0,31}"
_HEADER = re.compile(
    r"MIME-Version: 1\.0\r\n"
    r"Gateway-Profile: (?P<profile>[1-9][0-9]{0,3})\r\n"
    rf"Message-ID: (?P<message_id><[0-9a-f]{{32}}@(?P<maker>{_GATEWAY})>)\r\n"
    rf"From-Gateway: (?P<sender>{_GATEWAY})\r\n"
    rf"To-Gateway: (?P<recipient>{_GATEWAY})\r\n"
    r"Date: (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\r\n"
    r"Sequence: (?P<sequence>[1-9][0-9]{0,17})\r\n"
    r"Previous: sha-256=(?P<previous>[0-9a-f]{64})\r\n"
    rf"Content-Type: (?P<content_type>{'|'.join(map(re.escape, sorted(KINDS, key=len, reverse=True)))})\r\n"
    r'Content-Disposition: attachment; filename="(?P<filename>[A-Za-z0-9_][A-Za-z0-9._-]{0,63})"\r\n'
    r"\r\n"
)
_OTHER_PROFILE = re.compile(r"MIME-Version: 1\.0\r\nGateway-Profile: (?!1\r\n)[1-9][0-9]{0,3}\r\n")
_FIELDS = ("profile", "message_id", "sender", "recipient", "date", "sequence", "previous", "content_type", "filename")
_GATEWAY_ID = re.compile(_GATEWAY)


class Header(Struct, frozen=True):
    """What the ten lines say.

    message_id    "<", 32 hex digits, "@", the sending gateway, ">"; the digits are the caller's to draw
    sender        gateway id of the sender, recipient that of the addressee
    date          aware UTC, whole seconds
    sequence      number on the link, from 1
    previous      MIC of the object before, 64 hex digits; zeros when sequence is 1
    content_type  one of KINDS
    filename      shown, never used as a path
    """

    message_id: str
    sender: str
    recipient: str
    date: datetime
    sequence: int
    previous: str
    content_type: str
    filename: str

    @property
    def maker(self) -> str:
        """The gateway that the message id names."""
        return self.message_id.partition("@")[2].removesuffix(">")


def is_gateway_id(text: str) -> bool:
    """Tell whether a text is a gateway id (GW-1 section 2)."""
    return _GATEWAY_ID.fullmatch(text) is not None


def build_entity(header: Header, payload: bytes) -> bytes:
    """The ENTITY. Raises ValueError as `write_header` does."""
    return write_header(header) + payload


def write_header(header: Header) -> bytes:
    """The ten lines and the empty one. Raises ValueError for a header that `read_entity` would not give back."""
    date = header.date.astimezone(UTC)
    lines = (
        "MIME-Version: 1.0\r\n"
        "Gateway-Profile: 1\r\n"
        f"Message-ID: {header.message_id}\r\n"
        f"From-Gateway: {header.sender}\r\n"
        f"To-Gateway: {header.recipient}\r\n"
        f"Date: {date:%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"Sequence: {header.sequence}\r\n"
        f"Previous: sha-256={header.previous}\r\n"
        f"Content-Type: {header.content_type}\r\n"
        f'Content-Disposition: attachment; filename="{header.filename}"\r\n'
        "\r\n"
    )
    match = _HEADER.fullmatch(lines)
    if match is None or match["maker"] != match["sender"] or not _first_agrees(header) or date.microsecond:
        raise ValueError("not a header of GW-1 profile 1")
    return lines.encode("ascii")


def read_entity(entity: bytes | memoryview) -> tuple[Header, bytes]:
    """Header and payload of an ENTITY (V26). Raises EnvelopeError E_HEADER or E_PROFILE."""
    first = str(entity[:LONGEST_HEADER], "latin-1")  # an octet is a character: the pattern takes US-ASCII alone
    match = _HEADER.match(first)
    if match is None:
        raise EnvelopeError("E_PROFILE" if _OTHER_PROFILE.match(first) else "E_HEADER")
    profile, message_id, sender, recipient, date, sequence, previous, content_type, filename = match.group(*_FIELDS)
    if profile != "1":
        raise EnvelopeError("E_PROFILE")
    try:
        moment = datetime.fromisoformat(date)  # the pattern leaves one form, in UTC
    except ValueError:
        raise EnvelopeError("E_HEADER") from None
    header = Header(message_id, sender, recipient, moment, int(sequence), previous, content_type, filename)
    if not _first_agrees(header):
        raise EnvelopeError("E_HEADER")
    return header, bytes(entity[match.end():])


def _first_agrees(header: Header) -> bool:
    """The first object of a link has no predecessor: Previous is zeros. All later ones are judged by V31."""
    return header.sequence != 1 or header.previous == FIRST_PREVIOUS

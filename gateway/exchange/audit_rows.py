"""The rows of a history as they lie in a folder, and the objects that they brought in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.ledger import ObjectState
from gateway.ledger.chain import following
from gateway.spool import lines_of

_LONGEST = 16 << 20
_FIELDS = 10


class Row(Struct, frozen=True, kw_only=True):
    """A row of the history. sound: whether its hash is that of the row and of the one before it."""

    number: int
    at: datetime
    subject: str
    reference: str
    event: str
    to_state: str | None
    text: str
    digest: str | None
    hash: str
    sound: bool


class Arrival(Struct, frozen=True, kw_only=True):
    """An object that a row brought into the ledger, ours or a partner's.

    void    a number that was taken back: only its leaf is held
    waived  codes that people passed over when they let it in
    digest  of its payload, where it came from a partner
    """

    sender: str
    recipient: str
    sequence: int
    message_id: str
    kind: str
    void: bool
    waived: tuple[str, ...]
    digest: str | None

    def holds(self, payload: bytes) -> bool:
        """Whether this is the payload that was recorded; of what we sealed the history holds the sealed file's."""
        return self.digest is None or hashlib.sha256(payload).hexdigest() == self.digest


def rows_of(path: Path, anchor: str) -> Iterator[Row]:
    """The rows of a history file, each compared with the hash of the one before it.

    Raises FileNotFoundError, LocalError B005, B006; ValueError for a line that is no row.
    """
    before = anchor
    for line in lines_of(path, _LONGEST):
        said, _, text = line.decode("ascii").partition(" ")
        found = json.loads(text)
        if not isinstance(found, list) or len(found) != _FIELDS:
            raise ValueError("not a row")
        number, at, subject, _, reference, event, _, to_state, words, digest = found
        if not (isinstance(number, int) and isinstance(at, int) and isinstance(reference, str)
                and isinstance(subject, str) and isinstance(event, str) and isinstance(words, str)):
            raise ValueError("not a row")
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
        except OverflowError:
            raise ValueError("not an instant") from None
        yield Row(number=number, at=moment, subject=subject, reference=reference, event=event, to_state=to_state,
                  text=words, digest=digest, hash=said, sound=following(before, text) == said)
        before = said


def arrival_of(row: Row, us: str) -> Arrival | None:
    """The object that a row brought in; None for every other row. Raises ValueError for words that nobody wrote.

    us: whose history it is
    """
    if (row.subject, row.event) != ("object", "new"):
        return None
    partner, sequence, *words = row.text.split(" ")
    if not sequence.isdecimal() or not words:
        raise ValueError("not an object")
    ours, void = row.to_state == ObjectState.PREPARED, row.to_state == ObjectState.VOID
    sender, recipient = (us, partner) if ours else (partner, us)
    return Arrival(sender=sender, recipient=recipient, sequence=int(sequence), message_id=row.reference,
                   kind="" if void else words[0], void=void, waived=tuple(words[2:]),
                   digest=None if ours or void else row.digest)

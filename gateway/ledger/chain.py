"""The hash chain of the history: what is hashed, and in which form.

``row_hash = SHA-256(previous row_hash LF row)``, both as ASCII or UTF-8 text, hex digits in lower case; the first row
follows 64 zeros; `row` is the JSON array ``[id, at, subject, subject_id, reference, event, from_state, to_state, text,
digest]`` without spaces, non-ASCII escaped, `at` in microseconds since 1970 UTC. Ten lines in any language verify it.

An edit breaks the chain at its row, a row cut out leaves a hole in the ids, rows cut from the end fall behind the
counter. Whoever can rewrite the whole file can rewrite the chain too: against that stand the checkpoints that the
partner counter-signs (ENVELOPE section 11).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import NamedTuple

from gateway.ledger.columns import instant_number

_TEXT = json.encoder.encode_basestring_ascii

START = "0" * 64
"""What the first row follows."""


class Fact(NamedTuple):
    """One thing that happened, before it has its number and hash; in the order of the columns of the history.

    subject     what it is about: movement, declaration, event, message, interchange, object, source, delivery,
                incoming, journal, partner
    subject_id  number of the row it is about, None for movements and free rows
    reference   what people call it: MRN, control reference, Message-ID, file name
    event       the step (`states.Step`), ``new``, or ``state``
    digest      SHA-256 of the content that came into the ledger with it
    """

    at: datetime
    subject: str
    subject_id: int | None
    reference: str
    event: str
    from_state: str | None = None
    to_state: str | None = None
    text: str = ""
    digest: str | None = None


def row_hash(previous: str, number: int, fact: Fact) -> str:
    """The hash of the row `number` that states `fact` and follows a row with the hash `previous`."""
    return following(previous, row_text(number, fact))


def row_text(number: int, fact: Fact) -> str:
    """The row as it is hashed: one line of ASCII."""
    at, subject, subject_id, reference, event, from_state, to_state, text, digest = fact
    return (f'[{number},{instant_number(at)},{_TEXT(subject)},{"null" if subject_id is None else subject_id},'
            f'{_TEXT(reference)},{_TEXT(event)},{_text(from_state)},{_text(to_state)},{_TEXT(text)},{_text(digest)}]')


def _text(value: str | None) -> str:
    return "null" if value is None else _TEXT(value)


def following(previous: str, row: str) -> str:
    """The hash of a row, given as its text, that follows a row with the hash `previous`."""
    return hashlib.sha256(f"{previous}\n{row}".encode()).hexdigest()

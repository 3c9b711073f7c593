"""What left the ledger's contents, as frozen values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

DepartureKind: TypeAlias = Literal["archived", "erased", "purged"]
Kind: TypeAlias = Literal["messages", "sealed", "sources"]
"""What a law may want kept for different times: what was declared and answered, what was signed and sealed, and the
national files that it came from."""

KINDS: tuple[Kind, ...] = ("messages", "sealed", "sources")
KIND_OF: dict[str, Kind] = {"message": "messages", "interchange": "messages", "payload": "messages",
                            "delivery": "messages", "sealed": "sealed", "inner": "sealed", "source": "sources"}
"""What a content is (`OldContent.what`) -> its kind."""


class NewDeparture(Struct, frozen=True, kw_only=True):
    """Contents that leave by one decision.

    reference  of an archive, and of its purge, its name; of an erasure the MRN
    folder     where an archive lies; empty otherwise
    people     who answer for it, joined by ", "; account: that typed it
    """

    kind: DepartureKind
    reference: str
    folder: str
    people: str
    account: str
    reason: str


class Departure(Struct, frozen=True, kw_only=True):
    """A departure as held. contents: how many left; digest: over all of them; returned: when an archive came back."""

    id: int
    kind: DepartureKind
    reference: str
    folder: str
    people: str
    account: str
    reason: str
    contents: int
    digest: str
    at: datetime
    returned: datetime | None

    @property
    def words(self) -> str:
        """Who, when, why, on one line."""
        return f"{self.at:%Y-%m-%d %H:%M} {self.people or '-'} ({self.account}): {self.reason or '-'}"


class OldContent(Struct, frozen=True, kw_only=True):
    """A content whose business is over. what: message, interchange, sealed, inner, payload, source, delivery."""

    id: int
    digest: str
    size: int
    what: str
    reference: str


class KeptKind(Struct, frozen=True, kw_only=True):
    """Contents of one kind that left together. last: when the last business of theirs was over."""

    kind: Kind
    contents: int
    octets: int
    last: datetime


class Belongings(Struct, frozen=True, kw_only=True):
    """Everything of one movement that may be erased.

    contents      numbers of contents that hold octets still
    declarations  their numbers in the ledger; events: the same
    files         SHA-256 of the national files that it came from or went to
    shared        other movements that stand in the same interchanges or files
    unsettled     what is still under way of it: names of objects and interchanges
    archived      names of archives that hold a part of it
    """

    contents: tuple[int, ...]
    declarations: tuple[int, ...]
    events: tuple[int, ...]
    files: frozenset[str]
    shared: tuple[str, ...]
    unsettled: tuple[str, ...]
    archived: tuple[str, ...]


def digest_over(contents: Iterable[tuple[int, str]], records: Iterable[tuple[str, int, str]]) -> str:
    """SHA-256 over what left: a line ``content NUMBER DIGEST`` for each content, then ``WHAT NUMBER DIGEST`` for each
    record that was masked, both in order. 64 hex digits."""
    hashed = hashlib.sha256()
    for number, digest in sorted(contents):
        hashed.update(f"content {number} {digest}\n".encode())
    for what, number, digest in sorted(records):
        hashed.update(f"{what} {number} {digest}\n".encode())
    return hashed.hexdigest()

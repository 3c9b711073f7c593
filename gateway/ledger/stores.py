"""What a place outside of the ledger is asked when contents are kept there, and under which names they lie in it.

A content that is in a store keeps its row, with number, digest and size; `bytes` is empty, and a row of `stored` says
that the store holds it. Each putting has a row, and so a key, of its own: a key is never used for a second time, so
that whoever removes one late, or twice, cannot take what somebody else has put meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.ledger.codec import digest_of

NO_STORE, ABSENT, DIFFERS, UNREACHABLE = "L060", "L061", "L062", "L063"

OPTION = "content_store"
"""Under this name a connection of the ledger has its store."""


class ContentStore(Protocol):
    """A place for octets under keys.

    name  as people know it, without a secret
    """

    name: str

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Put octets under their keys. When this returns they survive a power cut. Raises LocalError L062, L063."""

    def get(self, key: str) -> bytes | None:
        """The octets under a key; None where there are none. Raises LocalError L063."""

    def remove(self, keys: Sequence[str]) -> None:
        """Take octets away; those that are not there are gone already. Raises LocalError L063."""

    def every_key(self) -> Iterator[str]:
        """Every key there is, sorted. Raises LocalError L063."""


def key_of(digest: str, number: int) -> str:
    """The key of a content. digest: of its octets; number: of the row of `stored`. ``ab/ab12…-7``."""
    return f"{digest[:2]}/{digest}-{number}"


def octets_in_store(connection: Connection, digest: str, number: int) -> bytes:
    """The octets of a stored content, compared with the digest. Raises LocalError L060 (the settings name no store),
    L061 (it is not there), L062 (it is something else), L063 (the store cannot be used)."""
    store: ContentStore | None = connection.get_execution_options().get(OPTION)
    key = key_of(digest, number)
    if store is None:
        raise LocalError(Finding(code=NO_STORE, values={"key": key}))
    octets = store.get(key)
    if octets is None:
        raise LocalError(Finding(code=ABSENT, values={"store": store.name, "key": key}))
    if digest_of(octets) != digest:
        raise LocalError(Finding(code=DIFFERS, values={"store": store.name, "key": key}))
    return octets

"""What the ledger says of keys, read at one moment: a run keeps it until somebody changes a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.ledger.key_rows import ConsentRow, OwnKeyRow, TrustedRow
from gateway.ledger.reading.trust import KeyLookups


class KnownKeys(Struct, frozen=True):
    """changes: how many changes of keys there had been (`KeyLookups.key_changes`); the rows of the ledger."""

    changes: int
    trusted: Mapping[str, Sequence[TrustedRow]]
    own: Sequence[OwnKeyRow]
    consents: Sequence[ConsentRow]

    def own_of(self, use: str) -> list[OwnKeyRow]:
        """Our pairs of one use."""
        return [row for row in self.own if row.use == use]


def read_known_keys(lookups: KeyLookups) -> KnownKeys:
    """Read everything: a change of keys is rare, and the rows are few.

    Raises LocalError K089 for what the history does not vouch for: nobody is believed because of an edited row.
    """
    trusted: dict[str, list[TrustedRow]] = {}
    changes = lookups.key_changes()
    strange = lookups.unrecorded_keys() if changes >= 0 else ()  # below zero: our own changes, not recorded yet
    if strange:
        raise LocalError(*(Finding(code="K089", values={"sha256": sha256}) for sha256 in strange))
    for row in lookups.trusted():
        trusted.setdefault(row.partner, []).append(row)
    return KnownKeys(changes, trusted, lookups.own_keys(), lookups.consents())

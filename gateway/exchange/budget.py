"""What one run takes from one partner at most, so that none of them takes from the others (threat 16). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from gateway.transport import Entry

BATCH = 64
"""Files fetched and stored in one transaction."""

BATCH_OCTETS = 64 << 20
"""Octets of one batch, unless one file alone is larger: they are in memory together."""

RUN_OCTETS = 1 << 30
"""Octets taken from one partner in one run: what a quarantine may grow by before somebody looks."""

_SHARED = 0.8
"""How much of a run's time the sessions with partners may take together."""

_LEAST = 30.0
"""Seconds that a session gets in any case: a handshake over a bad line takes some of them."""


def affordable(entries: Sequence[Entry], octets: int = RUN_OCTETS) -> Sequence[Entry]:
    """The first entries, by their listed sizes, that fit into a run; at least one. No more than these is ever read."""
    total = 0
    for number, entry in enumerate(entries):
        total += entry.size
        if total > octets and number:
            return entries[:number]
    return entries


def batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """The entries in order, in pieces that are worked on together."""
    start = total = 0
    for number, entry in enumerate(entries):
        if number > start and (number - start == BATCH or total + entry.size > BATCH_OCTETS):
            yield entries[start:number]
            start, total = number, 0
        total += entry.size
    if start < len(entries):
        yield entries[start:]


def session_seconds(run: timedelta, partners: int) -> float:
    """How long a session with one partner may last in one direction: a fair share of the run, however lively it is."""
    return max(_LEAST, run.total_seconds() * _SHARED / (2 * max(1, partners)))

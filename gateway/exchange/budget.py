"""What one run takes from one partner at most, so that none of them takes from the others (threat 16). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.transport import Entry

BATCH = 64
"""Files fetched and stored in one transaction."""

BATCH_OCTETS = 8 << 20
"""Octets of one batch: they are in memory together, opened and closed. The largest file makes a batch by itself."""

RUN_OCTETS = 1 << 30
"""Octets taken from one partner in one run: what a quarantine may grow by before somebody looks."""

_SHARED = 0.8
"""How much of a run's time the sessions with partners may take together."""

_LEAST = 30.0
"""Seconds that a session gets in any case: a handshake over a bad line takes some of them."""

PHASES = {"inbound": 0.5, "judging": 0.7, "held": 0.8, "intake": 0.85, "outbound": 1.0}
"""Up to which part of that time sessions of a direction may begin, what came in is judged, national files are taken.
What the earlier leave, the later have."""


def cost(entry: Entry, limit: int) -> int:
    """Octets that are taken for a file: its listed size; none of one above the limit, which stays where it is."""
    return entry.size if entry.size <= limit else 0


def affordable(entries: Sequence[Entry], limit: int, octets: int = RUN_OCTETS) -> Sequence[Entry]:
    """The first entries, by their listed sizes, that fit into a run; at least one. No more than these is ever read.

    limit  size of the largest file that is taken
    """
    total = 0
    for number, entry in enumerate(entries):
        total += cost(entry, limit)
        if total > octets and number:
            return entries[:number]
    return entries


def batches(entries: Sequence[Entry], limit: int) -> Iterator[Sequence[Entry]]:
    """The entries in order, in pieces that are worked on together. limit: as in `affordable`."""
    start = total = 0
    for number, entry in enumerate(entries):
        octets = cost(entry, limit)
        if number > start and (number - start == BATCH or total + octets > BATCH_OCTETS):
            yield entries[start:number]
            start, total = number, 0
        total += octets
    if start < len(entries):
        yield entries[start:]


def session_seconds(run: timedelta, partners: int) -> float:
    """How long a session outside a run may last, in one direction: as long as in a run whose partners all take time."""
    return max(_LEAST, run.total_seconds() * _SHARED / (2 * max(1, partners)))


def share(run: timedelta, spent: float, direction: str, left: int, *, first: bool) -> float | None:
    """Seconds for the next session of a run; None when none may begin any more.

    spent  seconds since the run began
    left   partners whose session of this direction may still begin, this one included: what is left is theirs alike
    first  whether it is the first of its direction, which always begins: else a long intake could keep receipts back
           for ever

    A session begun at the last moment ends before the run does.
    """
    total = run.total_seconds()
    remaining = total * _SHARED * PHASES[direction] - spent
    if remaining <= 0 and not first:
        return None
    return max(min(_LEAST, total * (1 - _SHARED)), remaining / max(1, left))


def over(run: timedelta, spent: float, phase: str) -> bool:
    """Tell whether a run that began that many seconds ago should begin nothing more of a phase."""
    return spent >= run.total_seconds() * _SHARED * PHASES[phase]


def in_turn(partners: Sequence[str], last: str | None) -> list[str]:
    """The partners in the order of a run: after the one with whom a run that came to no end began its last session.

    So whoever takes all the time of a run is not the first of the next.
    """
    ordered = sorted(partners)
    if last is None:
        return ordered
    return [name for name in ordered if name > last] + [name for name in ordered if name <= last]

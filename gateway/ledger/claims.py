"""Shares of a backlog that several hosts work off at once: who is at what, and who waits for whom.

A share is claimed by locking the rows of its contents (FOR NO KEY UPDATE, SKIP LOCKED) in a transaction that lasts as
long as the work on it. The server lets go of it with the transaction or the connection, however a host ends, and a host
that stands still for longer than it may loses it. Contents never change before their business is over, so nobody who
writes ever waits for a claim, and claiming waits for no writer.

A claim spares double work, no more: what is done stands or falls with the write transaction, which asks once more
whether it is still to be done. In a file one machine's own locks do, and every share is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Select, String, bindparam, func, literal, select, update

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.ledger.errors import BUSY
from gateway.ledger.rows import InterchangeIn
from gateway.ledger.states import InterchangeState
from gateway.ledger.tables import content, interchange

_WAITING = (interchange.c.direction == "in", interchange.c.state == InterchangeState.STORED)
_IDLE = select(func.set_config(literal("idle_in_transaction_session_timeout", String), bindparam("life", type_=String),
                               literal(True)))


class Share(Struct, frozen=True):
    """What was claimed of some rows, in their order, as they stand now.

    held  rows that others are at, before the first that is ours
    rows  ours, with nothing between them that others are at
    """

    held: tuple[InterchangeIn, ...]
    rows: tuple[InterchangeIn, ...]


class StillHeld(LocalError):
    """Another host has been at something for longer than anybody waits (L007)."""

    def __init__(self, ledger: str) -> None:
        super().__init__(Finding(code=BUSY, place=Place(file=ledger), values={
            "ledger": ledger, "reason": "FOR SHARE"}))


def alone(connection: Connection, rows: Sequence[InterchangeIn]) -> Share:
    """All of them that still wait, where nobody else can be at any."""
    return Share((), tuple(_still_waiting(connection, rows)))


def claim(connection: Connection, rows: Sequence[InterchangeIn], life: timedelta) -> Share:
    """Claim what nobody is at, from the first such row up to the next that somebody is at. Ours until the transaction
    of this connection ends, and while it does not stand still for longer than `life`.

    Whoever holds an unbroken stretch and waits for nothing but what comes before it never waits for whoever waits for
    him.
    """
    connection.execute(_IDLE, {"life": str(life // timedelta(milliseconds=1))})
    wanted = [row.id for row in rows]
    while wanted:
        point = connection.begin_nested()
        ours = {row.id for row in connection.execute(_lock(wanted, skip=True))}
        still = _still_waiting(connection, rows)  # what was done a moment ago was free to be locked
        share = _unbroken(still, ours)
        if len(share.rows) == len(ours) or not ours:
            return share
        point.rollback()  # lets go of what lies behind the gap
        wanted = [row.id for row in share.rows or still]
    return Share((), ())


def _unbroken(still: Sequence[InterchangeIn], ours: set[int]) -> Share:
    first = next((place for place, row in enumerate(still) if row.id in ours), len(still))
    end = next((place for place in range(first, len(still)) if still[place].id not in ours), len(still))
    return Share(tuple(still[:first]), tuple(still[first:end]))


def await_first(connection: Connection, rows: Sequence[InterchangeIn]) -> bool:
    """Wait until nobody is at the first of the rows that still waits; False, at once, when none of them does."""
    waiting = _still_waiting(connection, rows)
    if waiting:
        connection.execute(_lock([waiting[0].id], skip=False))
    return bool(waiting)


def count_attempts(connection: Connection, ids: Sequence[int], more: int) -> None:
    """Count an attempt to judge each of these interchanges, or take it back (-1)."""
    connection.execute(update(interchange).where(interchange.c.id.in_(ids), *_WAITING)
                       .values(attempts=interchange.c.attempts + more))


def _lock(ids: Sequence[int], *, skip: bool) -> Select[tuple[int]]:
    """Those of the interchanges that wait and whose contents could be locked."""
    found = (select(interchange.c.id).join(content, content.c.id == interchange.c.content_id)
             .where(interchange.c.id.in_(ids), *_WAITING).order_by(interchange.c.id))
    return found.with_for_update(key_share=True, skip_locked=True, of=content) if skip \
        else found.with_for_update(read=True, of=content)


def _still_waiting(connection: Connection, rows: Sequence[InterchangeIn]) -> list[InterchangeIn]:
    attempts = {row.id: row.attempts for row in connection.execute(
        select(interchange.c.id, interchange.c.attempts)
        .where(interchange.c.id.in_([row.id for row in rows]), *_WAITING))}
    return [replace(row, attempts=attempts[row.id]) for row in rows if row.id in attempts]

"""Lanes of work that several hosts share: who holds one, until when, and that nobody writes who has lost it.

A lane is held by a lease of the database, by whose clock it ends: clocks of hosts do not matter. Each holder has a
token greater than all before it. A write transaction within a lane first renews the lease where the token still is its
own, which locks the row until the commit: a host that stood still longer than its lease lasts finds another token,
and nothing of its transaction stands (L020). Correctness rests on the transactions; lanes spare double work.

Over a weak line one file may take longer than a lease lasts. So a thread renews it while its holder is at work: else
two hosts would take the lane from each other for ever, and neither ever commit what it has fetched. A process that is
dead or stopped renews nothing.

Taking and leaving a lane wait for no writer: they touch one row of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    String,
    bindparam,
    exists,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.ledger.errors import LANE_LOST
from gateway.ledger.line_tables import lease

_MICROSECOND = timedelta(microseconds=1)
_CLOCK = literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", BigInteger)
_ENDS = _CLOCK + bindparam("life", type_=BigInteger)
_LANE = bindparam("lane", type_=String)
_NEW = insert(lease).from_select(["lane", "token", "holder", "ends"], select(
    _LANE, literal(1), bindparam("holder", type_=String), _ENDS).where(
        ~exists().where(lease.c.lane == _LANE, lease.c.ends > _CLOCK)))
"""Whether somebody holds it is read first: a row in conflict is locked, and its holder may be in a transaction."""
_TAKE = _NEW.on_conflict_do_update(index_elements=["lane"], where=lease.c.ends <= _CLOCK, set_={
    "token": lease.c.token + 1, "holder": _NEW.excluded.holder, "ends": _NEW.excluded.ends}).returning(lease.c.token)
_OURS = (lease.c.lane == bindparam("mine")) & (lease.c.token == bindparam("ours"))
_RENEW = update(lease).where(_OURS).values(ends=_ENDS)
_KEEP = update(lease).where(lease.c.lane == select(lease.c.lane).where(_OURS).with_for_update(skip_locked=True)
                            .scalar_subquery()).values(ends=_ENDS)
"""Not while a transaction of ours has it: that has renewed it."""
_LEAVE = update(lease).where(_OURS).values(ends=0)


class Lane:
    """A lane that we hold."""

    def __init__(self, name: str, token: int, life: timedelta) -> None:
        self.name = name
        self.token = token
        self._life = life // _MICROSECOND

    @classmethod
    def take(cls, engine: Engine, name: str, holder: str, life: timedelta) -> Lane | None:
        """Take a lane that is free, or whose lease has ended; None while another holds it.

        holder  for people: host and process
        life    how long it is ours if we never come back
        """
        with engine.begin() as connection:
            token = connection.execute(_TAKE, {"lane": name, "holder": holder, "life": life // _MICROSECOND}).scalar()
        return None if token is None else cls(name, token, life)

    def fence(self, connection: Connection) -> None:
        """Renew it, first in a write transaction. Raises LocalError L020 when another host holds it now."""
        if connection.execute(_RENEW, {"mine": self.name, "ours": self.token, "life": self._life}).rowcount != 1:
            raise LocalError(Finding(code=LANE_LOST, values={"lane": self.name}))

    @contextmanager
    def kept(self, engine: Engine, longest: timedelta) -> Iterator[None]:
        """Renew it for the time of a with-block, and no longer than `longest`: who hangs does not hold it for ever."""
        every = self._life // 3
        over = Event()

        def keep() -> None:
            for _ in range(longest // (every * _MICROSECOND)):
                if over.wait(every / 1_000_000):
                    return
                with suppress(SQLAlchemyError), engine.begin() as connection:  # else the next time, or it ends
                    connection.execute(_KEEP, {"mine": self.name, "ours": self.token, "life": self._life})

        thread = Thread(target=keep, name=f"lane {self.name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def leave(self, engine: Engine) -> None:
        """Let others have it; nothing when it is not ours any more."""
        with engine.begin() as connection:
            connection.execute(_LEAVE, {"mine": self.name, "ours": self.token})

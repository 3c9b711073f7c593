"""What people have been told of a cause, as it goes into the ledger and comes out of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Alert(Struct, frozen=True, kw_only=True):
    """One cause, and what became of it on one way of telling.

    channel   the way of telling: its kind and a digest of where it leads
    cause     kind and subject: ``silence/BFDGD``
    began     since when the cause stands
    level     how far it has got; a change of it is told
    told      when this was told; None while it is still to be told
    ended     when the cause was gone; None while it stands. A row that was told and has ended is a recovery to be told
    failures  how often telling failed in a row; next_at: when it is tried (again)
    """

    channel: str
    cause: str
    began: datetime
    level: str
    told: datetime | None
    ended: datetime | None
    failures: int
    next_at: datetime

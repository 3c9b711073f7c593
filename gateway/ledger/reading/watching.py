"""How much waits for somebody, and since when, by partner and by corridor: what a watch asks for.

Each question is answered from the index of what is open, however much is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, exists, func, select, text

from gateway.ledger.act_tables import act
from gateway.ledger.alert_rows import Alert
from gateway.ledger.alert_tables import alert
from gateway.ledger.columns import EVER
from gateway.ledger.states import MessageState
from gateway.ledger.tables import incoming_note, link, message, movement, object_


class Pile(Struct, frozen=True, kw_only=True):
    """Things of one kind that wait: how many, since when the oldest and the newest, and how the oldest are called."""

    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    references: tuple[str, ...] = ()


NOTHING = Pile()


class WatchLookups:
    """unanswered_by_partner, quarantined_by_partner, overdue_by_corridor, waiting_messages, uncollected, alerts."""

    _connection: Connection

    def unanswered_by_partner(self) -> dict[str, Pile]:
        """Objects of ours whose receipt is awaited, since they first went up."""
        since = func.coalesce(object_.c.dispatched, object_.c.at)
        return _piles(self._connection.execute(
            select(object_.c.partner, func.count(), func.min(since), func.max(since))
            .where(object_.c.direction == "out", object_.c.receipt_due >= EVER).group_by(object_.c.partner)).all())

    def quarantined_by_partner(self, examples: int) -> dict[str, Pile]:
        """Refused files that are kept, and that nobody has rejected for good; `examples` names of each partner."""
        waiting = (text("kept != ''"),  # word for word as its index has it
                   ~exists().where(act.c.kind == "reject", act.c.subject.in_([
                       func.replace(incoming_note.c.kept, ".bin", ""),
                       func.replace(incoming_note.c.name, ".p7m", "")])))
        found = _piles(self._connection.execute(
            select(incoming_note.c.partner, func.count(), func.min(incoming_note.c.at), func.max(incoming_note.c.at))
            .where(*waiting).group_by(incoming_note.c.partner)).all())
        return {partner: _named(pile, self._names(select(incoming_note.c.name).where(
            *waiting, incoming_note.c.partner == partner).order_by(incoming_note.c.id), examples))
            for partner, pile in found.items()}

    def overdue_by_corridor(self, now: datetime, examples: int) -> dict[str, Pile]:
        """Movements of which a timer ended while nothing held stops it; `examples` MRNs of each corridor."""
        over = movement.c.due <= now
        whose = movement.c.corridor + ""  # else an index in this order is read whole, whatever is overdue
        found = _piles(self._connection.execute(
            select(whose, func.count(), func.min(movement.c.due), func.max(movement.c.due))
            .where(over).group_by(whose)).all())
        return {corridor: _named(pile, self._names(select(movement.c.mrn).where(
            over, whose == corridor).order_by(movement.c.due, movement.c.mrn), examples))
            for corridor, pile in found.items()}

    def waiting_messages(self) -> Pile:
        """Messages of ours that have no interchange yet."""
        count, oldest, newest = self._connection.execute(
            select(func.count(), func.min(message.c.changed), func.max(message.c.changed))
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING)).one()
        return Pile(count=count, oldest=oldest, newest=newest)

    def uncollected(self, partner: str, now: datetime) -> bool:
        """Whether files of ours were last seen lying in a partner's mailbox although their receipts were late: told
        today or yesterday (X051, `exchange.dispatch`), and nothing has come from there since."""
        days = [f"{partner} {day:%Y-%m-%d}" for day in (now, now - timedelta(days=1))]
        seen = self._connection.execute(
            select(func.max(incoming_note.c.at)).where(incoming_note.c.name.in_(days), incoming_note.c.code == "X051",
                                                       incoming_note.c.partner == partner)).scalar()
        if seen is None:
            return False
        heard = self._connection.execute(
            select(object_.c.id).where(object_.c.direction == "in", object_.c.partner == partner,
                                       object_.c.at > seen, object_.c.sequence >= select(link.c.sequence).where(
                                           link.c.partner == partner, link.c.direction == "in").scalar_subquery())
            .limit(1)).first()
        return heard is None

    def alerts(self, channel: str | None = None) -> list[Alert]:
        """What has been told, or is to be, on one way of telling or on all."""
        wanted = select(alert).order_by(alert.c.channel, alert.c.cause)
        if channel is not None:
            wanted = wanted.where(alert.c.channel == channel)
        return [Alert(**row._mapping) for row in self._connection.execute(wanted)]

    def _names(self, wanted: Select[Any], limit: int) -> tuple[str, ...]:
        names: Sequence[str] = self._connection.execute(wanted.limit(limit)).scalars().all()
        return tuple(names)


def _piles(rows: Sequence[Row[Any]]) -> dict[str, Pile]:
    piles: dict[str, Pile] = {}
    for row in rows:
        whose, count, oldest, newest = tuple(row)
        piles[whose] = Pile(count=count, oldest=oldest, newest=newest)
    return piles


def _named(pile: Pile, names: tuple[str, ...]) -> Pile:
    return Pile(count=pile.count, oldest=pile.oldest, newest=pile.newest, references=names)

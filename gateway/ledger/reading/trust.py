"""Which certificates count and whose move it is in a change of keys: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from gateway.ledger.codec import digest_of
from gateway.ledger.key_rows import (
    ConsentRow,
    ConsentState,
    OwnKeyRow,
    OwnKeyState,
    SignedObject,
    TrustedRow,
    TrustedState,
)
from gateway.ledger.reading.away import whole
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import consent, content, counter, history, interchange, message, object_, own_key, trusted

KEY_CHANGES = "keys"
"""The series that counts changes of keys: one number higher with each."""


class KeyLookups:
    """trusted, own_keys, consents, and what was accepted under a certificate."""

    _connection: Connection

    def key_changes(self) -> int:
        """How many changes of keys there have been: another number means that what was read of them is of yesterday."""
        return self._connection.execute(
            select(counter.c.value).where(counter.c.name == KEY_CHANGES)).scalar() or 0

    def trusted(self, partner: str | None = None) -> list[TrustedRow]:
        """What became of the certificates of one partner, or of all, in the order in which they were learnt."""
        query = select(trusted).order_by(trusted.c.id)
        if partner is not None:
            query = query.where(trusted.c.partner == partner)
        return [TrustedRow(**{**row._mapping, "state": TrustedState(row.state)})
                for row in self._connection.execute(query)]

    def own_keys(self) -> list[OwnKeyRow]:
        """Our own pairs of which something is known beyond the settings, each after the one it follows."""
        return [OwnKeyRow(**{**row._mapping, "state": OwnKeyState(row.state)})
                for row in self._connection.execute(select(own_key).order_by(own_key.c.id))]

    def unrecorded_keys(self) -> list[str]:
        """Certificates, ours and of partners, about which the tables say something that the history does not.

        Rows that somebody wrote or changed by hand, past the gateway; of what this transaction itself has changed the
        history does not stand yet.
        """
        found = [row.sha256 for row in self.trusted()
                 if digest_of(row.der) != row.sha256 or not self._recorded(trusted.name, row, row.partner)]
        return found + [row.sha256 for row in self.own_keys() if not self._recorded(own_key.name, row, "")]

    def _recorded(self, table: str, row: TrustedRow | OwnKeyRow, partner: str) -> bool:
        facts = self._connection.execute(
            select(history.c.event, history.c.to_state, history.c.text, history.c.digest)
            .where(history.c.subject == table, history.c.subject_id == row.id).order_by(history.c.id)).all()
        said = key_words(partner, row.use, row.use_from, row.accept_until, row.reason)
        return bool(facts) and (facts[0].event, facts[0].digest) == ("new", row.sha256) and (
            facts[-1].to_state, facts[-1].text) == (row.state, said)

    def consents(self) -> list[ConsentRow]:
        """Who takes which pair of ours."""
        rows = self._connection.execute(
            select(consent, own_key.c.sha256).join(own_key, own_key.c.id == consent.c.own_key_id)
            .order_by(consent.c.own_key_id, consent.c.partner))
        return [ConsentRow(**{**row._mapping, "state": ConsentState(row.state)}) for row in rows]

    def inner_of(self, object_id: int) -> bytes:
        """The SignedData of an object. Raises LookupError when there is no such object."""
        row = self._connection.execute(
            select(content.c.id, content.c.bytes).join(object_, object_.c.inner_id == content.c.id)
            .where(object_.c.id == object_id)).first()
        if row is None:
            raise LookupError(f"no object {object_id}")
        return whole(self._connection, row.id, row.bytes)

    def accepted_since(self, partner: str, since: datetime) -> Iterator[SignedObject]:
        """Every object of a partner that was accepted since then, one after the other, by number."""
        return self._signed(object_.c.direction == "in", object_.c.partner == partner, object_.c.at >= since,
                            object_.c.state == ObjectState.STORED)

    def unreceived(self) -> Iterator[SignedObject]:
        """Every object of ours that has no receipt and still awaits one, one after the other, by partner and number."""
        return self._signed(object_.c.direction == "out",
                            object_.c.state.in_(
                                [ObjectState.PREPARED, ObjectState.DISPATCHED, ObjectState.DEAD_LETTER]),
                            or_(object_.c.state == ObjectState.PREPARED, object_.c.receipt_due.is_not(None)))

    def _signed(self, *where: ColumnElement[bool]) -> Iterator[SignedObject]:
        rows = self._connection.execute(
            select(object_.c.id, object_.c.partner, object_.c.sequence, object_.c.message_id, object_.c.kind,
                   object_.c.name, object_.c.at, object_.c.interchange_id)
            .where(*where).order_by(object_.c.partner, object_.c.sequence)).all()
        for row in rows:
            values = dict(row._mapping)
            number = values.pop("interchange_id")
            reference = None if number is None else self._connection.execute(
                select(interchange.c.control_reference).where(interchange.c.id == number)).scalar()
            mrns = () if number is None else tuple(self._connection.execute(
                select(message.c.mrn).distinct().where(message.c.interchange_id == number, message.c.mrn.is_not(None))
                .order_by(message.c.mrn)).scalars())
            yield SignedObject(**values, control_reference=reference, mrns=mrns, inner=self.inner_of(row.id))


def key_words(partner: str, use: str, use_from: datetime | None, accept_until: datetime | None, reason: str) -> str:
    """What the history says of a certificate, beside its state."""
    dates = [f"{name} {moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in
             (("from", use_from), ("until", accept_until)) if moment is not None]
    return " ".join(part for part in (partner, use, *dates, reason) if part)

"""Keys that change: what partners announced and what was decided of it, our own pairs, and who takes them.

Every step is guarded by the state it starts from and leaves a row in the history; each counts one change of keys, by
which a run that is under way notices that what it knows is of yesterday (`KeyLookups.key_changes`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.errors import Moved
from gateway.ledger.key_rows import ConsentState, OwnKeyRow, OwnKeyState, TrustedRow, TrustedState
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.trust import KEY_CHANGES, KeyLookups, key_words
from gateway.ledger.tables import consent, object_, own_key, trusted


class Keys(Base, KeyLookups):
    """Certificates of partners, pairs of ours, consents."""

    def key_changes(self) -> int:
        """As of `KeyLookups`; below zero once this transaction has changed something itself: what was read of that
        is not what stands before it stands."""
        pending = self._counters.get(KEY_CHANGES)
        return super().key_changes() if pending is None else -pending

    # --- partners' certificates

    def add_trusted(self, *, partner: str, use: str, sha256: str, der: bytes, replaces: str | None, use_from: datetime,
                    accept_until: datetime | None, state: TrustedState, reason: str, object_id: int | None,
                    at: datetime) -> int:
        """Note a certificate of a partner of which nothing was noted before; its number."""
        number = self._ids(trusted, 1).start
        self._connection.execute(insert(trusted), {
            "id": number, "partner": partner, "use": use, "sha256": sha256, "der": der, "replaces": replaces,
            "use_from": use_from, "accept_until": accept_until, "state": state, "reason": reason, "at": at,
            "changed": at, "object_id": object_id})
        self._changed(Fact(at=at, subject="trusted", subject_id=number, reference=sha256, event="new", to_state=state,
                           text=key_words(partner, use, use_from, accept_until, reason), digest=sha256))
        return number

    def move_trusted(self, row: TrustedRow, *, state: TrustedState, at: datetime, reason: str | None = None,
                     use_from: datetime | None = None, accept_until: datetime | None = None,
                     replaces: str | None = None, object_id: int | None = None) -> None:
        """Change what is known of a certificate; what is not given stays, but for `accept_until`.

        Raises Moved when its state is not that of `row` any more.
        """
        reason, use_from = reason or row.reason, use_from or row.use_from
        self._move_one(trusted, row.id, row.state, {
            "state": state, "reason": reason, "use_from": use_from, "accept_until": accept_until,
            "replaces": replaces or row.replaces, "object_id": object_id or row.object_id, "changed": at}, row.sha256)
        self._changed(Fact(at=at, subject="trusted", subject_id=row.id, reference=row.sha256, event="state",
                           from_state=row.state, to_state=state,
                           text=key_words(row.partner, row.use, use_from, accept_until, reason)))

    # --- pairs of ours

    def add_own_key(self, *, use: str, sha256: str, key: str, certificate: str, replaces: str | None,
                    state: OwnKeyState, reason: str, at: datetime) -> int:
        """Note a pair of ours; its number."""
        number = self._ids(own_key, 1).start
        self._connection.execute(insert(own_key), {
            "id": number, "use": use, "sha256": sha256, "key": key, "certificate": certificate, "replaces": replaces,
            "use_from": None, "accept_until": None, "state": state, "reason": reason, "at": at, "changed": at})
        self._changed(Fact(at=at, subject="own_key", subject_id=number, reference=sha256, event="new", to_state=state,
                           text=key_words("", use, None, None, reason), digest=sha256))
        return number

    def move_own_key(self, row: OwnKeyRow, *, state: OwnKeyState, at: datetime, reason: str | None = None,
                     use_from: datetime | None = None, accept_until: datetime | None = None) -> None:
        """Change what is known of a pair of ours; what is not given stays. Raises Moved."""
        reason, use_from = reason or row.reason, use_from or row.use_from
        accept_until = accept_until or row.accept_until
        self._move_one(own_key, row.id, row.state, {"state": state, "reason": reason, "use_from": use_from,
                                                    "accept_until": accept_until, "changed": at}, row.sha256)
        self._changed(Fact(at=at, subject="own_key", subject_id=row.id, reference=row.sha256, event="state",
                           from_state=row.state, to_state=state,
                           text=key_words("", row.use, use_from, accept_until, reason)))

    # --- consents

    def ask_consent(self, own_key_id: int, partner: str, *, object_id: int | None, at: datetime,
                    state: ConsentState = ConsentState.ASKED, reason: str = "") -> None:
        """A partner was asked to take a pair of ours, by an object; or people settled it between them.

        What was said before to an earlier question is forgotten. Raises Moved when it has consented already.
        """
        where = (consent.c.own_key_id == own_key_id, consent.c.partner == partner)
        held = self._connection.execute(select(consent.c.state).where(*where)).scalar()
        values = {"state": state, "changed": at, "object_id": object_id}
        if held is None:
            self._connection.execute(insert(consent), {"own_key_id": own_key_id, "partner": partner, **values})
        else:
            done = self._connection.execute(
                update(consent).where(*where, consent.c.state != ConsentState.CONSENTED).values(values))
            if done.rowcount != 1:
                raise Moved("consent", partner, held)
        self._consent(own_key_id, partner, held, state, at, reason)

    def settle_consent(self, partner: str, *, message_id: str, processed: bool, at: datetime) -> bool:
        """Take the receipt of an object of ours as the answer to what it asked; False when it asked nothing.

        processed  consent (K6); anything else refuses
        """
        row = self._connection.execute(
            select(consent.c.own_key_id, consent.c.state).join(object_, object_.c.id == consent.c.object_id)
            .where(object_.c.direction == "out", object_.c.partner == partner, object_.c.message_id == message_id,
                   consent.c.partner == partner)).first()
        if row is None:
            return False
        state = ConsentState.CONSENTED if processed else ConsentState.REFUSED
        if row.state not in (ConsentState.CONSENTED, state):
            self._connection.execute(update(consent).where(
                consent.c.own_key_id == row.own_key_id, consent.c.partner == partner).values(state=state, changed=at))
            self._consent(row.own_key_id, partner, row.state, state, at, message_id)
        return True

    def _consent(self, own_key_id: int, partner: str, held: str | None, state: ConsentState, at: datetime,
                 reason: str) -> None:
        sha256 = self._connection.execute(select(own_key.c.sha256).where(own_key.c.id == own_key_id)).scalar_one()
        self._changed(Fact(at=at, subject="consent", subject_id=own_key_id, reference=partner, event="state",
                           from_state=held, to_state=state, text=" ".join(filter(None, (sha256, reason)))))

    def _changed(self, fact: Fact) -> None:
        self._record(fact)
        self.next_number(KEY_CHANGES)

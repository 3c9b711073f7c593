"""A key taken out at once, a partner's or ours, and everything that was accepted under it (GW-1 section 10, K7).

The claimed time of a signature proves nothing once the key is in doubt: what it signed before is refused, too, unless
it was accepted already; that is listed for people to look at.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.key_arrival import trust_seen
from gateway.exchange.key_change import recorded
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.ledger.key_rows import OwnKeyState, SignedObject, TrustedRow, TrustedState
from gateway.security import KEYS, Certificate, TrustedCertificate, load_certificate
from gateway.security.certificates import SIGNING
from gateway.security.stored import read_stored


class Revoked(Struct, frozen=True, kw_only=True):
    """What a revocation found.

    certificates  those that count no more: the one in doubt, and what was announced under it since
    objects       everything accepted under it since, oldest first
    again         whether it was revoked before: then nothing was changed
    """

    certificates: tuple[TrustedRow, ...]
    objects: tuple[SignedObject, ...]
    again: bool


def revoke(gateway: Gateway, partner: str, certificate: str, since: datetime, reason: str,
           occasion: Occasion) -> Revoked:
    """Take a partner's certificate out at once, and list what was accepted under it since an instant (K7).

    What it announced since then falls with it, and what it wanted to replace stands again. Of one that was revoked
    before only the list is made once more. Raises LocalError K084 for a certificate that is not this partner's.
    """
    with gateway.ledger.transaction() as transaction:
        gateway.renew_keys(transaction)
        entry = _entry(gateway, transaction, partner, certificate)
        again = entry.revoked is not None
        if not again:
            _revoke(transaction, partner, entry, since, reason, occasion.now)
        doubtful, objects = {certificate}, []
        for one in transaction.accepted_since(partner, since) if entry.use == SIGNING else ():
            if read_stored(one.inner).certificate_sha256 in doubtful:
                objects.append(replace(one, inner=b""))
                if one.kind == KEYS:
                    doubtful |= _undo(transaction, partner, one.id, reason, occasion.now)
        certificates = tuple(row for row in transaction.trusted(partner) if row.sha256 in doubtful)
        reach(failpoints.REVOKING)
    reach(failpoints.REVOKED)
    return Revoked(certificates=certificates, objects=tuple(objects), again=again)


class OwnRevoked(Struct, frozen=True, kw_only=True):
    """undelivered: what it signed and has no receipt yet; again: whether it was revoked before."""

    use: str
    certificate: Certificate
    undelivered: tuple[SignedObject, ...]
    again: bool


def revoke_own(gateway: Gateway, sha256: str, reason: str, occasion: Occasion) -> OwnRevoked:
    """Use a pair of ours no more, at once and for nobody; what was encrypted to it can still be opened for a while.

    Of one that was revoked before only the list is made once more. Raises LocalError K084 for one that is not ours.
    """
    with gateway.ledger.transaction() as transaction:
        gateway.renew_keys(transaction)
        found = next(((use, pair) for use in ("signing", "encryption") for pair in gateway.own_chain(use)
                      if pair.sha256 == sha256), None)
        if found is None:
            raise LocalError(Finding(code="K084", values={"owner": gateway.name, "found": sha256}))
        use, pair = found
        row = recorded(transaction, use, pair, occasion.now)
        again = row.state is OwnKeyState.REVOKED
        if not again:
            transaction.move_own_key(row, state=OwnKeyState.REVOKED, accept_until=occasion.now, reason=reason,
                                     at=occasion.now)
        undelivered = tuple(replace(one, inner=b"") for one in transaction.unreceived()
                            if read_stored(one.inner).certificate_sha256 == sha256)
        reach(failpoints.REVOKING)
    reach(failpoints.REVOKED)
    return OwnRevoked(use=use, certificate=load_certificate(pair.certificate), undelivered=undelivered, again=again)


def _revoke(transaction: Transaction, partner: str, entry: TrustedCertificate, since: datetime, reason: str,
            now: datetime) -> None:
    sha256 = entry.certificate.sha256
    row = next((row for row in transaction.trusted(partner) if (row.use, row.sha256) == (entry.use, sha256)), None)
    if row is None:
        transaction.add_trusted(partner=partner, use=entry.use, sha256=sha256, der=entry.certificate.der, replaces=None,
                                use_from=since, accept_until=None, state=TrustedState.REVOKED, reason=reason,
                                object_id=None, at=now)
    else:
        transaction.move_trusted(row, state=TrustedState.REVOKED, use_from=since, reason=reason, at=now)


def _undo(transaction: Transaction, partner: str, object_id: int, reason: str, now: datetime) -> set[str]:
    """Take out what an object of a key in doubt announced; what that was to replace is accepted as long as before.

    Returns the certificates that it announced.
    """
    rows = transaction.trusted(partner)
    announced = [row for row in rows if row.object_id == object_id and row.replaces is not None]
    for row in announced:
        if row.state not in (TrustedState.PROPOSED, TrustedState.ACCEPTED):
            continue
        proposed = row.state is TrustedState.PROPOSED
        transaction.move_trusted(row, state=TrustedState.REFUSED if proposed else TrustedState.REVOKED, reason=reason,
                                 at=now)
        for old in rows:
            if (old.use, old.sha256, old.state) == (row.use, row.replaces, TrustedState.ACCEPTED):
                transaction.move_trusted(old, state=old.state, accept_until=None, reason=reason, at=now)
    return {row.sha256 for row in announced}


def _entry(gateway: Gateway, transaction: Transaction, partner: str, certificate: str) -> TrustedCertificate:
    """A certificate of a partner, one that only waits for a person included."""
    rows = transaction.trusted(partner)
    trust = trust_seen(gateway, partner, rows)
    for entry in trust.certificates:
        if entry.certificate.sha256 == certificate:
            return entry
    for row in rows:
        if row.sha256 == certificate:
            one = Certificate(row.der)
            return TrustedCertificate(one, row.use, row.use_from, one.not_after)
    raise LocalError(Finding(code="K084", values={"owner": partner, "found": certificate}))

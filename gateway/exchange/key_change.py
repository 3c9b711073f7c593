"""Our own keys in change: the next pair is made, announced to each partner, taken by its consent (GW-1 K6, K7).

Making a pair changes nothing for anybody. Announcing gives it its first day; from then on each partner that has
consented gets the new one, and each other one the old one as long as partners take it (`own_keys`). A person may note
a consent that was given by voice: after a compromise nothing can be announced, for the old key vouches for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors import GatewayError, LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.own_keys import OwnPair, consents_of
from gateway.exchange.sealing import seal_object
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.ledger.key_rows import ConsentState, OwnKeyRow, OwnKeyState
from gateway.security import KEYS, Certificate, fingerprint, load_certificate
from gateway.security.key_notice import AHEAD, OVERLAP, KeyNotice, key_notice_payload, needed_agreement

_DAY = timedelta(days=1)


class Dates(Struct, frozen=True, kw_only=True):
    """When a new pair is used from, and until when the old one still is accepted; aware UTC, whole seconds."""

    use_from: datetime
    accept_old_until: datetime


class Told(Struct, frozen=True, kw_only=True):
    """What became of the announcement to one partner: ``asked``, ``known`` (it was asked before) or ``failed``."""

    partner: str
    outcome: str
    findings: Sequence[Finding] = ()


def record_next(gateway: Gateway, use: str, pair: OwnPair, reason: str, occasion: Occasion) -> OwnPair:
    """Note a pair whose files lie there as the next one of its use; the one it follows.

    Raises LocalError K079 while another one is on its way.
    """
    reach(failpoints.MAKING)
    with gateway.ledger.transaction() as transaction:
        gateway.renew_keys(transaction)
        last = following(gateway, use, occasion.now)
        recorded(transaction, use, last, occasion.now)
        transaction.add_own_key(use=use, sha256=pair.sha256, key=str(pair.key), certificate=str(pair.certificate),
                                replaces=last.sha256, state=OwnKeyState.MADE, reason=reason, at=occasion.now)
    reach(failpoints.MADE)
    return last


def following(gateway: Gateway, use: str, now: datetime) -> OwnPair:
    """The pair that a new one would follow. Raises LocalError K079 while another one is on its way."""
    last = gateway.own_chain(use)[-1]
    if last.state is OwnKeyState.MADE or (last.use_from is not None and last.use_from > now
                                          and last.state is not OwnKeyState.REVOKED):
        raise LocalError(Finding(code="K079", values=_values(use, load_certificate(last.certificate))))
    return last


def announce(gateway: Gateway, use: str, partners: Sequence[str], dates: Dates | None,
             occasion: Occasion) -> Iterator[Told]:
    """Ask partners to take the pair that was made last, each by an object of its own and in its own transaction.

    partners  all that were not asked yet where none is named; one that refused is asked again only by name
    dates     as soon as may be where nothing is said; of an announcement that was begun they stand

    Raises LocalError K080 when no pair waits to be announced, K081 for dates that leave too little time.
    """
    pairs = gateway.own_chain(use)
    pair = pairs[-1]
    if pair.number is None or pair.state not in (OwnKeyState.MADE, OwnKeyState.ANNOUNCED):
        raise LocalError(Finding(code="K080", values={"use": use}))
    certificate = load_certificate(pair.certificate)
    old = next(one for one in pairs if one.sha256 == pair.replaces)
    settled = _dates(use, pair, old, dates, certificate, occasion.now)
    return _announced(gateway, use, pair, certificate, gateway.chosen(partners), bool(partners), settled, occasion)


def _announced(gateway: Gateway, use: str, pair: OwnPair, certificate: Certificate, partners: Sequence[str],
               named: bool, dates: Dates, occasion: Occasion) -> Iterator[Told]:
    for partner in partners:
        said = consents_of(partner, gateway.known_keys.consents).get(pair.sha256)
        if said is not None and not (named and said is ConsentState.REFUSED):
            yield Told(partner=partner, outcome="known")
            continue
        try:
            with gateway.ledger.transaction() as transaction:
                gateway.renew_keys(transaction)
                _ask(gateway, transaction, use, pair, certificate, partner, dates, occasion)
                reach(failpoints.ANNOUNCING)
        except GatewayError as error:
            yield Told(partner=partner, outcome="failed", findings=error.findings)
        else:
            yield Told(partner=partner, outcome="asked")
        reach(failpoints.ANNOUNCED)


def _ask(gateway: Gateway, transaction: Transaction, use: str, pair: OwnPair, certificate: Certificate, partner: str,
         dates: Dates, occasion: Occasion) -> None:
    needed = needed_agreement(certificate, use)
    if needed is not None and needed not in gateway.trust(partner).agreed:
        raise LocalError(Finding(code="K082", values={"partner": partner, "name": needed.value}))
    held = gateway.pair_in_use(use, partner, occasion.now)
    if held is None or held.state is OwnKeyState.REVOKED:
        raise LocalError(Finding(code="K077", values={"partner": partner, "sha256": pair.sha256}))
    notice = KeyNotice(use, held.sha256, dates.use_from, dates.accept_old_until, certificate)
    asked = seal_object(gateway, transaction, partner, KEYS, key_notice_payload(notice), f"{use}-key.txt", occasion)
    rows = {row.sha256: row for row in transaction.own_keys() if row.use == use}
    row = rows[pair.sha256]
    if row.use_from is None:
        transaction.move_own_key(row, state=OwnKeyState.ANNOUNCED, use_from=dates.use_from, at=occasion.now)
        assert row.replaces is not None
        transaction.move_own_key(rows[row.replaces], state=OwnKeyState.REPLACED, accept_until=dates.accept_old_until,
                                 at=occasion.now)
    transaction.ask_consent(row.id, partner, object_id=asked, at=occasion.now)


def confirm(gateway: Gateway, partner: str, sha256: str, reason: str, occasion: Occasion) -> None:
    """Note that a partner has told people that it takes a certificate of ours: it is used for that partner at once.

    reason  who compared what with whom

    Raises LocalError K084 for a certificate that is not one of ours in change.
    """
    with gateway.ledger.transaction() as transaction:
        gateway.renew_keys(transaction)
        row = next((row for row in transaction.own_keys() if row.sha256 == sha256
                    and row.state in (OwnKeyState.MADE, OwnKeyState.ANNOUNCED, OwnKeyState.REPLACED)), None)
        if row is None:
            raise LocalError(Finding(code="K084", values={"owner": gateway.name, "found": sha256}))
        held = next((one.state for one in transaction.consents()
                     if (one.own_key_id, one.partner) == (row.id, partner)), None)
        if held is not ConsentState.CONSENTED:
            transaction.ask_consent(row.id, partner, object_id=None, at=occasion.now, state=ConsentState.CONSENTED,
                                    reason=reason)
        if row.state is OwnKeyState.MADE:  # somebody takes it: it is no longer on its way
            transaction.move_own_key(row, state=OwnKeyState.ANNOUNCED, at=occasion.now)


def recorded(transaction: Transaction, use: str, pair: OwnPair, now: datetime) -> OwnKeyRow:
    """The row of a pair; one of the settings gets it when something becomes known of it."""
    if pair.number is None:
        transaction.add_own_key(use=use, sha256=pair.sha256, key=str(pair.key), certificate=str(pair.certificate),
                                replaces=None, state=OwnKeyState.ORIGINAL, reason="settings", at=now)
    return next(row for row in transaction.own_keys() if (row.use, row.sha256) == (use, pair.sha256))


def _dates(use: str, pair: OwnPair, old: OwnPair, dates: Dates | None, certificate: Certificate,
           now: datetime) -> Dates:
    """The dates of an announcement, judged by what partners will ask of them (K6), and by both certificates."""
    if pair.use_from is not None and old.accept_until is not None:
        dates = Dates(use_from=pair.use_from, accept_old_until=old.accept_until)
    elif dates is None:
        start = (now + AHEAD + _DAY).replace(hour=0, minute=0, second=0, microsecond=0)
        dates = Dates(use_from=start, accept_old_until=start + OVERLAP)
    ends = load_certificate(old.certificate).not_after
    if not (dates.use_from - now >= AHEAD and dates.accept_old_until - dates.use_from >= OVERLAP
            and ends - dates.use_from >= OVERLAP and certificate.valid_at(dates.use_from)):
        raise LocalError(Finding(code="K081", values={
            **_values(use, certificate), "from": f"{dates.use_from:%Y-%m-%d %H:%M}",
            "until": f"{dates.accept_old_until:%Y-%m-%d %H:%M}", "end": f"{ends:%Y-%m-%d %H:%M}"}))
    return dates


def _values(use: str, certificate: Certificate) -> dict[str, str]:
    return {"use": use, "sha256": certificate.sha256, "fingerprint": fingerprint(certificate)}

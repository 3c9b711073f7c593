"""Announcements of partners: taken on arrival, or held until a person decides.

The receipt `processed` is the consent (GW-1 section 10, K6): it is made in the transaction that stores the object, or,
where a person has to decide first, in the one that stores the decision.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.errors import LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outcome import Outcome
from gateway.exchange.sealing import seal_receipt
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.trusting import AUTHORITY, authorities, effective
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.key_rows import TrustedRow, TrustedState
from gateway.security import (
    PROCESSED,
    Certificate,
    Opened,
    Trust,
    disposition_of,
    fingerprint,
)
from gateway.security.key_notice import OVERLAP, Judgement, KeyNotice, judge_key_notice, read_key_notice
from gateway.security.stored import read_stored

BY_HAND = "by-hand"


def take_key_notice(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                    occasion: Occasion, summary: Summary) -> Outcome:
    """The act for objects of kind KEYS: consent, hold for a person (K075, K076), or refuse (K070 to K074, K087)."""
    try:
        notice = read_key_notice(opened.payload)
    except ValueError:
        return _refused(partner, opened, None, summary)
    rows = transaction.trusted(partner)
    trust = trust_seen(gateway, partner, rows)
    held = next((row for row in rows if (row.use, row.sha256) == (notice.use, notice.certificate.sha256)), None)
    if held is not None and _repeated(held, notice, rows):
        return Outcome()
    judgement = _judged(gateway, notice, trust, opened, occasion.now)
    refusal = (judgement.refusal or _contradicts(notice, held, rows, partner, occasion.now)
               or _anothers(gateway, partner, notice))
    if refusal is not None:
        return _refused(partner, opened, refusal, summary)
    doubt = judgement.doubt
    if doubt is None and (gateway.partner(partner).agreement.consent == BY_HAND
                          or notice.use_from - occasion.now < OVERLAP  # it came late, or claims to be older than it is
                          or transaction.halted(partner, "in") is not None):  # then nothing is taken for granted
        doubt = Finding(code="K075", values=_values(partner, notice.use, notice.certificate))
    if doubt is None:
        _consent(transaction, trust, notice, held, partner, object_id, "announced", occasion.now)
        return Outcome()
    _note(transaction, notice, held, partner, object_id, TrustedState.PROPOSED, "announced", occasion.now)
    summary.trouble(PartnerError(doubt), Exit.PERSON)
    return Outcome(receipt=False)


def accept(gateway: Gateway, partner: str, certificate: str, reason: str, occasion: Occasion,
           authority: Certificate | None = None) -> Certificate:
    """Consent by hand to a proposed certificate, and send its receipt.

    certificate  its SHA-256; reason  who decided
    authority    a new authority of the partner, whose fingerprint two people have compared: it counts beside that of
                 the file from now on, until people exchange the file (K6)

    Raises LocalError K083 when it does not wait for a person, K070 to K076 when it may not be consented to (any more).
    """
    with gateway.ledger.transaction() as transaction:
        gateway.renew_keys(transaction)
        rows = transaction.trusted(partner)
        row, stored, notice = _proposed(transaction, rows, partner, certificate)
        if authority is not None:
            _let_in(transaction, rows, partner, authority, reason, occasion.now)
            rows = transaction.trusted(partner)
        trust = trust_seen(gateway, partner, rows)
        if trust.by_digest(notice.certificate.digest, notice.use) is None:  # not entered by people since (K5)
            judgement = _judged(gateway, notice, trust, stored, occasion.now)
            fault = judgement.refusal or judgement.doubt
            if fault is not None:
                raise LocalError(fault)
        assert row.object_id is not None
        _consent(transaction, trust, notice, row, partner, row.object_id, reason, occasion.now)
        seal_receipt(gateway, transaction, partner, stored, row.object_id, PROCESSED, occasion)
        reach(failpoints.CONSENTING)
    reach(failpoints.CONSENTED)
    return notice.certificate


def refuse(gateway: Gateway, partner: str, certificate: str, reason: str, occasion: Occasion) -> Certificate:
    """Refuse a proposed certificate by hand: the partner gets a negative receipt. Raises LocalError K083."""
    with gateway.ledger.transaction() as transaction:
        row, stored, notice = _proposed(transaction, transaction.trusted(partner), partner, certificate)
        assert row.object_id is not None
        transaction.move_trusted(row, state=TrustedState.REFUSED, reason=reason, at=occasion.now)
        transaction.refuse_object_in(row.object_id, code="E_PAYLOAD", at=occasion.now)
        seal_receipt(gateway, transaction, partner, stored, row.object_id, disposition_of("E_PAYLOAD"), occasion)
    return notice.certificate


def trust_seen(gateway: Gateway, partner: str, rows: list[TrustedRow]) -> Trust:
    """What counts for a partner as this very transaction sees it."""
    return replace(gateway.trust(partner), certificates=effective(gateway.listed(partner), rows),
                   further=authorities(rows))


def _let_in(transaction: Transaction, rows: list[TrustedRow], partner: str, authority: Certificate, reason: str,
            now: datetime) -> None:
    held = next((row for row in rows if (row.use, row.sha256) == (AUTHORITY, authority.sha256)), None)
    if held is None:
        transaction.add_trusted(partner=partner, use=AUTHORITY, sha256=authority.sha256, der=authority.der,
                                replaces=None, use_from=now, accept_until=None, state=TrustedState.ACCEPTED,
                                reason=reason, object_id=None, at=now)


def _judged(gateway: Gateway, notice: KeyNotice, trust: Trust, opened: Opened, now: datetime) -> Judgement:
    return judge_key_notice(notice, trust, signer=opened.certificate_sha256, signed=opened.signing_time, now=now,
                            environment=gateway.settings.environment)


def _repeated(held: TrustedRow, notice: KeyNotice, rows: list[TrustedRow]) -> bool:
    """Tell whether this was consented to already, with the same dates."""
    old = next((row for row in rows if (row.use, row.sha256) == (notice.use, notice.replaces)), None)
    return (held.state is TrustedState.ACCEPTED and held.replaces == notice.replaces
            and held.use_from == notice.use_from and old is not None and old.accept_until == notice.accept_old_until)


def _contradicts(notice: KeyNotice, held: TrustedRow | None, rows: list[TrustedRow], partner: str,
                 now: datetime) -> Finding | None:
    """One change of each use at a time: a certificate that is known otherwise, or another one on its way (K074)."""
    coming = any(row.use == notice.use and row.sha256 != notice.certificate.sha256 and row.replaces is not None
                 and (row.state is TrustedState.PROPOSED
                      or (row.state is TrustedState.ACCEPTED and row.use_from > now)) for row in rows)
    if coming or (held is not None and held.state is not TrustedState.REFUSED):
        return Finding(code="K074", values=_values(partner, notice.use, notice.certificate))
    return None


def _anothers(gateway: Gateway, partner: str, notice: KeyNotice) -> Finding | None:
    """A certificate stands for one administration alone (K087): partners may have the same authority."""
    held = {pair.sha256: gateway.name for use in ("signing", "encryption") for pair in gateway.own_chain(use)}
    for other in gateway.settings.partners:
        if other != partner:
            held |= dict.fromkeys((entry.certificate.sha256 for entry in gateway.certificates(other)), other)
    owner = held.get(notice.certificate.sha256)
    return None if owner is None else Finding(code="K087", values={
        **_values(partner, notice.use, notice.certificate), "other": owner})


def _consent(transaction: Transaction, trust: Trust, notice: KeyNotice, held: TrustedRow | None, partner: str,
             object_id: int, reason: str, now: datetime) -> None:
    """The new one counts from its day on, the old one until its last (K6)."""
    _note(transaction, notice, held, partner, object_id, TrustedState.ACCEPTED, reason, now)
    old = trust.by_digest(bytes.fromhex(notice.replaces), notice.use)
    if old is None:
        return  # people exchanged the whole list meanwhile
    row = next((row for row in transaction.trusted(partner)
                if (row.use, row.sha256) == (notice.use, notice.replaces)), None)
    if row is None:
        transaction.add_trusted(partner=partner, use=old.use, sha256=notice.replaces, der=old.certificate.der,
                                replaces=None, use_from=old.use_from, accept_until=notice.accept_old_until,
                                state=TrustedState.ACCEPTED, reason="replaced", object_id=object_id, at=now)
    elif row.state is not TrustedState.REVOKED:
        transaction.move_trusted(row, state=TrustedState.ACCEPTED, accept_until=notice.accept_old_until, at=now)


def _note(transaction: Transaction, notice: KeyNotice, held: TrustedRow | None, partner: str, object_id: int,
          state: TrustedState, reason: str, now: datetime) -> None:
    if held is not None:
        transaction.move_trusted(held, state=state, reason=reason, use_from=notice.use_from, replaces=notice.replaces,
                                 object_id=object_id, at=now)
        return
    transaction.add_trusted(partner=partner, use=notice.use, sha256=notice.certificate.sha256,
                            der=notice.certificate.der, replaces=notice.replaces, use_from=notice.use_from,
                            accept_until=None, state=state, reason=reason, object_id=object_id, at=now)


def _proposed(transaction: Transaction, rows: list[TrustedRow], partner: str,
              certificate: str) -> tuple[TrustedRow, Opened, KeyNotice]:
    row = next((row for row in rows if row.sha256 == certificate and row.state is TrustedState.PROPOSED), None)
    if row is None or row.object_id is None:
        raise LocalError(Finding(code="K083", values={"partner": partner, "sha256": certificate}))
    stored = read_stored(transaction.inner_of(row.object_id))
    return row, stored, read_key_notice(stored.payload)


def _refused(partner: str, opened: Opened, reason: Finding | None, summary: Summary) -> Outcome:
    if reason is not None:
        summary.trouble(PartnerError(reason), Exit.TRUST)
    return Outcome(refusal=Finding(code="E_PAYLOAD", place=Place(interchange=f"{partner} {opened.header.sequence}"),
                                   values={"kind": opened.header.content_type}))


def _values(partner: str, use: str, certificate: Certificate) -> dict[str, str]:
    return {"partner": partner, "use": use, "sha256": certificate.sha256, "fingerprint": fingerprint(certificate)}

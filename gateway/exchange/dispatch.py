"""Put sealed objects into the partner's mailbox, and believe in nothing but the signed receipt.

A published file proves nothing; it is noted, and the same bytes are published again when no receipt comes and the file
is no longer there (MAILBOX 2.4). What still lies in the mailbox is not sent again and no attempt counts: then the
partner is not collecting, and once its receipt is late somebody is asked to call, once a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from gateway.errors import GatewayError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.arrival import RECEIPTED
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.daily import first_time
from gateway.exchange.dead_letters import bury_uncollected
from gateway.exchange.forks import FORK
from gateway.exchange.generation import mark
from gateway.exchange.halting import link_halted
from gateway.exchange.held import HeldMailbox
from gateway.exchange.movements import handed_over
from gateway.exchange.repeats import repeat_at
from gateway.exchange.sealing import seal_waiting
from gateway.exchange.sessions import Sessions
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import ObjectState, Transaction
from gateway.ledger.rows import ObjectOut
from gateway.security import LEAVES, ROOTS, Certificate, encrypt, file_name
from gateway.security.stored import encrypted_to
from gateway.transport import LINK_BROKEN, Mailbox, Mode

UNCOLLECTED = "X051"

_UNSENT = (ObjectState.PREPARED, ObjectState.REFUSED, ObjectState.DEAD_LETTER)
"""What lies there in one of these states was put up by a run that died before it could note it, or by hand; or it was
never collected, and goes again by hand."""

BATCH = 64
"""Files per publication and transaction."""

BATCH_OCTETS = 8 << 20
"""Octets of one publication, unless one file alone is larger: they are held in memory together."""


def dispatch(gateway: Gateway, partner: str, sessions: Sessions, occasion: Occasion, summary: Summary, *,
             more: bool = False) -> None:
    """Publish everything that is due to a partner: receipts first, then what is small, then declarations, for whoever
    waits for an answer waits for less than a day's declarations; in their order where that was agreed (`strict`).

    An unreachable partner is noted; the run goes on.

    more  whether the same run will publish again: the line stays open, and declarations that would not fill an
          interchange wait
    """
    kinds = _may_go(gateway, partner) if link_halted(gateway, partner, "out", summary) else None
    due = _due(gateway, partner, occasion, kinds)
    if not due:
        return  # no session costs anything when there is nothing to say

    def work(mailbox: HeldMailbox) -> None:
        mark(gateway.settings.paths.state, gateway.ledger)  # a copy put back must be noticed once anything is seen
        reach(failpoints.PUBLISHING)
        listed = {entry.name: entry.size for entry in mailbox.list()}
        left = due
        while left and _publish(gateway, partner, mailbox, left, listed, occasion, summary):
            left = _due(gateway, partner, occasion, kinds)
            if kinds is None and not (left or more or mailbox.over):  # what waited for room, or for a declaration
                seal_waiting(gateway, partner, occasion, summary)
                left = _due(gateway, partner, occasion, kinds)
            if left and mailbox.over:
                return

    sessions.hold(partner, "outbound", work, more=more)


def _may_go(gateway: Gateway, partner: str) -> tuple[str, ...]:
    """What leaves a halted link: the leaves and roots by which two histories are compared, nothing else."""
    with gateway.ledger.reading() as queries:
        return (LEAVES, ROOTS) if queries.halted(partner, "out") == FORK else ()


def _due(gateway: Gateway, partner: str, occasion: Occasion, kinds: Sequence[str] | None) -> list[ObjectOut]:
    with gateway.ledger.reading() as queries:
        return queries.due_objects(partner, now=occasion.now, limit=BATCH, octets=BATCH_OCTETS, kinds=kinds,
                                   declarations_last=gateway.partner(partner).agreement.order == "loose")


def made_readable(gateway: Gateway, partner: str, due: Sequence[ObjectOut], lying: set[str],
                  occasion: Occasion) -> list[ObjectOut]:
    """What is to go; a file that the partner can open no more, for its certificate is another since, is encrypted anew
    round the same SignedData (ENVELOPE O3). What lies in the mailbox already stays as it is."""
    try:
        recipients = gateway.recipients(partner, occasion.now)
    except GatewayError:  # nothing new may be sealed for it; what is sealed goes as it is
        return list(due)
    stale = {item.id for item in due if item.name not in lying and not encrypted_to(item.sealed, recipients)}
    if not stale:
        return list(due)
    with gateway.ledger.transaction() as transaction:
        readable = [_anew(gateway, transaction, partner, item, recipients, occasion) if item.id in stale else item
                    for item in due]
    reach(failpoints.RENEWED)
    return readable


def _anew(gateway: Gateway, transaction: Transaction, partner: str, item: ObjectOut,
          recipients: Sequence[Certificate], occasion: Occasion) -> ObjectOut:
    sealed = encrypt(transaction.inner_of(item.id), recipients, cbc=gateway.trust(partner).takes_cbc(occasion.now))
    transaction.encrypted_anew(item.id, name=file_name(sealed), sealed=sealed, at=occasion.now)
    return replace(item, name=file_name(sealed), sealed=sealed)


def _publish(gateway: Gateway, partner: str, mailbox: Mailbox, due: Sequence[ObjectOut], listed: Mapping[str, int],
             occasion: Occasion, summary: Summary) -> bool:
    """Publish one batch and note what stands there. False when a file failed: it would only come round again.

    listed: name -> size; what has another size than ours is the beginning of a file, or what a power cut left of it.
    Where markers say what is whole, a run that died may have left one that says nothing yet: what it has not noted is
    published again, which looks at both and leaves what is right.
    """
    lying = {item.name for item in due if listed.get(item.name) == len(item.sealed)}
    due = made_readable(gateway, partner, due, lying, occasion)
    marked = gateway.lane(partner, "outbound").mode is Mode.MARKER
    outcomes = mailbox.publish([(item.name, item.sealed) for item in due
                                if item.name not in lying or (marked and item.state in _UNSENT)])
    reach(failpoints.PUBLISHED)
    failed = {outcome.name for outcome in outcomes if outcome.error is not None}
    for outcome in outcomes:
        if outcome.error is not None and outcome.error.code not in LINK_BROKEN:  # the link is spoken of once
            summary.trouble(outcome.error)
    there = [item for item in due if item.name not in failed]
    waiting = [item for item in there if item.name in lying and item.state not in _UNSENT]
    new = [item for item in there if item not in waiting]
    note_published(gateway, partner, new, occasion)
    reach(failpoints.ENTERED)
    _look_later(gateway, partner, waiting, occasion, summary)
    reach(failpoints.DISPATCHED)
    summary.objects_dispatched += sum(1 for item in new if item.name not in lying)
    return not failed


def _look_later(gateway: Gateway, partner: str, waiting: Sequence[ObjectOut], occasion: Occasion,
                summary: Summary) -> None:
    """Leave what the partner has not collected yet where it lies; when its receipt is late, that is told."""
    if not waiting:
        return
    now = occasion.now
    late = [item.dispatched for item in waiting
            if item.dispatched is not None and item.receipt_due is not None and item.receipt_due <= now]
    told = f"{partner} {now:%Y-%m-%d}"
    with gateway.ledger.transaction() as transaction:
        bury_uncollected(gateway, transaction, partner, waiting, occasion)
        transaction.look_later([item.id for item in waiting],
                               at=now + gateway.partner(partner).agreement.deadlines.receipt)
        if not late or not first_time(transaction, partner=partner, told=told, code=UNCOLLECTED, now=now):
            return
    summary.trouble(PartnerError(Finding(code=UNCOLLECTED, place=Place(file=partner), values={
        "partner": partner, "since": f"{min(late):%Y-%m-%d %H:%M}"})), Exit.PERSON)


def note_published(gateway: Gateway, partner: str, there: Sequence[ObjectOut], occasion: Occasion) -> None:
    """Note what was put into the mailbox. Some kinds get no receipt (ENVELOPE R4), so nothing is due for them."""
    agreed = gateway.partner(partner).agreement.deadlines.receipt
    with gateway.ledger.transaction() as transaction:
        unanswered = [item.id for item in there if item.kind not in RECEIPTED]
        if unanswered:
            transaction.mark_dispatched(unanswered, at=occasion.now, receipt_due=None)
        for attempts in sorted({item.attempts for item in there if item.kind in RECEIPTED}):
            ids = [item.id for item in there if item.kind in RECEIPTED and item.attempts == attempts]
            transaction.mark_dispatched(ids, at=occasion.now, receipt_due=occasion.now + agreed,
                                        repeat_at=repeat_at(occasion.now, attempts, agreed, occasion.chance()))
            handed_over(gateway, transaction, ids, occasion.now)

"""Missing numbers: an alarm, a request to the partner, and what the partner's own request makes us do (GW-1 O3).

A number counts as missing once a later one, or a checkpoint, has shown it for an hour. One object asks for all that is
missing, once a day; a number that is newly late is asked for at once. The partner's request puts our stored files up
again, each once a day however often it is asked for: nobody can make us send without end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from gateway.errors import PartnerError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outcome import Outcome
from gateway.exchange.repeats import SKEW, a_day_before, day_passed
from gateway.exchange.sealing import seal_object
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.link_rows import Gap
from gateway.security import RESEND, EnvelopeError, Opened
from gateway.security.link_texts import MOST_RANGES, read_resend, resend_payload

LATE = timedelta(hours=1)
"""How long a number may be missing before it is an alarm."""

MOST_TOLD = 20
"""Gaps that a run tells one by one: a partner can make as many as it likes."""

AT_ONCE = 10_000
"""Objects that one request puts up again; what it names beyond them is there for the next day's."""


def ask_for_missing(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Tell which numbers of the partner's link have been missing for an hour, and ask for them where that is due."""
    now = occasion.now
    with gateway.ledger.reading() as queries:
        gaps = [gap for gap in queries.gaps(partner) if now - gap.since >= LATE or gap.since > now + SKEW]
        asked = queries.link_times(partner).asked
        halted = queries.halted(partner, "out")
    for words, since in _told(gaps):
        summary.trouble(PartnerError(Finding(code="E_GAP", place=Place(interchange=partner), values={
            "n": words, "hours": f"{max(now - since, LATE) // LATE} h"})), Exit.PERSON)
    fresh = asked is None or day_passed(asked, now) or any(gap.since + LATE > asked for gap in gaps)
    if gaps and fresh and halted is None:
        with gateway.ledger.transaction() as transaction:
            _ask(gateway, transaction, partner, gaps, occasion)
            reach(failpoints.ASKING)
        reach(failpoints.ASKED)


def _told(gaps: Sequence[Gap]) -> Iterator[tuple[str, datetime]]:
    """Each gap and since when it is one; what is beyond `MOST_TOLD` in one line, for every run says all of it."""
    yield from ((_words(gap), gap.since) for gap in gaps[:MOST_TOLD])
    rest = gaps[MOST_TOLD:]
    if rest:
        yield f"{rest[0].first} … {rest[-1].last} ({len(rest)})", min(gap.since for gap in rest)


def _ask(gateway: Gateway, transaction: Transaction, partner: str, gaps: Sequence[Gap], occasion: Occasion) -> None:
    ranges = [(gap.first, gap.last) for gap in gaps[:MOST_RANGES]]
    seal_object(gateway, transaction, partner, RESEND, resend_payload(ranges), "resend.txt", occasion)
    transaction.note_asked(partner, occasion.now)
    transaction.journal(subject="link", reference=partner, text=f"asked for {', '.join(map(_words, gaps[:MOST_TOLD]))}",
                        at=occasion.now)


def ask_again(gateway: Gateway, transaction: Transaction, partner: str, ranges: Sequence[tuple[int, int]],
              occasion: Occasion) -> None:
    """Ask for numbers of the partner's link at once, for a comparison has shown that we lack them."""
    seal_object(gateway, transaction, partner, RESEND, resend_payload(ranges[:MOST_RANGES]), "resend.txt", occasion)
    transaction.note_asked(partner, occasion.now)


def _words(gap: Gap) -> str:
    return str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers, lowest first, each once: what is named a thousand times is looked up once."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def put_up_again(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                 occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's request: what it names goes up again, as it is stored, with the next dispatch."""
    try:
        ranges = read_resend(opened)
    except EnvelopeError as error:
        return Outcome(refusal=replace(error.findings[0], place=Place(
            interchange=f"{partner} {opened.header.sequence}")))
    chosen: list[int] = []
    for first, last in merged(ranges):
        chosen += transaction.asked_for(partner, first, last, limit=AT_ONCE - len(chosen),
                                        since=a_day_before(occasion.now))
    for number in chosen:
        transaction.again(number, at=occasion.now)
    transaction.journal(subject="link", reference=partner, text=f"asked by the partner, {len(chosen)} put up again",
                        at=occasion.now)
    return Outcome()

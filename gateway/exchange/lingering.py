"""What a mailbox does not let us remove: it was taken once, stays there, and is not taken again.

Some partners forbid deletion on their host and clear it themselves. Then what we took is known by its name, in the
ledger, until it is gone; the first time a person is told, and not each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.held import HeldMailbox
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place
from gateway.transport import LINK_BROKEN, Entry

STAYS = "B114"

_TRIED = 64
"""Files whose removal is tried again in a run; when all of these go, as many more."""


def list_new(gateway: Gateway, partner: str, mailbox: HeldMailbox) -> list[Entry]:
    """What is listed and was not taken before. What went since is forgotten; some of the rest is tried once more.

    A file of a known name that was written since is another one: the partner put it up again, for it has no receipt.
    """
    with gateway.ledger.reading() as queries:
        known = queries.lingering(partner)
    listed = mailbox.list(known)
    if not known:
        return listed
    new = untaken(listed, known)
    names = {entry.name for entry in new}
    staying = [entry.name for entry in listed if entry.name not in names]
    gone = [] if mailbox.truncated else sorted(known.keys() - {entry.name for entry in listed})
    gone += _remove_again(mailbox, staying)
    if gone:
        with gateway.ledger.transaction() as transaction:
            transaction.forget_lingering(partner, gone)
    return new


def untaken(listed: Sequence[Entry], known: Mapping[str, int | None]) -> list[Entry]:
    """What is listed and was not taken. known: of what was, name -> when it was written, None where nobody said."""
    return [entry for entry in listed if entry.name not in known or known[entry.name] not in (None, entry.changed)]


def remove(gateway: Gateway, partner: str, mailbox: HeldMailbox, settled: Sequence[Entry], occasion: Occasion,
           summary: Summary) -> None:
    """Remove what was taken; what the mailbox keeps is noted, and told when nothing was kept there before."""
    if mailbox.broken is not None or not settled:
        return
    refused = {outcome.name: outcome.error for outcome in mailbox.remove([entry.name for entry in settled])
               if outcome.error is not None and outcome.error.code not in LINK_BROKEN}
    if not refused:
        return
    with gateway.ledger.transaction() as transaction:
        first = not transaction.lingering(partner)
        transaction.note_lingering(partner, {entry.name: entry.changed for entry in settled if entry.name in refused},
                                   occasion.now)
    if first:
        answer = next(iter(refused.values())).findings[0].values.get("answer", "")
        summary.trouble(PartnerError(Finding(code=STAYS, place=Place(file=partner), values={
            "partner": partner, "count": str(len(refused)), "answer": str(answer)})), Exit.PERSON)


def _remove_again(mailbox: HeldMailbox, names: Sequence[str]) -> list[str]:
    """The names that could be removed this time; the first refusal ends it."""
    removed: list[str] = []
    for start in range(0, len(names), _TRIED):
        outcomes = mailbox.remove(names[start:start + _TRIED])
        removed += [outcome.name for outcome in outcomes if outcome.error is None]
        if any(outcome.error is not None for outcome in outcomes):
            break
    return removed

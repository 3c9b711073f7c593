"""Two histories of one link (GW-1 C5): both links stop, and lists of leaves name the first number that differs.

Whoever finds the fork lists the leaves of that link from the last agreed head on; the other compares them with its own,
stops as well, and lists its own in turn. These lists alone leave a gateway whose links are halted for a fork. A list
that itself no longer fits into the order of its link (for the fork lies before it) is compared all the same: its
signature is good, and comparing releases nothing.
"""

from __future__ import annotations

import contextlib
from itertools import islice, zip_longest

from gateway.errors import GatewayError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outcome import Outcome
from gateway.exchange.sealing import seal_object
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.trees import BOTH, link_name
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.security import LEAVES, EnvelopeError, Opened, leaf_hash
from gateway.security.link_texts import MOST_LEAVES, leaves_payload, read_leaves

FORK, OLDER = "E_FORK", "E_LEDGER"
"""Why everything with a partner stops: its history of a link is another than ours; ours is not what we signed."""

_SIGNS = ("E_CHAIN", "E_DUPLICATE", "E_RECEIPT_UNKNOWN")
"""What a fork may show itself by first."""


def fork_found(gateway: Gateway, transaction: Transaction, partner: str, direction: str, size: int,
               occasion: Occasion) -> Finding:
    """The partner signed another head than ours for the first `size` numbers of a link: stop, and list our leaves."""
    first = transaction.agreed_size(partner, direction) + 1
    _halt(gateway, transaction, partner, direction, occasion)
    return _finding(gateway, partner, direction, str(size) if first >= size else f"{first}-{size}")


def compare_leaves(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                   occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's list of leaves: the first that is not ours names the number of the fork."""
    try:
        finding = first_difference(gateway, transaction, partner, opened, occasion)
    except EnvelopeError as error:
        return Outcome(refusal=error.findings[0])
    if finding is not None:
        summary.trouble(PartnerError(finding), Exit.TRUST)
    return Outcome()


def first_difference(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened,
                     occasion: Occasion) -> Finding | None:
    """Compare a list of leaves with ours; stop where they differ, and say at which number. None where they do not.

    Only the numbers that both sides hold are compared. Raises EnvelopeError E_PAYLOAD for a list that is none.
    """
    theirs = read_leaves(opened)
    direction = "out" if theirs.sender == gateway.name else "in"
    last = theirs.first + len(theirs.hashes) - 1
    ours = (leaf_hash(one) for one in transaction.leaves(partner, direction, first=theirs.first, last=last))
    for number, (one, other) in enumerate(zip_longest(ours, theirs.hashes), theirs.first):
        if one is None:
            return None
        if one != other:
            _halt(gateway, transaction, partner, direction, occasion)
            return _finding(gateway, partner, direction, str(number))
    return None


def _halt(gateway: Gateway, transaction: Transaction, partner: str, direction: str, occasion: Occasion) -> None:
    """Halt both links; list our leaves of the forked one, unless that was done when they were halted."""
    before = transaction.halted(partner, "out")
    for each in BOTH:
        transaction.halt_link(partner, each, FORK, occasion.now, over=_SIGNS)
    if before in (FORK, OLDER):
        return
    first = transaction.agreed_size(partner, direction) + 1
    hashes = [leaf_hash(one) for one in islice(transaction.leaves(partner, direction, first=first), MOST_LEAVES)]
    if hashes:
        payload = leaves_payload(*link_name(gateway.name, partner, direction), first, hashes)
        with contextlib.suppress(GatewayError):  # nothing can be sealed for it: the halt stands all the same
            seal_object(gateway, transaction, partner, LEAVES, payload, f"leaves-{first}.txt", occasion)


def _finding(gateway: Gateway, partner: str, direction: str, number: str) -> Finding:
    link = "/".join(link_name(gateway.name, partner, direction))
    return Finding(code=FORK, place=Place(interchange=partner), values={"link": link, "n": number})

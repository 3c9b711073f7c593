"""Numbers that their sender takes back, because the receiver can never accept them (GW-1 O4).

The withdrawal names the leaf, so that both trees stay the same; the number stays void for ever. What the receiver has
accepted cannot be taken back. What the number carried may go out anew, under a number and a signature of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outcome import Outcome
from gateway.exchange.sealing import seal_interchange, seal_object
from gateway.exchange.summary import Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import ObjectState, Transaction
from gateway.ledger.link_rows import VoidLeaf
from gateway.security import WITHDRAW, Opened
from gateway.security.link_texts import Leaf, read_leaf_texts

_KEPT_AS_LEAF = (ObjectState.VOID, ObjectState.REFUSED)
"""States in which we hold a number without having accepted it: its leaf stands, and a withdrawal changes nothing."""


def withdraw(gateway: Gateway, partner: str, sequence: int, *, reason: str, people: Sequence[str], anew: bool,
             occasion: Occasion) -> int | None:
    """Take back a number of ours; the number under which what it carried goes out anew, or None.

    reason, people  why, and who decided it; they stand in the history
    anew            seal the interchange that it carried again

    The withdrawal goes with the next dispatch. Raises LocalError X010 for an unknown partner, X060 for a number that
    was never used, X061 for one that the partner has accepted or that was taken back before, X062 where there is
    nothing to send anew, X049 while the link is halted.
    """
    name = gateway.partner(partner).partner
    with gateway.ledger.transaction() as transaction:
        place, values = Place(interchange=name), {"partner": name, "sequence": str(sequence)}
        halted = transaction.halted(name, "out")
        if halted is not None:
            raise LocalError(Finding(code="X049", place=place, values={"partner": name, "code": halted}))
        number = transaction.object_out(name, sequence)
        if number is None:
            raise LocalError(Finding(code="X060", values=values))
        if not transaction.withdraw_object(number, text=f"{', '.join(people)}: {reason}", at=occasion.now):
            raise LocalError(Finding(code="X061", values=values))
        seal_object(gateway, transaction, name, WITHDRAW, transaction.leaf_of(number), f"withdraw-{sequence}.txt",
                    occasion)
        sequence_anew = _anew(gateway, transaction, name, number, values, occasion) if anew else None
        reach(failpoints.WITHDRAWING)
    reach(failpoints.WITHDRAWN)
    return sequence_anew


def _anew(gateway: Gateway, transaction: Transaction, partner: str, number: int, values: dict[str, str],
          occasion: Occasion) -> int:
    carried = transaction.carried_interchange(number)
    if carried is None:
        raise LocalError(Finding(code="X062", values=values))
    seal_interchange(gateway, transaction, partner, carried.control_reference, carried.payload, carried.id, occasion)
    return transaction.link_head(partner, "out").sequence


def take_back(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
              occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's withdrawal: all of its leaves, or none where one of them may not be taken back (E_PAYLOAD)."""
    leaves = read_leaf_texts(opened.payload)
    if not _allowed(transaction, partner, opened, leaves):
        return Outcome(refusal=Finding(code="E_PAYLOAD", place=Place(interchange=f"{partner} {opened.header.sequence}"),
                                       values={"kind": WITHDRAW}))
    held = transaction.held_numbers(partner, [one.sequence for one in leaves])
    missing = [VoidLeaf(sequence=one.sequence, message_id=one.message_id, mic=one.mic,
                        signature_digest=one.signature_digest, leaf=one.content)
               for one in leaves if one.sequence not in held]
    transaction.add_void_objects(partner, missing, object_id, occasion.now)
    return Outcome()


def _allowed(transaction: Transaction, partner: str, opened: Opened, leaves: Sequence[Leaf]) -> bool:
    """O4: numbers below that of the withdrawal, each once, by this partner, none accepted, none in contradiction to
    what its successor names."""
    if len({one.sequence for one in leaves}) != len(leaves) or len({one.message_id for one in leaves}) != len(leaves):
        return False
    numbers = transaction.held_numbers(partner, [one.sequence + more for one in leaves for more in (0, 1)])
    named = transaction.held_message_ids(partner, [one.message_id for one in leaves])
    for one in leaves:
        if one.sequence >= opened.header.sequence or not one.message_id.endswith(f"@{partner}>"):
            return False
        held, after = numbers.get(one.sequence), numbers.get(one.sequence + 1)
        if held is None:
            if one.message_id in named or (after is not None and after.previous not in (None, one.mic)):
                return False
        elif held.state not in _KEPT_AS_LEAF or held.leaf != one.content:
            return False
    return True

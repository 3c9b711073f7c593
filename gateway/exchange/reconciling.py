"""Two gateways compare everything on their two links, name what differs, and sign what they agree on (GW-1 section 11).

We ask for roots at some sizes (`bisecting` says which), the partner answers on arrival, and the next question goes out
in the transaction that takes the answer: cron carries a comparison on at both ends, whoever began it. A leaf that is
another there is told beside the answer, as a list of one leaf. What one side lacks is asked for again; where everything
is the same both sign their heads, so that an agreed checkpoint stands in both ledgers.
"""

from __future__ import annotations

import json

from msgspec.structs import replace

from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.bisecting import (
    MOST_QUESTIONS,
    Comparison,
    Difference,
    advanced,
    begun,
    differences,
    sizes_to_ask,
)
from gateway.exchange.checkpoints import send_heads, take_heads
from gateway.exchange.forks import FORK, OLDER, compare_leaves
from gateway.exchange.gaps import ask_again
from gateway.exchange.histories import answer, extent, question, read_answer
from gateway.exchange.outcome import Outcome
from gateway.exchange.sealing import seal_object
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.trees import BOTH, link_name
from gateway.findings import Finding, Place
from gateway.ledger import Queries, Transaction
from gateway.security import LEAVES, ROOTS, EnvelopeError, Opened, leaf_hash
from gateway.security.link_texts import Roots, leaves_payload, read_leaves, read_roots, roots_payload

ASKING, SAME, DIFFERS = "asking", "same", "differs"

MOST_ANSWERED = 4 * MOST_QUESTIONS
"""Questions of a partner that are answered in a day: each costs a walk over the link."""


def begin(gateway: Gateway, partner: str, occasion: Occasion, *, upto: int | None = None) -> None:
    """Begin to compare both links with a partner; questions go out with the next dispatch.

    upto  a number up to which our own link is compared; all of it when None

    Raises LocalError X049 while the link is halted: then nothing can be said to the partner.
    """
    with gateway.ledger.transaction() as transaction:
        halted = transaction.halted(partner, "out")
        if halted is not None and halted != FORK:
            raise LocalError(Finding(code="X049", place=Place(interchange=partner),
                                     values={"partner": partner, "code": halted}))
        sizes = {direction: extent(transaction, partner, direction, shown=0).size for direction in BOTH}
        for direction in BOTH:
            size = sizes[direction] if upto is None else min(upto, sizes[direction])
            _ask(gateway, transaction, partner, direction, begun(size), occasion, began=True)


def _ask(gateway: Gateway, transaction: Transaction, partner: str, direction: str, comparison: Comparison,
         occasion: Occasion, *, began: bool = False) -> None:
    asked = question(transaction, gateway.name, partner, direction, sizes_to_ask(comparison), comparison.replaced)
    seal_object(gateway, transaction, partner, ROOTS, roots_payload(asked), "roots-ask.txt", occasion)
    transaction.set_reconciliation(partner, direction, state=ASKING, began=began, at=occasion.now,
                                   detail=dumped(replace(comparison, questions=comparison.questions + 1,
                                                         roots=dict(asked.roots))))


def take_roots(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
               occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's question after roots, or its answer to ours. Neither has a receipt."""
    try:
        said = read_roots(opened)
    except EnvelopeError as error:
        return Outcome(refusal=replace(error.findings[0],
                                       place=Place(interchange=f"{partner} {opened.header.sequence}")))
    if said.answers:
        _take_answer(gateway, transaction, partner, said, occasion, summary)
    else:
        _answer(gateway, transaction, partner, said, occasion)
    return Outcome()


def _answer(gateway: Gateway, transaction: Transaction, partner: str, asked: Roots, occasion: Occasion) -> None:
    halted = transaction.halted(partner, "out")
    if transaction.count_question(partner, occasion.now) > MOST_ANSWERED or halted not in (None, FORK):
        transaction.journal(subject="link", reference=partner, text="roots asked for, not answered", at=occasion.now)
        return
    direction = "out" if asked.sender == gateway.name else "in"
    shown = transaction.link_head(partner, direction).sequence
    said, number, held = answer(transaction, gateway.name, partner, asked, shown=shown)
    if number is not None:  # before the answer: it is there when the answer is taken
        leaves = list(transaction.leaves(partner, direction, first=number, last=number))
        payload = leaves_payload(*link_name(gateway.name, partner, direction), number, [leaf_hash(leaves[0])])
        seal_object(gateway, transaction, partner, LEAVES, payload, f"leaves-{number}.txt", occasion)
    seal_object(gateway, transaction, partner, ROOTS, roots_payload(said), "roots-answer.txt", occasion)
    if direction == "in" and held.holes and halted is None:
        ask_again(gateway, transaction, partner, held.holes, occasion)


def take_checkpoint(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                    occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's heads. After it has compared they are what it found the same: ours answer them at once, so that
    both sides have signed them that day."""
    outcome = take_heads(gateway, transaction, partner, opened, object_id, occasion, summary)
    if outcome.refusal is None and transaction.halted(partner, "out") is None and _whole(transaction, partner) \
            and transaction.settle_owed_heads(partner):
        send_heads(gateway, transaction, partner, occasion)
    return outcome


def _whole(transaction: Transaction, partner: str) -> bool:
    """Whether both links have every number up to where they stand: a head signed over a hole would be a false one."""
    return all(extent(transaction, partner, direction, shown=0).size
               >= transaction.link_head(partner, direction).sequence for direction in BOTH)


def take_leaf(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
              occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's list of leaves: the one that an open comparison waits for, or the list of a fork."""
    try:
        said = read_leaves(opened)
    except EnvelopeError as error:
        return Outcome(refusal=error.findings[0])
    direction = "out" if said.sender == gateway.name else "in"
    row = transaction.reconciliations(partner).get(direction)
    if row is None or row.state != ASKING or len(said.hashes) != 1:
        return compare_leaves(gateway, transaction, partner, opened, object_id, occasion, summary)
    comparison = loaded(row.detail)
    if not comparison.low < said.first <= comparison.until:
        return compare_leaves(gateway, transaction, partner, opened, object_id, occasion, summary)
    transaction.set_reconciliation(partner, direction, state=ASKING, at=occasion.now, detail=dumped(
        replace(comparison, leaves={**comparison.replaced, said.first: said.hashes[0]})))
    return Outcome()


def _take_answer(gateway: Gateway, transaction: Transaction, partner: str, said: Roots, occasion: Occasion,
                 summary: Summary) -> None:
    direction = "out" if said.sender == gateway.name else "in"
    row, read = transaction.reconciliations(partner).get(direction), read_answer(said)
    if row is None or row.state != ASKING or read is None:
        transaction.journal(subject="link", reference=partner, text="roots that nobody asked for", at=occasion.now)
        return
    comparison = loaded(row.detail)
    left = advanced(comparison, *read)
    if not left.finished:
        _ask(gateway, transaction, partner, direction, left, occasion)
        return
    _finish(gateway, transaction, partner, direction, left, occasion, summary)


def _finish(gateway: Gateway, transaction: Transaction, partner: str, direction: str, comparison: Comparison,
            occasion: Occasion, summary: Summary) -> None:
    found = found_of(transaction, partner, direction, comparison)
    transaction.set_reconciliation(partner, direction, state=DIFFERS if found else SAME, detail=dumped(comparison),
                                   at=occasion.now)
    lacking = [(one.first, one.last) for one in found if one.fault == "missing here"]
    if lacking and direction == "in" and transaction.halted(partner, "out") is None:
        ask_again(gateway, transaction, partner, lacking, occasion)
    altered = next((one for one in found if one.fault == "altered"), None)
    lost = any(one.fault == "added there" or (one.fault == "missing here" and direction == "out") for one in found)
    if altered is not None or lost:
        code = FORK if altered is not None else OLDER
        link = "/".join(link_name(gateway.name, partner, direction))
        for each in BOTH:
            transaction.halt_link(partner, each, code, occasion.now)
        summary.trouble(PartnerError(Finding(code=code, place=Place(interchange=partner), values={
            "link": link, "n": str(found[0].first if altered is None else altered.first)})), Exit.TRUST)
    rows = transaction.reconciliations(partner)
    if all(row.state == SAME for row in rows.values()) and transaction.halted(partner, "out") is None \
            and _whole(transaction, partner):
        send_heads(gateway, transaction, partner, occasion)


def found_of(ledger: Transaction | Queries, partner: str, direction: str, comparison: Comparison) -> list[Difference]:
    """What a finished comparison found, as the ledger stands now."""
    shown = ledger.link_head(partner, direction).sequence
    if direction == "in":
        shown = max(shown, comparison.theirs or 0)
    held = extent(ledger, partner, direction, shown=shown)
    return differences(comparison, direction, held.holes, held.size)


def dumped(comparison: Comparison) -> str:
    """A comparison as the ledger keeps it."""
    return json.dumps({
        "low": comparison.low, "until": comparison.until, "high": comparison.high, "theirs": comparison.theirs,
        "questions": comparison.questions, "altered": comparison.altered, "lacking": comparison.lacking,
        "leaves": {str(number): hashed.hex() for number, hashed in comparison.leaves.items()},
        "roots": {str(size): root.hex() for size, root in comparison.roots.items()},
        "finished": comparison.finished})


def loaded(detail: str) -> Comparison:
    """What `dumped` wrote."""
    kept = json.loads(detail)
    return Comparison(
        low=kept["low"], until=kept["until"], high=kept["high"], theirs=kept["theirs"], questions=kept["questions"],
        altered=tuple(kept["altered"]), lacking=tuple((first, last) for first, last in kept["lacking"]),
        leaves={int(number): bytes.fromhex(hashed) for number, hashed in kept["leaves"].items()},
        roots={int(size): bytes.fromhex(root) for size, root in kept["roots"].items()}, finished=kept["finished"])

"""Heads of both links, signed and compared every day (GW-1 section 11, C2 to C4).

A checkpoint that we send says how far each link is and what its tree is; it repeats what we found equal in the
partner's latest, so that a text signed by both sides stands in an object of each. What the partner's says is compared
with our own trees: larger than what is here means something is still missing, larger than what we ever sent means that
our ledger is an older copy, and anything else that is not equal is a fork.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gateway.errors import LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.forks import OLDER, fork_found
from gateway.exchange.outcome import Outcome
from gateway.exchange.repeats import day_passed
from gateway.exchange.sealing import seal_object
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.trees import BOTH, broken_head, link_name, tree_at, trees_at
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.link_rows import HeadRow, NewHead
from gateway.ledger.reading.links import Links
from gateway.security import CHECKPOINT, EnvelopeError, Opened
from gateway.security.checkpoint import MOST_HEADS, Head, checkpoint_payload, read_checkpoint


def send_heads_daily(gateway: Gateway, partner: str, occasion: Occasion) -> None:
    """Send a checkpoint once a day, the first a day after the first object. Nothing leaves a halted link.

    Before it, the whole history of both links is walked once. Raises PartnerError E_LEDGER, the links halted, when it
    no longer gives what we signed; between two checkpoints only what came since the last but one is walked.
    """
    with gateway.ledger.reading() as queries:
        times = queries.link_times(partner)
        last = times.checkpointed or times.first
        if last is None or queries.halted(partner, "out") is not None:
            return
        due = day_passed(last, occasion.now)
        broken = broken_head(queries, partner, thorough=due)
    if broken is not None:
        stop(gateway, partner, broken, occasion)
    if due:
        _sign(gateway, partner, occasion)


def send_heads_now(gateway: Gateway, partner: str, occasion: Occasion) -> int:
    """Seal a checkpoint by hand; its Sequence.

    Raises LocalError X049 while the link is halted, PartnerError E_LEDGER as `send_heads_daily` does.
    """
    with gateway.ledger.reading() as queries:
        halted = queries.halted(partner, "out")
        broken = None if halted else broken_head(queries, partner, thorough=True)
    if halted is not None:
        raise LocalError(Finding(code="X049", place=Place(interchange=partner),
                                 values={"partner": partner, "code": halted}))
    if broken is not None:
        stop(gateway, partner, broken, occasion)
    return _sign(gateway, partner, occasion)


def _sign(gateway: Gateway, partner: str, occasion: Occasion) -> int:
    with gateway.ledger.transaction() as transaction:
        send_heads(gateway, transaction, partner, occasion)
        sequence = transaction.link_head(partner, "out").sequence
        reach(failpoints.SIGNING)
    reach(failpoints.SIGNED)
    return sequence


def stop(gateway: Gateway, partner: str, broken: HeadRow, occasion: Occasion) -> None:
    """Halt everything with a partner, for our own ledger is not what we signed. Raises PartnerError E_LEDGER."""
    with gateway.ledger.transaction() as transaction:
        _halt(transaction, partner, occasion)
    link = "/".join(link_name(gateway.name, partner, broken.direction))
    raise PartnerError(Finding(code=OLDER, place=Place(interchange=f"{partner} {link} {broken.size}")))


def send_heads(gateway: Gateway, transaction: Transaction, partner: str, occasion: Occasion) -> int:
    """Seal a checkpoint with our heads of both links and what we found equal in the partner's latest; its number."""
    heads, kept = [], []
    for direction in BOTH:
        tree = tree_at(transaction, partner, direction, transaction.link_head(partner, direction).sequence)
        heads.append(Head(*link_name(gateway.name, partner, direction), tree.size, tree.root))
        kept.append(_new(gateway, heads[-1], "verified", tree.dump()))
    equal = sorted((row for row in transaction.latest_heads(partner) if row.state in ("verified", "agreed")),
                   key=lambda row: row.state, reverse=True)  # what we have not signed before comes first
    for row in equal:
        head = Head(*link_name(gateway.name, partner, row.direction), row.size, bytes.fromhex(row.root))
        if head not in heads and len(heads) < MOST_HEADS:
            heads.append(head)
            kept.append(_new(gateway, head, "verified"))
    number = seal_object(gateway, transaction, partner, CHECKPOINT, checkpoint_payload(heads),
                         f"checkpoint-{occasion.now:%Y%m%d}.txt", occasion)
    transaction.keep_heads(partner, "ours", kept, number, occasion.now)
    transaction.note_checkpoint(partner, occasion.now)
    return number


def take_heads(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
               occasion: Occasion, summary: Summary) -> Outcome:
    """Take a partner's checkpoint (C3). It has no receipt: our own next one answers."""
    place = Place(interchange=f"{partner} {opened.header.sequence}")
    try:
        heads = read_checkpoint(opened)
    except EnvelopeError as error:
        return Outcome(refusal=replace(error.findings[0], place=place))
    judged = [_new(gateway, head, state) for head, state in zip(heads, _judge(gateway, transaction, partner, heads),
                                                                strict=True)]
    transaction.keep_heads(partner, "theirs", judged, object_id, occasion.now)
    if any(head.state == "beyond" for head in judged):
        _halt(transaction, partner, occasion)
        return Outcome(refusal=Finding(code=OLDER, place=place))
    forked = [head for head in judged if head.state == "fork"]
    findings = [fork_found(gateway, transaction, partner, head.direction, head.size, occasion) for head in forked]
    return Outcome(refusal=findings[0] if findings else None)


def judge_waiting(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Judge heads that came before what they cover, as far as it is here by now."""
    with gateway.ledger.reading() as queries:
        if not queries.waiting_heads(partner, most=queries.link_head(partner, "in").sequence):
            return
    with gateway.ledger.transaction() as transaction:
        rows = transaction.waiting_heads(partner, most=transaction.link_head(partner, "in").sequence)
        trees = trees_at(transaction, partner, "in", [row.size for row in rows])
        equal = {row.id: trees[row.size].root.hex() == row.root for row in rows}
        transaction.settle_heads(partner, {number: "verified" if same else "fork" for number, same in equal.items()},
                                 at=occasion.now)
        forked = next((row for row in rows if not equal[row.id]), None)  # the smallest says where
        if forked is not None:
            finding = fork_found(gateway, transaction, partner, "in", forked.size, occasion)
            summary.trouble(PartnerError(finding), Exit.TRUST)


def _judge(gateway: Gateway, ledger: Links, partner: str, heads: Sequence[Head]) -> list[str]:
    """Of each: verified, waiting, beyond (more than we ever sent) or fork."""
    sizes: dict[str, list[int]] = {direction: [] for direction in BOTH}
    last = {direction: ledger.link_head(partner, direction).sequence for direction in BOTH}
    for head in heads:
        if head.size <= last[_direction(gateway, head)]:
            sizes[_direction(gateway, head)].append(head.size)
    trees = {direction: trees_at(ledger, partner, direction, sizes[direction]) for direction in BOTH}

    def state(head: Head) -> str:
        direction = _direction(gateway, head)
        tree = trees[direction].get(head.size)
        if tree is None:
            return "beyond" if direction == "out" else "waiting"
        return "verified" if (tree.size, tree.root) == (head.size, head.root) else "fork"

    return [state(head) for head in heads]


def _direction(gateway: Gateway, head: Head) -> str:
    return "out" if head.sender == gateway.name else "in"


def _new(gateway: Gateway, head: Head, state: str, frontier: bytes | None = None) -> NewHead:
    return NewHead(direction=_direction(gateway, head), size=head.size, root=head.root.hex(),
                   state=state, frontier=frontier)


def _halt(transaction: Transaction, partner: str, occasion: Occasion) -> None:
    for direction in BOTH:
        transaction.halt_link(partner, direction, OLDER, occasion.now)

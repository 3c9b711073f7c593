"""Is the ledger what it was? Every row that vouches for another is compared with it; the first that is not is named.

The history is a chain of hashes; contents and states are compared with it; each object of a link is compared with its
leaf, with its predecessor, and with the identity that its own signature covers; and the trees must give every head that
we signed. Whoever rewrites the whole file consistently still cannot sign for the partner: the daily comparison of heads
shows it (GW-1 section 11).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gateway.exchange.trees import broken_head
from gateway.ledger import ObjectState, Queries
from gateway.ledger.questions import LinkState
from gateway.security.merkle import leaf
from gateway.security.stored import identity_of


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is not what it was.

    what   history, a table, ``link`` or ``head``
    row    number of the row; of a link its sender, recipient and the Sequence
    fault  hash, hole, end, bytes, store, digest, state, unrecorded, missing, leaf, chain, signed, head
    """

    what: str
    row: str
    fault: str


def faults(queries: Queries, us: str) -> Iterator[Fault]:
    """Everything that is wrong, the history first. Reads the whole ledger. us: our gateway id."""
    bad = queries.verify_history()
    if bad is not None:
        yield Fault(what="history", row=str(bad.id), fault=bad.fault)
    for found in queries.verify_contents():
        yield Fault(what=found.what, row=found.id, fault=found.fault)
    links = queries.links()
    for state in links:
        yield from _link(queries, us, state)
    for partner in dict.fromkeys(state.partner for state in links):
        broken = broken_head(queries, partner, thorough=True)
        if broken is not None:
            yield Fault(what="head", row=_row(us, partner, broken.direction, broken.size), fault="head")


def _link(queries: Queries, us: str, state: LinkState) -> Iterator[Fault]:
    """The objects of one link: no hole up to its head, each what its leaf says, each following the one before.

    One whose SignedData is away still stands in its leaf; that it may be away is a matter of `verify_contents`.
    """
    head = queries.link_head(state.partner, state.direction)
    before, mic = 0, "0" * 64
    for one in queries.objects_in_order(state.partner, state.direction):
        row = _row(us, state.partner, state.direction, one.sequence)
        if one.sequence != before + 1 and before < head.sequence:
            yield Fault(what="link", row=_row(us, state.partner, state.direction, before + 1), fault="hole")
        void = one.state is ObjectState.VOID
        if leaf(one.sequence, one.message_id, one.mic, one.signature_digest) != one.leaf:
            yield Fault(what="link", row=row, fault="leaf")
        elif not void and one.inner and identity_of(one.inner) != (one.mic, one.signature_digest):
            yield Fault(what="link", row=row, fault="signed")
        elif not void and one.sequence == before + 1 and one.previous != mic:
            yield Fault(what="link", row=row, fault="chain")
        before, mic = one.sequence, one.mic
        if before == head.sequence and mic != head.mic:
            yield Fault(what="link", row=row, fault="end")
    if before < head.sequence:
        yield Fault(what="link", row=_row(us, state.partner, state.direction, before + 1), fault="end")


def _row(us: str, partner: str, direction: str, sequence: int) -> str:
    sender, recipient = (us, partner) if direction == "out" else (partner, us)
    return f"{sender}/{recipient}/{sequence}"

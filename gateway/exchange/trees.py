"""Our own trees over the links: their heads, and whether they are still what we signed (GW-1 section 11, C1 and C4).

A head is computed from the latest tree that we kept with a signed head: a day's head costs that day's leaves. The whole
history is walked again once a day, for that alone shows that nobody rewrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.ledger.link_rows import HeadRow
from gateway.ledger.reading.links import Links
from gateway.security.checkpoint import Head
from gateway.security.merkle import Frontier, leaf_hash

BOTH = ("out", "in")
_NOTHING = Frontier()
_ALL = 10 ** 18
"""More than a Sequence can be (GW-1 section 3.4)."""


def link_name(us: str, partner: str, direction: str) -> tuple[str, str]:
    """Sender and recipient of a link."""
    return (us, partner) if direction == "out" else (partner, us)


def tree_at(ledger: Links, partner: str, direction: str, size: int, since: Frontier = _NOTHING) -> Frontier:
    """Our tree over the first `size` leaves of a link; a smaller one where leaves are missing.

    since  a smaller tree of this link: the walk goes on from it where none that was kept is nearer
    """
    kept = next(iter(ledger.kept_trees(partner, direction, most=size)), None)
    start = since if kept is None or kept.size <= since.size else _kept(kept)
    return _extended(ledger, partner, direction, start, size)


def trees_at(ledger: Links, partner: str, direction: str, sizes: Iterable[int]) -> dict[int, Frontier]:
    """Our trees at several sizes in one walk: a partner may name as many as it likes."""
    found, tree = dict[int, Frontier](), _NOTHING
    for size in sorted(set(sizes)):
        found[size] = tree = tree_at(ledger, partner, direction, size, tree)
    return found


def head_at(ledger: Links, us: str, partner: str, direction: str, size: int) -> Head:
    """The head of our tree at a size that we hold."""
    tree = tree_at(ledger, partner, direction, size)
    return Head(*link_name(us, partner, direction), tree.size, tree.root)


def broken_head(ledger: Links, partner: str, *, thorough: bool) -> HeadRow | None:
    """The first head that we signed and that our tree no longer gives, or None (C4).

    thorough  from the first leaf on, at every size we signed; else the leaves between the last two heads of ours
    """
    for direction in BOTH:
        if thorough:
            tree, heads = Frontier(), ledger.signed_heads(partner, direction)
        else:
            heads = ledger.kept_trees(partner, direction, most=_ALL)[::-1]
            tree = Frontier() if len(heads) < 2 else _kept(heads[0])
        for head in heads:
            tree = _extended(ledger, partner, direction, tree, head.size)
            kept = tree.dump() if head.frontier is None else head.frontier
            if (tree.size, tree.root.hex(), tree.dump()) != (head.size, head.root, kept):
                return head
    return None


def _kept(row: HeadRow) -> Frontier:
    """The tree of a head of ours; an empty one where what was kept is spoilt, so that the leaves decide."""
    try:
        return Frontier.load(row.size, row.frontier or b"")
    except ValueError:
        return Frontier()


def _extended(ledger: Links, partner: str, direction: str, tree: Frontier, size: int) -> Frontier:
    leaves: Iterator[bytes] = ledger.leaves(partner, direction, first=tree.size + 1, last=size)
    return tree.extended(leaf_hash(one) for one in leaves) if size > tree.size else tree

"""Our side of a comparison of one link: roots at some sizes in one walk over the leaves, holes, and the answer to a
partner's question.

Every walk begins at the first leaf: what was kept of earlier walks would hide a leaf that was altered since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from msgspec import Struct

from gateway.exchange.bisecting import SIZES, parting
from gateway.exchange.trees import link_name
from gateway.ledger.reading.reconciling import ReconcileLookups
from gateway.security import leaf_hash
from gateway.security.link_texts import MOST_ROOTS, Roots
from gateway.security.merkle import Frontier

_MOST_HOLES = (MOST_ROOTS - SIZES - 1) // 2


class History(Struct, frozen=True):
    """A link as we hold it.

    size   numbers up to the first hole
    roots  size -> root, of the sizes asked for that it reaches
    holes  ranges that it lacks below the highest number shown
    """

    size: int
    roots: Mapping[int, bytes]
    holes: tuple[tuple[int, int], ...]


def extent(ledger: ReconcileLookups, partner: str, direction: str, *, shown: int) -> History:
    """How far a link reaches and what it lacks; no leaf is looked at. shown: a number that is known to exist."""
    holes, highest = ledger.holes(partner, direction), ledger.highest_number(partner, direction)
    if highest < shown:
        holes.append((highest + 1, shown))
    return History(holes[0][0] - 1 if holes else highest, {}, tuple(holes))


def history(ledger: ReconcileLookups, partner: str, direction: str, sizes: Iterable[int], *, shown: int,
            replaced: Mapping[int, bytes] | None = None, whole: bool = False) -> History:
    """What `extent` tells, and roots, in one walk over the leaves.

    replaced  leaf hashes that stand instead of ours; whole: the root of all that is held is wanted as well
    """
    held = extent(ledger, partner, direction, shown=shown)
    instead = replaced or {}
    wanted = sorted({*(size for size in sizes if size <= held.size), *([held.size] if whole else [])})
    tree, roots = Frontier(), dict[int, bytes]()
    leaves = ledger.numbered_leaves(partner, direction, last=wanted[-1] if wanted else 0)
    for size in wanted:
        tree = tree.extended(instead[number] if number in instead else leaf_hash(leaf)
                             for number, leaf in islice(leaves, size - tree.size))
        roots[size] = tree.root
    return History(held.size, roots, held.holes)


def question(ledger: ReconcileLookups, us: str, partner: str, direction: str, sizes: list[int],
             replaced: Mapping[int, bytes]) -> Roots:
    """A question after roots, with ours."""
    ours = history(ledger, partner, direction, sizes, shown=0, replaced=replaced).roots
    return Roots(*link_name(us, partner, direction), False,
                 tuple((size, ours[size]) for size in sizes if size in ours), ())


def answer(ledger: ReconcileLookups, us: str, partner: str, asked: Roots, *, shown: int
           ) -> tuple[Roots, int | None, History]:
    """Our answer to a question: the roots asked for, our own size and root, then first and last of each range that we
    lack; beside it the number whose leaf the question shows to differ, and what we hold.

    shown  the highest number of the link that we know of
    """
    direction = "out" if asked.sender == us else "in"
    wanted = asked.roots[:SIZES]
    held = history(ledger, partner, direction, [size for size, _ in wanted], shown=shown, whole=True)
    roots = (*((size, held.roots[size]) for size, _ in wanted if size in held.roots),
             (held.size, held.roots[held.size]))
    bare = tuple(number for hole in held.holes[:_MOST_HOLES] for number in hole)
    return (Roots(asked.sender, asked.recipient, True, roots, bare), parting(wanted, held.roots), held)


def read_answer(answered: Roots) -> tuple[dict[int, bytes], int, list[tuple[int, int]]] | None:
    """Roots by size, the partner's size, and what it lacks; None for what is no answer of this form."""
    if not answered.roots or len(answered.bare) % 2:
        return None
    lacking = list(zip(answered.bare[::2], answered.bare[1::2], strict=True))
    if any(first > last for first, last in lacking):
        return None
    return dict(answered.roots), answered.roots[-1][0], lacking

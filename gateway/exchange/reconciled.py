"""How a comparison with a partner stands or ended, in the terms of the business: which number, what it carries, who
holds it."""

from __future__ import annotations

from msgspec import Struct

from gateway.exchange.bisecting import Fault
from gateway.exchange.reconciling import ASKING, DIFFERS, SAME, found_of, loaded
from gateway.exchange.summary import Exit
from gateway.exchange.trees import BOTH, link_name
from gateway.ledger import Queries


class Named(Struct, frozen=True, kw_only=True):
    """Numbers that differ, with what the first of them carries where we hold it.

    reference  control reference of the interchange, else the message id of the object; "" where we hold neither
    mrns       movements that it speaks of, the first five
    """

    first: int
    last: int
    fault: Fault
    reference: str
    mrns: tuple[str, ...]


class Compared(Struct, frozen=True, kw_only=True):
    """One link.

    sender, recipient  of the link
    state              asking, same or differs
    size               numbers that are the same on both sides from the first on; so far, while we ask
    questions          asked so far
    """

    sender: str
    recipient: str
    direction: str
    state: str
    size: int
    questions: int
    differences: tuple[Named, ...]


def compared(queries: Queries, us: str, partner: str) -> list[Compared]:
    """Both links with a partner, ours first; empty where none was ever compared."""
    rows, found = queries.reconciliations(partner), list[Compared]()
    for direction in BOTH:
        if direction not in rows:
            continue
        row = rows[direction]
        comparison = loaded(row.detail)
        parts = [] if row.state != DIFFERS else found_of(queries, partner, direction, comparison)
        named = []
        for part in parts:
            held = queries.named(partner, direction, part.first)
            named.append(Named(
                first=part.first, last=part.last, fault=part.fault,
                reference="" if held is None else held.control_reference or held.message_id,
                mrns=() if held is None else held.mrns))
        sender, recipient = link_name(us, partner, direction)
        same = min([comparison.low, *(one.first - 1 for one in named)])
        found.append(Compared(sender=sender, recipient=recipient, direction=direction, state=row.state, size=same,
                              questions=comparison.questions, differences=tuple(named)))
    return found


def state_of(links: list[Compared]) -> str:
    """Of both links together."""
    return next((state for state in (ASKING, DIFFERS) if any(one.state == state for one in links)), SAME)


def exit_of(links: list[Compared]) -> Exit:
    """LATER while the partner has to answer; TRUST where histories differ, PERSON where one only lacks something."""
    faults = {part.fault for one in links for part in one.differences}
    if state_of(links) == ASKING:
        return Exit.LATER
    if state_of(links) == SAME:
        return Exit.DONE
    return Exit.TRUST if faults - {"missing here", "missing there"} else Exit.PERSON

"""What a corridor says of a message, without a gateway, a partner or a ledger: for `edi validate --corridor`.

The same judgement as a receiver gives (`gateway.exchange.inbound`), as far as a file alone can be judged: the layout,
the rules under ``require``, the arithmetic. Who may say it, and whether it is new, only a ledger knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.edifact import Message
from gateway.errors import GatewayError
from gateway.exchange.rejection import refusals
from gateway.findings import Finding, Place
from gateway.mapping import Corridor
from gateway.transit.checks import check_declaration
from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.event import Event
from gateway.transit.terms import from_tree


def judge_by_corridor(reference: str, message: Message, corridor: Corridor) -> Iterator[Finding]:
    """Findings of the mapping (M, T), and a COR0nnn for each rule broken, its sentences in the values ``fr``, ``en``.

    reference   of its interchange (0020), for the places; empty when it has none

    Messages of other types than CUSDEC and CUSRES have no corridor.
    """
    try:
        if message.identifier.type == "CUSDEC":
            yield from _judge_declaration(reference, message, corridor)
        elif message.identifier.type == "CUSRES":
            for tree in corridor.read(message):
                from_tree(Event, tree)
            yield from (loss.finding(message.reference) for loss in corridor.layout_of(message).annex(message))
    except GatewayError as error:
        yield from error.findings


def _judge_declaration(reference: str, message: Message, corridor: Corridor) -> Iterator[Finding]:
    tree = corridor.cusdec.to_record(message)
    declaration = from_tree(Declaration, tree)
    yield from (loss.finding(message.reference) for loss in corridor.cusdec.annex(message))
    if declaration.function == "request":
        return
    failures = [*corridor.cusdec.requirements(tree),
                *(check_declaration(declaration) if declaration.function in WHOLE else ())]
    if not failures:
        return
    tags = {segment.position: segment.tag for segment in message.segments}
    for failure, refusal in zip(failures, refusals(failures, corridor.cusdec.trace_message(message)), strict=True):
        yield Finding(code=refusal.rule, values={"fr": refusal.french, "en": refusal.english}, place=Place(
            interchange=reference or None, message=message.reference, segment=refusal.position, tag=refusal.tag,
            path=failure.path or None,
            missing=refusal.position is not None and tags.get(refusal.position) != refusal.tag))

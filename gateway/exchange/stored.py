"""Stored interchanges as a run takes them up: each partner in its turn, until the time for judging is used up.

What is left is the next run's, which begins with whoever came to no turn. Meanwhile the national side is given what was
judged by then: a passage does not lie in the ledger until a flood has been judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.edifact import read_interchanges
from gateway.errors import GatewayError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.collector import look_now
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.turns import LARGE, PAGE, Turns, cost
from gateway.findings import Finding
from gateway.ledger.questions import HeldMessage
from gateway.ledger.rows import InterchangeIn
from gateway.mapping import peek

JUDGING = "judging"
"""Whose turn it is, as the ledger keeps it beside those of sessions: here, of whoever had none."""

LEFT = "X097"

HELD = 100
"""Held messages of a partner that are judged anew before another's: their texts are in memory together."""

BEHIND = 32
"""Interchanges behind one that is judged that whoever looks ahead is told of."""

BETWEEN = 5.0
"""Seconds of judging after which the national side is given what there is."""

GIVEN = 1 << 20
"""Octets of interchanges after which it is as well: its files wait for the disk while workers compute, and are fewer in
memory."""


class Time(Struct, frozen=True):
    """What a run has for judging.

    over       whether no further interchange should be begun
    over_held  whether nothing that is held should be judged anew any more
    between    what is done every few seconds, or after so many octets
    """

    over: Callable[[], bool]
    over_held: Callable[[], bool]
    between: Callable[[], None]


UNLIMITED = Time(over=lambda: False, over_held=lambda: False, between=lambda: None)


def stored_in_turn(gateway: Gateway, occasion: Occasion, summary: Summary, time: Time,
                   open_for: Callable[[str, int | None], bool]
                   ) -> Iterator[tuple[InterchangeIn, Sequence[InterchangeIn]]]:
    """Interchanges to be judged, one after the other; at least one, if any waits. Beside each those that stand behind
    it, whose turn is likely to come.

    open_for  whether a link releases its object of a number, or anything where None
    """
    with gateway.ledger.reading() as queries:
        partners = [partner for partner in queries.unprocessed() if open_for(partner, None)]
        owed = queries.last_begun(JUDGING)

    def fill(partner: str, declarations: bool | None, after: int) -> list[InterchangeIn]:
        with gateway.ledger.reading() as queries:
            rows = queries.unprocessed_interchanges(partner, declarations=declarations, after=after, limit=PAGE)
        return [row for row in rows if open_for(partner, row.sequence)]

    turns = Turns([(partner, gateway.partner(partner).agreement.order == "strict") for partner in partners], owed, fill,
                  lambda row: _concerns_known(gateway, row))
    judged, given, octets = False, occasion.clock(), 0
    while (row := turns.take()) is not None:
        if judged and time.over():
            break
        before = occasion.clock()
        yield row, turns.behind(BEHIND)
        now = occasion.clock()
        turns.charge(cost(row, now - before))
        judged = True
        octets += row.size
        if octets >= GIVEN or now - given >= BETWEEN:
            time.between()
            look_now()
            given, octets = occasion.clock(), 0
    _note_turn(gateway, owed, turns.unserved if row is not None else None)
    if row is not None:
        with gateway.ledger.reading() as queries:
            left = sum(number for partner, number in queries.unprocessed().items() if open_for(partner, None))
        summary.problems.append((Exit.LATER, Finding(code=LEFT, values={"n": str(left)})))


def held_in_turn(gateway: Gateway, before: datetime, time: Time) -> Iterator[HeldMessage]:
    """Held messages that may be judged anew, a page of each partner after the other while there is time.

    before  events of unknown movements that came after it are left out
    """
    with gateway.ledger.reading() as queries:
        behind = dict.fromkeys(queries.held_partners(), 0)
    while behind:
        for partner in list(behind):
            with gateway.ledger.reading() as queries:
                page = queries.held_messages(before, partner, after=behind[partner], limit=HELD)
            if len(page) < HELD:
                del behind[partner]
            else:
                behind[partner] = page[-1].id
            for row in page:
                if time.over_held():
                    return
                yield row


def _note_turn(gateway: Gateway, before: str | None, owed: str | None) -> None:
    if before != owed:
        with gateway.ledger.transaction() as transaction:
            if owed is None:
                transaction.note_finished(JUDGING)
            else:
                transaction.note_begun(JUDGING, owed)


def _concerns_known(gateway: Gateway, row: InterchangeIn) -> bool:
    """Tell whether a status speaks of nothing but movements that are held. A large one is not looked at twice."""
    if row.size > LARGE:
        return False
    with gateway.ledger.reading() as queries:
        payload = queries.payload_of(row.id)
    assert payload is not None
    try:
        mrns = {peek(message).mrn for interchange in read_interchanges(payload) for message in interchange.messages}
    except GatewayError:
        return False
    with gateway.ledger.reading() as queries:
        return all(mrn is None or queries.movement(mrn) is not None for mrn in mrns)

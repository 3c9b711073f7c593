"""Everything that nobody tries any more, of both directions, until a person says what becomes of it.

Ours: sealed files without a receipt that were repeated long enough. A partner's: interchanges whose judgement failed
three times, and messages that could not be read. A person revives it, or closes it with a reason; what is closed is
told no more, stays where it is, and an answer that comes still settles it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.resend import resend, revive
from gateway.exchange.two_people import Voice
from gateway.findings import Finding
from gateway.ledger import Queries
from gateway.ledger.act_rows import Act, NewAct
from gateway.ledger.states import InterchangeState, MessageState


class Dead(Struct, frozen=True, kw_only=True):
    """One thing that is dead.

    what       object (ours), interchange or message (a partner's)
    reference  control reference, "control reference-message reference", or the name of a file without an interchange
    since      when it was made, or came
    detail     what was said of it when it was given up; "" for none
    closed     the decision that closed it
    object     number of an object of ours
    """

    what: str
    direction: str
    partner: str
    reference: str
    type: str
    since: datetime
    attempts: int
    detail: str
    closed: Act | None = None
    object: int | None = None


def dead(gateway: Gateway, *, closed: bool = False) -> list[Dead]:
    """What is dead, the oldest first; with what was closed where that is wanted."""
    with gateway.ledger.reading() as queries:
        found = list(_dead(queries))
        acts = queries.acts_about([one.reference for one in found], "close")
    told = [replace(one, closed=_still(acts.get(one.reference), one)) for one in found]
    return sorted((one for one in told if closed or one.closed is None), key=lambda one: (one.since, one.reference))


def _still(act: Act | None, one: Dead) -> Act | None:
    """A decision counts for what it was taken of: what was given up anew after it is open again."""
    return act if act is not None and act.partner == one.partner and act.at >= one.since else None


def _dead(queries: Queries) -> Iterator[Dead]:
    for row in queries.dead_objects():
        line = None if row.interchange_id is None else queries.interchange(row.interchange_id)
        yield Dead(what="object", direction="out", partner=row.partner, since=row.dispatched or row.at,
                   reference=row.name if line is None else line.control_reference,
                   type=row.kind if line is None else line.type, attempts=row.attempts, detail="", object=row.id)
    for line in queries.interchanges(direction="in", states=[InterchangeState.DEAD]):
        yield Dead(what="interchange", direction="in", partner=line.partner, reference=line.control_reference,
                   type=line.type, since=line.changed, attempts=line.attempts, detail=line.detail or "")
    for message in queries.messages(direction="in", states=[MessageState.UNREADABLE]):
        yield Dead(what="message", direction="in", partner=message.partner, type=message.type, since=message.changed,
                   reference=f"{message.control_reference}-{message.message_reference}", attempts=1,
                   detail=message.detail or "")


def named(gateway: Gateway, reference: str) -> Dead:
    """What is dead under a reference, closed or not. Raises LocalError X175 for nothing, X176 for several."""
    found = [one for one in dead(gateway, closed=True) if one.reference == reference]
    if not found:
        raise LocalError(Finding(code="X175", values={"reference": reference}))
    if len(found) > 1:
        raise LocalError(Finding(code="X176", values={"reference": reference, "partners": ", ".join(
            one.partner for one in found)}))
    return found[0]


def close(gateway: Gateway, one: Dead, voice: Voice, reason: str, occasion: Occasion) -> bool:
    """Have it told no more, by a person's decision; False when it was closed before."""
    if one.closed is not None:
        return False
    with gateway.ledger.transaction() as transaction:
        if _still(transaction.act_about(one.reference, "close"), one) is not None:  # by somebody else, a moment ago
            return False
        transaction.add_act(NewAct(kind="close", subject=one.reference, partner=one.partner, people=voice.name,
                                   account=voice.account, person=voice.person, reason=reason), at=occasion.now)
        if one.object is not None:
            transaction.await_no_more(one.object)
    return True


def revive_dead(gateway: Gateway, one: Dead, occasion: Occasion, who: str) -> bool:
    """Try it again: ours is put up, a partner's is judged by the next run. False when it is not dead any more."""
    if one.direction == "out":
        return bool(resend(gateway, [one.reference], occasion, who)[0].objects)
    with gateway.ledger.transaction() as transaction:
        transaction.journal(subject="revive", reference=one.reference, text=who, at=occasion.now)
    return bool(revive(gateway, one.reference, occasion))

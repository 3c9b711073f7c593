"""Put the same bytes up again, under the same reference: by hand, for what answers to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from gateway.exchange.assembly import Gateway, Occasion
from gateway.ledger import ObjectState


class Resent(Struct, frozen=True, kw_only=True):
    """What became of one reference. objects: names of the sealed files; reason: a code word when there are none.

    mrn  of the movement, where one message was asked for by what it belongs to
    """

    reference: str
    objects: tuple[str, ...]
    reason: str = ""
    mrn: str | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which messages of ours, by what they belong to: to a partner, on a corridor; prepared from an instant on."""

    since: datetime
    partner: str | None = None
    corridor: str | None = None


def resend(gateway: Gateway, references: Sequence[str], occasion: Occasion, who: str = "") -> list[Resent]:
    """Have the next dispatch put up again every sealed file that carries a reference; one result per reference. A
    number that was taken back never goes up again: a partner that has not heard of it yet would accept it.

    reference  control reference, control reference-message reference, MRN, national key, or sealed file name
    who        who wants it, and why: for the history
    """
    results = []
    with gateway.ledger.transaction() as transaction:
        for reference in references:
            with gateway.ledger.reading() as queries:
                found = queries.find(reference)
                numbers = {row.id for row in found.interchanges if row.direction == "out"}
                numbers |= {row.interchange_id for row in found.messages
                            if row.direction == "out" and row.interchange_id is not None}
                objects = {row.id: row for row in found.objects if row.direction == "out"}
                for number in numbers:
                    objects.update({row.id: row for row in queries.objects_of(number)})
            kept = [row for row in objects.values() if row.state is not ObjectState.WITHDRAWN]
            standing = [row for row in kept if transaction.again(row.id, at=occasion.now)]
            if standing:
                transaction.journal(subject="resend", reference=reference, at=occasion.now,
                                    text="; ".join(part for part in (f"{len(standing)} by hand", who) if part))
            reason = ("" if standing else "away" if kept else "withdrawn" if objects else "not-sealed" if found
                      else "unknown")
            results.append(Resent(reference=reference, objects=tuple(row.name for row in standing), reason=reason))
    return results


def resend_wanted(gateway: Gateway, wanted: Wanted, occasion: Occasion, who: str = "") -> list[Resent]:
    """Have the next dispatch put up again everything of ours that belongs there; one result per message, the oldest
    first. What shares an interchange with a message asked for goes along: the bytes are the same.

    Answers of the lines themselves (receipts, CONTRL) are repeated where they are missed, and not here.
    """
    results = []
    with gateway.ledger.transaction() as transaction, gateway.ledger.reading() as queries:
        for line in queries.interchanges_since(wanted.since, wanted.partner):
            if line.type == "CONTRL":
                continue
            messages = queries.messages_of(line.id)
            on_it = queries.movements_of([row.mrn for row in messages if row.mrn is not None])
            asked = [row for row in messages if wanted.corridor is None
                     or (row.mrn in on_it and on_it[row.mrn].corridor == wanted.corridor)]
            if not asked:
                continue
            objects = queries.objects_of(line.id)
            kept = [row for row in objects if row.state is not ObjectState.WITHDRAWN]
            standing = [row for row in kept if transaction.again(row.id, at=occasion.now)]
            if standing:
                transaction.journal(subject="resend", reference=line.control_reference, at=occasion.now,
                                    text="; ".join(part for part in (f"{len(standing)} by hand", who) if part))
            reason = "" if standing else "away" if kept else "withdrawn" if objects else "not-sealed"
            results += [Resent(reference=f"{line.control_reference}-{row.message_reference}", mrn=row.mrn,
                               objects=tuple(one.name for one in standing), reason=reason) for row in asked]
    return results


def revive(gateway: Gateway, reference: str, occasion: Occasion) -> int:
    """Have what was given up judged again by the next run: interchanges that are DEAD, messages that were UNREADABLE
    before a mapping was mended. Returns how many.

    reference  control reference, control reference-message reference, or MRN
    """
    with gateway.ledger.reading() as queries:
        found = queries.find(reference)
    dead = [row.id for row in found.interchanges if row.direction == "in" and row.state.value == "DEAD"]
    unread = [row.id for row in found.messages if row.direction == "in" and row.state.value == "UNREADABLE"]
    with gateway.ledger.transaction() as transaction:
        for number in dead:
            transaction.settle_interchange_in(number, state="STORED", at=occasion.now, detail="revived by hand")
        for number in unread:
            transaction.settle_message_in(number, state="HELD", at=occasion.now, detail="revived by hand")
    return len(dead) + len(unread)

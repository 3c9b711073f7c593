"""Put the same bytes up again, under the same reference: by hand, for what answers to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.exchange.assembly import Gateway, Occasion
from gateway.ledger import ObjectState


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """What became of one reference. objects: names of the sealed files; reason: a code word when there are none."""

    reference: str
    objects: tuple[str, ...]
    reason: str = ""


def resend(gateway: Gateway, references: Sequence[str], occasion: Occasion) -> list[Resent]:
    """Have the next dispatch put up again every sealed file that carries a reference; one result per reference. A
    number that was taken back never goes up again: a partner that has not heard of it yet would accept it.

    reference  control reference, control reference-message reference, MRN, national key, or sealed file name
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
            standing = [row for row in objects.values() if row.state is not ObjectState.WITHDRAWN]
            for row in standing:
                transaction.again(row.id, at=occasion.now)
            if standing:
                transaction.journal(subject="resend", reference=reference, text=f"{len(standing)} by hand",
                                    at=occasion.now)
            reason = "" if standing else "withdrawn" if objects else "not-sealed" if found else "unknown"
            results.append(Resent(reference=reference, objects=tuple(row.name for row in standing), reason=reason))
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

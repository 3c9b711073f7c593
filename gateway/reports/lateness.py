"""`edi overdue`: what is late, since when, and the one next action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.ledger import Deadlines, Ledger

_NEXT = {"receipt": "resend", "dead": "resend", "contrl": "call", "cusres": "chase"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One late answer or movement.

    kind  receipt, contrl, cusres, or movement; dead: the receipt of an envelope that is repeated no more
    what  for a movement its state; else the kind again
    """

    kind: str
    what: str
    reference: str
    mrn: str | None
    partner: str
    since: datetime
    due: datetime
    next: str


def overdue(ledger: Ledger, now: datetime, deadlines: Mapping[str, Deadlines]) -> list[Late]:
    """Everything that is late, oldest first. deadlines: by partner."""
    with ledger.reading() as queries:
        late = []
        for row in queries.overdue(now, deadlines):
            reference = row.reference
            if row.kind in ("receipt", "dead"):
                carried = queries.object_of(row.subject_id)
                interchange = queries.interchange(carried.interchange_id) \
                    if carried is not None and carried.interchange_id is not None else None
                reference = reference if interchange is None else interchange.control_reference
            late.append(Late(kind=row.kind, what=row.kind, reference=reference, mrn=row.mrn, partner=row.partner,
                             since=row.since, due=row.due, next=_NEXT[row.kind]))
        for movement in queries.movements_overdue(now):
            assert movement.due is not None
            late.append(Late(kind="movement", what=movement.state, reference=movement.mrn, mrn=movement.mrn,
                             partner=movement.who, since=movement.changed, due=movement.due,
                             next=movement.next_action))
    return sorted(late, key=lambda line: line.due)

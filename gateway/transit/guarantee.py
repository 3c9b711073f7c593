"""What a movement holds of a guarantee, and what its write-offs have freed (TRANSIT sections 1 and 3.2).

The administration of departure keeps the account: a declaration engages the amount that it names, on the guarantee that
it names. Each item answers for its share of that amount, by customs value where every item has one, else by packages;
what is written off or settled of an item frees its share. A movement that is closed, or cancelled before it was seen on
the road, holds nothing; a recovery holds what it calls until the movement is closed. Never below zero, never above the
amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from msgspec import Struct

from gateway.transit.balance import balances, taken_of
from gateway.transit.declaration import Declaration, GoodsItem
from gateway.transit.event import Event

CENT = Decimal("0.01")
_FREE = ("CLOSED", "CANCELLED")


class Engagement(Struct, frozen=True, kw_only=True):
    """One guarantee under one movement.

    reference  number of the guarantee
    amount     what the declaration engages on it; of several guarantees in one declaration the first bears all of it,
               for nothing says how it is shared
    engaged    what is still held of it
    """

    reference: str
    currency: str
    amount: Decimal
    engaged: Decimal


def engagements(declaration: Declaration | None, events: Sequence[Event], state: str) -> list[Engagement]:
    """The guarantees of a movement; none where the version that counts names none with an amount.

    declaration  the version that counts
    state        of the movement for the departure role
    """
    guarantee = declaration.guarantee if declaration is not None else None
    if declaration is None or guarantee is None or guarantee.amount is None or guarantee.currency is None \
            or guarantee.amount < 0:
        return []
    references = list(dict.fromkeys(one.number for one in guarantee.references))
    if not references:
        return []
    amount = guarantee.amount.quantize(CENT, ROUND_DOWN)
    held = Decimal() if state in _FREE else amount - freed(declaration, events, amount)
    return [Engagement(reference=reference, currency=guarantee.currency, amount=amount if first else Decimal(),
                       engaged=held if first else Decimal())
            for reference, first in zip(references, [True] + [False] * len(references), strict=False)]


def freed(declaration: Declaration, events: Sequence[Event], amount: Decimal) -> Decimal:
    """What the write-offs and settlements held free of an amount, in whole hundredths, rounded down."""
    if not taken_of(events):
        return Decimal()
    shares = _shares(declaration.items)
    found = Decimal()
    for item, balance in zip(declaration.items, balances(declaration, events), strict=True):
        declared = sum(one.count for one in item.packages)
        if declared > 0:
            left = min(max(balance.packages, 0), declared)
            found += amount * shares[item.number] * (declared - left) / declared
    return min(max(found.quantize(CENT, ROUND_DOWN), Decimal()), amount)


def _shares(items: Sequence[GoodsItem]) -> dict[int, Decimal]:
    """Item -> its part of the whole, from 0 to 1."""
    values = [item.customs_value for item in items]
    weights = [value for value in values if value is not None and value >= 0]
    if len(weights) != len(items) or not sum(weights):
        weights = [Decimal(sum(one.count for one in item.packages)) for item in items]
    total = sum(weights)
    return {item.number: weight / total if total else Decimal() for item, weight in zip(items, weights, strict=True)}

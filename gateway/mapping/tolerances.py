"""What a corridor lets differ between departure and arrival, as its file says it: per cent of what was declared."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec.structs import replace

from gateway.config.model import Model
from gateway.config.reading import between
from gateway.config.scalars import Commodity, DecimalNumber
from gateway.transit.mirror import USUAL, Tolerance, Tolerances

_HUNDRED = Decimal(100)

PerCent = Annotated[DecimalNumber, between(Decimal(), _HUNDRED)]


class ToleranceNode(Model):
    """The tolerance of one product; what it does not name is that of every other."""

    packages: PerCent | None = None
    mass: PerCent | None = None
    value: PerCent | None = None

    def made(self, usual: Tolerance) -> Tolerance:
        """The tolerance as shares."""
        named = {name: share / _HUNDRED for name in type(self).model_fields
                 if (share := getattr(self, name)) is not None}
        return replace(usual, **named)


class TolerancesNode(Model):
    """Tolerances of a corridor."""

    usual: ToleranceNode | None = None
    products: dict[Commodity, ToleranceNode] | None = None
    bridge: PerCent | None = None

    def made(self) -> Tolerances:
        """The tolerances: products that the file names are added to the first values, or take their place."""
        usual = USUAL.usual if self.usual is None else self.usual.made(USUAL.usual)
        products = {**dict(USUAL.products), **{name: node.made(usual) for name, node in (self.products or {}).items()}}
        return Tolerances(usual=usual, products=tuple(sorted(products.items())),
                          bridge=USUAL.bridge if self.bridge is None else self.bridge / _HUNDRED)

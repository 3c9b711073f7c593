"""Makes records for any mapping: the generator of `edi map test`, by the name it had here."""

from __future__ import annotations

import random

from gateway.mapping import Mapping
from gateway.mapping.laws.records import Records, drawn


def Maker(mapping: Mapping, chance: random.Random, *, plain: bool = False) -> Records:
    """Records at random."""
    return drawn(mapping, chance, plain=plain)

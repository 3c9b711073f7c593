"""The few identifiers and shapes that cross packages.

Only names live here: no parsing, no rule, no import of anything above.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NewType, TypeAlias

GatewayId = NewType("GatewayId", str)
"""Name of a gateway, ``[A-Z0-9][A-Z0-9.-]{0,31}``, agreed once, never reused (GW-1 section 2)."""

ControlReference = NewType("ControlReference", str)
"""Interchange control reference, data element 0020, an..14; text, leading zeros matter."""

MessageReference = NewType("MessageReference", str)
"""Message reference number, data element 0062, an..14; text, leading zeros matter."""

Mrn = NewType("Mrn", str)
"""Movement reference number, an18."""

Scalar: TypeAlias = str | int | bool | Decimal | date | datetime
"""One value of a transit record. Texts are str, counts int, masses and amounts Decimal (never a float),
days ``date``, instants ``datetime`` aware and in UTC (the zone of the profile, PROFILE section 2 b)."""

Tree: TypeAlias = "dict[str, Scalar | Tree | list[Tree]]"
"""A record as plain nested values: term -> scalar, group, or list of groups.

An absent value has no key at all: None, empty texts, empty groups and empty lists do not occur.
"""

Path: TypeAlias = str
"""Place of a value in a Tree: ``items[2].packages[1].count``; ordinals count from 1."""

"""The annex of an interchange agreement as data: parts of rows, whose words are still to be said in a language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct, field


class Lasting(Struct, frozen=True):
    """A duration, which each language writes in its own units."""

    time: timedelta


class Said(Struct, frozen=True):
    """A sentence of the catalogue, by its key, with its values."""

    key: str
    values: Mapping[str, str | Lasting] = field(default_factory=dict)


class Named(Struct, frozen=True):
    """A name in both languages."""

    french: str
    english: str


Cell: TypeAlias = str | Said | Named | Lasting
"""What stands in a table: a value as it is, or words in whatever language the annex is written."""


class AnnexPart(Struct, frozen=True, kw_only=True):
    """One numbered part of the annex.

    name     of its title and introduction in the catalogue: ``annex.NAME``, ``annex.NAME.intro``
    columns  their titles in the catalogue: ``annex.column.COLUMN``
    rows     as many cells each; the first names the row
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Annex(Struct, frozen=True, kw_only=True):
    """The annex between two administrations, as one of them holds it.

    Both stand in the same order whoever writes it, so that the two can be laid one over the other.

    reference  of the agreement
    made       when this was written, UTC
    """

    ours: str
    partner: str
    reference: str
    environment: str
    made: datetime
    parts: Sequence[AnnexPart]

    @property
    def sides(self) -> tuple[str, str]:
        """Both administrations, in the order in which every part has them."""
        return in_order(self.ours, self.partner)


def in_order(ours: str, partner: str) -> tuple[str, str]:
    """Two administrations in the order that both of them find."""
    return (ours, partner) if ours < partner else (partner, ours)

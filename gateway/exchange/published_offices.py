"""The offices that administrations publish in their reference data, as the corridors know offices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway import mapping
from gateway.config import Settings
from gateway.ledger import Transaction
from gateway.ledger.queries import Queries
from gateway.ledger.reference_rows import ReferenceRow
from gateway.transit.reference_data import ReferenceData
from gateway.transit.reference_text import read_reference

Lookups = Transaction | Queries

_KEPT = 64
_read: dict[str, ReferenceData] = {}
"""Digest -> what was read: nothing that could become wrong."""


def reference_of(lookups: Lookups, row: ReferenceRow) -> ReferenceData:
    """The data of a version; read once, for its digest stands for it."""
    held = _read.get(row.digest)
    if held is None:
        if len(_read) >= _KEPT:
            _read.clear()
        held = _read[row.digest] = read_reference(lookups.reference_text(row.id).encode("ascii"))
    return held


def published_offices(settings: Settings, lookups: Lookups, at: datetime) -> Mapping[str, mapping.OfficeEntry]:
    """Code -> office, of our own version and of each partner's that counts at an instant."""
    found: dict[str, mapping.OfficeEntry] = {}
    countries = {name: partner.country for name, partner in settings.partners.items()}
    for name, country in {str(settings.gateway): settings.country, **countries}.items():
        row = lookups.reference_in_force(name, at)
        if row is not None:
            found.update((one.code, mapping.OfficeEntry(
                code=one.code, name=one.name, administration=name, country=country, roles=one.roles,
                aliases=one.aliases)) for one in reference_of(lookups, row).offices if one.code not in found)
    return found

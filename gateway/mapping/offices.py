"""The offices that the corridors name: code, name, administration, country, what they do.

The list is data (``mappings/codes/offices.yaml``); an administration replaces it without a developer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gateway.config.model import Model
from gateway.config.scalars import Country, GatewayName, Text
from gateway.config.validation import load_model

OFFICES = Path("codes") / "offices.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeEntry:
    """One customs office. roles: departure, exit, entry, transit, destination, control."""

    code: str
    name: str
    administration: str
    country: str
    roles: tuple[str, ...]


class _Office(Model):
    name: Text
    administration: GatewayName
    country: Country
    roles: tuple[Literal["departure", "exit", "entry", "transit", "destination", "control"], ...]


class _Offices(Model):
    format: Literal["1"]
    version: Text
    offices: dict[str, _Office]


def load_offices(search: Sequence[Path]) -> Mapping[str, OfficeEntry]:
    """The offices of the first folder that has a list; none when no folder has one. Raises LocalError (S...)."""
    path = next((folder / OFFICES for folder in search if (folder / OFFICES).is_file()), None)
    if path is None:
        return {}
    listed = load_model(path, _Offices)
    return {code: OfficeEntry(code=code, name=office.name, administration=office.administration,
                              country=office.country, roles=tuple(office.roles))
            for code, office in listed.offices.items()}

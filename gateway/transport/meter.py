"""What crossed a line, counted for whoever is using it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Octets in each direction, all layers above TCP; those of a session that did not come about count as well."""

    octets_in: int = 0
    octets_out: int = 0
    spent: bool = False
    """Whether its user was cut off because he had used the line for as long as he may."""

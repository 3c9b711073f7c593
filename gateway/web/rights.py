"""What a person may do on a corridor, from the roles that the settings give. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gateway.config.web import EVERY, Person, Role

Act: TypeAlias = Literal["see", "details", "chase", "resend", "dead", "quarantine"]
"""see         boards, sheets, overdue lists, statistics: references and states
details     names and values of traders; letters and certificates
chase       ask the partner for an answer that is late
resend      put the same bytes up again
dead        revive or close what nobody tries any more
quarantine  see what was refused, ask for its release, confirm, reject"""

_MAY: dict[Role, frozenset[Act]] = {
    "reader": frozenset({"see"}),
    "officer": frozenset({"see", "details", "chase"}),
    "operator": frozenset({"see", "details", "chase", "resend", "dead", "quarantine"}),
    "auditor": frozenset({"see", "details"}),
}


def may(person: Person, act: Act, corridor: str) -> bool:
    """Whether a person has a right on a corridor; with "" for what belongs to no corridor: only who has it on all."""
    return any(act in _MAY[role] for one in person.on if one.corridor in (EVERY, corridor) for role in one.roles)


def sees(person: Person, corridors: list[str]) -> list[str]:
    """Those of the corridors that a person may look at, in their order."""
    return [one for one in corridors if may(person, "see", one)]

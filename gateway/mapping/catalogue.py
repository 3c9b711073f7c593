"""What there is: one entry per corridor and message, with the version in force, those that will be, and the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from gateway.errors import GatewayError, LocalError
from gateway.findings import Finding
from gateway.mapping.corridors import JOINED, LAYOUTS, Corridor
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.versions import Activated, Versions

State = Literal["active", "ready", "faulty"]
"""active: a version was put in force; ready: the files rule, and are in order; faulty: what rules cannot be loaded."""


class Entry(Struct, frozen=True, kw_only=True):
    """One message of one corridor.

    layout    cusdec, or the layout of an event
    version, digest  of what is in force; empty where it cannot be loaded
    starts    from when it is in force; None where the files rule
    planned   versions that start later
    changed   the files are not what is in force
    invented  code tables and administrations of the corridor that are this project's own until the real ones are told
    faults    what is wrong with what is in force, or with the files
    """

    corridor: str
    layout: str
    mapping: str
    message: str
    version: str
    digest: str
    state: State
    starts: datetime | None
    planned: tuple[Activated, ...]
    changed: bool
    invented: tuple[str, ...]
    faults: tuple[Finding, ...]

    def as_item(self) -> Mapping[str, object]:
        """As the command line tells it."""
        return {"corridor": self.corridor, "layout": self.layout, "mapping": self.mapping, "message": self.message,
                "version": self.version, "digest": self.digest, "state": self.state, "starts": self.starts,
                "planned": [{"version": one.version, "digest": one.digest, "starts": one.starts}
                            for one in self.planned],
                "changed": self.changed, "invented": self.invented, "faults": [one.code for one in self.faults]}


def entries(corridor: Corridor, versions: Versions, now: datetime) -> Iterator[Entry]:
    """Every message of a corridor whose layouts come from the files."""
    for layout in ("cusdec", *LAYOUTS.values(), JOINED):
        identifier = corridor.identifier_of(layout)
        faults: tuple[Finding, ...] = ()
        files = used = None
        try:
            files = used = corridor.layouts.get(identifier)
        except GatewayError as error:
            faults = tuple(error.findings)
        active = versions.at(identifier, now)
        if active is not None:
            try:
                used = versions.load(active.digest)
                faults = ()
            except LocalError as error:
                used, faults = None, tuple(error.findings)
        yield _entry(corridor, layout, identifier, used, active, files, versions, now, faults)


def _entry(corridor: Corridor, layout: str, identifier: str, used: MessageMapping | None, active: Activated | None,
           files: MessageMapping | None, versions: Versions, now: datetime, faults: tuple[Finding, ...]) -> Entry:
    state: State = "faulty" if used is None else "ready" if active is None else "active"
    invented = [f"code {name}" for name in corridor.invented] if layout == "cusdec" else []
    invented += [f"gateway {member.gateway}" for member in corridor.administrations if member.invented]
    return Entry(
        corridor=corridor.identifier, layout=layout, mapping=identifier,
        message="" if used is None else str(used.message),
        version="" if used is None else used.version, digest="" if used is None else used.digest, state=state,
        starts=None if active is None else active.starts,
        planned=tuple(one for one in versions.of(identifier) if one.starts > now),
        changed=active is not None and (files is None or files.digest != active.digest),
        invented=tuple(invented), faults=faults)

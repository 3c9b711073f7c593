"""Corridors: which administrations exchange, with which mappings; and the layout for an event or for a message.

A corridor is a folder ``corridors/<id>`` with ``corridor.yaml`` and ``cusdec.yaml``. Events use the layouts of the base
profile; a file ``cusres/<layout>.yaml`` in the corridor's folder takes the place of the base's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.config.model import Model
from gateway.config.scalars import Country, Flag, GatewayName, Text
from gateway.config.validation import load_model
from gateway.edifact import Message, WireMessage
from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.findings import Finding, Place
from gateway.mapping.corridor_timers import FIRST, _Timers
from gateway.mapping.document import nearest
from gateway.mapping.loading import load_mapping
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.offices import OFFICES, OfficeEntry, load_offices, suggested
from gateway.mapping.tolerances import TolerancesNode
from gateway.mapping.versions import Activated, Versions
from gateway.references import Tree
from gateway.transit.mirror import USUAL, Tolerances
from gateway.transit.timers import Timers

Role = Literal["departure", "transit", "destination"]

LAYOUTS: Mapping[str, str] = {
    "ACCEPTED": "accepted", "REJECTED": "rejected", "NOT-RELEASED": "not-released", "CROSS-OUT": "cross-out",
    "CROSS-IN": "cross-in", "INCIDENT": "incident", "ARRIVED": "arrived", "DIVERTED": "diverted", "CONTROL": "control",
    "PART-DISCHARGED": "part-discharged", "DIFF-CLOSED": "diff-closed", "DISCHARGED": "discharged",
    "ENQUIRY": "enquiry", "ENQ-ANSWER": "enquiry-answer", "RECOVERY": "recovery", "STATE-QUERY": "state-query",
    "STATE-ANSWER": "state-answer", "LEDGER": "ledger", "DOWNTIME": "downtime",
}
"""Event word -> its layout."""

JOINED = "arrived-control"
"""The layout that says ARRIVED and CONTROL at once."""

_EVENTS = (*LAYOUTS.values(), JOINED)
"""The layouts of events in the order in which they are tried."""

BASE = "base/cusres-d96b"


class Administration(Struct, frozen=True, kw_only=True):
    """One administration of a corridor, by the name of its gateway.

    invented  the name of the gateway is this project's own until the administration says how it is called
    """

    gateway: str
    country: str
    role: Role
    invented: bool = False


class _Member(Model):
    gateway: GatewayName
    country: Country
    role: Role
    invented: Flag = False


class _Names(Model):
    fr: Text
    en: Text


class _CorridorFile(Model):
    format: Literal["1"]
    id: Text
    name: _Names
    administrations: tuple[_Member, ...]
    invented: tuple[Text, ...] = ()
    timers: _Timers | None = None
    tolerances: TolerancesNode | None = None


class Layouts:
    """The message layouts of some search folders, each loaded when it is first needed and then kept.

    versions  what was activated: it takes the place of the files from its start on
    when      the instant that counts; None for the files
    pinned    mappings that take the place of whatever else there is
    """

    def __init__(self, search: Sequence[Path], versions: Versions | None = None, when: datetime | None = None,
                 pinned: Mapping[str, MessageMapping] | None = None,
                 loaded: dict[str, MessageMapping] | None = None, there: dict[str, bool] | None = None) -> None:
        self._search = list(search)
        self._versions = versions
        self._when = when
        self._pinned = dict(pinned or {})
        self._loaded: dict[str, MessageMapping] = {} if loaded is None else loaded
        self._there = {} if there is None else there

    def at(self, when: datetime) -> Layouts:
        """The layouts in force at an instant."""
        if not self._versions:
            return self
        return Layouts(self._search, self._versions, when, self._pinned, self._loaded, self._there)

    def pinning(self, mapping: MessageMapping) -> Layouts:
        """The same layouts with one of them in this version."""
        return Layouts(self._search, self._versions, self._when, {**self._pinned, mapping.identifier: mapping},
                       self._loaded, self._there)

    def get(self, identifier: str) -> MessageMapping:
        """The mapping. Raises LocalError with all its faults."""
        if identifier in self._pinned:
            return self._pinned[identifier]
        active = self._active(identifier)
        if active is not None and self._versions is not None:
            return self._versions.load(active.digest)
        mapping = self._loaded.get(identifier)
        if mapping is None:
            mapping = self._loaded[identifier] = load_mapping(identifier, self._search)
        return mapping

    def has(self, identifier: str) -> bool:
        """Tell whether some folder has it, or a version of it is in force."""
        if self._active(identifier) is not None:
            return True
        there = self._there.get(identifier)
        if there is None:  # asked of the disk once: this comes up several times for each message
            there = self._there[identifier] = any((folder / f"{identifier}.yaml").is_file() for folder in self._search)
        return there

    def _active(self, identifier: str) -> Activated | None:
        return self._versions.at(identifier, self._when) if self._versions and self._when is not None else None


@dataclass(frozen=True)
class Corridor:
    """One corridor.

    administrations  in the order of the itinerary, the one of departure first
    invented         code tables of the declaration whose codes are this project's own until the administrations supply
                     theirs
    timers           how long each step of a movement may take
    tolerances       what may differ between departure and arrival
    """

    identifier: str
    name: Mapping[str, str]
    administrations: tuple[Administration, ...]
    layouts: Layouts = field(repr=False, compare=False)
    invented: tuple[str, ...] = ()
    timers: Timers = FIRST
    tolerances: Tolerances = USUAL

    @cached_property
    def cusdec(self) -> MessageMapping:
        """The mapping of the declaration. Raises LocalError with all its faults."""
        return self._layout("cusdec")

    def cusres(self, word: str) -> MessageMapping:
        """The mapping of an event word. Raises LocalError M303 for a word that there is not."""
        layout = LAYOUTS.get(word)
        if layout is None:
            raise LocalError(Finding(code="M303", values={"word": word, "nearest": nearest(word, LAYOUTS)}))
        return self._layout(layout)

    def identifier_of(self, layout: str) -> str:
        """The mapping of a layout: ``cusdec``, or one of events, its own where it has one and else the base's."""
        if layout == "cusdec":
            return f"corridors/{self.identifier}/cusdec"
        own = f"corridors/{self.identifier}/cusres/{layout}"
        return own if self.layouts.has(own) else f"{BASE}/{layout}"

    def _layout(self, layout: str) -> MessageMapping:
        return self.layouts.get(self.identifier_of(layout))

    def identifiers(self) -> Iterator[str]:
        """The name of every mapping of the corridor: of the declaration, then of every layout of events."""
        return map(self.identifier_of, ("cusdec", *_EVENTS))

    def mappings(self) -> Iterator[MessageMapping]:
        """Every mapping of the corridor, in the same order."""
        return map(self.layouts.get, self.identifiers())

    def unknown_tables(self) -> tuple[Finding, ...]:
        """M311 for every table that is said to be invented and that the declaration does not have."""
        known = self.cusdec.tables.names()
        return tuple(Finding(code="M311", values={"corridor": self.identifier, "table": table,
                                                  "nearest": nearest(table, known)})
                     for table in self.invented if table not in known)

    def at(self, when: datetime) -> Corridor:
        """The corridor with the versions of its mappings that are in force at an instant."""
        layouts = self.layouts.at(when)
        return self if layouts is self.layouts else replace(self, layouts=layouts)

    def keeping(self, mapping: MessageMapping) -> Corridor:
        """The corridor with one mapping in a version that a movement keeps."""
        return replace(self, layouts=self.layouts.pinning(mapping))

    def role(self, gateway: str) -> Role | None:
        """What an administration is on this corridor; None when it has no part in it."""
        return next((member.role for member in self.administrations if member.gateway == gateway), None)

    def read(self, message: Message) -> list[Tree]:
        """The records of a message: one declaration, or one event for each word.

        Raises PartnerError: M214 when no layout has these words, else what the layout finds.
        """
        if message.identifier.type == "CUSDEC":
            return [self.cusdec.to_record(message)]
        mapping = self.layout_of(message)
        return mapping.split(mapping.to_record(message))

    def reads_by(self, digests: Sequence[str]) -> bool:
        """Whether these are its first layouts: what they have read is what it would read."""
        return all(self._layout(layout).digest == digest for layout, digest in zip(_EVENTS, digests, strict=False))

    def layout_of(self, message: Message) -> MessageMapping:
        """The layout that fits the document and the words of a CUSRES. Raises PartnerError M214."""
        return self.tried(message)[-1]

    def tried(self, message: Message) -> list[MessageMapping]:
        """The layouts in their order, up to the one that fits a CUSRES. Raises PartnerError M214."""
        tried = []
        for layout in _EVENTS:
            tried.append(self._layout(layout))
            if tried[-1].accepts(message):
                return tried
        words = [segment.component(1) for segment in message.segments if segment.tag == "GIS"]
        head = next((segment for segment in message.segments if segment.tag == "BGM"), None)
        document = f"{head.component(1)}/{head.component(3)}" if head is not None else "-"
        place = Place(message=message.reference, segment=head.position if head is not None else None,
                      tag=head.tag if head is not None else None)
        raise PartnerError(Finding(code="M214", place=place, values={"words": ", ".join(words) or "-",
                                                                     "document": document,
                                                                     "identifier": str(message.identifier)}))

    def write(self, trees: Sequence[Tree]) -> WireMessage:
        """The message of one event, or of ARRIVED and CONTROL of one office together.

        Raises LocalError: M304 for events that do not travel together, M305 where the two differ in what they share.
        """
        words = [str(tree.get("word", "-")) for tree in trees]
        if len(trees) == 1:
            return self.cusres(words[0]).to_message(trees[0])
        if sorted(words) != ["ARRIVED", "CONTROL"]:
            raise LocalError(Finding(code="M304", values={"words": ", ".join(words) or "-"}))
        mapping = self._layout(JOINED)
        return mapping.to_message(join(mapping, dict(zip(words, trees, strict=True))))


def join(mapping: MessageMapping, events: Mapping[str, Tree]) -> Tree:
    """One record for a layout of several events. What the layout keeps once must be the same in all of them."""
    names = mapping.plans[None].shape.names
    joined: Tree = {}
    shared: dict[str, Tree] = {}
    for prefix in mapping.events:
        word = mapping.definition.fixed[f"{prefix}.word"].text
        own = names[prefix]
        assert own is not None
        joined[prefix] = {term: value for term, value in events[word].items() if term in own.names}
        shared[word] = {term: value for term, value in events[word].items() if term not in own.names}
    first = next(iter(shared.values()))
    different = {term for tree in shared.values() for term in tree.keys() | first.keys()
                 if tree.get(term) != first.get(term)}
    if different:
        words = ", ".join(events)
        raise LocalError(*(Finding(code="M305", place=Place(path=term), values={"term": term, "words": words})
                           for term in sorted(different)))
    joined.update(first)
    return joined


class Corridors:
    """Every corridor that could be read, and the offices.

    broken   corridors whose own file cannot be read: identifier -> findings
    """

    def __init__(self, corridors: Sequence[Corridor], offices: Mapping[str, OfficeEntry],
                 broken: Mapping[str, tuple[Finding, ...]]) -> None:
        self.all = tuple(corridors)
        self.offices = offices
        self.broken = broken

    @cached_property
    def faults(self) -> Mapping[str, tuple[Finding, ...]]:
        """What is wrong with corridors and their mappings: identifier -> findings. Loads every mapping."""
        found = dict(self.broken)
        for corridor in self.all:
            try:
                tuple(corridor.mappings())
                if unknown := corridor.unknown_tables():
                    found[corridor.identifier] = unknown
            except GatewayError as error:
                found[corridor.identifier] = tuple(error.findings)
        for corridor in self.all:
            rivals = self._joining(corridor.administrations[0].gateway, corridor.administrations[-1].gateway)
            if len(rivals) > 1:
                found[corridor.identifier] = (*found.get(corridor.identifier, ()), _several(rivals))
        return found

    def with_offices(self, further: Mapping[str, OfficeEntry]) -> Corridors:
        """The same corridors with further offices; of two with one code, the one that is there already."""
        return Corridors(self.all, {**further, **self.offices}, self.broken) if further else self

    def named(self, identifier: str) -> Corridor:
        """The corridor of that name. Raises LocalError M302, or its own faults when its file cannot be read."""
        for corridor in self.all:
            if corridor.identifier == identifier:
                return corridor
        if identifier in self.broken:
            raise LocalError(*self.broken[identifier])
        known = [corridor.identifier for corridor in self.all]
        raise LocalError(Finding(code="M302", values={"corridor": identifier, "nearest": nearest(identifier, known),
                                                      "known": ", ".join(known) or "-"}))

    def shared(self, one: str, other: str) -> Corridor | None:
        """The first corridor in which both administrations have a part."""
        return next((corridor for corridor in self.all if corridor.role(one) and corridor.role(other)), None)

    def between(self, departure_office: str, destination_office: str) -> Corridor:
        """The corridor from the administration of one office to that of another.

        Raises LocalError: M301 for an office that the list does not have, M306 when no corridor joins the two, M310
        when several do (which one is meant is not guessed).
        """
        departure, destination = (self._office(code) for code in (departure_office, destination_office))
        found = self._joining(departure.administration, destination.administration)
        if len(found) > 1:
            raise LocalError(_several(found))
        if found:
            return found[0]
        raise LocalError(Finding(code="M306", values={"departure": departure.administration,
                                                      "destination": destination.administration,
                                                      "known": ", ".join(one.identifier for one in self.all) or "-"}))

    def _joining(self, departure: str, destination: str) -> list[Corridor]:
        return [corridor for corridor in self.all if corridor.role(departure) == "departure"
                and corridor.role(destination) == "destination"]

    def _office(self, code: str) -> OfficeEntry:
        entry = self.offices.get(code)
        if entry is None:
            raise LocalError(Finding(code="M301", values={"office": code, "nearest": suggested(self.offices, code),
                                                          "file": OFFICES.as_posix()}))
        return entry


def _several(corridors: Sequence[Corridor]) -> Finding:
    """That corridors join the same two administrations, so that no message shows which one it belongs to."""
    first = corridors[0].administrations
    return Finding(code="M310", values={"departure": first[0].gateway, "destination": first[-1].gateway,
                                        "corridors": ", ".join(one.identifier for one in corridors)})


def load_corridors(search: Sequence[Path], versions: Versions | None = None, when: datetime | None = None) -> Corridors:
    """The corridors and offices of the search folders; the first folder that has one wins.

    versions, when  what was activated, and the instant whose versions count; without them the files rule

    Raises LocalError (S...) when the list of offices cannot be read; a corridor that cannot be read is noted.
    """
    layouts = Layouts(search, versions, when)
    corridors: dict[str, Corridor] = {}
    broken: dict[str, tuple[Finding, ...]] = {}
    for folder in search:
        for path in sorted(folder.glob("corridors/*/corridor.yaml")):
            identifier = path.parent.name
            if identifier in corridors or identifier in broken:
                continue
            try:
                corridors[identifier] = _load(path, layouts)
            except LocalError as error:
                broken[identifier] = tuple(error.findings)
    return Corridors([corridors[identifier] for identifier in sorted(corridors)], load_offices(search), broken)


def _load(path: Path, layouts: Layouts) -> Corridor:
    listed = load_model(path, _CorridorFile)
    roles = [member.role for member in listed.administrations]
    sound = len(roles) > 1 and roles[0] == "departure" and roles[-1] == "destination" \
        and all(role == "transit" for role in roles[1:-1])
    if not sound or listed.id != path.parent.name:
        raise LocalError(Finding(code="M307", place=Place(file=str(path)),
                                 values={"corridor": listed.id, "folder": path.parent.name}))
    members = tuple(Administration(gateway=member.gateway, country=member.country, role=member.role,
                                   invented=member.invented)
                    for member in listed.administrations)
    return Corridor(listed.id, {"fr": listed.name.fr, "en": listed.name.en}, members, layouts,
                    listed.invented, listed.timers.made() if listed.timers is not None else FIRST,
                    listed.tolerances.made() if listed.tolerances is not None else USUAL)

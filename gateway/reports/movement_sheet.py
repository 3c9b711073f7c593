"""The sheet of a movement as people read it: where it is, who answered what, what it carries, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.ledger import Queries
from gateway.ledger.rows import InterchangeRow, MessageRow, Movement
from gateway.reports.offices_line import Stop, moment_key, offices_line
from gateway.reports.sheet import Step, step_of
from gateway.transit.declaration import Declaration, Moment, Party
from gateway.transit.event import Event
from gateway.transit.facts import latest_of
from gateway.transit.terms import from_tree


class AnsweredMessage(Struct, frozen=True, kw_only=True):
    """One message with its three answers, which are never mixed up.

    reference  control reference, hyphen, message reference; "" before it has one
    receipt    when the transport receipt came: the partner's gateway has the file
    contrl     0083 of the CONTRL: 7 acknowledged, 4 rejected, 8 received; None while there is none
    state      of the message, which tells the business answer: ANSWERED-ACCEPTED ...
    """

    reference: str
    partner: str
    direction: str
    type: str
    word: str
    made: datetime
    receipt: datetime | None
    contrl: str | None
    contrl_at: datetime | None
    state: str


class EventLine(Struct, frozen=True, kw_only=True):
    """One event. remark: free text of whoever said it."""

    word: str
    happened: Moment | None
    by: str
    reference: str
    office: str
    remark: str


class Reason(Struct, frozen=True, kw_only=True):
    """Why an administration rejected the record: rule and its sentence by language (FR, EN)."""

    by: str
    rule: str
    texts: Mapping[str, str]


class Cargo(Struct, frozen=True, kw_only=True):
    """What the declaration says of the truck and its load: shown only where a page may show it."""

    vehicles: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    traders: tuple[tuple[str, str], ...] = ()
    goods: tuple[tuple[int, str, str], ...] = ()
    packages: int | None = None
    gross_mass: str = ""


class MovementSheet(Struct, frozen=True, kw_only=True):
    """Everything that a page shows of one movement.

    transit_type  T1 ...; "" where no record is held
    cargo         None where no record is held
    """

    movement: Movement
    transit_type: str
    line: tuple[Stop, ...]
    messages: tuple[AnsweredMessage, ...]
    events: tuple[EventLine, ...]
    reasons: tuple[Reason, ...]
    cargo: Cargo | None
    steps: tuple[Step, ...]


def movement_sheet(queries: Queries, mrn: str) -> MovementSheet | None:
    """The sheet of the movement with this MRN; None when none is held."""
    movement = queries.movement(mrn)
    if movement is None:
        return None
    declaration = latest_of([from_tree(Declaration, row.tree) for row in queries.declarations(mrn)])
    events = [from_tree(Event, row.tree) for row in queries.events(mrn)]
    found = queries.find(mrn)
    messages = [one for one in found.messages if one.mrn == mrn]
    interchanges = {number: row for number in {one.interchange_id for one in messages}
                    if number is not None and (row := queries.interchange(number)) is not None}
    return MovementSheet(
        movement=movement, transit_type=(declaration.transit_type or "") if declaration is not None else "",
        line=offices_line(declaration, events),
        messages=tuple(_message(one, interchanges.get(one.interchange_id or 0)) for one in reversed(messages)),
        events=tuple(_event(one) for one in sorted(events, key=lambda one: moment_key(one.happened))),
        reasons=tuple(_reasons(events)),
        cargo=None if declaration is None else cargo_of(declaration),
        steps=tuple(step_of(row) for row in queries.history_of(mrn, found)))


def _message(row: MessageRow, carried: InterchangeRow | None) -> AnsweredMessage:
    return AnsweredMessage(
        reference=f"{row.control_reference}-{row.message_reference}" if row.control_reference else "",
        partner=row.partner, direction=row.direction, type=row.type, word=row.word, made=row.at,
        receipt=None if carried is None else carried.received, contrl=None if carried is None else carried.action,
        contrl_at=None if carried is None else carried.answered, state=row.state.value)


def _event(event: Event) -> EventLine:
    return EventLine(word=event.word.value, happened=event.happened, by=event.administration,
                     reference=event.reference, office=event.office.code if event.office is not None else "",
                     remark=event.remark or event.reason or "")


def _reasons(events: Sequence[Event]) -> Iterator[Reason]:
    for event in events:
        for error in event.errors:
            yield Reason(by=event.administration, rule=error.rule,
                         texts={text.language: text.text for text in error.texts})


def cargo_of(declaration: Declaration) -> Cargo:
    """What a declaration says of its truck and load."""
    vehicles = (declaration.vehicle_at_departure, declaration.vehicle_at_border)
    parties: Mapping[str, Party | None] = {name: getattr(declaration, name) for name in (
        "principal", "consignor", "consignee", "carrier")}
    mass = declaration.total_gross_mass
    return Cargo(
        vehicles=tuple(dict.fromkeys(one.identity for one in vehicles if one is not None and one.identity)),
        equipment=tuple(one.number for one in declaration.equipment),
        seals=tuple(one.identity for one in declaration.seals),
        traders=tuple((name, party.name) for name, party in parties.items() if party is not None and party.name),
        goods=tuple((one.number, one.commodity or "", one.description or "") for one in declaration.items),
        packages=declaration.total_packages, gross_mass="" if mass is None else format(mass, "f"))


def marks_of(queries: Queries, mrns: Sequence[str]) -> dict[str, str]:
    """Truck and containers of each movement, as its declaration has them: what an officer at a gate has before him."""
    found = {}
    for mrn, rows in queries.declarations_of(mrns).items():
        latest = latest_of([from_tree(Declaration, row.tree) for row in rows])
        if latest is not None:
            cargo = cargo_of(latest)
            found[mrn] = ", ".join((*cargo.vehicles, *cargo.equipment))
    return found

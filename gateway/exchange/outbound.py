"""From one national record to the messages it causes, inside the ledger transaction that makes them true.

A declaration is planned (read, completed, mapped, judged) and its effects are written later, with those of others; an
event of the national side is taken at once, because there are few and each may contradict one that is held.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange.activation import corridor_kept
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import ConvertedRecord, check, completed, convert
from gateway.exchange.effects import Effects, First
from gateway.exchange.losses import note_overflows
from gateway.exchange.route import (
    corridor_asked,
    corridor_of,
    departure_of,
    foreign_office,
    others,
    partners_on,
    recipients,
)
from gateway.findings import Finding, Place
from gateway.ledger import NewDeclaration, NewDelivery, NewEvent, NewMovement, Transaction
from gateway.mapping import Corridor
from gateway.mapping.dialect import NationalRecord
from gateway.references import Path, Tree
from gateway.spool import plain_name
from gateway.texts import Language, sentence
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.mrn import is_mrn, make_mrn
from gateway.transit.terms import from_tree, to_tree

_EARLIER = ("accepted", "presented", "national_reference_date")

GATEWAY_SERIAL = "G"
"""Serial letter of the numbers that the gateway itself gives (PROFILE section 8, 3): no national register has it."""


class Plan(Struct, frozen=True, kw_only=True):
    """One declaration ready to go.

    copies  messages it causes
    apply   adds its effects; called with the ledger's number of the national files
    """

    mrn: str
    copies: int
    apply: Callable[[int, Effects], None]


def plan_declaration(gateway: Gateway, transaction: Transaction, record: NationalRecord, occasion: Occasion) -> Plan:
    """Plan the copies of one declaration for every administration of its route.

    Raises LocalError with the faults, placed in the national file where the dialect knows the place.
    """
    with _placing(record):
        return _plan(gateway, transaction, record, occasion)


def take_event(gateway: Gateway, transaction: Transaction, records: Sequence[NationalRecord], source: int,
               occasion: Occasion) -> int:
    """Queue the copies of the events of one file for the route of their movement. Returns how many.

    Events of one office under one reference (arrival and control) travel as one message (PROFILE section 3).
    Raises LocalError: X005 movement not known, X006 office not ours, X007 word not ours to say, L010 said otherwise
    before.
    """
    together: dict[str, list[tuple[Event, NationalRecord]]] = {}
    for record in records:
        note_announced(transaction, record, occasion)
        with _placing(record):
            event = _own_event(gateway, transaction, record, occasion)
        together.setdefault(event.reference, []).append((event, record))
    effects = Effects()
    for said in together.values():
        with _placing(said[0][1]):
            _hold(gateway, transaction, [event for event, _ in said], source, occasion, effects)
    effects.write(gateway, transaction, occasion.now)
    return len(effects.messages)


def queue_events(gateway: Gateway, corridor: Corridor, events: Sequence[Event], effects: Effects, *,
                 source: int | None, answers: int | None) -> None:
    """Queue the message of events of ours for everybody they concern. Raises LocalError when it cannot be written."""
    first = events[0]
    trees = [to_tree(event) for event in events]
    wire = corridor.write(trees)
    mapping = corridor.cusres(first.word.value)
    check(wire, *((mapping, trees[0]) if len(trees) == 1 else ()))
    effects.queue(recipients(first, corridor, gateway.name), "CUSRES", first.mrn, first.word.value, wire,
                  mapping, source=source, answers=answers)
    effects.touch(first.mrn)


def note_announced(transaction: Transaction, record: NationalRecord, occasion: Occasion) -> None:
    """What the dialect saw and did not refuse (totals that do not match, say) stays with the record (TRANSIT 5.2)."""
    for finding in record.findings:
        transaction.journal(subject="record", reference=record.key, at=occasion.now,
                            text=sentence(finding, Language.FRENCH))


@contextmanager
def _placing(record: NationalRecord) -> Iterator[None]:
    """Findings raised inside get their place in the national file."""
    try:
        yield
    except LocalError as error:
        raise LocalError(*(placed(finding, record) for finding in error.findings)) from error


def placed(finding: Finding, record: NationalRecord) -> Finding:
    """The finding with the place in the national file that its record path came from (DESIGN 2.4)."""
    path: Path | None = finding.place.path
    while path:
        origin = record.origins.get(path)
        if origin is not None:
            return replace(finding, place=replace(origin, path=finding.place.path))
        path = path.rpartition(".")[0]
    return replace(finding, place=replace(finding.place, file=finding.place.file or ", ".join(record.files)))


def _plan(gateway: Gateway, transaction: Transaction, record: NationalRecord, occasion: Occasion) -> Plan:
    made = record.converted if isinstance(record, ConvertedRecord) else None
    declaration = from_tree(Declaration, record.tree) if made is None else made.declaration
    if declaration.function == "request":
        return _plan_request(gateway, declaration, occasion)
    numbered = declaration.mrn is not None
    corridor = _corridor(gateway, transaction, declaration, record.key)
    if corridor.role(gateway.name) != "departure":
        raise LocalError(Finding(code="X021", place=Place(path="office_of_departure.code"),
                                 values={"corridor": corridor.identifier, "gateway": gateway.name}))
    mrn = _mrn(transaction, declaration, record.key, gateway, occasion.now)
    known = transaction.movement(mrn)
    if known is not None:
        _refuse_old_version(transaction, declaration, mrn)
        if known.corridor == corridor.identifier:
            corridor = corridor_kept(gateway, transaction, known)
    if not is_mrn(mrn):
        raise LocalError(Finding(code="X024", place=Place(path="mrn"), values={"mrn": mrn}))
    if known is None and numbered:
        _refuse_second_mrn(gateway, transaction, record.key, mrn)
    mapping = corridor.cusdec
    if made is None:
        made = convert(completed(declaration, mrn, occasion.now), mapping)
    elif made.mapping != mapping.digest:  # the movement keeps another version, or the files were changed just now
        made = convert(made.whole(), mapping)
    goes = made
    partners = [gateway.known_partner(name) for name in others(corridor, gateway.name)]

    def apply(source: int, effects: Effects) -> None:
        note_announced(transaction, record, occasion)
        note_overflows(transaction, record.key, goes.losses, occasion.now)
        if known is None:
            movement = _movement(goes.declaration, record.key, gateway, corridor)
            effects.movements.append(movement)
            effects.firsts[mrn] = First(movement, goes.declaration)
        effects.declarations.append(NewDeclaration(
            mrn=mrn, amendment=goes.declaration.amendment or 0, function=goes.declaration.function, tree=goes.tree,
            source_id=source, message_id=None))
        effects.queue(partners, "CUSDEC", mrn, goes.declaration.function, goes.wire, mapping, source=source,
                      answers=None)
        if not numbered:
            effects.deliveries.append(_write_back(record.key, mrn))
            effects.deliveries.extend(_numbered(gateway, transaction, record, mrn, occasion.now))
        effects.touch(mrn)

    return Plan(mrn=mrn, copies=len(partners), apply=apply)


def _corridor(gateway: Gateway, transaction: Transaction, declaration: Declaration, key: str) -> Corridor:
    """The corridor of a declaration, by its offices; a cancellation names only one, its movement is held.

    Raises LocalError X005 for the cancellation of a movement that is not known, else as `corridor_of`.
    """
    if declaration.function != "cancellation":
        return corridor_of(declaration, gateway.corridors)
    known = transaction.movement(declaration.mrn) if declaration.mrn is not None \
        else transaction.movement_by_key(gateway.name, key)
    if known is None:
        raise LocalError(Finding(code="X005", place=Place(path="mrn"), values={"mrn": declaration.mrn or key}))
    return gateway.corridors.named(known.corridor)


def _plan_request(gateway: Gateway, declaration: Declaration, occasion: Occasion) -> Plan:
    """Ask the administration of departure, which the MRN names, for a record that we lack; it leaves no movement."""
    mrn = declaration.mrn or ""
    if not is_mrn(mrn):
        raise LocalError(Finding(code="X024", place=Place(path="mrn"), values={"mrn": mrn or "?"}))
    corridor = corridor_asked(mrn, gateway.name, gateway.corridors)
    asked = gateway.known_partner(departure_of(corridor))
    tree = to_tree(replace(declaration, prepared=declaration.prepared or occasion.now.replace(second=0, microsecond=0)))
    wire = corridor.cusdec.to_message(tree)
    check(wire, corridor.cusdec, tree)

    def apply(source: int, effects: Effects) -> None:
        effects.queue([asked], "CUSDEC", mrn, declaration.function, wire, corridor.cusdec, source=source, answers=None)

    return Plan(mrn=mrn, copies=1, apply=apply)


def _mrn(transaction: Transaction, declaration: Declaration, key: str, gateway: Gateway, now: datetime) -> str:
    """The MRN of a declaration, which the gateway gives where the national system gave none (PROFILE section 8, 3)."""
    if declaration.mrn is not None:
        return declaration.mrn
    known = transaction.movement_by_key(gateway.name, key)
    return known.mrn if known is not None else _new_mrn(transaction, declaration, now)


def _new_mrn(transaction: Transaction, declaration: Declaration, now: datetime) -> str:
    office, year = register_of(declaration, now)
    number = transaction.next_number(f"mrn/{office}/{year}")
    return make_mrn(year=year, office=office, serial=GATEWAY_SERIAL, number=number)


def register_of(declaration: Declaration, now: datetime) -> tuple[str, int]:
    """Office and year of the register in which the gateway numbers a declaration that has no MRN."""
    assert declaration.office_of_departure is not None
    earlier = next((value for name in _EARLIER if (value := getattr(declaration, name)) is not None), now)
    return declaration.office_of_departure.code, earlier.year


def _movement(declaration: Declaration, key: str, gateway: Gateway, corridor: Corridor) -> NewMovement:
    departure, destination = declaration.office_of_departure, declaration.office_of_destination
    assert departure is not None and destination is not None and declaration.mrn is not None
    return NewMovement(mrn=declaration.mrn, key=key, administration=gateway.name, corridor=corridor.identifier,
                       role=corridor.role(gateway.name) or "departure", departure=departure.code,
                       destination=destination.code, time_limit=declaration.time_limit)


def _refuse_old_version(transaction: Transaction, declaration: Declaration, mrn: str) -> None:
    """An amendment must be newer than everything held. Raises LocalError X022."""
    if declaration.function not in ("original", "replacement"):
        return
    held = max((row.amendment for row in transaction.declarations(mrn)), default=-1)
    if (declaration.amendment or 0) <= held:
        raise LocalError(Finding(code="X022", place=Place(path="amendment"), values={
            "mrn": mrn, "amendment": str(declaration.amendment or 0), "held": str(held)}))


def _refuse_second_mrn(gateway: Gateway, transaction: Transaction, key: str, mrn: str) -> None:
    """A national key names one movement for ever, and a movement has one MRN. Raises LocalError X026."""
    named = transaction.movement_by_key(gateway.name, key)
    if named is not None:
        raise LocalError(Finding(code="X026", place=Place(path="mrn"), values={
            "key": key, "mrn": mrn, "known": named.mrn}))


def _own_event(gateway: Gateway, transaction: Transaction, record: NationalRecord, occasion: Occasion) -> Event:
    """The event with what the gateway adds: our name, and a reference where the national side gave none."""
    tree: Tree = {"administration": gateway.name, **record.tree}
    if "reference" not in tree:
        office = tree.get("office")
        code = str(office["code"]) if isinstance(office, dict) and "code" in office else gateway.name
        tree["reference"] = event_reference(transaction, code, occasion.now)
    event = from_tree(Event, tree)
    if event.administration != gateway.name:
        raise LocalError(Finding(code="X007", place=Place(path="administration"),
                                 values={"administration": event.administration, "gateway": gateway.name}))
    foreign = foreign_office(event, gateway.name, gateway.corridors)
    if foreign is not None:
        raise LocalError(Finding(code="X006", place=Place(path="office.code"), values={"office": foreign}))
    return _answering(transaction, event) if event.word in (Word.ACCEPTED, Word.REJECTED) else event


def _answering(transaction: Transaction, event: Event) -> Event:
    """An acceptance or rejection by the national side names the message that brought the newest version."""
    brought = [row for row in transaction.declarations(event.mrn or "") if row.message_id is not None]
    if not brought or brought[-1].message_id is None:
        return event
    local = brought[-1].tree.get("local_reference")
    return replace(event,
                   answered_message=event.answered_message or transaction.reference_of(brought[-1].message_id),
                   local_reference=event.local_reference or (local if isinstance(local, str) else None))


def _hold(gateway: Gateway, transaction: Transaction, events: Sequence[Event], source: int, occasion: Occasion,
          effects: Effects) -> None:
    """Hold events of the national side and queue their message, unless all of them were said before."""
    first = events[0]
    if first.word is Word.DOWNTIME:
        _hold_notice(gateway, transaction, first, source, occasion, effects)
        return
    movement = transaction.movement(first.mrn) if first.mrn is not None else None
    if movement is None:
        raise LocalError(Finding(code="X005", values={"mrn": first.mrn or "?"}))
    fresh = [event for event in events if transaction.add_event(
        mrn=event.mrn, administration=event.administration, reference=event.reference, word=event.word.value,
        happened=event.happened or occasion.now, tree=to_tree(event), message_id=None, source_id=source,
        at=occasion.now)]
    if fresh:
        queue_events(gateway, gateway.corridors.named(movement.corridor), events, effects, source=source, answers=None)


def _hold_notice(gateway: Gateway, transaction: Transaction, said: Event, source: int, occasion: Occasion,
                 effects: Effects) -> None:
    """Hold a notice of downtime of ours, which concerns no movement, and queue it for every partner once: whoever
    waits for an answer of the offices it names stops counting."""
    event = replace(said, notice=said.notice or said.reference,
                    starts=said.starts or occasion.now.replace(second=0, microsecond=0))
    tree = to_tree(event)
    known = transaction.known_event(event.administration, event.reference, event.word.value)
    if known is not None and (known.tree == tree or said.starts is None):
        return
    effects.events.append(NewEvent(
        mrn=None, administration=event.administration, reference=event.reference, word=event.word.value,
        happened=event.happened or occasion.now, tree=tree, message_id=None, source_id=source))
    told: set[str] = set()
    for corridor in gateway.corridors.all:
        partners = [name for name in partners_on(corridor, gateway.name, gateway.settings) if name not in told]
        if partners:
            wire, mapping = corridor.write([tree]), corridor.cusres(event.word.value)
            check(wire, mapping, tree)
            effects.queue(partners, "CUSRES", None, event.word.value, wire, mapping, source=source, answers=None)
            told.update(partners)


def event_reference(transaction: Transaction, office: str, now: datetime) -> str:
    """A new event reference of an office: office, day, number of that day."""
    day = f"{now:%Y%m%d}"
    return f"{office}-{day}-{transaction.next_number(f'event/{office}/{day}'):06d}"


def _write_back(key: str, mrn: str) -> NewDelivery:
    """Tell the national side the MRN that we gave (DESIGN section 6, 4)."""
    name = plain_name(*key.split("/"))
    content = json.dumps({"national_key": key, "mrn": mrn}, ensure_ascii=False, indent=1) + "\n"
    return NewDelivery(folder="answers", name=f"{name}.mrn.json", content=content.encode())


def _numbered(gateway: Gateway, transaction: Transaction, record: NationalRecord, mrn: str,
              now: datetime) -> Iterator[NewDelivery]:
    """The national side's own files with the MRN in them and nothing else changed, where the settings ask for them.

    Files that cannot take it (several declarations in one) do not come back: the history of the record says why, and
    the note tells the MRN all the same.
    """
    if gateway.settings.national.inbox.mrn != "files" or record.put_back is None:
        return
    try:
        files = record.put_back({**record.tree, "mrn": mrn}, f"{plain_name(*record.key.split('/'))}.numbered")
    except LocalError as error:
        for finding in error.findings:
            transaction.journal(subject="record", reference=record.key, at=now, text=sentence(finding, Language.FRENCH))
        return
    for name, content in files.items():
        yield NewDelivery(folder="answers", name=name, content=content)

"""From one national record to the messages it causes, inside the ledger transaction that makes them true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gateway.edifact import WireMessage, check_message, read_wire
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Moment
from gateway.exchange.movements import refresh
from gateway.exchange.route import corridor_of, foreign_office, others, recipients
from gateway.findings import Finding, Place, has_errors
from gateway.ledger import Transaction
from gateway.mapping import Corridor, Mapping
from gateway.mapping.dialect import NationalRecord
from gateway.references import Tree
from gateway.texts import Language, sentence
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.mrn import make_mrn
from gateway.transit.terms import from_tree, to_tree

_WHOLE = ("original", "replacement", "copy", "retransmission")
_EARLIER = ("accepted", "presented", "national_reference_date")


def take_declaration(gateway: Gateway, transaction: Transaction, record: NationalRecord, source: int,
                     moment: Moment) -> int:
    """Queue the copies of one declaration for every administration of its route. Returns how many.

    Raises LocalError with the faults, placed in the national file where the dialect knows the place.
    """
    _note_announced(transaction, record, moment)
    try:
        return _take_declaration(gateway, transaction, record, source, moment)
    except LocalError as error:
        raise LocalError(*(placed(finding, record) for finding in error.findings)) from error


def take_event(gateway: Gateway, transaction: Transaction, records: Sequence[NationalRecord], source: int,
               moment: Moment) -> int:
    """Queue the copies of the events of one file for the route of their movement. Returns how many.

    Events of one office under one reference (arrival and control) travel as one message (PROFILE section 3).
    Raises LocalError: X005 movement not known, X006 office not ours, X007 word not ours to say.
    """
    events: list[Event] = []
    for record in records:
        _note_announced(transaction, record, moment)
        try:
            events.append(_own_event(gateway, transaction, record, moment))
        except LocalError as error:
            raise LocalError(*(placed(finding, record) for finding in error.findings)) from error
    together: dict[str, list[Event]] = {}
    for event in events:
        together.setdefault(event.reference, []).append(event)
    return sum(queue_events(gateway, transaction, group, source, None, moment) for group in together.values())


def queue_events(gateway: Gateway, transaction: Transaction, events: Sequence[Event], source: int | None,
                 answers: int | None, moment: Moment) -> int:
    """Hold events of ours in the ledger and queue their message for everybody they concern. Returns how many.

    Events already held are not queued again: their messages exist.
    """
    first = events[0]
    movement = transaction.movement(first.mrn) if first.mrn is not None else None
    if movement is None:
        raise LocalError(Finding(code="X005", values={"mrn": first.mrn or "?"}))
    fresh = [event for event in events if transaction.add_event(
        mrn=event.mrn, administration=event.administration, reference=event.reference, word=event.word.value,
        happened=_instant(event, moment), tree=to_tree(event), message_id=None, source_id=source, at=moment.now)]
    if not fresh:
        return 0
    corridor = gateway.corridors.named(movement.corridor)
    wire = corridor.write([to_tree(event) for event in events])
    check(wire)
    mapping = corridor.cusres(first.word.value)
    partners = recipients(first, corridor, gateway.name)
    for partner in partners:
        queue_wire(transaction, partner, "CUSRES", first.mrn, first.word.value, wire, mapping, source, answers, moment)
    refresh(gateway, transaction, movement.mrn, moment.now)
    return len(partners)


def queue_wire(transaction: Transaction, partner: str, message_type: str, mrn: str | None, word: str, wire: WireMessage,
           mapping: Mapping, source: int | None, answers: int | None, moment: Moment) -> None:
    """Queue one message for one partner, with the mapping that made it kept for later questions."""
    transaction.keep_mapping(mapping.digest, mapping.identifier, mapping.text)
    transaction.queue_message(partner=partner, type=message_type, mrn=mrn, word=word,
                              wire=(str(wire.identifier), wire.body, wire.segments), mapping=mapping.identifier,
                              mapping_digest=mapping.digest, source_id=source, answers=answers,
                              urgent=message_type != "CUSDEC", at=moment.now)


def placed(finding: Finding, record: NationalRecord) -> Finding:
    """The finding with the place in the national file that its record path came from (DESIGN 2.4)."""
    path = finding.place.path
    while path:
        origin = record.origins.get(path)
        if origin is not None:
            return replace(finding, place=replace(origin, path=finding.place.path))
        path = path.rpartition(".")[0]
    return replace(finding, place=replace(finding.place, file=finding.place.file or ", ".join(record.files)))


def check(wire: WireMessage) -> None:
    """Judge our own message by the directory before anybody else does. Raises LocalError with the findings."""
    findings = check_message(read_wire(wire))
    if has_errors(findings):
        raise LocalError(*findings)


def _note_announced(transaction: Transaction, record: NationalRecord, moment: Moment) -> None:
    """What the dialect saw and did not refuse (totals that do not match, say) stays with the record (TRANSIT 5.2)."""
    for finding in record.findings:
        transaction.journal(subject="record", reference=record.key, at=moment.now,
                            text=sentence(finding, Language.FRENCH))


def _take_declaration(gateway: Gateway, transaction: Transaction, record: NationalRecord, source: int,
                      moment: Moment) -> int:
    declaration = from_tree(Declaration, record.tree)
    corridor = corridor_of(declaration, gateway.corridors)
    role = corridor.role(gateway.name)
    if role != "departure" and declaration.function != "request":
        raise LocalError(Finding(code="X021", place=Place(path="office_of_departure.code"),
                                 values={"corridor": corridor.identifier, "gateway": gateway.name}))
    declaration = _complete(transaction, declaration, record.key, gateway, moment.now)
    assert declaration.mrn is not None
    tree = to_tree(declaration)
    known = transaction.movement(declaration.mrn)
    if known is None:
        _add_movement(transaction, declaration, record.key, gateway, corridor, moment.now)
    else:
        _refuse_old_version(transaction, declaration)
    wire = corridor.cusdec.to_message(tree)
    check(wire)
    transaction.add_declaration(mrn=declaration.mrn, amendment=declaration.amendment or 0,
                                function=declaration.function, tree=tree, source_id=source, message_id=None,
                                at=moment.now)
    partners = others(corridor, gateway.name)
    for partner in partners:
        queue_wire(transaction, partner, "CUSDEC", declaration.mrn, declaration.function, wire, corridor.cusdec, source,
               None, moment)
    if record.tree.get("mrn") is None:
        _write_back(transaction, record.key, declaration.mrn, moment.now)
    refresh(gateway, transaction, declaration.mrn, moment.now)
    return len(partners)


def _complete(transaction: Transaction, declaration: Declaration, key: str, gateway: Gateway,
              now: datetime) -> Declaration:
    """Give what the national system leaves to the gateway: MRN (PROFILE section 8, 3), version, time of the message."""
    prepared = declaration.prepared or now.replace(second=0, microsecond=0)
    amendment = declaration.amendment if declaration.amendment is not None else 0
    mrn = declaration.mrn
    if mrn is None:
        known = transaction.movement_by_key(gateway.name, key)
        mrn = known.mrn if known is not None else _new_mrn(transaction, declaration, now)
    return replace(declaration, mrn=mrn, prepared=prepared,
                   amendment=amendment if declaration.function in _WHOLE else declaration.amendment)


def _new_mrn(transaction: Transaction, declaration: Declaration, now: datetime) -> str:
    assert declaration.office_of_departure is not None
    office = declaration.office_of_departure.code
    earlier = next((value for name in _EARLIER if (value := getattr(declaration, name)) is not None), now)
    number = transaction.next_number(f"mrn/{office}/{earlier.year}")
    return make_mrn(year=earlier.year, office=office, serial="G", number=number)


def _add_movement(transaction: Transaction, declaration: Declaration, key: str, gateway: Gateway, corridor: Corridor,
                  now: datetime) -> None:
    assert declaration.office_of_departure is not None and declaration.office_of_destination is not None
    assert declaration.mrn is not None
    transaction.add_movement(
        mrn=declaration.mrn, key=key, administration=gateway.name, corridor=corridor.identifier,
        role=corridor.role(gateway.name) or "departure", departure=declaration.office_of_departure.code,
        destination=declaration.office_of_destination.code, time_limit=declaration.time_limit, at=now)


def _refuse_old_version(transaction: Transaction, declaration: Declaration) -> None:
    """An amendment must be newer than everything held. Raises LocalError X022."""
    assert declaration.mrn is not None
    if declaration.function not in ("original", "replacement"):
        return
    held = max((row.amendment for row in transaction.declarations(declaration.mrn)), default=-1)
    if (declaration.amendment or 0) <= held:
        raise LocalError(Finding(code="X022", place=Place(path="amendment"), values={
            "mrn": declaration.mrn, "amendment": str(declaration.amendment or 0), "held": str(held)}))


def _own_event(gateway: Gateway, transaction: Transaction, record: NationalRecord, moment: Moment) -> Event:
    """The event with what the gateway adds: our name, and a reference where the national side gave none."""
    tree: Tree = {"administration": gateway.name, **record.tree}
    if "reference" not in tree:
        office = tree.get("office")
        code = str(office["code"]) if isinstance(office, dict) and "code" in office else gateway.name
        day = f"{moment.now:%Y%m%d}"
        tree["reference"] = f"{code}-{day}-{transaction.next_number(f'event/{code}/{day}'):06d}"
    event = from_tree(Event, tree)
    if event.administration != gateway.name:
        raise LocalError(Finding(code="X007", place=Place(path="administration"),
                                 values={"administration": event.administration, "gateway": gateway.name}))
    foreign = foreign_office(event, gateway.name, gateway.corridors)
    if foreign is not None:
        raise LocalError(Finding(code="X006", place=Place(path="office.code"), values={"office": foreign}))
    return event


def _write_back(transaction: Transaction, key: str, mrn: str, now: datetime) -> None:
    """Tell the national side the MRN that we gave (DESIGN section 6, 4)."""
    name = "".join(character if character.isalnum() else "-" for character in key)
    content = f'{{\n "national_key": "{key}",\n "mrn": "{mrn}"\n}}\n'.encode()
    transaction.add_delivery(folder="answers", name=f"{name}.mrn.json", content=content, at=now)


def _instant(event: Event, moment: Moment) -> datetime:
    happened = event.happened
    return happened if isinstance(happened, datetime) else moment.now


"""Make a message of ours anew from the record it was made of, with another version of its mapping.

The record is what the national side gave: its files as they are kept, read by the dialect that read them then, with
what the gateway gave (MRN, version, time). The new message waits for the next dispatch beside the old one, which stays
as it was; each knows of the other. What a partner has accepted is never said otherwise: that is what an amendment is
for. Everything that is sent is queued and linked in one transaction: a run that dies leaves all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import (
    Message,
    MessageIdentifier,
    Segment,
    SegmentDescription,
    WireMessage,
    describe,
    escape,
    read_wire,
)
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import check
from gateway.exchange.effects import Effects
from gateway.exchange.losses import note_overflows
from gateway.exchange.outbound import placed
from gateway.exchange.two_people import Voice
from gateway.findings import Finding, has_errors
from gateway.ledger import Queries
from gateway.ledger.act_rows import NewAct
from gateway.ledger.questions import Found
from gateway.ledger.rows import DeclarationRow, MessageRow, Movement
from gateway.ledger.states import InterchangeState, MessageState
from gateway.mapping import Corridor, Mapping
from gateway.mapping.bench.difference import segments_apart
from gateway.mapping.corridors import JOINED, LAYOUTS
from gateway.mapping.dialect import NationalRecord
from gateway.references import Tree
from gateway.transit.declaration import Declaration
from gateway.transit.terms import from_tree, to_tree

ACTIVE = "active"
"""The word for the version that is in force now."""

_NOT_OUT = (MessageState.WAITING, MessageState.PREPARED)
_TAKEN = {"CUSDEC": (MessageState.ANSWERED_ACCEPTED,), "CUSRES": (MessageState.ACKNOWLEDGED,)}


class ChangedSegment(Struct, frozen=True, kw_only=True):
    """A segment that only one of two messages has. position: UNH is 1; words: what stands in it, by name."""

    position: int
    text: str
    words: SegmentDescription


class Rebuild(Struct, frozen=True, kw_only=True):
    """One message of ours beside what another version of its mapping makes of the same record.

    name           control reference-message reference of the message as it went
    before, after  versions of the mapping
    old, new       the segments that only the message as it went, and only the new one has
    """

    reference: str
    name: str
    row: MessageRow
    key: str
    before: str
    after: str
    mapping: Mapping
    wire: WireMessage
    trees: tuple[Tree, ...]
    old: tuple[ChangedSegment, ...]
    new: tuple[ChangedSegment, ...]


class Refused(Struct, frozen=True, kw_only=True):
    """One message, or a reference ("" for the name) for which nothing is made anew, and why."""

    reference: str
    name: str
    findings: tuple[Finding, ...]


def rebuilds(gateway: Gateway, references: Sequence[str], version: str = ACTIVE) -> list[Rebuild | Refused]:
    """What would be made anew of the messages of ours under some references; nothing is changed.

    references  MRN, national key or file, control reference, control reference-message reference: of a movement the
                newest declaration and every event to each partner, of an interchange all it carries
    version     a version of the mapping by its number, or `ACTIVE`
    """
    found: list[Rebuild | Refused] = []
    told: set[int] = set()
    for reference in references:
        with gateway.ledger.reading() as queries:
            rows, findings = _asked(queries, reference)
            if findings:
                found.append(Refused(reference=reference, name="", findings=findings))
            for row in rows:
                if row.id in told:
                    continue
                told.add(row.id)
                name = f"{row.control_reference or row.mrn or ''}-{row.message_reference or row.id}"
                try:
                    found.append(_rebuild(gateway, queries, reference, name, row, version))
                except LocalError as error:
                    found.append(Refused(reference=reference, name=name, findings=tuple(error.findings)))
    return found


def reprocess(gateway: Gateway, references: Sequence[str], version: str, voice: Voice, reason: str,
              occasion: Occasion) -> list[Rebuild | Refused]:
    """The same, and queue what is made anew for the next dispatch, linked to what it replaces, all or nothing."""
    with gateway.ledger.transaction() as transaction:  # looked at under its lock: nobody accepts anything meanwhile
        found = rebuilds(gateway, references, version)
        for one in found:
            if isinstance(one, Refused):
                continue
            row, mapping = one.row, one.mapping
            transaction.keep_mapping(mapping.digest, mapping.identifier, mapping.archive.dump())
            if row.type == "CUSDEC":
                note_overflows(transaction, one.key, mapping.losses(one.trees[0]), occasion.now)
            effects = Effects()
            effects.queue([row.partner], row.type, row.mrn, row.word, one.wire, mapping, source=row.source_id,
                          answers=row.answers)
            (number,) = transaction.queue_messages(effects.messages, at=occasion.now)
            act = transaction.add_act(NewAct(
                kind="reprocess", subject=one.name, partner=row.partner, people=voice.name, account=voice.account,
                person=voice.person, reason=reason, rules=f"{mapping.identifier} {one.after}"), at=occasion.now)
            how = f"{mapping.identifier} {one.before} > {one.after}"
            transaction.note_rebuilt(old=row.id, new=number, act_id=act, mrn=row.mrn or "", at=occasion.now,
                                     words=(f"by message {number}: {how}", f"{one.name}: {how}"))
    return found


# --- which messages

def _asked(queries: Queries, reference: str) -> tuple[list[MessageRow], tuple[Finding, ...]]:
    """The messages of ours that a reference means; and what is to be said of the reference itself: X265 for what came
    from a partner and is dead, X044 or X267 where there is nothing else."""
    found = queries.find(reference)
    rows = {row.id: row for row in found.messages}
    carriers = [line.id for line in found.interchanges if line.direction == "out"]
    carriers += [one.interchange_id for one in found.objects
                 if one.direction == "out" and one.interchange_id is not None]
    for carrier in carriers:
        rows.update({row.id: row for row in queries.messages_of(carrier)})
    ours = [row for _, row in sorted(rows.items()) if row.direction == "out" and row.mapping and row.word != "request"]
    dead = tuple(Finding(code="X265", values={"reference": name}) for name in _dead(found))
    if not ours:
        return [], dead or (Finding(code="X267" if found else "X044", values={"reference": reference}),)
    if not (found.movements or found.sources):
        return ours, dead  # named by itself, or by what carried it
    made_anew = {one.old for one in queries.rebuilt_of([row.id for row in ours])}
    newest = {(row.partner, row.mrn): row.id for row in ours if row.type == "CUSDEC"}
    return [row for row in ours if row.id not in made_anew
            and (row.type != "CUSDEC" or newest[row.partner, row.mrn] == row.id)], dead


def _dead(found: Found) -> list[str]:
    """How `edi dead revive` names what came from a partner, answers to the reference and was given up."""
    return [line.control_reference for line in found.interchanges
            if line.direction == "in" and line.state is InterchangeState.DEAD] + [
        f"{row.control_reference}-{row.message_reference}" for row in found.messages
        if row.direction == "in" and row.state is MessageState.UNREADABLE]


# --- one message

def _rebuild(gateway: Gateway, queries: Queries, reference: str, name: str, row: MessageRow, version: str) -> Rebuild:
    """Raises LocalError: X260 no difference, X261 or X263 the partner took it, X262 no record is kept, X264 not sent
    yet, X266 no such version, X268 made anew before, X269 a later version of the declaration went; or what the mapping
    finds.
    """
    _refuse_settled(queries, name, row)
    movement = None if row.mrn is None else queries.movement(row.mrn)
    if movement is None or row.source_id is None:
        raise LocalError(Finding(code="X262", values={"message": name}))
    body = queries.body_of(row.id)
    assert body is not None
    corridor = gateway.corridors.named(movement.corridor)
    if row.type == "CUSDEC":
        mapping = _version(gateway, corridor, "cusdec", version)
        record, tree = _declared(gateway, queries, name, row, movement)
        trees: tuple[Tree, ...] = (tree,)
        try:
            wire = mapping.to_message(tree)
            check(wire, mapping, tree)
        except LocalError as error:
            raise LocalError(*(placed(finding, record) for finding in error.findings)) from error
    else:
        trees = _said(queries, name, row, body)
        mapping = _version(gateway, corridor, JOINED if len(trees) > 1 else LAYOUTS[row.word], version)
        wire = corridor.keeping(mapping).write(trees)
        check(wire, *((mapping, trees[0]) if len(trees) == 1 else ()))
    before, after = (read_wire(text, row.message_reference or "1") for text in (
        WireMessage(MessageIdentifier.parse(row.identifier), body, row.segments), wire))
    old, new = _apart(before, after)
    if not old and not new and str(wire.identifier) == row.identifier:
        raise LocalError(Finding(code="X260", values={"message": name, "mapping": mapping.identifier,
                                                      "version": mapping.version}))
    return Rebuild(reference=reference, name=name, row=row, key=movement.key, mapping=mapping, wire=wire, trees=trees,
                   before=gateway.mapping_used(row.mapping, row.mapping_digest).version, after=mapping.version,
                   old=old, new=new)


def _refuse_settled(queries: Queries, name: str, row: MessageRow) -> None:
    """Nothing is made anew of what the partner took, of what did not go yet, or of what something else took the place
    of. Raises LocalError."""
    values = {"message": name, "partner": row.partner, "mrn": row.mrn or "?"}
    again = next((one for one in queries.rebuilt_of([row.id]) if one.old == row.id), None)
    if again is not None:
        new = queries.message(again.new)
        assert new is not None
        raise LocalError(Finding(code="X268", values={**values, "words": again.act.words, "new": _named(new)}))
    if row.state in _TAKEN.get(row.type, ()):
        raise LocalError(Finding(code="X261" if row.type == "CUSDEC" else "X263", values=values))
    if row.state in _NOT_OUT:
        raise LocalError(Finding(code="X264", values=values))
    if row.type == "CUSDEC" and row.mrn is not None:
        later = [one for one in queries.find(row.mrn).messages
                 if one.direction == "out" and one.type == "CUSDEC" and one.partner == row.partner
                 and one.word != "request" and one.id > row.id]
        if later:
            raise LocalError(Finding(code="X269", values={**values, "new": _named(max(later, key=lambda one: one.id))}))


def _named(row: MessageRow) -> str:
    return f"{row.control_reference}-{row.message_reference}" if row.control_reference else row.mrn or str(row.id)


def _version(gateway: Gateway, corridor: Corridor, layout: str, version: str) -> Mapping:
    """The mapping of a layout in a version: the active one, or the last that was activated under that number.

    Raises LocalError X266 for a number that was never activated and is not the active one's.
    """
    identifier = corridor.identifier_of(layout)
    active = corridor.layouts.get(identifier)
    if version in (ACTIVE, active.version):
        return active
    known = gateway.versions.of(identifier)
    digest = next((one.digest for one in reversed(known) if one.version == version), None)
    if digest is None:
        raise LocalError(Finding(code="X266", values={
            "version": version, "mapping": identifier,
            "known": ", ".join(dict.fromkeys([*(one.version for one in known), active.version]))}))
    return gateway.versions.load(digest)


# --- its record

def _declared(gateway: Gateway, queries: Queries, name: str, row: MessageRow,
              movement: Movement) -> tuple[NationalRecord, Tree]:
    """The record as the national files give it, and the declaration with what the gateway gave.

    Raises LocalError X262 where the files give none any more, else what the dialect refuses.
    """
    source = None if row.source_id is None else queries.source(row.source_id)
    held = next((one for one in queries.declarations(movement.mrn)
                 if one.source_id == row.source_id and one.function == row.word), None)
    if source is None or held is None:
        raise LocalError(Finding(code="X262", values={"message": name}))
    reading = gateway.dialect_used(source.dialect, source.dialect_digest).read(
        {file.name: file.content for file in source.files})
    record = next((one for one in reading.records if _same(one, held, movement)), None)
    if record is None:
        refused = [finding for one in reading.refused for finding in one.findings]
        raise LocalError(*(refused if has_errors(refused) else [Finding(code="X262", values={"message": name})]))
    given = from_tree(Declaration, held.tree)
    return record, to_tree(replace(from_tree(Declaration, record.tree), mrn=given.mrn, prepared=given.prepared,
                                   amendment=given.amendment))


def _same(record: NationalRecord, held: DeclarationRow, movement: Movement) -> bool:
    """Whether a record of the files is the one that was held as this version."""
    return (record.tree.get("mrn") == movement.mrn or record.key == movement.key) \
        and record.tree.get("function") == held.function and (record.tree.get("amendment") or 0) == held.amendment


def _said(queries: Queries, name: str, row: MessageRow, body: str) -> tuple[Tree, ...]:
    """The event that a message said, or the two of one office. Raises LocalError X262."""
    together: dict[str, list[Tree]] = {}
    for event in queries.events(row.mrn or ""):
        if event.source_id == row.source_id:
            together.setdefault(event.reference, []).append(event.tree)
    written = [reference for reference, trees in together.items()
               if escape(reference) in body and row.word in [tree.get("word") for tree in trees]]
    if not written:
        raise LocalError(Finding(code="X262", values={"message": name}))
    return tuple(together[max(written, key=len)])


# --- the difference

def _apart(before: Message, after: Message) -> tuple[tuple[ChangedSegment, ...], tuple[ChangedSegment, ...]]:
    one, two = ([segment for segment in message.segments if segment.tag not in ("UNH", "UNT")]
                for message in (before, after))
    removed, added = segments_apart([segment.text for segment in one], [segment.text for segment in two])
    return (tuple(_described(one[number - 1], before.identifier) for number, _ in removed),
            tuple(_described(two[number - 1], after.identifier) for number, _ in added))


def _described(segment: Segment, identifier: MessageIdentifier) -> ChangedSegment:
    return ChangedSegment(position=segment.position, text=f"{segment.text}'", words=describe(segment, identifier))

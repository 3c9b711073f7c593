"""Looking up single things: what write transactions and readers both need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select

from gateway.ledger.act_tables import rebuilt
from gateway.ledger.codec import decode_moment, decode_tree
from gateway.ledger.columns import Without
from gateway.ledger.rows import Activation, DeclarationRow, EventRow, KnownInterchange, KnownObject, LinkHead, Movement
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import (
    activation,
    declaration,
    event,
    history,
    interchange,
    link,
    mapping_text,
    message,
    movement,
    object_,
)
from gateway.references import Tree

NO_MIC = "0" * 64
"""What the first object of a link names as its predecessor (ENVELOPE section 4)."""

_MOVEMENT = select(movement).where(movement.c.mrn == bindparam("mrn"))
_BY_KEY = select(movement).where(movement.c.administration == bindparam("administration"),
                                 movement.c.key == bindparam("key"))
_MOVEMENTS = select(movement).where(movement.c.mrn.in_(bindparam("mrns", expanding=True))).order_by(movement.c.mrn)
BODY = ("items", "equipment", "seals", "vehicle_at_departure", "vehicle_at_border", "countries_of_transit", "consignor",
        "consignee", "principal", "declarant")
"""What a declaration says of goods, boxes, seals, vehicles and parties."""
_HEADS = (select(declaration.c.mrn, Without(declaration.c.tree, *BODY))
          .where(declaration.c.mrn.in_(bindparam("mrns", expanding=True))))
_DECLARATIONS = select(declaration).where(declaration.c.mrn == bindparam("mrn")).order_by(declaration.c.id)
_EVENTS = select(event).where(event.c.mrn == bindparam("mrn")).order_by(event.c.id)
_EVENT = select(event).where(event.c.administration == bindparam("administration"),
                             event.c.reference == bindparam("reference"), event.c.word == bindparam("word"))

_EVENTS_OF = select(event).where(event.c.mrn.in_(bindparam("mrns", expanding=True))).order_by(event.c.id)
_OURS_ABOUT = and_(message.c.mrn.in_(bindparam("mrns", expanding=True)), message.c.type == "CUSDEC",
                   message.c.direction + "" == "out")  # by MRN: an index of its own holds all that ever went out
_HANDED = select(message.c.mrn, message.c.partner).where(
    _OURS_ABOUT, message.c.state.not_in([MessageState.WAITING, MessageState.PREPARED]))

_OLD = message.alias("old")
_MADE_ANEW = exists(select(_OLD.c.id).join(rebuilt, rebuilt.c.old_id == _OLD.c.id).where(
    _OLD.c.mrn == message.c.mrn, _OLD.c.partner == message.c.partner, _OLD.c.direction == message.c.direction,
    _OLD.c.type == message.c.type, _OLD.c.id >= message.c.id))
"""This message, or a later one to the same partner about the same movement, was made anew."""

_RECEIPT = object_.alias("receipt")  # made once: an alias copies every column, and a run asks six times for each object
_KNOWN_OBJECT = (
    select(object_.c.sequence, object_.c.message_id, object_.c.mic, object_.c.previous, object_.c.state,
           object_.c.id.label("object_id"), _RECEIPT.c.id.label("receipt_object_id"))
    .outerjoin(_RECEIPT, and_(_RECEIPT.c.receipt_for == object_.c.id, _RECEIPT.c.direction == "out"))
    .where(object_.c.direction == "in", object_.c.partner == bindparam("partner"))
    .order_by(_RECEIPT.c.id.desc()).limit(1))
_KNOWN_BY_SEQUENCE = _KNOWN_OBJECT.where(object_.c.sequence == bindparam("wanted"))
_KNOWN_BY_MESSAGE_ID = _KNOWN_OBJECT.where(object_.c.message_id == bindparam("wanted"))


class Lookups:
    """Shared by `Transaction` and `Queries`."""

    _connection: Connection

    def movement(self, mrn: str) -> Movement | None:
        """The movement with this MRN."""
        row = self._connection.execute(_MOVEMENT, {"mrn": mrn}).first()
        return None if row is None else movement_row(row)

    def movement_by_key(self, administration: str, key: str) -> Movement | None:
        """The movement that an administration knows by its national key."""
        row = self._connection.execute(_BY_KEY, {"administration": administration, "key": key}).first()
        return None if row is None else movement_row(row)

    def movements_of(self, mrns: Sequence[str]) -> dict[str, Movement]:
        """The movements with these MRNs, by MRN, in their order."""
        rows = self._connection.execute(_MOVEMENTS, {"mrns": mrns}).all()
        return {row.mrn: movement_row(row) for row in rows}

    def due_movements(self, *, now: datetime, corridors: Collection[str], limit: int) -> list[str]:
        """The MRNs on these corridors of which a timer ended since their state was derived, oldest first."""
        return list(self._connection.execute(
            select(movement.c.mrn)
            .where(movement.c.wakes <= now, movement.c.corridor.in_(corridors))
            .order_by(movement.c.wakes, movement.c.mrn).limit(limit)).scalars())

    def movements_by_keys(self, administration: str, keys: Sequence[str]) -> list[Movement]:
        """The movements that an administration knows by these national keys."""
        return [movement_row(row) for row in self._connection.execute(
            select(movement).where(movement.c.administration == administration, movement.c.key.in_(keys)))]

    def declarations_of(self, mrns: Sequence[str]) -> dict[str, list[DeclarationRow]]:
        """Every version of these movements' declarations, by MRN, in the order of recording."""
        found: dict[str, list[DeclarationRow]] = {}
        for row in self._connection.execute(
                select(declaration).where(declaration.c.mrn.in_(mrns)).order_by(declaration.c.id)):
            found.setdefault(row.mrn, []).append(DeclarationRow(**{**row._mapping, "tree": decode_tree(row.tree)}))
        return found

    def only_versions_of(self, mrns: Sequence[str]) -> dict[str, str]:
        """The digest of the declaration of those of these movements that have just one version, by MRN."""
        found: dict[str, list[str]] = {}
        for mrn, digest in self._connection.execute(
                select(declaration.c.mrn, declaration.c.digest).where(declaration.c.mrn.in_(mrns))):
            found.setdefault(mrn, []).append(digest)
        return {mrn: digests[0] for mrn, digests in found.items() if len(digests) == 1}

    def heads_of(self, mrns: Sequence[str]) -> dict[str, Tree]:
        """The declaration of movements that have just one version, by MRN, without its `BODY`."""
        return {mrn: decode_tree(text, BODY)
                for mrn, text in self._connection.execute(_HEADS, {"mrns": mrns}).all()}

    def events_of(self, mrns: Sequence[str]) -> dict[str, list[EventRow]]:
        """Every event of these movements, by MRN, in the order of recording."""
        found: dict[str, list[EventRow]] = {}
        for row in self._connection.execute(_EVENTS_OF, {"mrns": mrns}).all():
            found.setdefault(row.mrn, []).append(event_row(row))
        return found

    def known_event(self, administration: str, reference: str, word: str) -> EventRow | None:
        """The event of this identity, when it is held."""
        row = self._connection.execute(
            _EVENT, {"administration": administration, "reference": reference, "word": word}).first()
        return None if row is None else event_row(row)

    def events_referred(self, administration: str, references: Sequence[str]) -> list[EventRow]:
        """The events of an administration with these references, whatever their words."""
        return [event_row(row) for row in self._connection.execute(select(event).where(
            event.c.administration == administration, event.c.reference.in_(references)))]

    def mapping_text(self, digest: str) -> str | None:
        """The text of the mapping with this digest, as it was when it was used."""
        text: str | None = self._connection.execute(
            select(mapping_text.c.text).where(mapping_text.c.digest == digest)).scalar()
        return text

    def activations(self) -> list[Activation]:
        """Every version of a mapping that was activated, by mapping, the earliest start first."""
        columns = [column for column in activation.c if column is not activation.c.id]
        return [Activation(**row._mapping) for row in self._connection.execute(
            select(*columns).order_by(activation.c.mapping, activation.c.starts))]

    def declared_with(self, mrn: str) -> tuple[str, str] | None:
        """The mapping of the message by which a movement was first declared, and its digest; None when none was.

        A message that was made anew, and what had gone to the same partner before without being accepted, count no
        more: the partner never took them.
        """
        row = self._connection.execute(
            select(message.c.mapping, message.c.mapping_digest).where(
                message.c.mrn == mrn, message.c.type == "CUSDEC", message.c.word != "request", message.c.mapping != "",
                or_(message.c.direction == "out", message.c.state.in_(("ACCEPTED", "TAKEN"))),
                or_(message.c.state == MessageState.ANSWERED_ACCEPTED, ~_MADE_ANEW))
            .order_by(message.c.id).limit(1)).first()
        return None if row is None else (row.mapping, row.mapping_digest)

    def declarations(self, mrn: str) -> list[DeclarationRow]:
        """Every version of a movement's declaration, in the order of recording."""
        rows = self._connection.execute(_DECLARATIONS, {"mrn": mrn})
        return [DeclarationRow(**{**row._mapping, "tree": decode_tree(row.tree)}) for row in rows]

    def events(self, mrn: str) -> list[EventRow]:
        """Every event of a movement, in the order of recording (which means nothing: TRANSIT 3.1)."""
        return [event_row(row) for row in self._connection.execute(_EVENTS, {"mrn": mrn})]

    def reference_of(self, message_id: int) -> str | None:
        """How an answer names a partner's message: control reference, hyphen, message reference."""
        row = self._connection.execute(
            select(interchange.c.control_reference, message.c.message_reference)
            .join(message, message.c.interchange_id == interchange.c.id).where(message.c.id == message_id)).first()
        return None if row is None else f"{row.control_reference}-{row.message_reference}"

    def record_asked_for(self, mrn: str) -> bool:
        """Tell whether we asked somebody for the record of a movement."""
        return self._connection.execute(select(message.c.id).where(
            message.c.mrn == mrn, message.c.direction == "out", message.c.type == "CUSDEC",
            message.c.word == "request").limit(1)).first() is not None

    def names_of(self, mrns: Sequence[str]) -> dict[str, dict[str, int | None]]:
        """How answers name our declarations of these movements -> the number of the files they came from, by MRN."""
        found: dict[str, dict[str, int | None]] = {}
        for row in self._connection.execute(
                select(message.c.mrn, message.c.source_id, message.c.message_reference, interchange.c.control_reference)
                .join(interchange, interchange.c.id == message.c.interchange_id)
                .where(_OURS_ABOUT, message.c.word.in_(("original", "replacement", "retransmission"))),
                {"mrns": mrns}) if mrns else ():
            found.setdefault(row.mrn, {})[f"{row.control_reference}-{row.message_reference}"] = row.source_id
        return found

    def handed_to(self, mrns: Sequence[str]) -> dict[str, set[str]]:
        """The partners into whose mailbox a declaration of these movements was put, by MRN."""
        found: dict[str, set[str]] = {}
        for mrn, partner in self._connection.execute(_HANDED, {"mrns": mrns}).all():
            found.setdefault(mrn, set()).add(partner)
        return found

    def carried_declarations(self, object_ids: Sequence[int]) -> list[str]:
        """The MRNs of the declarations that these objects of ours carry."""
        return list(self._connection.execute(
            select(message.c.mrn).distinct().join(object_, object_.c.interchange_id == message.c.interchange_id)
            .where(object_.c.id.in_(object_ids), message.c.type == "CUSDEC", message.c.mrn.is_not(None))
            .order_by(message.c.mrn)).scalars())

    def halted(self, partner: str, direction: str) -> str | None:
        """The code for which a directed link is halted; None while it is not."""
        code: str | None = self._connection.execute(select(link.c.halted).where(
            link.c.partner == partner, link.c.direction == direction)).scalar()
        return code

    def link_head(self, partner: str, direction: str) -> LinkHead:
        """Where a directed link stands; 0 and 64 zeros before its first object."""
        row = self._connection.execute(select(link.c.sequence, link.c.mic).where(
            link.c.partner == partner, link.c.direction == direction)).first()
        return LinkHead(sequence=0, mic=NO_MIC) if row is None else LinkHead(sequence=row.sequence, mic=row.mic)

    def last_words(self, subject: str, reference: str) -> str | None:
        """The newest free row of the history about this subject and reference (`journal`): its text."""
        words: str | None = self._connection.execute(
            select(history.c.text).where(history.c.reference == reference, history.c.subject == subject)
            .order_by(history.c.id.desc()).limit(1)).scalar()
        return words

    def known_object(self, partner: str, *, sequence: int | None = None,
                     message_id: str | None = None) -> KnownObject | None:
        """The partner's object with this Sequence, or with this Message-ID; ValueError unless just one is given."""
        if (sequence is None) == (message_id is None):
            raise ValueError("known_object wants a sequence or a message_id")
        statement, wanted = (_KNOWN_BY_SEQUENCE, sequence) if message_id is None else (_KNOWN_BY_MESSAGE_ID, message_id)
        row = self._connection.execute(statement, {"partner": partner, "wanted": wanted}).first()
        return None if row is None else KnownObject(**{
            **row._mapping, "state": ObjectState(row.state), "previous": row.previous or None})

    def known_interchange(self, partner: str, control_reference: str) -> KnownInterchange | None:
        """The partner's interchange with this control reference."""
        row = self._connection.execute(
            select(interchange.c.id, interchange.c.digest, interchange.c.state)
            .where(interchange.c.direction == "in", interchange.c.partner == partner,
                   interchange.c.control_reference == control_reference)).first()
        return None if row is None else KnownInterchange(id=row.id, digest=row.digest,
                                                         state=InterchangeState(row.state))


def movement_row(row: Row[*tuple[object, ...]]) -> Movement:
    """A row of the table as a value."""
    values: dict[str, Any] = dict(zip(_OF_MOVEMENT, row, strict=True))
    if row.time_limit is not None:
        values["time_limit"] = decode_moment(row.time_limit)
    return Movement(**values)


def event_row(row: Row[*tuple[object, ...]]) -> EventRow:
    """A row of the table as a value."""
    values: dict[str, Any] = dict(zip(_OF_EVENT, row, strict=True))
    return EventRow(**{**values, "tree": decode_tree(row.tree), "happened": decode_moment(row.happened)})


_OF_MOVEMENT, _OF_EVENT = movement.c.keys(), event.c.keys()

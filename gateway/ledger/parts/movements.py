"""Movements with their declarations and events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum, unique
from types import MappingProxyType

from sqlalchemy import bindparam, select, update

from gateway.findings import Finding
from gateway.ledger.chain import Fact
from gateway.ledger.codec import TreeText, decode_tree, encode_moment, tree_text
from gateway.ledger.entries import NewDeclaration, NewEvent, NewMovement, NewState
from gateway.ledger.errors import EVENT_DIFFERS, Conflict, LocalConflict, Moved, PartnerConflict
from gateway.ledger.lookups import Lookups
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows, run_rows
from gateway.ledger.rows import DeclarationRow, EventRow, Moment, Movement
from gateway.ledger.tables import MOVEMENTS, declaration, event, movement
from gateway.references import Tree

_SLICE = 500

_STATE = (update(movement).where(movement.c.mrn == bindparam("number"), movement.c.state == bindparam("expected"))
          .values(state=bindparam("new_state"), flags=bindparam("new_flags"), next_action=bindparam("new_action"),
                  who=bindparam("new_who"), time_limit=bindparam("new_limit"), due=bindparam("new_due"),
                  timer=bindparam("new_timer"), wakes=bindparam("new_wakes"),
                  changed=bindparam("moment")))
_MOVED = ("number", "expected", "new_state", "new_flags", "new_action", "new_who", "new_limit", "new_due", "new_timer",
          "new_wakes", "moment")
_MOVEMENT = ("mrn", "key", "administration", "corridor", "role", "departure", "destination", "time_limit", "state",
             "flags", "next_action", "who", "at", "changed")
_DECLARATION = ("id", "mrn", "amendment", "function", "digest", "source_id", "message_id", "at", "tree")
_EVENT = ("id", "mrn", "administration", "reference", "word", "happened", "digest", "source_id", "message_id", "at",
          "tree")


@unique
class EventOutcome(Enum):
    """What became of an event that was to be added."""

    NEW = "new"
    HELD = "held"
    CONFLICT = "conflict"


class Movements(Lookups, Base):
    """Movements, declarations, events."""

    def foresee(self, mrns: Iterable[str], administration: str = "", keys: Iterable[str] = (),
                references: Iterable[str] = ()) -> None:
        """Read at once what is asked for next, one by one: the movements with these MRNs, those that an administration
        knows by these national keys, and its events of these references. Most of them are not there yet.

        Movements that were foreseen the time before are kept once more: what follows from them is written later.
        """
        wanted, named = list(dict.fromkeys(mrns)), list(dict.fromkeys(keys))
        kept = {mrn: held for mrn, held in self._foreseen.items() if mrn in self._foreseen_last}
        self._foreseen_last = frozenset(wanted)
        self._foreseen = dict.fromkeys(wanted)
        for start in range(0, len(wanted), _SLICE):
            self._foreseen.update(super().movements_of(wanted[start:start + _SLICE]))
        self._foreseen.update(kept)
        said = list(dict.fromkeys(references))
        self._foreseen_events = {(administration, reference): [] for reference in said}
        for start in range(0, len(said), _SLICE):
            for found in self.events_referred(administration, said[start:start + _SLICE]):
                self._foreseen_events[administration, found.reference].append(found)
        self._foreseen_keys = {(administration, key): None for key in named}
        for start in range(0, len(named), _SLICE):
            self._foreseen_keys.update(((administration, found.key), found)
                                       for found in self.movements_by_keys(administration, named[start:start + _SLICE]))

    def movement(self, mrn: str) -> Movement | None:
        """The movement with this MRN."""
        return self._foreseen[mrn] if mrn in self._foreseen else super().movement(mrn)

    def movements_of(self, mrns: Sequence[str]) -> dict[str, Movement]:
        """The movements with these MRNs, by MRN, in their order."""
        unread = [mrn for mrn in mrns if mrn not in self._foreseen]
        found = super().movements_of(unread) if unread else {}
        found.update((mrn, held) for mrn in mrns if (held := self._foreseen.get(mrn)) is not None)
        return dict(sorted(found.items()))

    def known_event(self, administration: str, reference: str, word: str) -> EventRow | None:
        """The event of this identity, when it is held."""
        held = self._foreseen_events.get((administration, reference))
        if held is None:
            return super().known_event(administration, reference, word)
        return next((row for row in held if row.word == word), None)

    def movement_by_key(self, administration: str, key: str) -> Movement | None:
        """The movement that an administration knows by its national key."""
        known = (administration, key)
        return self._foreseen_keys[known] if known in self._foreseen_keys else super().movement_by_key(*known)

    def declarations(self, mrn: str) -> list[DeclarationRow]:
        """Every version of a movement's declaration, in the order of recording."""
        if mrn in self._foreseen and self._foreseen[mrn] is None:
            return []  # none stands without its movement
        return super().declarations(mrn)

    def add_movement(self, *, mrn: str, key: str, administration: str, corridor: str, role: str, departure: str,
                     destination: str, time_limit: Moment | None, at: datetime) -> bool:
        """Record a movement; False when its MRN is held already, and then nothing changes."""
        return self.add_movements([NewMovement(
            mrn=mrn, key=key, administration=administration, corridor=corridor, role=role, departure=departure,
            destination=destination, time_limit=time_limit)], at=at)[0]

    def add_movements(self, movements: Sequence[NewMovement], *, at: datetime) -> list[bool]:
        """Record movements; for each whether it was new."""
        held = set[str]()
        for start in range(0, len(movements), _SLICE):
            mrns = [new.mrn for new in movements[start:start + _SLICE]]
            held.update(self._connection.execute(
                select(movement.c.mrn).where(movement.c.mrn.in_(mrns))).scalars())
        outcome, rows = [], []
        for new in movements:
            outcome.append(new.mrn not in held)
            if new.mrn in held:
                continue
            held.add(new.mrn)
            self._foreseen.pop(new.mrn, None)
            self._foreseen_keys.pop((new.administration, new.key), None)
            rows.append((new.mrn, new.key, new.administration, new.corridor, new.role, new.departure, new.destination,
                         encode_moment(new.time_limit), "", "", "", "", at, at))
            self._record(Fact(at=at, subject="movement", subject_id=None, reference=new.mrn, event="new",
                              text=f"{new.administration} {new.key} {new.corridor} {new.role}"))
        if rows:
            insert_rows(self._connection, movement, _MOVEMENT, rows)
            self._tally(MOVEMENTS, len(rows))
        return outcome

    def set_movement_state(self, mrn: str, *, state: str, flags: str, next_action: str, who: str,
                           at: datetime) -> None:
        """Keep the state derived from the events; the time limit stays. Raises LookupError for an unknown MRN."""
        held = self.movement(mrn)
        if held is None:
            raise LookupError(mrn)
        self.set_movement_states([NewState(mrn=mrn, state=state, flags=flags, next_action=next_action, who=who,
                                           time_limit=held.time_limit, due=held.due, timer=held.timer,
                                           wakes=held.wakes)], at=at)

    def set_movement_states(self, states: Sequence[NewState], *, at: datetime,
                            held: Mapping[str, Movement] = MappingProxyType({})) -> None:
        """Keep states derived from declarations and events, at most one for each MRN.

        Nothing is written when nothing changed; history when state, flags or whose move it is changed, or the time
        limit. Raises LookupError for an unknown MRN.

        held  movements as they stand, where the caller has just read them
        """
        held = dict(held)
        unread = [new.mrn for new in states if new.mrn not in held]
        for start in range(0, len(unread), _SLICE):
            held.update(self.movements_of(unread[start:start + _SLICE]))
        moved = []
        for new in states:
            old = held.get(new.mrn)
            if old is None:
                raise LookupError(new.mrn)
            self._foreseen.pop(new.mrn, None)
            self._foreseen_keys.pop((old.administration, old.key), None)
            told = _told(old) != _told(new)
            if not told and (old.due, old.timer, old.wakes) == (new.due, new.timer, new.wakes):
                continue
            self._tally(MOVEMENTS + old.state, -1)
            self._tally(MOVEMENTS + new.state, 1)
            moved.append((new.mrn, old.state, new.state, new.flags, new.next_action, new.who,
                          encode_moment(new.time_limit), new.due, new.timer, new.wakes, at if told else old.changed))
            if told:
                limit = f"limit {encode_moment(new.time_limit)}" if old.time_limit != new.time_limit else ""
                self._record(Fact(at=at, subject="movement", subject_id=None, reference=new.mrn, event="state",
                                  from_state=old.state, to_state=new.state,
                                  text=" | ".join(part for part in (new.flags, new.next_action, new.who, limit)
                                                  if part)))
        if run_rows(self._connection, _STATE, _MOVED, moved) != len(moved):
            raise Moved("movement", states[0].mrn, "state")

    def spoken_of(self, mrns: Collection[str]) -> set[str]:
        """Those of these MRNs about which an event is held."""
        wanted, found = list(mrns), set[str]()
        for start in range(0, len(wanted), _SLICE):
            found.update(self._connection.execute(
                select(event.c.mrn).distinct().where(event.c.mrn.in_(wanted[start:start + _SLICE]))).scalars())
        return found

    def add_declaration(self, *, mrn: str, amendment: int, function: str, tree: Tree, source_id: int | None,
                        message_id: int | None, at: datetime) -> int:
        """Hold a version of a declaration; the number of the one held already when it is the same."""
        return self.add_declarations([NewDeclaration(
            mrn=mrn, amendment=amendment, function=function, tree=tree, source_id=source_id,
            message_id=message_id)], at=at)[0]

    def add_declarations(self, declarations: Sequence[NewDeclaration], *, at: datetime) -> list[int]:
        """Hold versions of declarations; their numbers in order. The movements must be recorded before."""
        held: dict[tuple[str, int, str, str], int] = {}
        for start in range(0, len(declarations), _SLICE):
            mrns = {new.mrn for new in declarations[start:start + _SLICE]}
            for row in self._connection.execute(
                    select(declaration.c.mrn, declaration.c.amendment, declaration.c.function, declaration.c.digest,
                           declaration.c.id).where(declaration.c.mrn.in_(mrns))):
                held[row.mrn, row.amendment, row.function, row.digest] = row.id
        numbers, rows = [], []
        for new in declarations:
            kept = new.tree if isinstance(new.tree, TreeText) else tree_text(new.tree)
            identity = (new.mrn, new.amendment, new.function, kept.digest)
            if identity not in held:
                held[identity] = self._ids(declaration, 1).start
                rows.append((held[identity], new.mrn, new.amendment, new.function, kept.digest, new.source_id,
                             new.message_id, at, kept.text))
                self._record(Fact(at=at, subject="declaration", subject_id=held[identity], reference=new.mrn,
                                  event="new", text=f"{new.function} {new.amendment}", digest=identity[3]))
            numbers.append(held[identity])
        insert_rows(self._connection, declaration, _DECLARATION, rows)
        return numbers

    def add_event(self, *, mrn: str | None, administration: str, reference: str, word: str, happened: Moment | None,
                  tree: Tree, message_id: int | None, source_id: int | None, at: datetime) -> bool:
        """Hold an event; False when the same one (administration, reference, word; same tree) is held already.

        Raises PartnerConflict (LocalConflict when it came without a message) L010 when its tree differs.
        """
        new = NewEvent(mrn=mrn, administration=administration, reference=reference, word=word, happened=happened,
                       tree=tree, message_id=message_id, source_id=source_id)
        outcome = self.add_events([new], at=at)[0]
        if outcome is EventOutcome.CONFLICT:
            raise event_differs(new)
        return outcome is EventOutcome.NEW

    def add_events(self, events: Sequence[NewEvent], *, at: datetime) -> list[EventOutcome]:
        """Hold events; for each what became of it. A conflict changes nothing and does not stop the others."""
        held: dict[tuple[str, str, str], str] = {}
        key = (event.c.administration, event.c.reference, event.c.word)
        for start in range(0, len(events), _SLICE):
            some = events[start:start + _SLICE]  # column by column: SQLite has no index for a list of pairs
            for row in self._connection.execute(select(*key, event.c.tree).where(
                    event.c.administration.in_({new.administration for new in some}),
                    event.c.reference.in_({new.reference for new in some}))):
                held[row.administration, row.reference, row.word] = row.tree
        outcome, rows = [], []
        for new in events:
            kept = new.tree if isinstance(new.tree, TreeText) else tree_text(new.tree)
            text = kept.text
            identity = (new.administration, new.reference, new.word)
            if identity in held:
                same = held[identity] == text or decode_tree(held[identity]) == decode_tree(text)
                outcome.append(EventOutcome.HELD if same else EventOutcome.CONFLICT)
                continue
            held[identity] = text
            self._foreseen_events.pop(identity[:2], None)
            number = self._ids(event, 1).start
            rows.append((number, new.mrn, new.administration, new.reference, new.word, encode_moment(new.happened),
                         kept.digest, new.source_id, new.message_id, at, text))
            self._record(Fact(at=at, subject="event", subject_id=number, reference=new.reference, event="new",
                              text=" ".join(part for part in (new.administration, new.word, new.mrn) if part),
                              digest=kept.digest))
            outcome.append(EventOutcome.NEW)
        insert_rows(self._connection, event, _EVENT, rows)
        return outcome


def event_differs(new: NewEvent) -> Conflict:
    """L010 for an event whose identity is held with another tree; the partner's where it came in a message."""
    kind = LocalConflict if new.message_id is None else PartnerConflict
    return kind(Finding(code=EVENT_DIFFERS, values={"administration": new.administration, "reference": new.reference,
                                                    "word": new.word, "mrn": new.mrn or ""}))


def _told(state: Movement | NewState) -> tuple[object, ...]:
    """What of a movement's state goes into the history when it changes."""
    return state.state, state.flags, state.next_action, state.who, state.time_limit

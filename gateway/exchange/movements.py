"""Keep the derived state of a movement beside what it is derived from: its declarations, its events, and time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from gateway.exchange.assembly import Assembly
from gateway.exchange.calendars import calendar_of
from gateway.exchange.mirroring import keep_mirror
from gateway.ledger import NewMovement, NewState, Transaction
from gateway.ledger.guarantee_rows import NewEngagement, NewMonth
from gateway.ledger.queries import Queries
from gateway.ledger.rows import DeclarationRow, EventRow, Movement
from gateway.mapping.kept import Kept
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Identity, Word
from gateway.transit.facts import country_of, latest_of, on_paper
from gateway.transit.guarantee import engagements
from gateway.transit.sought import sought
from gateway.transit.states import MovementState, movement_state
from gateway.transit.terms import from_tree
from gateway.transit.timers import CalendarOf, Running

DUE = 1000
"""Movements that one run derives anew because their time is over; the next run goes on."""

_SLICE = 250


_HEADS: Kept[str, Declaration] = Kept(1024)
"""Declarations without their items that this process recorded last, by the digest of the whole: they need not be read
again when they leave a moment later."""

_SAID = frozenset({"items", "equipment", "seals", "vehicles", "extras"})
"""What an event may say of goods, boxes, seals, vehicles and paper."""


def refresh(assembly: Assembly, transaction: Transaction, mrns: Iterable[str], now: datetime,
            declared: Collection[str] = ()) -> None:
    """Derive the states of movements anew from everything held, and store those that differ.

    An MRN without a movement is passed over: what was rejected leaves none.

    declared  movements of which a version of the declaration is new
    """
    wanted = list(dict.fromkeys(mrns))
    for start in range(0, len(wanted), _SLICE):
        _refresh(assembly, transaction, transaction.movements_of(wanted[start:start + _SLICE]), now, declared)


def _refresh(assembly: Assembly, transaction: Transaction, movements: Mapping[str, Movement], now: datetime,
             declared: Collection[str] = ()) -> None:
    if not movements:
        return
    events = transaction.events_of(list(movements))
    heads = _heads(transaction, [
        mrn for mrn, movement in movements.items()
        if mrn not in declared and not _first(movement) and _nothing_seen(events.get(mrn, ()))])
    whole = [mrn for mrn in movements if mrn not in heads]
    declarations = transaction.declarations_of(whole) if whole else {}
    several = [mrn for mrn, held in declarations.items() if len(held) > 1]
    handed, names = transaction.handed_to(list(movements)), transaction.names_of(several) if several else {}
    keep(assembly, transaction, [
        Known(movement,
              (heads[mrn],) if mrn in heads else
              tuple(from_tree(Declaration, row.tree) for row in declarations.get(mrn, ())),
              tuple(from_tree(Event, row.tree) for row in events.get(mrn, ())), handed.get(mrn, ()),
              versions=_versions(declarations.get(mrn, ()), names.get(mrn, {})),
              recorded={(row.administration, row.reference, row.word): row.at for row in events.get(mrn, ())},
              plain=mrn in heads)
        for mrn, movement in movements.items()], now)


def _heads(transaction: Transaction, mrns: Sequence[str]) -> dict[str, Declaration]:
    """The declaration without its items of those that have just one version, by MRN."""
    only = transaction.only_versions_of(mrns) if mrns else {}
    unread = [mrn for mrn, digest in only.items() if digest not in _HEADS]
    trees = transaction.heads_of(unread) if unread else {}
    return {mrn: from_tree(Declaration, trees[mrn]) if mrn in trees else _HEADS[digest] for mrn, digest in only.items()}


def will_leave(digest: str, declaration: Declaration) -> None:
    """Keep at hand a declaration that was recorded and is about to leave. digest: of its text as the ledger has it."""
    _HEADS[digest] = replace(declaration, items=()) if declaration.items else declaration


def _nothing_seen(events: Iterable[EventRow]) -> bool:
    """Whether nobody has said more of a movement than that the record is accepted: then nothing that is derived looks
    at the goods, and nothing is to be found, compared or followed that was not when it was recorded."""
    return all(row.word == Word.ACCEPTED.value and _SAID.isdisjoint(row.tree) for row in events)


class Known(Struct, frozen=True):
    """Everything from which what is kept of one movement is derived.

    sent      partners it was handed to
    versions  how an answer names the message that brought a version -> its amendment number
    recorded  when we recorded an event, by its identity; None: just now
    plain     only who has it and who accepted it is new (`_nothing_seen`): its one declaration is here without goods
    """

    movement: Movement | NewMovement
    declarations: tuple[Declaration, ...]
    events: tuple[Event, ...]
    sent: Collection[str] = ()
    versions: Mapping[str, int] | None = None
    recorded: Mapping[Identity, datetime] | None = None
    plain: bool = False


def keep(assembly: Assembly, transaction: Transaction, known: Sequence[Known], now: datetime) -> None:
    """Derive and store the state of movements, what they hold of guarantees, and whether they run on paper."""
    calendars = _calendars(assembly, transaction, now)
    states = [derive(assembly, one.movement, one.declarations, one.events, one.sent, now, versions=one.versions,
                     recorded=one.recorded, calendars=calendars) for one in known]
    transaction.set_movement_states(states, at=now, held={
        one.movement.mrn: one.movement for one in known if isinstance(one.movement, Movement)})
    told = [one for one in known if not one.plain]
    keep_mirror(transaction, [(one.movement.mrn, one.movement.administration, one.declarations, one.events,
                               assembly.corridors.named(one.movement.corridor).tolerances) for one in told], now)
    transaction.note_sought([
        (word, what, one.movement.mrn) for one in told
        for word, what in sought(one.movement.mrn, one.movement.key, one.declarations, one.events)])
    ours = [(one, state) for one, state in zip(known, states, strict=True) if one.movement.role == "departure"]
    held = [NewEngagement(mrn=state.mrn, reference=held.reference, currency=held.currency, amount=held.amount,
                          engaged=held.engaged)
            for one, state in ours
            for held in engagements(latest_of(one.declarations), one.events, state.state)]
    transaction.set_engagements([state.mrn for _, state in ours], held, at=now)
    months = [(one, NewMonth(mrn=state.mrn, month=f"{_recorded(one.movement, now):%Y-%m}",
                             office=one.movement.departure, paper=on_paper(one.declarations, one.events)))
              for one, state in ours]
    transaction.begin_months([month for one, month in months if _first(one.movement)], at=now)
    transaction.note_on_paper([month for one, month in months
                               if month.paper is not None and not _first(one.movement)], at=now)


def _first(movement: Movement | NewMovement) -> bool:
    """Whether a movement's state is derived for the first time."""
    return isinstance(movement, NewMovement) or movement.state == ""


def _recorded(movement: Movement | NewMovement, now: datetime) -> datetime:
    return now if isinstance(movement, NewMovement) else movement.at


def due(assembly: Assembly, lookups: Queries | Transaction, now: datetime) -> list[str]:
    """The MRNs of movements that only time changes now, the first of them."""
    return lookups.due_movements(now=now, corridors=_readable(assembly), limit=DUE)


def refresh_due(assembly: Assembly, transaction: Transaction, now: datetime) -> None:
    """Derive anew what only time changes: movements of which a timer ended since they were derived.

    One indexed question where there is none. A corridor that cannot be read waits until it can be.
    """
    refresh(assembly, transaction, due(assembly, transaction, now), now)


def derive(assembly: Assembly, movement: Movement | NewMovement, declarations: Sequence[Declaration],
           events: Sequence[Event], sent: Collection[str] | None, now: datetime, *,
           seen_by: tuple[str, str] | None = None, versions: Mapping[str, int] | None = None,
           recorded: Mapping[Identity, datetime] | None = None,
           calendars: CalendarOf = lambda office: None) -> NewState:
    """The state of one movement from everything held of it.

    sent                partners its declaration was handed to; None where nobody can say
    seen_by             an administration and its role on the movement, where the state is as somebody else sees it
    versions, recorded  as in `Known`
    calendars           office -> its calendar
    """
    derived = _derived(assembly, movement, declarations, events, sent, now, seen_by or (assembly.name, movement.role),
                       versions=versions, recorded=recorded, calendars=calendars)
    return NewState(mrn=movement.mrn, state=derived.state, flags=" ".join(sorted(derived.flags)),
                    next_action=derived.next, who=derived.who, time_limit=derived.limit, due=derived.due,
                    timer=derived.timer or None, wakes=derived.wakes)


def running_of(assembly: Assembly, lookups: Transaction | Queries, movement: Movement,
               now: datetime) -> tuple[Running, ...]:
    """The timers of a movement that run, the first to end first: who is waited for, and what puts it off."""
    declarations, events = lookups.declarations(movement.mrn), lookups.events(movement.mrn)
    return _derived(assembly, movement, [from_tree(Declaration, row.tree) for row in declarations],
                    [from_tree(Event, row.tree) for row in events], (), now, (assembly.name, movement.role),
                    versions=None, recorded=None, calendars=_calendars(assembly, lookups, now)).running


def _derived(assembly: Assembly, movement: Movement | NewMovement, declarations: Sequence[Declaration],
             events: Sequence[Event], sent: Collection[str] | None, now: datetime, seen_by: tuple[str, str], *,
             versions: Mapping[str, int] | None, recorded: Mapping[Identity, datetime] | None,
             calendars: CalendarOf) -> MovementState:
    administration, role = seen_by
    corridor = assembly.corridors.named(movement.corridor)
    country = next((one.country for one in corridor.administrations if one.gateway == administration), None)
    return movement_state(role, declarations, events, now, administration=administration,
                          route=_answering(assembly, movement.corridor), sent=sent,
                          zone=_zone(assembly, movement.destination), country=country, versions=versions,
                          recorded=recorded, begun=_recorded(movement, now), timers=corridor.timers,
                          calendars=calendars)


def _versions(declarations: Iterable[DeclarationRow], names: Mapping[str, int | None]) -> dict[str, int]:
    """How an answer names the message that brought a version -> its amendment number, by the files of both."""
    brought = {row.source_id: row.amendment for row in declarations
               if row.source_id is not None and row.function != "cancellation"}
    return {name: brought[source] for name, source in names.items() if source in brought}


def _calendars(assembly: Assembly, lookups: Transaction | Queries, now: datetime) -> CalendarOf:
    """The calendars that hold at an instant, each asked for once."""
    return cache(lambda office: calendar_of(assembly, lookups, office, now) if office else None)


def handed_over(assembly: Assembly, transaction: Transaction, object_ids: Sequence[int], now: datetime) -> None:
    """Derive anew the movements whose declarations these objects carry: they stand in a partner's mailbox.

    That a further partner has it too changes nothing for what is SENT already. What a corridor that cannot be read is
    needed for is derived with its next event.
    """
    mrns, readable = transaction.carried_declarations(object_ids), _readable(assembly)
    for start in range(0, len(mrns), _SLICE):
        _refresh(assembly, transaction, {
            mrn: movement for mrn, movement in transaction.movements_of(mrns[start:start + _SLICE]).items()
            if movement.role == "departure" and movement.state != "SENT" and movement.corridor in readable}, now)


def _readable(assembly: Assembly) -> set[str]:
    return {corridor.identifier for corridor in assembly.corridors.all}


def _answering(assembly: Assembly, corridor: str) -> list[str]:
    """The administrations of a corridor that must accept a declaration."""
    return [member.gateway for member in assembly.corridors.named(corridor).administrations
            if member.role != "departure"]


def _zone(assembly: Assembly, office: str) -> tzinfo:
    """Where the time limit ends: our own zone for an office of our country, UTC for others, whose zone nobody says."""
    settings = assembly.settings
    return ZoneInfo(settings.time_zone) if country_of(office) == settings.country else UTC

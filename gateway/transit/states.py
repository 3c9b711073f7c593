"""The state of a movement, as one administration sees it: a pure function of the set of events it holds.

The tables are read from the top, the first line that holds is the state (TRANSIT section 3.2). Events may have come in
any order; nothing here depends on it. Flags stand beside the state, never instead of it; contradictions (section 3.3)
are shown to a person and overwrite nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from gateway.transit.declaration import Declaration, Moment
from gateway.transit.event import Event, Identity, distinct
from gateway.transit.facts import Facts
from gateway.transit.flags import flags_of
from gateway.transit.timers import LIMIT, CalendarOf, Running, Timers, running


@dataclass(frozen=True, slots=True)
class MovementState:
    """What holds now.

    state      code of the table of the role: EN-ROUTE, CLOSED ...
    flags      codes; those about one administration carry it: ``REJECTED-BY:BFDGD``
    next       wait, chase, correct, enquire, record, decide, none: the one thing to do
    who        administration or country whose move it is, "" when nobody's or ours
    conflicts  why CONFLICT is among the flags: codes of section 3.3
    limit      the time limit as the version that counts gives it
    due        when the first of the timers that run ends, and timer its name: from then on OVERDUE is among the flags
    wakes      when the next one ends: nothing comes from time passing before
    running    the timers that run, the first to end first
    """

    state: str
    flags: frozenset[str]
    next: str
    who: str
    conflicts: tuple[str, ...] = ()
    limit: Moment | None = None
    due: datetime | None = None
    timer: str = ""
    wakes: datetime | None = None
    running: tuple[Running, ...] = field(default=(), compare=False)


def movement_state(role: str, declarations: Sequence[Declaration], events: Sequence[Event], now: datetime, *,
                   administration: str | None = None, route: Sequence[str] | None = None,
                   sent: Collection[str] | None = None, zone: tzinfo = UTC, country: str | None = None,
                   versions: Mapping[str, int] | None = None,
                   recorded: Mapping[Identity, datetime] | None = None, timers: Timers | None = None,
                   begun: datetime | None = None, calendars: CalendarOf = lambda office: None) -> MovementState:
    """The state of a movement.

    role            departure, transit, destination: ours on this movement
    declarations    every version and cancellation held, in any order; none when only events have come
    administration  ours; a transit administration tells its own passage from its neighbours' by it
    route           administrations that must accept; without it, the countries of the offices of the declaration
    sent            partners the record was handed to; None when the caller keeps no such list: then it counts as sent
    zone            of the office of destination: a time limit given as a day ends there at midnight
    country         ours: where nobody recorded our entry, the record's itinerary says what lies behind us
    versions        how an answer names the message that brought a version -> its amendment number; None: every answer
                    counts for the version that counts
    recorded        when we recorded an event, by its identity; None: an event from the future is told by `now`
    begun           when the movement was recorded: nobody waits for a passage before
    timers          of the corridor; None: the time limit of the document alone
    calendars       office -> its calendar, which interrupts the timers that wait for it

    Declarations and events may come in any order, and twice. Raises ValueError for another role.
    """
    if role not in TABLES:
        raise ValueError(f"no such role: {role}")
    facts = Facts(tuple(declarations), distinct(events), now, administration, route, sent, zone, country, versions,
                  recorded, begun)
    state = next(code for code, holds in TABLES[role] if holds(facts))
    flags, timed = flags_of(facts, role), running(facts, role, timers, calendars)
    over = [one for one in timed if one.due.at <= now]
    if over:
        flags |= {"OVERDUE"}
    conflicts = facts.conflicts
    if conflicts:
        flags |= {"CONFLICT"}
    action, who = _next(role, state, flags, facts, over)
    return MovementState(state, flags, action, who, conflicts, facts.declared_limit,
                         due=timed[0].due.at if timed else None, timer=timed[0].name if timed else "",
                         wakes=min((one.due.at for one in timed if one.due.at > now), default=None), running=timed)


def _always(facts: Facts) -> bool:
    return True


Line = tuple[str, Callable[[Facts], bool]]

DEPARTURE: tuple[Line, ...] = (
    ("CLOSED", lambda facts: (facts.discharged and facts.settled) or facts.recovered),
    ("RECOVERY", lambda facts: facts.has("RECOVERY")),
    ("ENQUIRY", lambda facts: facts.enquiry_open),
    ("DISPUTED", lambda facts: facts.disputed),
    ("PART-DISCHARGED", lambda facts: facts.has("PART-DISCHARGED")),
    ("CONTROLLED", lambda facts: facts.controlled),
    ("ARRIVED", lambda facts: facts.arrived),
    ("CANCELLED", lambda facts: facts.cancelled and not facts.seen_on_the_road),
    ("EN-ROUTE", lambda facts: facts.has("CROSS-OUT", "CROSS-IN", "INCIDENT")),
    ("CONFIRMED", lambda facts: facts.confirmed),
    ("SENT", lambda facts: facts.handed_over),
    ("RELEASED", lambda facts: facts.latest is not None and facts.latest.released is not None),
    ("RECORDED", lambda facts: facts.latest is not None and facts.latest.national_reference is not None),
    ("DRAFT", _always),
)

TRANSIT: tuple[Line, ...] = (
    ("CLOSED", lambda facts: facts.discharged or (facts.arrived and facts.own("CROSS-OUT"))),
    ("EXITED", lambda facts: facts.own("CROSS-OUT") or facts.further_on),
    ("ENTERED", lambda facts: facts.own("CROSS-IN")),
    ("CANCELLED", lambda facts: facts.cancelled and not facts.seen_on_the_road),
    ("EXPECTED", lambda facts: facts.latest is not None),
    ("UNANNOUNCED", _always),
)

DESTINATION: tuple[Line, ...] = (
    ("DISCHARGED", lambda facts: facts.discharged and facts.settled),
    ("DISPUTED", lambda facts: facts.disputed),
    ("PART-DISCHARGED", lambda facts: facts.has("PART-DISCHARGED")),
    ("CONTROLLED", lambda facts: facts.controlled),
    ("ELSEWHERE", lambda facts: facts.arrived_elsewhere),
    ("ARRIVED", lambda facts: facts.arrived),
    ("CANCELLED", lambda facts: facts.cancelled and not facts.seen_on_the_road),
    ("EXPECTED", lambda facts: facts.latest is not None),
    ("UNANNOUNCED", _always),
)

TABLES: dict[str, tuple[Line, ...]] = {"departure": DEPARTURE, "transit": TRANSIT, "destination": DESTINATION}
"""Role -> lines, first that holds."""

_ENDED = ("CLOSED", "DISCHARGED", "CANCELLED", "ELSEWHERE")


def _next(role: str, state: str, flags: frozenset[str], facts: Facts, over: Sequence[Running]) -> tuple[str, str]:
    """The one thing to do, and whose move it is. over: the timers that ended."""
    if "CONFLICT" in flags or state == "DISPUTED":
        return "decide", ""
    rejecting = sorted(flag.partition(":")[2] for flag in flags if flag.startswith("REJECTED-BY:"))
    if rejecting and state not in _ENDED:
        return ("correct", "") if role == "departure" else ("wait", facts.departure)
    if state in _ENDED:
        return "none", ""
    if role != "departure" and facts.latest is None:
        return "chase", facts.departure
    if role == "departure" and state not in ("ENQUIRY", "RECOVERY") and any(
            one.name in (LIMIT, "control", "enquiry") for one in over):
        return "enquire", facts.destination
    late = next((one for one in over if one.name != LIMIT), None)
    if late is not None:
        return ("chase", late.who) if late.who else ("record", "")
    if state == "SENT":
        return "wait", " ".join(facts.silent)
    if state in ("DRAFT", "RECORDED", "RELEASED", "RECOVERY"):
        return "wait", ""
    if role == "transit" and state == "EXITED":
        return "none", ""
    return "wait", "" if role == "destination" or (role == "transit" and state == "ENTERED") else facts.awaited(role)

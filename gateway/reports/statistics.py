"""The figures of a corridor: how many, how long, how often in time, how often rejected and why.

Counted over whole weeks (Monday to Sunday, UTC). Durations are those of the latest movements only, at most `SAMPLE`, so
that the question costs the same after ten years; the page says over how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from gateway.ledger import Queries
from gateway.ledger.rows import DeclarationRow, EventRow, Movement
from gateway.references import Tree

WEEKS = 12
SAMPLE = 2000
_SLICE = 250
_WEEK = timedelta(days=7)


class Week(Struct, frozen=True, kw_only=True):
    """Movements recorded in a week. starts: its Monday."""

    starts: date
    count: int


class Rejections(Struct, frozen=True, kw_only=True):
    """How often a rule made an administration reject a declaration."""

    rule: str
    count: int


class Statistics(Struct, frozen=True, kw_only=True):
    """The figures.

    sampled           movements looked at for durations and deadlines
    arrived           of these, those with a release and an arrival
    median, p90       from release to arrival; None where none arrived
    limited, in_time  of the arrived those with a time limit, and of these those that arrived before it was over
    rejected          rejected declarations, with a reason or without
    """

    corridor: str
    since: datetime
    until: datetime
    weeks: tuple[Week, ...]
    sampled: int
    arrived: int
    median: timedelta | None
    p90: timedelta | None
    limited: int
    in_time: int
    rejected: int
    rejections: tuple[Rejections, ...]


def statistics(queries: Queries, corridor: str, now: datetime,
               zone_of: Callable[[str], tzinfo] = lambda office: UTC) -> Statistics:
    """The figures of the last `WEEKS` weeks and of the one that runs.

    zone_of  zone of an office by its code: a time limit that is a day ends there at midnight
    """
    monday = datetime.combine(now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday()), time(), UTC)
    since = monday - WEEKS * _WEEK
    weeks = tuple(Week(starts=(start := since + number * _WEEK).date(),
                       count=queries.recorded_between(corridor, start, start + _WEEK)) for number in range(WEEKS + 1))
    sample = queries.recorded_since(corridor, since, SAMPLE)
    journeys = list(_journeys(queries, sample, zone_of))
    lasted = sorted(journey for journey, _ in journeys)
    limited = [in_time for _, in_time in journeys if in_time is not None]
    rejected, rules = _rejections(queries, corridor, since)
    return Statistics(corridor=corridor, since=since, until=now, weeks=weeks, sampled=len(sample), arrived=len(lasted),
                      median=quantile(lasted, 50), p90=quantile(lasted, 90), limited=len(limited),
                      in_time=sum(limited), rejected=rejected,
                      rejections=tuple(Rejections(rule=rule, count=number) for rule, number in rules))


def quantile(ordered: Sequence[timedelta], percent: int) -> timedelta | None:
    """The nearest-rank quantile: the smallest value that at least so many per cent do not exceed. None of none."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def _journeys(queries: Queries, sample: Sequence[Movement],
              zone_of: Callable[[str], tzinfo]) -> Iterator[tuple[timedelta, bool | None]]:
    """Of each movement that arrived: how long it took, and whether it was in time; None without a time limit."""
    for start in range(0, len(sample), _SLICE):
        some = {one.mrn: one for one in sample[start:start + _SLICE]}
        declarations, events = queries.declarations_of(list(some)), queries.events_of(list(some))
        for mrn, movement in some.items():
            zone = zone_of(movement.destination)
            released, arrived = _released(declarations.get(mrn, ())), _arrived(events.get(mrn, ()))
            if released is not None and arrived is not None:
                begins, ends = _instant(released, zone), _instant(arrived, zone)
                if ends >= begins:
                    yield ends - begins, None if movement.time_limit is None else \
                        ends < _end(movement.time_limit, zone)


def _released(rows: Sequence[DeclarationRow]) -> date | datetime | None:
    held = max((row for row in rows if row.function != "cancellation"), key=lambda row: (row.amendment, row.id),
               default=None)
    return None if held is None else _moment(held.tree, "released")


def _arrived(rows: Sequence[EventRow]) -> date | datetime | None:
    moments = [row.happened for row in rows if row.word in ("ARRIVED", "DIVERTED") and row.happened is not None]
    return min(moments, key=lambda one: _instant(one, UTC), default=None)


def _moment(tree: Tree, name: str) -> date | datetime | None:
    value = tree.get(name)
    return value if isinstance(value, date) else None


def _instant(moment: date | datetime, zone: tzinfo) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)


def _end(limit: date | datetime, zone: tzinfo) -> datetime:
    return limit if isinstance(limit, datetime) else datetime.combine(limit + timedelta(days=1), time(), zone)


def _rejections(queries: Queries, corridor: str, since: datetime) -> tuple[int, list[tuple[str, int]]]:
    """How many declarations were rejected, and each rule with how often it is named, the most frequent first."""
    rows = [row for row in queries.rejected_messages(since, SAMPLE) if row.mapping.startswith(f"corridors/{corridor}/")]
    mrns = sorted({row.mrn for row in rows if row.mrn is not None})
    rules: Counter[str] = Counter()
    for start in range(0, len(mrns), _SLICE):
        for held in queries.events_of(mrns[start:start + _SLICE]).values():
            for event in held:
                if event.word == "REJECTED":
                    rules.update(_rules(event.tree))
    return len(rows), sorted(rules.items(), key=lambda one: (-one[1], one[0]))


def _rules(tree: Tree) -> set[str]:
    errors = tree.get("errors")
    return {str(one["rule"]) for one in errors if isinstance(one, dict) and "rule" in one} \
        if isinstance(errors, list) else set()

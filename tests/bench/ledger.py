"""The ledger by size: what recording a message costs, and what people and auditors ask, as it grows.

For each size a ledger is filled (`ledger_fill`), a day is written in the gateway's own transactions (`ledger_traffic`;
each commit is on the disk when it counts), and the questions of the reading commands are asked, then those of auditors
(`ledger_audit`): cold, with nothing of the ledger in memory and new connections, and warm, the least of several, asked
of every size in turn. Beside each figure stands what the smallest size of the same run needs, and behind them the power
of the size with which each question grows: 0 is flat, 1 is a walk over everything.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from gateway.config import Agreement
from gateway.ledger import Ledger
from gateway.reports import overdue, sheet, status
from tests.bench import Figure
from tests.bench.ledger_audit import AFTER, FILLED, SEALED, Desk, compare, desk_on, export, sealed_month, verify
from tests.bench.ledger_fill import DAY
from tests.bench.ledger_places import Files, Place
from tests.bench.ledger_traffic import PARTNER, Lot, record

ROWS = (10_000, 100_000)
"""Messages of the ledgers that are measured where nobody says how many."""
MILLISECONDS = 50.0
FLAT = 1.2
"""What recording a message may cost in the largest ledger, as a multiple of the smallest."""
OPEN = 200
"""Movements whose answer is awaited when the questions are asked; each size has as many."""
LONG = 60_000.0
"""Milliseconds from which a question is asked once of each size: what it reads first no longer counts."""
NOW = AFTER + DAY

_LOT, _ROUNDS, _TIMES, _FEW = 320, 5, 9, 3


def figures(scale: float) -> Iterator[Figure]:
    """At the usual sizes, times `scale`, in a temporary folder."""
    yield from figures_in(None, [max(1, round(rows * scale)) for rows in ROWS])


def figures_in(folder: Path | None, sizes: Sequence[int]) -> Iterator[Figure]:
    """At these sizes, in a folder where the ledgers stay, or in a temporary one."""
    with ExitStack() as stack:
        chosen = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-", dir="/var/tmp")))
        yield from figures_of(sizes, chosen)


def figures_of(sizes: Sequence[int], folder: Path) -> Iterator[Figure]:
    """At these sizes, smallest first. folder: where the ledgers are; one that is there already is not filled again."""
    yield from figures_at(Files(folder), sizes, folder)


def figures_at(place: Place, sizes: Sequence[int], folder: Path) -> Iterator[Figure]:
    """At these sizes in a kind of database. folder: where a gateway is put together, and months are written."""
    found = []
    for size in sorted(set(sizes)):
        start = time.perf_counter()
        held = place.held(size)
        messages = size if held else place.fill(size)
        found.append(_Measured(size, messages, None if held else time.perf_counter() - start))
    with ExitStack() as stack:
        desks = [stack.enter_context(desk_on(place.address(one.size), folder / f"desk-{place.kind}-{one.size}"))
                 for one in found]
        for desk in desks:
            sealed_month(desk)
        _recorded(found, desks)
        for measured, desk in zip(found, desks, strict=True):
            measured.octets = place.octets(desk.gateway.ledger)
            _open(desk.gateway.ledger)
        asked = [_questions(desk, measured.lots) for measured, desk in zip(found, desks, strict=True)]
        for name in asked[0]:
            for measured, desk, questions in zip(found, desks, asked, strict=True):
                _cold(measured, desk, place, questions[name])
            if max(measured.cold[name] for measured in found) > LONG:
                for measured in found:
                    measured.warm[name] = measured.cold[name]
                continue
            for _ in range(_TIMES if asked[0][name].unit is None else _FEW):
                for measured, questions in zip(found, asked, strict=True):
                    cost = _timed(questions[name].ask)
                    measured.warm[name] = min(cost, measured.warm.get(name, cost))
    for measured in found:
        yield from _figures(measured, found[0], place.kind)
    if len(found) > 1:
        yield from _curves(found, place.kind)


@dataclass(slots=True)
class _Measured:
    """One ledger. Times in milliseconds; work: how much a question looks at by its own meaning, and of what."""

    size: int
    messages: int
    filling: float | None
    lots: int = 0
    octets: int = 0
    recording: float = 0.0
    cold: dict[str, float] = field(default_factory=dict)
    warm: dict[str, float] = field(default_factory=dict)
    work: dict[str, tuple[int, str]] = field(default_factory=dict)


def agreements() -> dict[str, Agreement]:
    """What is agreed with the partner: the deadlines where a file says nothing."""
    return {PARTNER: Agreement(reference="AGREED-2026")}


def power(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of the size with which a cost grows: the slope of the straight line through the logarithms of both.

    At least two different sizes; sizes and costs above 0.
    """
    line = statistics.linear_regression([math.log(one) for one in sizes], [math.log(one) for one in costs])
    return line.slope


def _recorded(found: Sequence[_Measured], desks: Sequence[Desk]) -> None:
    """Write the same lots into each, in turn: whatever else the machine does, it does to all of them.

    The least of the rounds counts, for what disturbs only adds. The first round reads, compiles and plans what any
    later one finds ready.
    """
    costs: dict[int, list[float]] = {}
    for measured, desk in zip(found, desks, strict=True):
        measured.lots = _lots_before(desk.gateway.ledger)
    for turn in range(_ROUNDS + 1):
        for place, (measured, desk) in enumerate(zip(found, desks, strict=True)):
            start = time.perf_counter()
            written = record(desk.gateway.ledger, Lot(f"R{measured.lots + turn:04d}R", _LOT, NOW))
            if turn:
                costs.setdefault(place, []).append((time.perf_counter() - start) * 1000 / written)
    for place, measured in enumerate(found):
        measured.recording = min(costs[place])


@dataclass(frozen=True, slots=True)
class _Question:
    """unit: of what an audit looks at, so many as it gives back; None for what a reading command asks."""

    name: str
    ask: Callable[[], object]
    unit: str | None = None


def _open(ledger: Ledger) -> None:
    """Some movements whose answer is awaited, once."""
    with ledger.reading() as queries:
        held = queries.movement(Lot("S0000S", OPEN, NOW).mrn(1))
    if held is None:
        record(ledger, Lot("S0000S", OPEN, NOW, to="SENT"))


def _questions(desk: Desk, lots: int) -> dict[str, _Question]:
    """What the reading commands ask, and what auditors do."""
    ledger = desk.gateway.ledger
    today = Lot(f"R{lots:04d}R", 1, NOW)
    rows = "rows of the history"
    return {one.name: one for one in (
        _Question("status", lambda: status(ledger, NOW + DAY)),
        _Question("overdue", lambda: overdue(ledger, NOW + DAY, agreements())),
        _Question("show an MRN of the first day", lambda: sheet(ledger, Lot("Q0000Q", 1, NOW).mrn(17))),
        _Question("show an MRN of today", lambda: sheet(ledger, today.mrn(_LOT // 2))),
        _Question("show a national key", lambda: sheet(ledger, Lot("Q0001Q", 1, NOW).key(17))),
        _Question("show an interchange", lambda: sheet(ledger, "Q0001Q0000002")),
        _Question("show what is not held", lambda: sheet(ledger, "26NOTHELDTG0000001")),
        _Question("reconcile, both links", lambda: compare(ledger), "leaves walked"),
        _Question(f"audit export {FILLED}", lambda: export(desk, FILLED), rows),
        _Question(f"audit export {SEALED}", lambda: export(desk, SEALED), rows),
        _Question(f"audit verify {SEALED}", lambda: verify(desk), rows),
    )}


def _cold(measured: _Measured, desk: Desk, place: Place, question: _Question) -> None:
    if question.unit is None:
        question.ask()  # the modules are loaded, the statements compiled
    place.forget(desk.gateway.ledger)
    start = time.perf_counter()
    work = question.ask()
    measured.cold[question.name] = (time.perf_counter() - start) * 1000
    if question.unit is not None:
        assert isinstance(work, int)
        measured.work[question.name] = work, question.unit


def _lots_before(ledger: Ledger) -> int:
    """How many lots were written into a kept ledger by earlier runs."""
    with ledger.reading() as queries:
        number = 0
        while queries.movement(Lot(f"R{number:04d}R", 1, NOW).mrn(1)) is not None:
            number += 1
        return number


def _timed(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return (time.perf_counter() - start) * 1000


def _figures(one: _Measured, smallest: _Measured, kind: str) -> Iterator[Figure]:
    size = f"{kind}, {one.messages:,} messages"
    if one.filling is not None:
        yield Figure(name=f"{size}: filled in", value=one.filling, unit="s")
    yield Figure(name=f"{size}: on the disk", value=one.octets / 1e6, unit="MB",
                 against=f"{one.octets / one.messages:,.0f} octets a message")
    beside = f"{smallest.messages:,} messages"
    yield Figure(name=f"{size}: recording a message", value=one.recording, unit="ms", against=beside,
                 ratio=one.recording / smallest.recording, target="at most 1.2 x",
                 met=one.recording / smallest.recording <= FLAT)
    for name, warm in one.warm.items():
        against, target = beside, f"under {MILLISECONDS:g} ms"
        if name in one.work:
            work, unit = one.work[name]
            against, target = f"{beside}; {work:,} {unit}", ""
        yield Figure(name=f"{size}: {name}", value=warm, unit="ms", against=against, ratio=warm / smallest.warm[name],
                     target=target, met=not target or warm < MILLISECONDS)
        yield Figure(name=f"{size}: {name}, cold", value=one.cold[name], unit="ms", against=beside,
                     ratio=one.cold[name] / smallest.cold[name])


def _curves(found: Sequence[_Measured], kind: str) -> Iterator[Figure]:
    """With which power of the number of messages each question grows."""
    sizes = [float(one.messages) for one in found]
    for name in found[0].warm:
        warm, cold = (power(sizes, [times[name] for times in all_times]) for all_times in (
            [one.warm for one in found], [one.cold for one in found]))
        yield Figure(name=f"{kind}, {name}: grows with the power of the messages", value=warm, unit="",
                     against=f"cold {cold:.2f}; 0 is flat, 1 a walk over everything")

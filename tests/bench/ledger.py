"""The ledger by size: what recording a message costs, and what `status`, `overdue` and `show` ask, as it grows.

For each size a ledger is filled (`ledger_fill`), a day is written in the gateway's own transactions (`ledger_traffic`;
each commit is on the disk when it counts), and the questions of the reading commands are asked: cold, with nothing of
the file in memory and a new connection, and warm, the median of several. Beside each figure stands what the smallest
size of the same run needs, so that the column of ratios is the curve.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.config import Agreement
from gateway.ledger import Ledger
from gateway.reports import overdue, sheet, status
from tests.bench import Figure
from tests.bench.ledger_fill import DAY, LAST, fill
from tests.bench.ledger_traffic import PARTNER, Lot, record

ROWS = (10_000, 100_000)
"""Messages of the ledgers that are measured where nobody says how many."""
MILLISECONDS = 50.0
FLAT = 1.2
"""What recording a message may cost in the largest ledger, as a multiple of the smallest."""
OPEN = 200
"""Movements whose answer is awaited when the questions are asked; each size has as many."""

_LOT, _ROUNDS, _TIMES = 320, 5, 9


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
    now = LAST + DAY
    with ExitStack() as stack:
        found = []
        for size in sorted(set(sizes)):
            measured = _filled(size, folder)
            found.append((measured, stack.enter_context(Ledger.open(f"sqlite:///{measured.path}", now=now))))
        _recorded(found, now)
        for measured, ledger in found:
            _asked(measured, ledger, now)
    for measured, _ in found:
        yield from _figures(measured, found[0][0])


@dataclass(slots=True)
class _Measured:
    """One ledger. Times in milliseconds."""

    path: Path
    messages: int
    filling: float | None
    lots: int = 0
    recording: float = 0.0
    cold: dict[str, float] = field(default_factory=dict)
    warm: dict[str, float] = field(default_factory=dict)


def agreements() -> dict[str, Agreement]:
    """What is agreed with the partner: the deadlines where a file says nothing."""
    return {PARTNER: Agreement(reference="AGREED-2026")}


def _filled(size: int, folder: Path) -> _Measured:
    path = folder / f"{size}.sqlite"
    if path.exists():
        return _Measured(path=path, messages=size, filling=None)
    start = time.perf_counter()
    made = fill(path, size)
    return _Measured(path=path, messages=made, filling=time.perf_counter() - start)


def _recorded(found: Sequence[tuple[_Measured, Ledger]], now: datetime) -> None:
    """Write the same lots into each, in turn: whatever else the machine does, it does to all of them.

    The least of the rounds counts, for what disturbs only adds. The first round reads, compiles and plans what any
    later one finds ready.
    """
    costs: dict[int, list[float]] = {}
    for measured, ledger in found:
        measured.lots = _lots_before(ledger)
    for turn in range(_ROUNDS + 1):
        for place, (measured, ledger) in enumerate(found):
            start = time.perf_counter()
            written = record(ledger, Lot(f"R{measured.lots + turn:04d}R", _LOT, now))
            if turn:
                costs.setdefault(place, []).append((time.perf_counter() - start) * 1000 / written)
    for place, (measured, _) in enumerate(found):
        measured.recording = min(costs[place])


def _asked(measured: _Measured, ledger: Ledger, now: datetime) -> None:
    """Ask what the reading commands ask."""
    with ledger.reading() as queries:
        held = queries.movement(Lot("S0000S", OPEN, now).mrn(1))
    if held is None:
        record(ledger, Lot("S0000S", OPEN, now, to="SENT"))
    today = Lot(f"R{measured.lots:04d}R", 1, now)
    questions: dict[str, Callable[[], object]] = {
        "status": lambda: status(ledger, now + DAY),
        "overdue": lambda: overdue(ledger, now + DAY, agreements()),
        "show an MRN of the first day": lambda: sheet(ledger, Lot("Q0000Q", 1, now).mrn(17)),
        "show an MRN of today": lambda: sheet(ledger, today.mrn(_LOT // 2)),
        "show a national key": lambda: sheet(ledger, Lot("Q0001Q", 1, now).key(17)),
        "show an interchange": lambda: sheet(ledger, "Q0001Q0000002"),
        "show what is not held": lambda: sheet(ledger, "26NOTHELDTG0000001"),
    }
    for name, ask in questions.items():
        ask()
        measured.cold[name] = _cold(ledger, ask)
        measured.warm[name] = statistics.median(_timed(ask) for _ in range(_TIMES))


def _lots_before(ledger: Ledger) -> int:
    """How many lots were written into a kept ledger by earlier runs."""
    with ledger.reading() as queries:
        number = 0
        while queries.movement(Lot(f"R{number:04d}R", 1, LAST).mrn(1)) is not None:
            number += 1
        return number


def _timed(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return (time.perf_counter() - start) * 1000


def _cold(ledger: Ledger, ask: Callable[[], object]) -> float:
    """With nothing of the file in memory, neither the system's nor the connection's; statements are compiled."""
    ledger._reader.dispose()
    ledger._writer.dispose()
    descriptor = os.open(str(ledger.file), os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    return _timed(ask)


def _figures(one: _Measured, smallest: _Measured) -> Iterator[Figure]:
    size = f"ledger: {one.messages:,} messages"
    if one.filling is not None:
        yield Figure(name=f"{size}: filled in", value=one.filling, unit="s")
    octets = one.path.stat().st_size
    yield Figure(name=f"{size}: on the disk", value=octets / 1e6, unit="MB",
                 against=f"{octets / one.messages:,.0f} octets a message")
    beside = f"{smallest.messages:,} messages"
    yield Figure(name=f"{size}: recording a message", value=one.recording, unit="ms", against=beside,
                 ratio=one.recording / smallest.recording, target="at most 1.2 x",
                 met=one.recording / smallest.recording <= FLAT)
    for name, warm in one.warm.items():
        yield Figure(name=f"{size}: {name}", value=warm, unit="ms", against=beside, ratio=warm / smallest.warm[name],
                     target=f"under {MILLISECONDS:g} ms", met=warm < MILLISECONDS)
        yield Figure(name=f"{size}: {name}, cold", value=one.cold[name], unit="ms", against=beside,
                     ratio=one.cold[name] / smallest.cold[name])

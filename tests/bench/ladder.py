"""The ladder: loads from one declaration to ten years, each on the road of two gateways that a real sshd joins.

    B1  one declaration, there and back        B5  a million: a European day, extrapolated
    B2  a scheduled run of 500                 B6  one declaration of 9,999 items
    B3  5,000: a day of Lomé to the three      B7  a backlog of three days, a part of it late and a part twice
    B4  120,000, extrapolated                  B8  ten years: `edi bench ledger --rows 1000000,16000000`

What a small machine does not go through is extrapolated from B2 and B3: a start and so much for each message. That
this is the law is measured and not believed: a load between the two is gone through as well, and stands beside what
the two say of it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from tests.bench import Figure
from tests.bench.load import declaration_of, declarations
from tests.bench.road import Travelled, drop, run, travelled
from tests.tools.offices import Office, offices
from tests.tools.sshd import running_sshd

INTERVAL, DAY, MEGABYTES = 300.0, 60.0, 200.0
"""Seconds between two scheduled runs, and most for a day of Lomé; memory of a process."""
SCHEDULED, BETWEEN, LOME = 500, 2000, 5000
REGION, EUROPE = 120_000, 1_000_000
FEW, MANY = 999, 9999
QUADRATIC, LINEAR = 1.5, 0.1
"""What an item may cost more where there are ten times as many; how far the load between may lie from the line."""


def figures(scale: float) -> Iterator[Figure]:
    """Each rung at a share of its load; what is extrapolated is not scaled."""
    yield from _first()
    yield from _days(*(max(1, round(one * scale)) for one in (SCHEDULED, BETWEEN, LOME)))
    yield from _items(*(max(1, round(one * scale)) for one in (FEW, MANY)))
    yield from _backlog(max(3, round(LOME * scale)))


@contextmanager
def _gone(count: int, items: int = 0) -> Iterator[Travelled]:
    """The road gone with so many declarations; or with one, of so many items."""
    with tempfile.TemporaryDirectory(prefix="edi-bench-", dir="/var/tmp") as root, ExitStack() as stack:
        yield travelled(stack, Path(root), [declaration_of(items)] if items else declarations(count))


def _first() -> Iterator[Figure]:
    with _gone(1) as gone:
        yield Figure(name="B1: one declaration, there and back", value=sum(one.wall for one in gone.runs), unit="s",
                     against=", ".join(f"{one.name} {one.wall:.2f} s" for one in gone.runs))


def _days(*sizes: int) -> Iterator[Figure]:
    walls: list[float] = []
    costs: list[float] = []
    for size in sizes:
        with _gone(size) as gone:
            walls.append(sum(one.wall for one in gone.runs))
            costs.append(sum(one.processor for one in gone.runs))
            peak = max(one.peak for one in gone.runs) / 1e6
        limit = {sizes[0]: INTERVAL / 2, sizes[-1]: DAY}.get(size)
        name = {sizes[0]: "B2: ", sizes[-1]: "B3: "}.get(size, "between: ")
        yield Figure(name=f"{name}{size} declarations, there and answered", value=walls[-1], unit="s",
                     against=f"{costs[-1]:.1f} s of processor time; {peak:.0f} MB at most in a process",
                     target="" if limit is None else f"at most {limit:g} s and {MEGABYTES:g} MB",
                     met=limit is None or (walls[-1] <= limit and peak <= MEGABYTES))
    small, between, large = sizes
    each = (costs[2] - costs[0]) / max(1, large - small)
    start = costs[0] - each * small
    said = start + each * between
    yield Figure(name="processor time: the load between, beside what the line says", value=costs[1], unit="s",
                 against=f"{said:.1f} s: a start of {start:.1f} s and {each * 1e3:.2f} ms a message",
                 ratio=costs[1] / said, target=f"within {LINEAR:.0%}", met=abs(costs[1] / said - 1) <= LINEAR)
    for name, size in (("B4", REGION), ("B5", EUROPE)):
        # the line of the clock, for three runs one after the other on this machine
        clock = walls[0] + (walls[2] - walls[0]) / max(1, large - small) * (size - small)
        yield Figure(name=f"{name}: {size:,} declarations, extrapolated", value=clock / 3600, unit="h",
                     against=f"{(start + each * size) / 3600:.2f} h of processor time")


def _items(*sizes: int) -> Iterator[Figure]:
    each: list[float] = []
    for size in sizes:
        with _gone(1, size) as gone, _gone(1) as least:
            spent = sum(one.processor for one in gone.runs) - sum(one.processor for one in least.runs)
            each.append(max(spent, 0.0) / size)
            peak = max(one.peak for one in gone.runs) / 1e6
        ratio = each[-1] / each[0] if each[0] else None
        met = ratio is None or ratio <= QUADRATIC
        yield Figure(name=f"B6: one declaration of {size} items, processor time of an item", value=each[-1] * 1e3,
                     unit="ms", against=f"{peak:.0f} MB at most in a process", ratio=ratio,
                     target="" if size == sizes[0] else f"at most {QUADRATIC:g} x", met=met)


def _backlog(day: int) -> Iterator[Figure]:
    """Three days come at once, every second file only after the others, and one in a hundred twice."""
    with _backlogged(day) as (root, togo, burkina):
        box = burkina.mailbox("TGOTR")
        lying = sorted(box.iterdir())
        late, twice = root / "late", root / "twice"
        late.mkdir()
        twice.mkdir()
        for path in lying[::100]:
            shutil.copy2(path, twice / path.name)
        for path in lying[::2]:
            path.rename(late / path.name)
        walls = [run(root, "receive", "edi-receive", burkina).wall]
        for folder in (late, twice):
            for path in sorted(folder.iterdir()):
                path.rename(box / path.name)
            walls.append(run(root, "receive", "edi-receive", burkina).wall)
        walls.append(run(root, "take answers", "edi-receive", togo).wall)
        shuffled = _states(togo, burkina)
    with _backlogged(day) as (root, togo, burkina):
        straight = [run(root, name, "edi-receive", office).wall
                    for name, office in (("receive", burkina), ("take answers", togo))]
        same = _states(togo, burkina) == shuffled
    yield Figure(name=f"B7: {3 * day} declarations of three days, {len(lying)} files, late and twice",
                 value=sum(walls), unit="s", against=f"in order and once: {sum(straight):.1f} s",
                 ratio=sum(walls) / sum(straight), target="the same final states", met=same)


@contextmanager
def _backlogged(day: int) -> Iterator[tuple[Path, Office, Office]]:
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-", dir="/var/tmp")))
        sshd = stack.enter_context(running_sshd(root, []))
        togo, burkina = offices(root, sshd, inbox_declarations="bfdgd/asycuda")
        trees = declarations(3 * day)
        for number in range(3):
            count, _ = drop(togo, islice(trees, day), f"day{number}-")
            run(root, "send", "edi-send", togo, records_taken=count, messages_queued=count)
        yield root, togo, burkina


def _states(*all_offices: Office) -> list[dict[str, object]]:
    """State of each movement by its MRN, at each office."""
    return [{mrn: line["state"] for mrn, line in one.movements().items()} for one in all_offices]

"""One backlog, worked off by one, two, three and four hosts on one PostgreSQL: how much faster, and what holds it up.

At the sender as many national files as asked for lie in the folders of all its hosts; at the receiver as many
declarations wait, stored and not judged. All hosts of one side run at once until nothing is left (`edi-send` there,
`edi-receive` here); each is a process that has loaded its modules before, over a real sshd, on a server that flushes as
usual. Then everything is brought to its end, and the numbers, both histories and a comparison of both ledgers must be
right: else the bench ends (`tests.tools.many_hosts`).

Rates are of the clock, beside what all of the machine's processors could give. What each host waited for the write lock
is of the clock too; processor time is that of hosts and server together. With ``namespaces=True`` (`python -m
tests.bench.hosts --namespaces`) each host has a network namespace of its own.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from gateway.ledger.postgresql import PostgreSQL
from gateway.mapping import search_path
from gateway.mapping.dialect import load_dialect
from tests.bench import Figure
from tests.bench.load import declarations
from tests.tools.many_hosts import World, calm, made, noted, started, states, stored, waiting, wrong
from tests.tools.offices import Office

DECLARATIONS = 2000
HOSTS = (1, 2, 3, 4)
MESSAGES = 100
"""In one interchange: large enough to be a share by itself, and a backlog of many shares."""
LEASE = 120.0
_LOCK = "pg_advisory_xact_lock"
"""In the statement by which a transaction becomes the one that writes."""
_TOLD = 4096
"""Octets in which a run tells what it has seen."""


def figures(scale: float) -> Iterator[Figure]:
    """At a share of the usual load."""
    yield from figures_in(None, [max(MESSAGES, round(DECLARATIONS * scale))])


def figures_in(folder: Path | None, sizes: Sequence[int], *, numbers: Sequence[int] = HOSTS,
               namespaces: bool = False) -> Iterator[Figure]:
    """At these numbers of declarations, each by these numbers of hosts; rates are compared with those of the first.
    Raises RuntimeError where what is left in the end is not right, `Refused` where namespaces are asked for and not
    allowed."""
    for size in sizes:
        begun: dict[str, float] = {}
        for hosts in numbers:
            for run in worked(size, hosts, namespaces=namespaces, folder=folder):
                rate = size / run.wall
                first = begun.setdefault(run.name, rate)
                yield from _figures(run, size, hosts, rate, first, _hosts(numbers[0]))


@dataclass(frozen=True)
class Run:
    """All hosts of one side at their backlog. Seconds: of the clock until the last of them ended; of processor time,
    by all of them and by the server; for each host what it waited for the write lock, and how long it was at work."""

    name: str
    wall: float
    own: float
    server: float
    waited: list[float]
    lasted: list[float]


def worked(count: int, hosts: int, *, namespaces: bool, folder: Path | None = None) -> list[Run]:
    """Send one backlog and judge one, with so many hosts; verified. folder: where all of them have their files."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="edi-bench-", dir=folder or "/var/tmp") as root:
        world = made(stack, Path(root), hosts, lease=LEASE, messages=MESSAGES, namespaces=namespaces, durable=True,
                     inbox_declarations="bfdgd/asycuda")
        _drop(world, count)
        runs = [_run(world, "sending", "edi-send", world.senders)]
        _require(states(world.senders[0]).total(), count, "movements at departure")
        world.declared = count
        stored(world.receivers[0])
        _require(waiting(world.receivers[0]), -(-count // MESSAGES), "interchanges that wait to be judged", least=True)
        runs.append(_run(world, "judging", "edi-receive", world.receivers))
        _require(states(world.receivers[0]).total(), count, "movements at destination")
        calm(world)
        found = list(wrong(world))
        if found:
            raise RuntimeError(f"{hosts} hosts: {'; '.join(found)}")
    return runs


def _require(found: int, wanted: int, what: str, *, least: bool = False) -> None:
    if found < wanted or (found > wanted and not least):
        raise RuntimeError(f"{found} {what}, {wanted} expected")


def _drop(world: World, count: int) -> None:
    """National files, spread over the senders' hosts."""
    dialect = load_dialect("tgotr/asycuda", search_path())
    for number, tree in enumerate(declarations(count)):
        world.senders[number % len(world.senders)].drop("declarations", dialect.write(tree, f"d{number:06d}"))


def _run(world: World, name: str, program: str, hosts: Sequence[Office]) -> Run:
    """One program at all these hosts at once, to its end everywhere."""
    told = mmap.mmap(-1, _TOLD * len(hosts))  # shared with the runs
    server, begun = _processor(world.server.pid), time.monotonic()
    children = {}
    for place, host in enumerate(hosts):
        watch = _Watch(told, place)
        children[started(world, host, program, within=watch.begin, after=watch.end)] = place
    own, lasted = 0.0, [0.0] * len(hosts)
    while children:
        child, status, usage = os.wait4(-1, 0)
        if child in children:
            noted(world, status)
            lasted[children.pop(child)] = time.monotonic() - begun
            own += usage.ru_utime + usage.ru_stime
    wall = max(lasted)
    waited = [json.loads(told[place * _TOLD:(place + 1) * _TOLD].rstrip(b"\0") or b"0") for place in range(len(hosts))]
    return Run(name, wall, own, _processor(world.server.pid) - server, waited, lasted)


class _Watch:
    """What a run waits for the write lock, told in shared memory when it ends."""

    def __init__(self, told: mmap.mmap, place: int) -> None:
        self._told = told
        self._place = place
        self._waited = 0.0
        self._since = 0.0

    def begin(self) -> None:
        """Before the program begins, in its process."""
        writer: Callable[[PostgreSQL], Engine] = PostgreSQL.writer

        def watched(database: PostgreSQL) -> Engine:
            engine = writer(database)
            event.listen(engine, "before_cursor_execute", self._asks)
            event.listen(engine, "after_cursor_execute", self._has)
            return engine

        setattr(PostgreSQL, "writer", watched)  # noqa: B010  # for this process alone

    def end(self, out: str) -> None:
        """After it has ended. out: what it said."""
        words = json.dumps(self._waited).encode()
        self._told[self._place * _TOLD:self._place * _TOLD + len(words)] = words

    def _asks(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if _LOCK in statement:
            self._since = time.monotonic()

    def _has(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if _LOCK in statement:
            self._waited += time.monotonic() - self._since


def _processor(server: int) -> float:
    """Seconds of processor time of a PostgreSQL server: its first process, those that are there, and all that ended."""
    ticks, pids = 0, [server, *map(int, Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split())]
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        ticks += sum(map(int, fields[11:15]))  # utime, stime, and those of children that were waited for
    return ticks / os.sysconf("SC_CLK_TCK")


def _hosts(number: int) -> str:
    return f"{number} host{'s' * (number > 1)}"


def _figures(run: Run, count: int, hosts: int, rate: float, first: float, by: str) -> Iterator[Figure]:
    named = f"hosts: {run.name}, {_hosts(hosts)}"
    cores = os.cpu_count() or 1
    yield Figure(name=named, value=rate, unit="messages/s",
                 against="" if rate == first else f"{by}: {first:.3g} messages/s", ratio=rate / first)
    yield Figure(name=f"{named}: processor time of a message", value=(run.own + run.server) / count * 1e3, unit="ms",
                 against=f"server: {run.server / count * 1e3:.3g} ms; "
                         f"{(run.own + run.server) / run.wall / cores:.0%} of {cores} processors")
    yield Figure(name=f"{named}: waited for the write lock", value=sum(run.waited) / hosts, unit="s per host",
                 against=", ".join(f"{waited:.2f} of {lasted:.1f} s"
                                   for waited, lasted in zip(run.waited, run.lasted, strict=True)),
                 ratio=sum(run.waited) / sum(run.lasted))


def main() -> int:
    """The bench by itself, for what `edi bench` has no option for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=DECLARATIONS)
    parser.add_argument("--hosts", type=int, nargs="+", default=HOSTS, help="how many at once, one number or several")
    parser.add_argument("--namespaces", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    for one in figures_in(asked.folder, [asked.rows], numbers=asked.hosts, namespaces=asked.namespaces):
        print(f"{one.name}: {one.value:.4g} {one.unit}; {one.against}; {one.ratio}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

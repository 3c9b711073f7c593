"""Two administrations of several hosts each, at work at once: each has one ledger on a PostgreSQL server.

Hosts have their own folders, and the same settings, keys and mailboxes. Runs are forks: the modules are loaded here
already. What must hold in the end: every declaration is one movement, confirmed, at both sides; each was sent once;
numbers of objects and interchanges have no hole and no double; `edi reconcile` finds both ledgers the same; `edi audit
verify` finds nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Connection, text

from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.tools.malice import codes
from tests.tools.namespaces import Network, network
from tests.tools.offices import COUNTRIES, Office, offices
from tests.tools.postgres import Postgres, running_postgres
from tests.tools.sshd import running_sshd

SETTLED = ("CONFIRMED", "EXPECTED")
"""The state of a movement in the end, at departure and at destination."""
GIVEN_UP = "X036"
"""What a run tells a person of an interchange over whose judging several runs ended: where runs are killed at random,
that may be any."""
MOVED = "L003"
"""What a run says that was so slow that another host has taken up what it was at."""

CALM = 30
"""Rounds of everybody until nothing moves, at most."""


@dataclass
class World:
    """The hosts of the administration of departure and those of destination.

    declared  declarations that were put out
    defects   what no run may end with, and how often
    """

    senders: list[Office]
    receivers: list[Office]
    log: Path
    server: Postgres
    net: Network | None = None
    declared: int = 0
    revived: int = 0
    defects: Counter[str] = field(default_factory=Counter)

    @property
    def hosts(self) -> list[Office]:
        """All of both."""
        return [*self.senders, *self.receivers]


def made(stack: ExitStack, root: Path, hosts: int, *, lease: float, messages: int, namespaces: bool = False,
         durable: bool = False, **options: Any) -> World:
    """Two administrations with so many hosts each. Raises Refused where namespaces are asked for and not allowed.

    stack       what ends all of it
    lease       seconds that hosts wait for one that is dead or stands still
    messages    in one interchange, at most
    namespaces  each host in its own; servers are reached over the addresses of their network
    durable     the PostgreSQL server flushes as usual
    """
    names = [f"{side}{number}" for side in ("t", "b") for number in range(1, hosts + 1)]
    net = stack.enter_context(network(names)) if namespaces else None
    address = "127.0.0.1" if net is None else net.address
    server = stack.enter_context(running_postgres(
        settings=["fsync=on"] if durable else [], host=address))
    found: list[list[Office]] = []
    for first in offices(root, stack.enter_context(running_sshd(root, [], host=address)), **options):
        found.append(several(first, root, hosts, _database(server, first.name.lower()), lease, messages))
        ran = first.run("edi-sync")  # who makes the tables: a first run, as anywhere
        assert ran.exit == 0, ran.err
    return World(found[0], found[1], root / "runs.log", server, net)


def several(first: Office, root: Path, hosts: int, address: str, lease: float, messages: int) -> list[Office]:
    """So many hosts of one administration, of which the first is there: they share the ledger at an address."""
    written = re.sub(r"^  (lease|messages_per_interchange): .*\n", "", first.settings.read_text("utf-8"),
                     flags=re.MULTILINE)
    assert "\nlimits:\n" in written
    first.settings.write_text(written.replace(
        "\nlimits:\n", f"\nlimits:\n  lease: {lease:.0f}s\n  messages_per_interchange: {messages}\n", 1)
        + f"\nledger: {address}\n", "utf-8")
    others = [Office(first.name, root / f"{first.name.lower()}-{number}", first.mail) for number in range(2, hosts + 1)]
    for other in others:
        shutil.copytree(first.home, other.home)
    return [first, *others]


def _database(server: Postgres, name: str) -> str:
    address = server.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
    return address.replace("/postgres", f"/{name}")


def started(world: World, office: Office, program: str, within: Callable[[], None] = lambda: None,
            after: Callable[[str], None] = lambda out: None) -> int:
    """A run of a host as a process of its own; its number.

    within  done in that process before the program begins; after: when it has ended, with what it said
    """
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        if world.net is not None:
            side = world.senders if office in world.senders else world.receivers
            world.net.enter(f"{'t' if side is world.senders else 'b'}{side.index(office) + 1}")
        out = os.open(world.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 2)
        within()
        ran = office.run(program)
        os.write(out, ran.err.encode())
        after(ran.out)
        expected = ran.exit == Exit.PERSON and set(codes(ran)) in ({GIVEN_UP}, {GIVEN_UP, MOVED})
        status = Exit.LATER if expected else ran.exit
    finally:
        os._exit(status)


def ended(world: World, child: int) -> None:
    """Wait for a process; how it ended, unless it was killed or left something for later."""
    _, status = os.waitpid(child, 0)
    noted(world, status)


def said(world: World) -> list[str]:
    """What the runs told people, each sentence once."""
    return sorted(set(world.log.read_text("utf-8").splitlines())) if world.log.exists() else []


def noted(world: World, status: int) -> None:
    """Note how a process ended, as `os.waitpid` says it."""
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 4, 75, -signal.SIGKILL):
        world.defects[f"exit {code}"] += 1


def everybody(world: World, hosts: Iterable[Office] | None = None, program: str = "edi-sync") -> None:
    """Some hosts at once, all of them if none are named, to their ends."""
    for child in [started(world, host, program) for host in world.hosts if hosts is None or host in hosts]:
        ended(world, child)


def stored(office: Office) -> None:
    """Collect what lies in a host's mailboxes, and judge nothing: it waits for whoever takes it up."""
    with patch("gateway.exchange.cycle.process_stored", lambda *_: None), \
            patch("gateway.exchange.cycle.judge_held", lambda *_: None):
        office.run("edi-receive")


def waiting(office: Office) -> int:
    """Interchanges that wait to be judged."""
    with _asked(office) as connection:
        return connection.execute(text("SELECT count(*) FROM interchange WHERE direction = 'in' AND state = 'STORED'"
                                       )).scalar() or 0


def calm(world: World) -> None:
    """Everybody runs until all is confirmed, at most `CALM` times; what killed runs have made a dead letter of, though
    nothing is wrong with it, a person has tried again. Then both ledgers are compared."""
    for _ in range(CALM):
        everybody(world)
        for side in (world.senders, world.receivers):
            for one in (line for line in side[0].lines("dead", "list") if line["kind"] == "dead"):
                world.revived += 1
                side[0].run("edi", "dead", "revive", str(one["reference"]), "--reason", "killed", "--by", "A. Diallo")
        if all(states(side[0])[state] == world.declared
               for side, state in zip((world.senders, world.receivers), SETTLED, strict=True)):
            break
        time.sleep(0.5)
    for _ in range(2):  # the last receipts
        everybody(world)
    if world.senders[0].run("edi", "reconcile", world.receivers[0].name).exit not in (0, 4):
        world.defects["reconcile was not begun"] += 1
    for _ in range(4):
        everybody(world)


def states(office: Office) -> Counter[str]:
    """How many movements are in each state."""
    with _asked(office) as connection:
        return Counter({row.state: row.number for row in connection.execute(text(
            "SELECT state, count(*) AS number FROM movement GROUP BY state"))})


def wrong(world: World) -> Iterator[str]:
    """What does not hold."""
    for office, direction, state in zip((world.senders[0], world.receivers[0]), ("out", "in"), SETTLED, strict=True):
        if states(office) != Counter({state: world.declared}):
            yield f"{office.name}: {dict(states(office))}, {world.declared} declared"
        with _asked(office) as connection:
            if (found := sent(connection, direction)) != world.declared:
                yield f"{office.name}: {found} declarations {direction}, {world.declared} declared"
            yield from _faults_of_numbers(connection, office.name)
        with Ledger.open(load_settings(office.settings).ledger, now=datetime.now(UTC), create=False) as ledger, \
                ledger.reading() as queries:
            bad = queries.verify_history()
        if bad is not None:
            yield f"{office.name}: history {bad.id}: {bad.fault}"
        if office.run("edi", "audit", "verify").exit:
            yield f"{office.name}: edi audit verify"
    told = world.senders[0].run("edi", "reconcile", world.receivers[0].name, "--json")
    verdicts = [json.loads(line)["state"] for line in told.out.splitlines()]
    if told.exit or not verdicts or set(verdicts) != {"same"}:
        yield f"edi reconcile: {told.out}{told.err}"
    yield from (f"{what}: {count} times" for what, count in sorted(world.defects.items()))


def _faults_of_numbers(connection: Connection, name: str) -> Iterator[str]:
    """Holes and doubles in the numbers of objects and the references of interchanges, in both directions."""
    for direction in ("out", "in"):
        values = {"direction": direction}
        numbers = sequences(connection, direction)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{name}: objects {direction} have holes or doubles: {numbers}"
        references = list(connection.execute(text(
            "SELECT control_reference FROM interchange WHERE direction = :direction ORDER BY 1"), values).scalars())
        country = next(one for gateway, one in COUNTRIES.items()
                       if gateway in ("TGOTR", "BFDGD") and (gateway == name) is (direction == "out"))
        if references != [f"{country}{number:010d}" for number in range(1, len(references) + 1)]:
            yield f"{name}: interchanges {direction} have holes or doubles: {references}"


def sequences(connection: Connection, direction: str) -> list[int]:
    """The numbers of objects of one direction, in order."""
    return list(connection.execute(text("SELECT sequence FROM object WHERE direction = :direction ORDER BY 1"),
                                   {"direction": direction}).scalars())


def sent(connection: Connection, direction: str) -> int:
    """Declarations of one direction, as often as they were sent."""
    return connection.execute(text("SELECT count(*) FROM message WHERE direction = :direction AND type = 'CUSDEC'"),
                              {"direction": direction}).scalar() or 0


@contextmanager
def _asked(office: Office) -> Iterator[Connection]:
    """A connection to the ledger of an office, for questions."""
    with Ledger.open(load_settings(office.settings).ledger, now=datetime.now(UTC), create=False) as ledger, \
            ledger.reading() as queries:
        yield queries._connection

"""Several hosts at work on one ledger on a server, killed at random: is anything lost, done twice, left out?

    python -m tests.campaigns.hosts --hosts 4 --runs 200 --seed 1 --json

One administration has as many hosts as asked for: each with its own folders, all with the same settings, keys,
mailboxes and one PostgreSQL ledger. Each declares, and all run `edi-sync` at once, again and again, while their partner
answers; every run is a process, and so many of them are killed (SIGKILL) at a random moment. Then everybody runs until
nothing moves, and it must hold: every declaration is one movement, confirmed, at both sides; each was sent once;
numbers of objects and interchanges have no hole and no double; `edi reconcile` finds both ledgers the same;
`edi audit verify` finds nothing.

The last line of `--json` is one object: runs (kills), hosts, declared, seed, wrong (what does not hold), ok, seconds. A
PostgreSQL server is started for it, as for tests.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from gateway.cli.entry import run as run_program
from gateway.config import load_settings
from gateway.ledger import Ledger
from tests.tools.offices import Office, offices
from tests.tools.postgres import running_postgres
from tests.tools.records import declaration_json

LEASE = 1.0
"""Seconds that the others wait for a host that was killed."""
CALM = 30
"""Rounds of everybody after the last kill, at most."""


@dataclass
class World:
    """The hosts of one administration, and its partner."""

    hosts: list[Office]
    partner: Office
    declared: int = 0
    killed: int = 0
    defects: Counter[str] = field(default_factory=Counter)

    def declare(self, host: Office) -> None:
        """One more declaration, at one of the hosts."""
        self.declared += 1
        host.drop("declarations", {f"d{self.declared}.json": declaration_json(f"T-{self.declared}")})


def made(root: Path, address: str, hosts: int) -> World:
    """Hosts that share a ledger, and a partner with one of its own."""
    first, partner = offices(root)
    written = re.sub(r"^  lease: .*\n", "", first.settings.read_text("utf-8"), flags=re.MULTILINE)
    first.settings.write_text(written.replace("\nlimits:\n", f"\nlimits:\n  lease: {LEASE:.0f}s\n", 1)
                              + f"ledger: {address}\n", "utf-8")
    others = [Office(first.name, root / f"{first.name.lower()}-{number}", first.mail) for number in range(2, hosts + 1)]
    for other in others:
        shutil.copytree(first.home, other.home)
    return World([first, *others], partner)


def started(office: Office, log: Path) -> int:
    """`edi-sync` as a process: a fork, for the modules are loaded here already."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        status = run_program("edi-sync", ["--json", "--config", str(office.settings), "--lang", "en"])
    finally:
        os._exit(status)


def ended(world: World, child: int) -> None:
    """Wait for a process; how it ended, unless it was killed or left something for later."""
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 4, 75, -signal.SIGKILL):
        world.defects[f"exit {code}"] += 1


def everybody(world: World, log: Path) -> None:
    """All hosts at once, then the partner, to their ends."""
    for child in [started(host, log) for host in world.hosts]:
        ended(world, child)
    ended(world, started(world.partner, log))


def killing(world: World, kills: int, chance: random.Random, log: Path) -> None:
    """Runs of all hosts at once, most of which are killed, until so many were."""
    longest = 0.5
    while world.killed < kills:
        for host in world.hosts:
            if chance.random() < 0.5:
                world.declare(host)
        began = time.monotonic()
        left = {started(host, log): began + chance.uniform(0, longest) for host in world.hosts}
        spared = {child for child in left if chance.random() < 0.2}
        for child, moment in sorted(left.items(), key=lambda one: one[1]):
            if child in spared or world.killed >= kills:
                continue
            time.sleep(max(0.0, moment - time.monotonic()))
            if os.waitpid(child, os.WNOHANG)[0] == child:  # it was faster: that is no kill
                del left[child]
                continue
            os.kill(child, signal.SIGKILL)
            world.killed += 1
        for child in left:
            ended(world, child)
        if spared:
            longest = max(0.2, min(3.0, time.monotonic() - began))
        if chance.random() < 0.4:
            everybody(world, log)


def calm(world: World, log: Path) -> None:
    """Everybody runs until all is confirmed, at most `CALM` times."""
    for _ in range(CALM):
        everybody(world, log)
        states = [one["state"] for one in world.hosts[0].movements().values()]
        if states.count("CONFIRMED") == world.declared:
            break
        time.sleep(LEASE / 2)
    for _ in range(2):  # the last receipts
        everybody(world, log)
    if world.hosts[0].run("edi", "reconcile", world.partner.name).exit not in (0, 4):
        world.defects["reconcile was not begun"] += 1
    for _ in range(4):
        everybody(world, log)


def wrong(world: World) -> Iterator[str]:
    """What does not hold."""
    ours, theirs = world.hosts[0], world.partner
    mine, others = ours.movements(), theirs.movements()
    if sorted(mine) != sorted(others) or len(mine) != world.declared:
        yield f"lost or doubled: declared {world.declared}, movements here {len(mine)}, there {len(others)}"
    yield from (f"{mrn} is {one['state']}" for mrn, one in mine.items() if one["state"] != "CONFIRMED")
    for office, direction in ((ours, "out"), (theirs, "in")):
        with Ledger.open(load_settings(office.settings).ledger, now=datetime.now(UTC), create=False) as ledger, \
                ledger.reading() as queries:
            found = sent(queries._connection, direction)
            if found != world.declared:
                yield f"{office.name}: {found} declarations {direction}, {world.declared} declared"
    with Ledger.open(load_settings(ours.settings).ledger, now=datetime.now(UTC), create=False) as ledger, \
            ledger.reading() as queries:
        for direction, reference in (("out", "TG"), ("in", "BF")):
            numbers, references = series(queries._connection, direction)
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"objects {direction} have holes or doubles: {numbers}"
            if references != [f"{reference}{number:0{len(references[0]) - 2}d}" for number in
                              range(1, len(references) + 1)]:
                yield f"interchanges {direction} have holes or doubles: {references}"
        bad = queries.verify_history()
        if bad is not None:
            yield f"history {bad.id}: {bad.fault}"
    for office in (ours, theirs):
        if office.run("edi", "audit", "verify").exit:
            yield f"{office.name}: edi audit verify"
    told = ours.run("edi", "reconcile", theirs.name, "--json")
    verdicts = [json.loads(line)["state"] for line in told.out.splitlines()]
    if told.exit or not verdicts or set(verdicts) != {"same"}:
        yield f"edi reconcile: {told.out}{told.err}"


def sent(connection: Connection, direction: str) -> int:
    """Declarations of one direction, as often as they were sent."""
    return connection.execute(text("SELECT count(*) FROM message WHERE direction = :direction AND type = 'CUSDEC'"),
                              {"direction": direction}).scalar() or 0


def series(connection: Connection, direction: str) -> tuple[list[int], list[str]]:
    """Numbers of objects, references of interchanges, of one direction in their order."""
    values = {"direction": direction}
    return (list(connection.execute(text("SELECT sequence FROM object WHERE direction = :direction ORDER BY 1"),
                                    values).scalars()),
            list(connection.execute(text("SELECT control_reference FROM interchange WHERE direction = :direction "
                                         "ORDER BY 1"), values).scalars()))


def campaign(root: Path, address: str, *, hosts: int, kills: int, seed: int) -> dict[str, object]:
    """All of it; the last line."""
    began, log = time.monotonic(), root / "runs.log"
    world = made(root, address, hosts)
    for host in world.hosts:
        world.declare(host)
    world.hosts[0].run("edi-sync")  # who makes the tables: a first run, as anywhere
    killing(world, kills, random.Random(seed), log)
    calm(world, log)
    found = [*wrong(world), *(f"{what}: {count} times" for what, count in sorted(world.defects.items()))]
    return {"schema": 1, "kind": "campaign", "name": "hosts", "runs": world.killed, "hosts": hosts,
            "declared": world.declared, "seed": seed, "wrong": found, "ok": not found,
            "seconds": round(time.monotonic() - began)}


def main() -> int:
    """The campaign from the command line; 1 when something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--runs", type=int, default=200, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        told = campaign(Path(folder), server.url.replace("+psycopg", ""), hosts=asked.hosts, kills=asked.runs,
                        seed=asked.seed)
    if asked.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name}: {value}" for name, value in told.items()))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

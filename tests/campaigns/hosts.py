"""Several hosts at work on one backlog in one ledger on a server, killed at random: is anything lost, doubled, left?

    python -m tests.campaigns.hosts --hosts 4 --runs 200 --seed 1 --json
    python -m tests.campaigns.hosts --hosts 3 --runs 50 --namespaces

Two administrations have as many hosts as asked for (`tests.tools.many_hosts`). Again and again declarations are put out
at all hosts of the one and sent, and wait at the other, stored and not judged; then all hosts of both run `edi-sync` at
once, so that they share what waits, while a few more come, and most of these runs are killed (SIGKILL) at a random
moment. Then everybody runs until nothing moves, and what `many_hosts` says must hold.

The last line of `--json` is one object: runs (kills), sharing (those of them that hit a host with a share of the
backlog), hosts, declared, revived (interchanges that three kills had made a dead letter), seed, namespaces, wrong (what
does not hold), said (then, what runs told people), ok, seconds. A PostgreSQL server and an sshd are started for it, as
for tests. With `--namespaces` every host has a network namespace of its own; where the kernel does not allow that, the
campaign says so and ends with 2.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from gateway.ledger import Ledger
from gateway.ledger.claims import Share
from gateway.ledger.rows import InterchangeIn
from tests.tools.many_hosts import World, calm, ended, everybody, made, noted, said, started, stored, waiting, wrong
from tests.tools.namespaces import Refused
from tests.tools.offices import Office
from tests.tools.records import declaration_json

LEASE = 1.0
"""Seconds that the others wait for a host that stands still, or was killed in a lane."""
MESSAGES = 5
"""In one interchange: a share is few of them, a backlog is many."""
LEAST = 0.5
"""Of the backlog: if less than this waits when runs begin, as many declarations are put out once more."""


class Killing:
    """Runs of all hosts at once, most of which are killed.

    killed   how many were; sharing: those that had a share of the backlog at that moment
    backlog  declarations that wait at the receiver, about
    """

    def __init__(self, world: World, chance: random.Random, backlog: int) -> None:
        self.killed = self.sharing = 0
        self._world = world
        self._chance = chance
        self._backlog = backlog
        self._at_work = mmap.mmap(-1, len(world.hosts))  # shared with the runs: whether each has a share

    def until(self, kills: int) -> None:
        """As often as it takes for so many kills."""
        longest = 0.5
        while self.killed < kills:
            self._fill()
            began = time.monotonic()
            spared = self._round(kills, longest)
            if spared:
                longest = max(0.2, min(5.0, time.monotonic() - began))
            if self._chance.random() < 0.2:
                everybody(self._world)

    def _fill(self) -> None:
        """See to it that there is a backlog, and that a few declarations are on their way."""
        if waiting(self._world.receivers[0]) * MESSAGES < LEAST * self._backlog:
            for number in range(self._backlog):
                self._declare(self._world.senders[number % len(self._world.senders)])
            everybody(self._world, self._world.senders, "edi-send")
            stored(self._world.receivers[0])
        for host in self._world.senders:
            if self._chance.random() < 0.5:
                self._declare(host)

    def _declare(self, host: Office) -> None:
        self._world.declared += 1
        number = self._world.declared
        host.drop("declarations", {f"d{number}.json": declaration_json(f"T-{number}")})

    def _round(self, kills: int, longest: float) -> bool:
        """One run of each host; whether any was spared."""
        began = time.monotonic()
        self._at_work[:] = bytes(len(self._at_work))
        left = {}
        for place, host in enumerate(self._world.hosts):
            child = started(self._world, host, "edi-sync", within=partial(self._watch, place))
            left[child] = (began + self._chance.uniform(0, longest), place)
        spared = {child for child in left if self._chance.random() < 0.2}
        for child, (moment, place) in sorted(left.items(), key=lambda one: one[1]):
            if child in spared or self.killed >= kills:
                continue
            time.sleep(max(0.0, moment - time.monotonic()))
            done, status = os.waitpid(child, os.WNOHANG)
            if done == child:  # it was faster: that is no kill
                noted(self._world, status)
                del left[child]
                continue
            self.sharing += self._at_work[place]
            os.kill(child, signal.SIGKILL)
            self.killed += 1
        for child in left:
            ended(self._world, child)
        return bool(spared)

    def _watch(self, place: int) -> None:
        """In a run: say when it has a share of the backlog."""
        claimed = Ledger.claimed

        @contextmanager
        def watched(ledger: Ledger, rows: Sequence[InterchangeIn], life: timedelta) -> Iterator[Share]:
            with claimed(ledger, rows, life) as share:
                self._at_work[place] = bool(share.rows)
                yield share
            self._at_work[place] = 0

        setattr(Ledger, "claimed", watched)  # noqa: B010  # for this process alone


def campaign(root: Path, *, hosts: int, kills: int, backlog: int, seed: int, namespaces: bool) -> dict[str, object]:
    """All of it; the last line. Raises Refused."""
    began = time.monotonic()
    with ExitStack() as stack:
        world = made(stack, root, hosts, lease=LEASE, messages=MESSAGES, namespaces=namespaces)
        killing = Killing(world, random.Random(seed), backlog)
        killing.until(kills)
        calm(world)
        found = list(wrong(world))
        words = said(world) if found else []
    return {"schema": 1, "kind": "campaign", "name": "hosts", "runs": killing.killed, "sharing": killing.sharing,
            "hosts": hosts, "declared": world.declared, "revived": world.revived, "seed": seed,
            "namespaces": namespaces, "wrong": found, "said": words, "ok": not found,
            "seconds": round(time.monotonic() - began)}


def main() -> int:
    """The campaign from the command line; 1 when something does not hold, 2 when the kernel allows no namespaces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--runs", type=int, default=200, help="kills")
    parser.add_argument("--backlog", type=int, default=320, help="declarations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--namespaces", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends with us
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = campaign(Path(folder), hosts=asked.hosts, kills=asked.runs, backlog=asked.backlog,
                            seed=asked.seed, namespaces=asked.namespaces)
        except Refused as refused:
            print(f"network namespaces are refused here: {refused}")
            return 2
    if asked.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name}: {value}" for name, value in told.items()))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

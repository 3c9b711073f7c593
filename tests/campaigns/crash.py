"""Kill -9 wherever a run can be killed: is anything lost, done twice, or left behind?

    python -m tests.campaigns.crash [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

Two administrations exchange declarations, answers and events over a real sshd (`crash_scenes`). A case kills one run

    failpoint/SCENE/NAME/N    at the Nth passage of a failpoint, and once more there when it has been run again
    syscall/SCENE/CALL/N      at the entry of the Nth write, flush, rename, removal or send of a thread (strace)
    test/FILE::TEST[NAME]     at a failpoint that no scene passes (keys, partners, lists, quarantine, upkeep): the test
                              that kills there, runs again, and judges by what its command is for
    random/N                  six runs, one after the other, each at a random instant

All failpoints and all system calls are enumerated, N of --runs are random: random kills alone miss what an enumeration
finds. Afterwards cron comes round, and on the same day, without any repeat that waits for a deadline, everything must
be as if nothing had been (`mailbox_proofs`); of cases that leave the same (`mailbox_states`) one is followed that far.
With --plant BUG the gateway has that bug, and the campaign must fail.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from tests.campaigns.crash_scenes import SCENES
from tests.campaigns.mailbox_base import RECEIVER, SENDER, Options, Verdict, World, dice, main, settled
from tests.campaigns.planted import PLANTS, planting
from tests.tools.kills import killed_at
from tests.tools.offices import ROOT

KILLED = -9
ENDS = frozenset({0, 1, KILLED})
"""How a run may end that was to be killed: it may be done before."""

CRON = ((SENDER, "edi-send"), (RECEIVER, "edi-receive"), (SENDER, "edi-sync"), (RECEIVER, "edi-send"),
        (SENDER, "edi-receive"), (RECEIVER, "edi-sync"))


def make(folder: Path) -> World:
    """Two administrations over a real sshd."""
    return World(folder, sftp=True)


def plan(world: World, options: Options) -> Iterator[str]:
    """Every failpoint and system call of every scene, and as many random cases as were asked for."""
    world.setups = planting(options.plant)
    kinds = ("failpoint", "syscall", "test") if not options.only else (options.only.partition("/")[0],)
    passed: set[str] = set()
    if "failpoint" in kinds or "syscall" in kinds:
        wanted = options.only.split("/")[1:2]
        for scene in SCENES.values():
            if wanted and scene.name not in wanted:
                continue
            for kind, passages in zip(("failpoint", "syscall"), scene.passages(world), strict=True):
                passed.update(passages if kind == "failpoint" else ())
                for name, count in sorted(passages.items()) if kind in kinds else ():
                    for number in range(1, count + 1):
                        yield f"{kind}/{scene.name}/{name}/{number}"
    if "test" in kinds and not options.plant:
        yield from (f"test/{node}" for node, name in killing() if options.only or name not in passed)
    for number in range(options.runs):
        yield f"random/{number}"


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Bring one case about, and judge what is there on the same day."""
    kind, *rest = case.split("/")
    world.setups = planting(options.plant)
    ended: list[str] = []
    if kind == "test":
        return _tested(case.removeprefix("test/"), world.folder / "tested")
    if kind == "random":
        ended = _at_random(world, dice(options.seed, case))
    else:
        name, where, number = rest
        scene = SCENES[name]
        world.setups = (*world.setups, *scene.setups)
        scene.set(world)
        if kind == "failpoint":
            running = scene.prepare(world, failpoint=f"{where}:{number}")
            running.go()
            ran = running.wait()
            if ran.exit != KILLED:
                ended.append(f"{case} was not reached: exit {ran.exit} {ran.err}")
            again = scene.prepare(world, failpoint=f"{where}:{number}")
            again.go()
            ran = again.wait()
        else:
            ran = killed_at(scene.prepare(world), where, int(number), world.folder / "killed.log")
        if ran.exit not in ENDS:
            ended.append(f"exit {ran.exit} {ran.err}")
    verdict = settled(world, options)
    verdict.broken.extend(ended)
    return verdict


def killing() -> list[tuple[str, str]]:
    """The tests that kill a program at a failpoint, and the failpoint of each."""
    collected = _pytest("--collect-only", "tests/crash", "tests/pair")
    if collected.returncode:
        raise RuntimeError(collected.stdout[-1500:])
    return [(node, name) for node, parameters in _TEST.findall(collected.stdout)
            for name in parameters.split("-") if name in NAMES]


def _tested(node: str, folder: Path) -> Verdict:
    done = _pytest(f"--basetemp={folder}", node)
    return Verdict() if done.returncode == 0 else Verdict(broken=[done.stdout[-1500:]])


def _pytest(*words: str) -> subprocess.CompletedProcess[str]:
    """Run tests, of which none may be skipped."""
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words], cwd=ROOT,
                          capture_output=True, text=True, env={**os.environ, "CI": "true"})


_TEST = re.compile(r"(?m)^(tests/\S+\.py::\w+\[(.+)\])$")


def _at_random(world: World, drawn: random.Random) -> list[str]:
    """One exchange, each of its runs killed at an instant of its life, or a little after its end."""
    if not world.lasting:
        _measure(world)
    world.begin(declarations=drawn.randint(1, 3), rejected=drawn.randint(0, 1), events=drawn.randint(0, 2),
                refused=drawn.randint(0, 1))
    if drawn.random() < 0.5:
        world.pull()
    wrong = []
    for number, (office, program) in enumerate(CRON):
        if number == 3:
            world.add(declarations=1)
        running = world.start(office, program)
        time.sleep(drawn.random() * 1.1 * world.lasting[program])
        running.kill()
        ran = running.wait()
        if ran.exit not in ENDS:
            wrong.append(f"exit {ran.exit} {ran.err}")
    return wrong


def _measure(world: World) -> None:
    """How long the programs take on this machine as it is."""
    for name in ("send", "receive", "sync"):
        SCENES[name].set(world)
        began = time.monotonic()
        world.run(SCENES[name].office, SCENES[name].program)
        world.lasting[SCENES[name].program] = time.monotonic() - began


if __name__ == "__main__":
    raise SystemExit(main("crash", __doc__, make, plan, attempt, plants=PLANTS))

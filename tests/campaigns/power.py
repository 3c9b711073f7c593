"""The power goes: from whatever the disks can hold then, do both gateways end with everything, and all of it once?

    python -m tests.campaigns.power [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

A chain of runs of two administrations with mailboxes in folders is recorded once, with everything that it writes
(strace). From the record the disks are put together as they could stand when the power goes after any of its changes
(`tests.tools.unsynced`): ledger, national folders, quarantine, locks and mailboxes. A case goes on from there.

    flushed/SCENE/N      after the Nth change nothing is left of what was not flushed; each N that leaves something else
    ended/SCENE/DISK/N   after the Nth run, likewise, on one disk: what the other side relies on stands there
    random/N             after some change, of what was not flushed some is lost, by name, by 512 octets, or in order,
                         on some of the disks

On the same day, without any repeat that waits for a deadline, everything must be as if nothing had been
(`mailbox_proofs`). With --plant no-fsync nothing is ever flushed, and the campaign must fail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from tests.campaigns.mailbox_base import RECEIVER, SENDER, Options, Verdict, World, dice, main, settle_and_judge
from tests.campaigns.mailbox_world import SAME_DAY
from tests.campaigns.planted import PLANTS, planting
from tests.tools.offices import Office
from tests.tools.strace import CHANGES, recorded
from tests.tools.unsynced import KINDS, Disk, Loss, Step, Tree, after_cut, read_tree, write_tree

EMPTY = "empty"
"""Mark of two gateways that have never run."""

SPOILT = b"no object at all"
CHAIN = ((SENDER, "edi-send"), (RECEIVER, "edi-receive"), (SENDER, "edi-sync"), (RECEIVER, "edi-sync"))


class Machines(World):
    """Two administrations and the folders of their mailboxes, which a cut can hit one by one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.disks = {self.togo.name: self.togo.home, self.burkina.name: self.burkina.home, "mail": self.togo.mail}
        self.records: dict[str, Record] = {}

    def _stand(self) -> None:
        self.mark(EMPTY)
        super()._stand()

    def first(self) -> None:
        """Put everything back to before the first run; the one declaration is that which stands in all other scenes."""
        self.back(EMPTY)
        self._declare("A", 1, True)


@dataclass(frozen=True, slots=True)
class Scene:
    """A chain of runs. before: brings the world to its beginning. spoilt: whether something is put in quarantine."""

    name: str
    before: Callable[[Machines], None]
    runs: tuple[tuple[str, str], ...] = CHAIN
    spoilt: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What a chain of runs changed. ends: for each run the number of changes up to its end, and when it was."""

    disk: Disk
    steps: list[Step]
    ends: list[tuple[int, datetime]]

    def cut(self, number: int, loss: Loss, drawn: Random) -> Tree:
        """The disks after some of the changes."""
        return after_cut(self.disk, self.steps[:number], loss, drawn)

    def at(self, number: int) -> datetime:
        """When a change was made."""
        return next(at for end, at in self.ends if number <= end)


def _work(world: Machines) -> None:
    world.begin(declarations=1, rejected=1, events=1, refused=1)


def _spoilt(world: Machines) -> None:
    _work(world)
    world.run(SENDER, "edi-send")
    name = f"{hashlib.sha256(SPOILT).hexdigest()[:32]}.p7m"
    (world.burkina.mailbox(SENDER) / name).write_bytes(SPOILT)


SCENES = {scene.name: scene for scene in (
    Scene("work", _work),
    Scene("first", Machines.first),
    Scene("spoilt", _spoilt, runs=CHAIN[1:2], spoilt=True))}


def record(world: Machines, scene: Scene, plant: str) -> Record:
    """Let a scene happen, and keep what it changed; once for each world.

    Raises RuntimeError when the record, played to its end, does not give what stands there: something escaped it.
    """
    name = f"{scene.name} {plant}"
    if name not in world.records:
        world.setups = ()
        scene.before(world)
        if not world.marked(scene.name):
            world.mark(scene.name)
        disk, steps, ends = Disk(world.disks), list[Step](), []
        for office, program in scene.runs:
            world.pass_time(minutes=10)
            running = world.prepare(office, program, setups=planting(plant))
            ran, calls = recorded(running, world.folder / "calls", CHANGES, content=True)
            if ran.exit not in (0, 1, 5):
                raise RuntimeError(f"{scene.name}: {program} does not run of itself: exit {ran.exit} {ran.err}")
            steps.extend(disk.steps(calls))
            ends.append((len(steps), world.now))
        _compare(after_cut(disk, steps, Loss("nothing"), Random(0)), read_tree(world.disks), scene.name)
        world.records[name] = Record(disk, steps, ends)
    return world.records[name]


def plan(world: World, options: Options) -> Iterator[str]:
    """Every state that flushing alone leaves, of every scene, and as many random cases as were asked for."""
    assert isinstance(world, Machines)
    for scene in SCENES.values():
        if not _wanted(f"ended/{scene.name}/", options):
            continue
        for number in range(1, len(scene.runs) + 1):
            yield from (f"ended/{scene.name}/{name}/{number}" for name in world.disks)
    for scene in SCENES.values():
        if not _wanted(f"flushed/{scene.name}/", options):
            continue
        made, before = record(world, scene, options.plant), None
        for number in [0, *(place for place, step in enumerate(made.steps, 1) if step.kind in ("flush", "settle"))]:
            tree = made.cut(number, Loss("everything"), Random(0))
            if tree != before:
                yield f"flushed/{scene.name}/{number}"
            before = tree
    for number in range(options.runs):
        yield f"random/{number}"


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Let the disks stand as the case has it, go on from there, and judge what is there on the same day."""
    assert isinstance(world, Machines)
    kind, *rest = case.split("/")
    drawn = dice(options.seed, case)
    if kind == "random":
        scene = drawn.choice([*SCENES.values()])
        made = record(world, scene, options.plant)
        number = round(drawn.random() * len(made.steps))
        hit = drawn.sample(sorted(world.disks), drawn.randint(1, len(world.disks)))
        loss = Loss(drawn.choice(KINDS), frozenset(hit))
    elif kind == "ended":
        scene, loss = SCENES[rest[0]], Loss("everything", frozenset({rest[1]}))
        made = record(world, scene, options.plant)
        number, _ = made.ends[int(rest[2]) - 1]
    else:
        scene, number, loss = SCENES[rest[0]], int(rest[1]), Loss("everything")
        made = record(world, scene, options.plant)
    tree = made.cut(number, loss, drawn)
    world.back(scene.name)
    write_tree(tree, world.disks.values())
    world.now, world.setups = made.at(number), planting(options.plant)
    verdict = options.judged.end(world, f"{options.plant} {scene.spoilt}", lambda: _judged(world, scene))
    if not verdict.good:
        verdict.broken.append(f"the power went after change {number} of {scene.name}, {loss.kind}, "
                              f"{sorted(loss.roots) or 'everywhere'}: {_said(made, number)}")
    return verdict


def _judged(world: Machines, scene: Scene) -> Verdict:
    verdict = settle_and_judge(world, patience=SAME_DAY, quarantined=scene.spoilt)
    if scene.spoilt:
        _in_quarantine(verdict, world.burkina)
    return verdict


def _wanted(here: str, options: Options) -> bool:
    """May any case whose name begins so be one that is asked for?"""
    return here.startswith(options.only) or options.only.startswith(here)


def _in_quarantine(verdict: Verdict, office: Office) -> None:
    """What no partner repeats is in quarantine, whole and once, with its note."""
    kept = [path.read_bytes() for path in sorted((office.home / "state" / "quarantine").glob("*.bin"))]
    notes = [*(office.home / "state" / "quarantine").glob("*.json")]
    if kept != [SPOILT] or len(notes) != 1:
        verdict.lost.append(f"in quarantine are {kept} with {len(notes)} notes")


def _compare(played: Tree, found: Tree, scene: str) -> None:
    wrong = [path for path in sorted({*played, *found})
             if path not in played or path not in found or played[path].content != found[path].content]
    if wrong:
        raise RuntimeError(f"{scene}: the record does not give what stands there: {wrong[:5]}")


def _said(made: Record, number: int) -> str:
    if not number:
        return "nothing was changed"
    step = made.steps[number - 1]
    return f"the last was {step.kind} {step.path or step.node}"


if __name__ == "__main__":
    raise SystemExit(main("power", __doc__, Machines, plan, attempt, plants=PLANTS))

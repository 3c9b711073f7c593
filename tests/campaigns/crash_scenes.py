"""The runs of an exchange that a crash can hit: what went before each, which program runs, and for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.campaigns.mailbox_forks import Running
from tests.campaigns.mailbox_world import RECEIVER, SENDER, World
from tests.tools.kills import record_failpoints, traced


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of one program.

    before  brings the world, from its start, to where the run begins
    """

    name: str
    office: str
    program: str
    before: Callable[[World], None]
    words: tuple[str, ...] = ()

    def set(self, world: World) -> None:
        """Bring the world there; the way is gone once, and then put back from a copy."""
        if not world.marked(self.name):
            setups, world.setups = world.setups, ()  # whatever is planted, what went before was right
            self.before(world)
            world.setups = setups
            world.mark(self.name)
        world.back(self.name)

    def prepare(self, world: World, failpoint: str = "") -> Running:
        """Fork the run; it waits for `go`."""
        return world.prepare(self.office, self.program, *self.words, failpoint=failpoint)

    def passages(self, world: World) -> tuple[Counter[str], Counter[str]]:
        """How often the run passes each failpoint, and makes each system call."""
        self.set(world)
        names = world.folder / f"{self.name}.failpoints"
        names.unlink(missing_ok=True)
        running = world.prepare(self.office, self.program, *self.words, setups=[
            (f"{record_failpoints.__module__}:{record_failpoints.__name__}", [str(names)])])
        ran, calls = traced(running, world.folder / f"{self.name}.calls")
        if ran.exit not in (0, 1):
            raise RuntimeError(f"{self.name} does not run of itself: exit {ran.exit} {ran.err}")
        passed = Counter(names.read_text("ascii").split())
        calls["write"] -= sum(passed.values())  # the recorder's own
        return passed, calls


def _send(world: World) -> None:
    world.begin(declarations=2, rejected=1, refused=1)


def _receive(world: World) -> None:
    _send(world)
    world.run(SENDER, "edi-send")


def _answers(world: World) -> None:
    _receive(world)
    world.run(RECEIVER, "edi-receive")


def _events(world: World) -> None:
    world.begin(declarations=0, events=2)


def _busy(world: World) -> None:
    """Both sides have everything at once: declarations and answers on their way, files and events put out."""
    world.begin(declarations=1, events=1)
    world.run(SENDER, "edi-send")
    world.add(declarations=1, events=1)


def _busy_back(world: World) -> None:
    _busy(world)
    world.run(RECEIVER, "edi-sync")


SCENES = {scene.name: scene for scene in (
    Scene("send", SENDER, "edi-send", _send),
    Scene("receive", RECEIVER, "edi-receive", _receive),
    Scene("answers", SENDER, "edi-receive", _answers),
    Scene("events", RECEIVER, "edi-send", _events),
    Scene("sync", RECEIVER, "edi-sync", _busy),
    Scene("sync-answers", SENDER, "edi-sync", _busy_back),
    Scene("activate", SENDER, "edi", _events, (
        "map", "activate", "base/cusres-d96b/accepted", "base/cusres-d96b/rejected", "--from", "2100-01-01")))}

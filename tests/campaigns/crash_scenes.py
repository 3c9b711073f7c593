"""The runs of an exchange that a crash can hit: what went before each, which program runs, and for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.campaigns.mailbox_forks import Running, Setup
from tests.campaigns.mailbox_world import RECEIVER, SENDER, World
from tests.tools import partly
from tests.tools.kills import record_failpoints, traced

PIECES: Setup = (f"{partly.__name__}:{partly.pieces.__name__}", [600, 250])
"""Every sealed file is large, and crosses in pieces."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of one program.

    before  brings the world, from its start, to where the run begins
    setups  called in the process of every program that runs in the scene, and after it
    """

    name: str
    office: str
    program: str
    before: Callable[[World], None]
    words: tuple[str, ...] = ()
    setups: tuple[Setup, ...] = ()

    def set(self, world: World) -> None:
        """Bring the world there; the way is gone once, and then put back from a copy."""
        if not world.marked(self.name):
            setups, world.setups = world.setups, self.setups  # whatever is planted, what went before was right
            self.before(world)
            world.setups = setups
            world.mark(self.name)
        world.back(self.name)

    def prepare(self, world: World, failpoint: str = "") -> Running:
        """Fork the run; it waits for `go`."""
        return world.prepare(self.office, self.program, *self.words, failpoint=failpoint)

    def passages(self, world: World) -> tuple[Counter[str], Counter[str]]:
        """How often the run passes each failpoint, and makes each system call."""
        world.setups = self.setups
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


def _first(world: World) -> None:
    """Nobody has run yet: the ledger is made, too."""
    world.first()


def _first_receive(world: World) -> None:
    SCENES["first"].set(world)
    world.run(SENDER, "edi-send")


def _send(world: World) -> None:
    world.begin(declarations=2, rejected=1, refused=1)


def _receive(world: World) -> None:
    SCENES["send"].set(world)
    world.run(SENDER, "edi-send")


def _answers(world: World) -> None:
    SCENES["receive"].set(world)
    world.run(RECEIVER, "edi-receive")


def _events(world: World) -> None:
    world.begin(declarations=0, events=2)


def _busy(world: World) -> None:
    """Both sides have everything at once: declarations and answers on their way, files and events put out."""
    world.begin(declarations=1, events=1)
    world.run(SENDER, "edi-send")
    world.add(declarations=1, events=1)


def _fetched(world: World) -> None:
    """The receiver has no mailbox of its own: it comes for its files over SFTP."""
    SCENES["receive"].set(world)
    world.pull()


def _answers_fetched(world: World) -> None:
    SCENES["answers"].set(world)
    world.pull()


def _busy_back(world: World) -> None:
    SCENES["sync"].set(world)
    world.run(RECEIVER, "edi-sync")


def _heads(world: World) -> None:
    """Tomorrow the heads of both links are signed."""
    world.begin(declarations=1)
    for _ in range(3):
        world.round()
    world.pass_time(days=1)


def _heads_signed(world: World) -> None:
    SCENES["heads"].set(world)
    world.run(SENDER, "edi-sync")


def _missing(world: World) -> None:
    """The host of a mailbox has lost a file, and the next is there: it is missed, and asked for after an hour."""
    world.begin(declarations=1)
    world.run(SENDER, "edi-send")
    for path in world.burkina.mailbox(SENDER).iterdir():
        path.unlink()
    world.add(declarations=1)
    world.run(SENDER, "edi-send")
    world.run(RECEIVER, "edi-receive")
    world.pass_time(hours=2)


def _send_marked(world: World) -> None:
    _send(world)
    world.agree(mode="marker", compressed=True)


def _receive_marked(world: World) -> None:
    SCENES["send-marked"].set(world)
    world.pull()
    world.run(SENDER, "edi-send")


def _send_suffixed(world: World) -> None:
    world.begin(declarations=1)
    world.agree(mode="suffix")


def _receive_suffixed(world: World) -> None:
    SCENES["send-in-pieces"].set(world)
    world.pull()
    world.run(SENDER, "edi-send")


SCENES = {scene.name: scene for scene in (
    Scene("first", SENDER, "edi-send", _first),
    Scene("first-receive", RECEIVER, "edi-receive", _first_receive),
    Scene("send", SENDER, "edi-send", _send),
    Scene("receive", RECEIVER, "edi-receive", _receive),
    Scene("answers", SENDER, "edi-receive", _answers),
    Scene("receive-over-sftp", RECEIVER, "edi-receive", _fetched),
    Scene("answers-over-sftp", SENDER, "edi-sync", _answers_fetched),
    Scene("events", RECEIVER, "edi-send", _events),
    Scene("sync", RECEIVER, "edi-sync", _busy),
    Scene("sync-answers", SENDER, "edi-sync", _busy_back),
    Scene("heads", SENDER, "edi-sync", _heads),
    Scene("heads-signed", RECEIVER, "edi-sync", _heads_signed),
    Scene("missing", RECEIVER, "edi-sync", _missing),
    Scene("send-marked", SENDER, "edi-send", _send_marked),
    Scene("marked-over-sftp", RECEIVER, "edi-receive", _receive_marked),
    Scene("send-in-pieces", SENDER, "edi-send", _send_suffixed, setups=(PIECES,)),
    Scene("in-pieces-over-sftp", RECEIVER, "edi-receive", _receive_suffixed, setups=(PIECES,)),
    Scene("activate", SENDER, "edi", _events, (
        "map", "activate", "base/cusres-d96b/accepted", "base/cusres-d96b/rejected", "--from", "2100-01-01")))}

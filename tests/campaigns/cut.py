"""Cut the line at every packet and every few octets of a session: is anything lost, done twice, or left behind?

    python -m tests.campaigns.cut [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

Two administrations exchange a declaration, an answer and their receipts over a real sshd, both by push and by pull,
through a proxy (`tests.tools.proxy`). A case cuts a session of one run, after what is named last was delivered:

    packet/SCENE/SESSION/DIRECTION/N/HOW   the Nth packet; HOW is rst, fin, stall (nobody is told), late (so, and the
                                           server hears the rest when the client is gone)
    octet/SCENE/SESSION/DIRECTION/N        an octet, every 16th; reset and orderly end in turn
    login/SCENE/SESSION/DIRECTION/N        16 such cuts one after the other, each of a run of its own, while no octet
                                           of SFTP has been exchanged yet
    random/N                               six runs, one after the other, each of them cut anywhere in any way

SESSION counts the connections of a run from 1, DIRECTION is ``out`` to the server or ``in`` from it. All packets and
octets of one exchange are enumerated, N of --runs are random. A run that is cut has to say so within its limits, with
exit status 4. Afterwards cron comes round, and on the same day everything is as if nothing had been. Of the cuts by
octets that leave everything as a connection does that was never made (states, names and sizes of files: `left`) one for
each session is followed that far; every other cut is.
With --plant noted-early what is to be published is noted as published first, and the campaign must fail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.campaigns.crash_scenes import Scene
from tests.campaigns.mailbox_base import RECEIVER, SENDER, Options, Verdict, World, dice, main, settle_and_judge
from tests.campaigns.mailbox_line import HASTY, LineWorld
from tests.campaigns.mailbox_proofs import rows
from tests.campaigns.mailbox_world import SAME_DAY
from tests.tools.offices import Ran
from tests.tools.proxy import DIRECTIONS, Cut, Direction, How, Seen

STEP = 16
MORE = (2, 64)
"""Packets and octets by which a session may be longer than the one that was measured: servers put answers together as
they come, and signatures differ in length."""

ENDS = frozenset({0, 4})
"""How a run may end that was cut: the last octets of a session matter to nobody any more."""

HANGS = 90.0
"""Seconds after which a run hangs; with its limits as they are here it takes a fraction of them."""

HOWS: tuple[How, ...] = ("rst", "fin", "stall", "late")
CRON = ((SENDER, "edi-send"), (RECEIVER, "edi-receive"), (SENDER, "edi-sync"), (RECEIVER, "edi-send"),
        (SENDER, "edi-receive"), (RECEIVER, "edi-sync"))
PLANTS = ("noted-early",)


def make(folder: Path) -> World:
    """Two administrations with a proxy on the line between them."""
    return LineWorld(folder)


def plan(world: World, options: Options) -> Iterator[str]:
    """Every packet and every few octets of every session, and as many random cases as were asked for."""
    assert isinstance(world, LineWorld)
    kind, *wanted = options.only.split("/")
    if kind != "random":
        for scene in SCENES.values():
            if wanted and scene.name != wanted[0]:
                continue
            for number, seen in enumerate(sessions(world, scene), 1):
                for direction in DIRECTIONS:
                    yield from _cases(f"{scene.name}/{number}/{direction}", seen, direction)
    for number in range(options.runs):
        yield f"random/{number}"


def sessions(world: LineWorld, scene: Scene) -> list[Seen]:
    """The connections of the run of a scene when nobody disturbs it."""
    scene.set(world)
    world.proxy.arm()
    running = scene.prepare(world)
    running.go()
    ran = running.wait()
    if ran.exit:
        raise RuntimeError(f"{scene.name} does not run of itself: exit {ran.exit} {ran.err}")
    return list(world.proxy.seen)


def _cases(where: str, seen: Seen, direction: Direction) -> Iterator[str]:
    packets, octets = seen.packets[direction], seen.octets[direction]
    for number in range(len(packets) + 1 + MORE[0]):
        for how in HOWS:
            yield f"packet/{where}/{number}/{how}"
    login = packets[_LOGIN[direction] - 1] // (STEP * STEP) * STEP * STEP
    for at in range(0, login, STEP * STEP):
        yield f"login/{where}/{at}"
    for at in range(login, octets + 1 + MORE[1], STEP):
        yield f"octet/{where}/{at}"


_LOGIN: Mapping[Direction, int] = {"out": 8, "in": 11}
"""Packets before the first of SFTP: the version, the key exchange, and the requests for service, login and channel with
their answers."""


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Bring one case about, and judge what is there on the same day."""
    assert isinstance(world, LineWorld)
    kind, *rest = case.split("/")
    world.setups = ((f"{__name__}:note_early", []),) if options.plant else ()
    if kind == "random":
        ended = _at_random(world, dice(options.seed, case))
    else:
        scene, session, direction, at = SCENES[rest[0]], int(rest[1]), _direction(rest[2]), int(rest[3])
        same = untouched(world, scene, session) if kind != "packet" and at and not options.plant else None
        scene.set(world)
        if kind == "packet":
            ended = _cut(world, scene, Cut(direction, "packet", at, _how(rest[4]), session))
        else:
            ended = [wrong for octet in range(at, at + (STEP * STEP if kind == "login" else 1), STEP)
                     for wrong in _cut(world, scene, Cut(direction, "octet", octet, HOWS[octet // STEP % 2], session))]
        if same is not None and not ended:
            world.server.rest()
            if left(world) == same:
                return Verdict()
    verdict = settle_and_judge(world, patience=SAME_DAY)
    verdict.broken.extend(ended)
    return verdict


def left(world: LineWorld) -> tuple[object, ...]:
    """What the next run finds: states in the ledgers, names of all files, sizes of those in mailboxes. What was said of
    an outage is not looked at."""
    states = [rows(office, question) for office in world.offices.values() for question in _STATES]
    names = sorted(str(path.relative_to(world.folder)) for top in (world.togo.home, world.burkina.home, world.system)
                   for path in top.rglob("*")
                   if "links" not in path.parts and not path.name.startswith("ledger.sqlite-"))
    files = sorted((str(path.relative_to(world.folder)), path.stat().st_size)
                   for path in world.togo.mail.rglob("*.p7m"))
    return states, names, files


_STATES = ("select direction, sequence, kind, state, attempts from object order by id",
           "select direction, control_reference, type, state from interchange order by id",
           "select direction, type, word, state from message order by id",
           "select partner, direction, halted from link order by 1, 2",
           "select count(*) from event")


def untouched(world: LineWorld, scene: Scene, session: int) -> tuple[object, ...]:
    """What is left when a session does not come about; measured once for each world, which is then set again."""
    where = f"{scene.name}/{session}"
    if where not in world.untouched:
        scene.set(world)
        wrong = _cut(world, scene, Cut("out", "octet", 0, "rst", session))
        if wrong:
            raise RuntimeError(wrong[0])
        world.untouched[where] = left(world)
    return world.untouched[where]


def _cut(world: LineWorld, scene: Scene, cut: Cut) -> list[str]:
    return run_cut(world, scene.office, scene.program, cut)[1]


def run_cut(world: LineWorld, office: str, program: str, cut: Cut,
            ends: frozenset[int] = ENDS) -> tuple[Ran, list[str]]:
    """One run whose line is cut; how it ended, and what was wrong with that."""
    world.proxy.arm(cut)
    running = world.start(office, program, setups=[HASTY])
    try:
        ran = running.wait(HANGS)
    except TimeoutError:
        ran = Ran(-9, "", "it hangs")
    world.proxy.arm()
    return ran, [] if ran.exit in ends else [f"{cut}: exit {ran.exit} {ran.err}"]


def _at_random(world: LineWorld, drawn: random.Random) -> list[str]:
    """One exchange, each of its runs cut somewhere."""
    world.begin(declarations=drawn.randint(1, 3), rejected=drawn.randint(0, 1), events=drawn.randint(0, 2))
    wrong = []
    for number, (office, program) in enumerate(CRON):
        if number == 3:
            world.add(declarations=1)
        unit = drawn.choice(("octet", "packet"))
        direction = drawn.choice(DIRECTIONS)
        at = drawn.randrange(20_000) if unit == "octet" else drawn.randrange(40)
        wrong += run_cut(world, office, program, Cut(direction, "octet" if unit == "octet" else "packet", at,
                                                     drawn.choice(HOWS), drawn.randint(1, 2)), ENDS | {1})[1]
    return wrong


def _direction(word: str) -> Direction:
    return next(one for one in DIRECTIONS if one == word)


def _how(word: str) -> How:
    return next(one for one in HOWS if one == word)


def note_early() -> None:
    """In the process of a program: what is to be published is noted as published before it is (a planted bug)."""
    from gateway.exchange import dispatch

    note: Any = dispatch._note
    publish: Any = dispatch._publish

    def publishing(gateway: Any, partner: str, mailbox: Any, due: Any, lying: Any, occasion: Any, summary: Any) -> Any:
        note(gateway, partner, due, occasion)
        return publish(gateway, partner, mailbox, due, lying, occasion, summary)

    dispatch._publish = publishing
    dispatch._note = lambda *words: None


def _send(world: World) -> None:
    world.begin(declarations=1)


def _receive(world: World) -> None:
    _send(world)
    world.run(SENDER, "edi-send")


def _answers(world: World) -> None:
    _receive(world)
    world.run(RECEIVER, "edi-receive")


def _receipts(world: World) -> None:
    _answers(world)
    world.run(SENDER, "edi-receive")


SCENES = {scene.name: scene for scene in (
    Scene("send", SENDER, "edi-send", _send),
    Scene("receive", RECEIVER, "edi-receive", _receive),
    Scene("answers", SENDER, "edi-sync", _answers),
    Scene("receipts", RECEIVER, "edi-sync", _receipts))}
"""One exchange, run by run: a declaration, its receipt and answer, the receipt of that, and the taking of it."""


if __name__ == "__main__":
    raise SystemExit(main("cut", __doc__, make, plan, attempt, plants=PLANTS))

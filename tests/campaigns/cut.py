"""Cut the line at every packet and every few octets of a session: is anything lost, done twice, or left behind?

    python -m tests.campaigns.cut [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

Two administrations exchange a declaration, an answer and their receipts over a real sshd, both by push and by pull,
through a proxy (`tests.tools.proxy`). A case cuts a session of one run, after what is named last was delivered:

    packet/SCENE/SESSION/DIRECTION/N/HOW   the Nth packet; HOW is rst, fin, stall (nobody is told), late (so, and the
                                           server hears the rest when the client is gone)
    octet/SCENE/SESSION/DIRECTION/N        an octet, every 16th; reset and orderly end in turn
    random/N                               six runs, one after the other, each of them cut anywhere in any way

SESSION counts the connections of a run from 1, DIRECTION is ``out`` to the server or ``in`` from it. All packets and
octets of one exchange are enumerated, N of --runs are random. A run that is cut has to say so within its limits, with
exit status 4. Afterwards cron comes round, and on the same day everything is as if nothing had been. Of the cuts that
leave the same (`mailbox_states`) one is followed that far.
With --plant BUG the gateway has that bug, and the campaign must fail.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.campaigns.crash_scenes import PIECES, Scene
from tests.campaigns.mailbox_base import RECEIVER, SENDER, Options, Verdict, World, dice, main, settled
from tests.campaigns.mailbox_forks import Setup
from tests.campaigns.mailbox_line import HASTY, LineWorld
from tests.campaigns.planted import PLANTS, planting
from tests.tools.offices import Ran
from tests.tools.proxy import DIRECTIONS, Cut, Direction, How, Seen

STEP = 16
MORE = (4, 256)
"""Packets and octets by which a session may be longer than the one that was measured: servers put answers together as
they come, and signatures differ in length."""

ENDS = frozenset({0, 4})
"""How a run may end that was cut: the last octets of a session matter to nobody any more."""

HANGS = 90.0
"""Seconds after which a run hangs; with its limits as they are here it takes a fraction of them."""

_LATE = 2.0
"""Seconds in which the server is to have what comes late, and to have ended the session."""

HOWS: tuple[How, ...] = ("rst", "fin", "stall", "late")
CRON = ((SENDER, "edi-send"), (RECEIVER, "edi-receive"), (SENDER, "edi-sync"), (RECEIVER, "edi-send"),
        (SENDER, "edi-receive"), (RECEIVER, "edi-sync"))


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
                    yield from _cases(scene, f"{scene.name}/{number}/{direction}", seen, direction)
    for number in range(options.runs):
        yield f"random/{number}"


def sessions(world: LineWorld, scene: Scene) -> list[Seen]:
    """The connections of the run of a scene when nobody disturbs it."""
    world.setups = scene.setups
    scene.set(world)
    world.proxy.arm()
    running = scene.prepare(world)
    running.go()
    ran = running.wait()
    if ran.exit:
        raise RuntimeError(f"{scene.name} does not run of itself: exit {ran.exit} {ran.err}")
    return list(world.proxy.seen)


def _cases(scene: Scene, where: str, seen: Seen, direction: Direction) -> Iterator[str]:
    packets, octets = seen.packets[direction], seen.octets[direction]
    login = _LOGIN[direction] if scene.setups else 0  # the same in all scenes, and enumerated in the others
    for number in range(login, len(packets) + 1 + MORE[0]):
        for how in HOWS:
            yield f"packet/{where}/{number}/{how}"
    for at in range(packets[login] // STEP * STEP if login else 0, octets + 1 + MORE[1], STEP):
        yield f"octet/{where}/{at}"


_LOGIN: Mapping[Direction, int] = {"out": 8, "in": 11}
"""Packets before the first of SFTP: the version, the key exchange, and the requests for service, login and channel with
their answers."""


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Bring one case about, and judge what is there on the same day."""
    assert isinstance(world, LineWorld)
    kind, *rest = case.split("/")
    world.setups = planting(options.plant)
    if kind == "random":
        ended = _at_random(world, dice(options.seed, case))
    else:
        scene, session, direction, at = SCENES[rest[0]], int(rest[1]), _direction(rest[2]), int(rest[3])
        world.setups = (*world.setups, *scene.setups)
        scene.set(world)
        if kind == "packet":
            cut = Cut(direction, "packet", at, _how(rest[4]), session)
        else:
            cut = Cut(direction, "octet", at, HOWS[at // STEP % 2], session)
        ran, ended = run_cut(world, scene.office, scene.program, cut)
        if ran.exit and not world.proxy.hit:  # this machine was too busy for limits as short as these
            scene.set(world)
            ended = run_cut(world, scene.office, scene.program, cut, setups=())[1]
    verdict = settled(world, options)
    verdict.broken.extend(ended)
    return verdict


def run_cut(world: LineWorld, office: str, program: str, cut: Cut, ends: frozenset[int] = ENDS,
            setups: Sequence[Setup] = (HASTY,)) -> tuple[Ran, list[str]]:
    """One run whose line is cut; how it ended, and what was wrong with that. setups: without any it is patient."""
    world.proxy.arm(cut)
    running = world.start(office, program, setups=setups)
    try:
        ran = running.wait(HANGS)
    except TimeoutError:
        ran = Ran(-9, "", "it hangs")
    world.proxy.end(_LATE)
    return ran, [] if ran.exit in ends else [f"{cut}: exit {ran.exit} {ran.err}"]


def _at_random(world: LineWorld, drawn: random.Random) -> list[str]:
    """One exchange, each of its runs cut somewhere."""
    world.begin(declarations=drawn.randint(1, 3), rejected=drawn.randint(0, 1), events=drawn.randint(0, 2))
    wrong = []
    for number, (office, program) in enumerate(CRON):
        if number == 3:
            world.add(declarations=1)
        world.pass_time(minutes=drawn.choice((0, 5, 70)))  # who was cut off is not tried again at once
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


def _send_in_pieces(world: World) -> None:
    world.begin(declarations=1)
    world.agree(mode="suffix")


def _receive_in_pieces(world: World) -> None:
    _send_in_pieces(world)
    world.run(SENDER, "edi-send")


SCENES = {scene.name: scene for scene in (
    Scene("send", SENDER, "edi-send", _send),
    Scene("receive", RECEIVER, "edi-receive", _receive),
    Scene("answers", SENDER, "edi-sync", _answers),
    Scene("receipts", RECEIVER, "edi-sync", _receipts),
    Scene("send-in-pieces", SENDER, "edi-send", _send_in_pieces, setups=(PIECES,)),
    Scene("receive-in-pieces", RECEIVER, "edi-receive", _receive_in_pieces, setups=(PIECES,)))}
"""One exchange, run by run: a declaration, its receipt and answer, the receipt of that, and the taking of it; and the
first two with files that count as large, cross in pieces, and go on where they were cut."""


if __name__ == "__main__":
    raise SystemExit(main("cut", __doc__, make, plan, attempt, plants=PLANTS))

"""Everything at once, for as long as it takes: is anything lost, done twice, or left behind when it is over?

    python -m tests.campaigns.chaos [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

Two administrations exchange declarations, answers and events over a real sshd. A case, ``storm/N``, is an exchange of
a dozen steps, each of which is drawn from `chaos_weather`: the server is killed and comes back, has another host key
that is pinned later, the clock of a side is wrong, runs overlap, are killed or cut off, the line is slow, the mailbox
is full of foreign files, holds a file twice, altered or no more, more work comes, time passes. Then the weather is
fair, cron comes round until every repeat was due and every gap was asked for, and everything must be there once
(`mailbox_proofs`).

A failure says all that was thrown. The dice are the same for the same seed and number; what depends on the instant at
which something happened may need the case to be repeated. With --plant BUG the gateway has that bug.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.campaigns.chaos_weather import Storm
from tests.campaigns.mailbox_base import Options, Verdict, World, dice, main, settle_and_judge
from tests.campaigns.mailbox_line import LineWorld
from tests.campaigns.mailbox_proofs import rows
from tests.campaigns.mailbox_world import SAME_DAY, NeverQuiet
from tests.campaigns.planted import PLANTS, planting

STEPS = (8, 14)

PASSING_TROUBLE = frozenset({0, 1, 5})
"""While it clears up, runs may still speak of gaps and of what was not collected; in the end they say nothing."""

DAYS = 5
"""What gets no receipt is missed when the next object has come, and asked for once a day."""


def make(folder: Path) -> World:
    """Two administrations with a proxy on the line between them."""
    return LineWorld(folder)


def plan(world: World, options: Options) -> Iterator[str]:
    """As many storms as were asked for."""
    return (f"storm/{number}" for number in range(options.runs))


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Bring one storm about, and judge what is there when it is over."""
    assert isinstance(world, LineWorld)
    drawn = dice(options.seed, case)
    world.setups = planting(options.plant)
    world.begin(declarations=drawn.randint(1, 3), rejected=drawn.randint(0, 1), events=drawn.randint(0, 2),
                refused=drawn.randint(0, 1))
    return weather(world, Storm(world, drawn), drawn.randint(*STEPS))


def weather(world: LineWorld, storm: Storm, steps: int) -> Verdict:
    """Let a storm go over a world, and judge what it leaves."""
    for _ in range(steps):
        storm.step()
    storm.over()
    _clear_up(world)
    verdict = settle_and_judge(world, quarantined=True, statuses=PASSING_TROUBLE)
    verdict.broken.extend(storm.wrong)
    verdict.broken.extend(f"in fair weather: exit {ran.exit} {ran.err}" for ran in world.round() if ran.exit)
    if not verdict.good:
        verdict.broken.append(f"thrown: {'; '.join(storm.thrown)}")
    return verdict


def _clear_up(world: LineWorld) -> None:
    """Let everything be repeated; one more declaration shows both sides what was the last they should have got."""
    with contextlib.suppress(NeverQuiet, TimeoutError):  # the judgement says so, too
        world.quiet(statuses=PASSING_TROUBLE)
        world.add(declarations=1)
        world.quiet(patience=SAME_DAY, statuses=PASSING_TROUBLE)
        for _ in range(DAYS):
            if not _missing(world):
                return
            world.pass_time(days=1)
            world.quiet(patience=SAME_DAY, statuses=PASSING_TROUBLE)


def _missing(world: LineWorld) -> bool:
    """Whether a side sent what the other does not have."""
    return any(set(rows(sender, _NUMBERS, "out")) - set(rows(receiver, _NUMBERS, "in"))
               for sender, receiver in ((world.togo, world.burkina), (world.burkina, world.togo)))


_NUMBERS = "select sequence from object where direction = ? and state <> 'WITHDRAWN'"


if __name__ == "__main__":
    raise SystemExit(main("chaos", __doc__, make, plan, attempt, plants=PLANTS))

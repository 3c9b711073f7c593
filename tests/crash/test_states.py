"""Cases that leave the same are followed to their end once: is what counts as the same truly the same?"""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.crash_scenes import SCENES
from tests.campaigns.mailbox_proofs import Verdict
from tests.campaigns.mailbox_states import Judged, lines, standing
from tests.campaigns.mailbox_world import World
from tests.crash.test_proofs import BROKEN, DOUBLED, LEAKED, LOST

SPOILS = LOST | DOUBLED | LEAKED | BROKEN


def test_the_same_run_leaves_the_same_whatever_was_drawn_in_whatever_world(world: World, tmp_path: Path) -> None:
    """Message identifiers, signatures, keys, ports, process numbers differ; nothing else does."""
    found = []
    with World(tmp_path, forks=world.forks) as other:
        for each in (world, world, other):
            each.setups = ()
            SCENES["sync"].set(each)
            each.run(SCENES["sync"].office, SCENES["sync"].program)
            found.append(lines(each))
    assert found[0] is not None
    assert found[0] == found[1] == found[2]


def test_what_the_judge_sees_makes_another_state(world: World) -> None:
    """Every single thing that can be wrong."""
    states = []
    for spoil in SPOILS.values():
        world.back("rest")
        spoil(world)
        states.append(standing(world))
    world.back("rest")
    rest = standing(world)
    assert None not in states
    assert rest not in states
    assert len(set(states)) == len(SPOILS)
    assert standing(world) == rest


def test_a_ledger_that_cannot_be_read_is_like_no_other(world: World) -> None:
    world.back("rest")
    (world.togo.home / "state" / "ledger.sqlite").write_bytes(b"no ledger at all" * 1000)
    assert standing(world) is None


def test_a_state_is_followed_once_for_each_way_to_follow_it(world: World) -> None:
    judged, followed = Judged(), []

    def follow() -> Verdict:
        followed.append(1)
        return Verdict(lost=["x"])

    world.back("rest")
    first = judged.end(world, "", follow)
    first.broken.append("said of the case, not of the state")
    assert judged.end(world, "", follow) == Verdict(lost=["x"])
    assert judged.end(world, "no-fsync", follow) == Verdict(lost=["x"])
    world.pass_time(minutes=1)
    judged.end(world, "", follow)
    assert (len(followed), judged.followed, judged.known) == (3, 3, 1)

"""Killed anywhere, is anything lost or done twice? A slice of the campaign `crash`; and would the campaign notice?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from tests.campaigns.crash import attempt, make, plan
from tests.campaigns.crash_scenes import SCENES
from tests.campaigns.mailbox_base import Options, World, dice
from tests.campaigns.planted import FOUND_BY
from tests.crash.test_failpoints import ELSEWHERE
from tests.tools.kills import CALLS

pytestmark = pytest.mark.needs_sshd

SLICE = 4
"""System calls of each change, beside those at which a planted bug is found; the campaign has all of them."""

SEED = 1

WHERE = {"receipt-before-commit": "syscall/receive/fdatasync/1",
         "remove-before-commit": "failpoint/receive/receive.fetched/1",
         "no-duplicate-key": "failpoint/receive/receive.stored/1", "sealed-anew": "failpoint/send/dispatch.published/1"}
"""Planted bug -> a case of the campaign that finds it."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two administrations over a real sshd."""
    with make(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def cases(world: World) -> list[str]:
    """What the campaign consists of."""
    return list(plan(world, Options(runs=1, seed=SEED)))


def test_the_campaign_kills_at_every_failpoint(cases: list[str]) -> None:
    """In its scenes, or by the tests that have others."""
    passed = {case.split("/")[2] for case in cases if case.startswith("failpoint/")}
    assert {name for name in NAMES if not name.startswith(ELSEWHERE)} <= passed
    tested = {name for case in cases if case.startswith("test/")
              for name in NAMES if re.search(rf"[\[-]{re.escape(name)}[\]-]", case)}
    assert passed | tested == set(NAMES)
    assert not passed & tested


def test_a_test_that_fails_is_a_case_that_fails(world: World) -> None:
    """Also one that does not exist, or is skipped."""
    good = "test/tests/crash/test_links.py::test_a_killed_withdrawal_stands_as_a_whole_or_not_at_all[link.withdrawn]"
    assert attempt(world, good, Options()).words() == []
    assert attempt(world, good.replace("withdrawn]", "none]"), Options()).broken


def test_the_campaign_enters_every_kind_of_system_call_that_others_see_in_every_program(cases: list[str]) -> None:
    entered = {(SCENES[scene].program, call) for _, scene, call, _ in (
        case.split("/") for case in cases if case.startswith("syscall/"))}
    for program in ("edi-send", "edi-receive", "edi-sync"):
        calls = {call for name, call in entered if name == program}
        assert {"pwrite64", "fdatasync", "fsync", "write", "unlink", "sendto"} <= calls <= set(CALLS)
        assert calls & {"rename", "renameat", "renameat2"}
    assert sum(case.startswith("syscall/") for case in cases) > 1000


@pytest.mark.timeout(600)
def test_killed_at_any_system_call_or_instant_nothing_is_lost_or_done_twice(world: World, cases: list[str]) -> None:
    """Killed at the entry of a write, flush, rename, removal or send, and at random instants."""
    drawn = dice(SEED, "slice").sample([case for case in cases if case.startswith("syscall/")], SLICE)
    for case in (*WHERE.values(), *drawn, "random/0"):
        verdict = attempt(world, case, Options(seed=SEED))
        assert verdict.good, (case, verdict.words())


def test_each_planted_bug_has_a_campaign_that_finds_it() -> None:
    assert {plant for plant, campaign in FOUND_BY.items() if campaign == "crash"} == set(WHERE)


@pytest.mark.parametrize("plant", sorted(WHERE))
def test_a_planted_bug_is_found(world: World, plant: str) -> None:
    """The very case that finds nothing in the gateway as it is (above) finds the bug in the gateway that has it."""
    verdict = attempt(world, WHERE[plant], Options(seed=SEED, plant=plant))
    assert verdict.lost or verdict.doubled, verdict.words()


def test_a_planted_bug_that_does_not_exist_is_told(world: World, tmp_path: Path) -> None:
    """A campaign whose plant did not take root would find nothing, and prove nothing."""
    verdict = attempt(world, "failpoint/receive/receive.stored/1", Options(seed=SEED, plant="no-such-bug"))
    assert any("was not reached: exit 99" in words for words in verdict.broken), verdict.words()


@pytest.mark.parametrize("case", ["syscall/send/rename/1", "syscall/send/unlink/1"])
def test_what_the_campaign_found_once_stays_found(world: World, case: str) -> None:
    """A name that an interrupted move had reserved was taken for a national file, and refused."""
    assert attempt(world, case, Options(seed=SEED)).words() == []

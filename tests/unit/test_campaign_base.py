"""What the campaigns over mailboxes tell of themselves: counts, failures and what repeats them; where they go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.campaigns.mailbox_base import Options, Verdict, World, dice, main, run


class Nothing:
    """A world in which nothing is."""

    def __init__(self, folder: Path) -> None:
        assert list(folder.iterdir()) == []
        self.closed = False

    def close(self) -> None:
        """There is nothing to close."""
        self.closed = True


MADE: list[Nothing] = []


def make(folder: Path) -> World:
    """A world for a worker."""
    MADE.append(Nothing(folder))
    return cast(World, MADE[-1])


def plan(world: World, options: Options) -> Iterator[str]:
    """Two good cases, three bad ones, and those that are random."""
    yield from ("good/1", "good/10", "bad/lost", "bad/doubled", "bad/raised")
    yield from (f"random/{number}" for number in range(options.runs))


def attempt(world: World, case: str, options: Options) -> Verdict:
    """What the name says."""
    if case == "bad/raised":
        raise RuntimeError("no way to bring it about")
    return Verdict(lost=["A", "B"] if case == "bad/lost" else [], doubled=["A"] if case == "bad/doubled" else [])


def test_the_last_line_counts_cases_and_says_how_each_failure_is_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("crash", "", make, plan, attempt, words=["--json", "--runs", "3", "--seed", "7"]) == 1
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    failures = {one["case"]: one for one in line.pop("failures")}
    assert line == {"schema": 1, "kind": "campaign", "name": "crash", "runs": 8, "lost": 1, "doubled": 1, "leaked": 0,
                    "failed": 3, "seconds": 0, "known": 0, "seed": 7, "plant": "", "ok": False}
    assert failures["bad/lost"] == {
        "case": "bad/lost", "wrong": ["lost: A", "lost: B"],
        "replay": "python -m tests.campaigns.crash --seed 7 --runs 3 --only bad/lost"}
    assert failures["bad/doubled"]["wrong"] == ["doubled: A"]
    assert "no way to bring it about" in failures["bad/raised"]["wrong"][0]


@pytest.mark.parametrize(("only", "runs", "status"), [
    ("good", 2, 0), ("good/1", 1, 0), ("bad/lost", 1, 1), ("bad", 3, 1), ("random/2", 1, 0), ("goo", 0, 2)])
def test_a_case_or_all_below_a_name_are_run_alone(only: str, runs: int, status: int,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert main("crash", "", make, plan, attempt, words=["--json", "--runs", "4", "--only", only]) == status
    assert json.loads(capsys.readouterr().out)["runs"] == runs


def test_what_was_done_is_not_done_again_and_still_counted(tmp_path: Path) -> None:
    tried: list[str] = []

    def noted(world: World, case: str, options: Options) -> Verdict:
        tried.append(case)
        return attempt(world, case, options)

    options = Options(runs=2, resume=tmp_path / "done")
    whole = run("crash", make, plan, noted, options)
    assert (whole.runs, len(tried)) == (7, 7)
    lines = (tmp_path / "done").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "done").write_text("".join(lines[:4]) + lines[4][:20], "utf-8")  # cut in the middle of a line
    tried.clear()
    rest = run("crash", make, plan, noted, options)
    assert len(tried) == 3
    assert (rest.runs, rest.lost, rest.doubled, rest.failed) == (7, 1, 1, 3)
    assert sorted(one.case for one in rest.failures) == sorted(one.case for one in whole.failures)
    tried.clear()
    assert run("crash", make, plan, noted, options).runs == 7
    assert tried == ["bad/raised"], "what could not be tried is tried again"


def test_each_worker_has_a_world_of_its_own_and_each_world_is_closed() -> None:
    MADE.clear()
    assert run("crash", make, plan, attempt, Options(runs=40, workers=3)).runs == 45
    assert 1 <= len(MADE) <= 3
    assert all(world.closed for world in MADE)


def test_the_dice_of_a_case_depend_on_seed_and_name_alone() -> None:
    assert dice(1, "random/1").random() == dice(1, "random/1").random()
    assert len({dice(seed, case).random() for seed in (1, 2) for case in ("random/1", "random/2")}) == 4

"""Does whoever watches a run see its stacks, and hold little of them?"""

from __future__ import annotations

import sys

from tests.bench.road_process import Sampler

HERE = __file__


def looked(sampler: Sampler, deep: int) -> None:
    """Look so many calls deep."""
    if deep:
        looked(sampler, deep - 1)
    else:
        sampler.look(0, sys._getframe())


def test_each_stack_is_told_with_how_often_it_was_seen_innermost_first() -> None:
    sampler = Sampler()
    for deep in (2, 0, 2):
        looked(sampler, deep)
    assert [(count, [function for file, function in stack if file == HERE]) for count, stack in sampler.stacks()] == [
        (2, [*["looked"] * 3, test_each_stack_is_told_with_how_often_it_was_seen_innermost_first.__name__]),
        (1, ["looked", test_each_stack_is_told_with_how_often_it_was_seen_innermost_first.__name__])]


def test_what_is_held_grows_by_two_objects_for_each_new_stack_and_by_none_for_one_seen_before() -> None:
    """A stack is its octets and its count: what the watcher holds is memory of the program that it watches."""
    sampler = Sampler()
    for deep in range(300, 320):
        looked(sampler, deep)
    before = sys.getallocatedblocks()
    for deep in range(320, 420):
        looked(sampler, deep)
    grown = sys.getallocatedblocks() - before
    for _ in range(300):
        looked(sampler, 400)
    assert grown <= 2 * 100 + 20
    assert sys.getallocatedblocks() - before <= grown + 20

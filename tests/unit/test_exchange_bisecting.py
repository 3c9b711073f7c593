"""Do the questions of a comparison find exactly where two histories of a link part, and how many are needed?"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.exchange.bisecting import (
    MOST_ALTERED,
    SIZES,
    Comparison,
    Difference,
    advanced,
    begun,
    differences,
    sizes_to_ask,
)
from gateway.exchange.histories import answer, extent, question, read_answer
from gateway.ledger.reading.reconciling import ReconcileLookups
from gateway.security import leaf_hash
from gateway.security.link_texts import MOST_ROOTS, roots_payload
from tests.campaigns.reconcile import run


@dataclass
class Held(ReconcileLookups):
    """A link in memory."""

    rows: dict[int, bytes]

    def highest_number(self, partner: str, direction: str) -> int:
        return max(self.rows, default=0)

    def holes(self, partner: str, direction: str) -> list[tuple[int, int]]:
        return [(before + 1, number - 1) for before, number in pairwise([0, *sorted(self.rows)]) if number > before + 1]

    def numbered_leaves(self, partner: str, direction: str, *, last: int) -> Iterator[tuple[int, bytes]]:
        yield from sorted((number, leaf) for number, leaf in self.rows.items() if number <= last)


def link(size: int, *, without: Sequence[int] = (), altered: Sequence[int] = ()) -> Held:
    return Held({number: b"x" if number in altered else b"%d" % number for number in range(1, size + 1)
                 if number not in without})


def compare(ours: Held, theirs: Held, *, direction: str = "out", shown: int = 0) -> tuple[list[Difference], Comparison]:
    """Compare as `exchange.reconciling` does, without sealing."""
    comparison = begun(extent(ours, "XB", direction, shown=0).size)
    while not comparison.finished:
        sizes = sizes_to_ask(comparison)
        assert sizes == sorted(set(sizes))
        assert len(sizes) <= SIZES
        asked = question(ours, "XA", "XB", direction, sizes, comparison.replaced)
        said, number, _ = answer(theirs, "XB", "XA", asked, shown=shown)
        assert len(said.roots) + len(said.bare) <= MOST_ROOTS
        assert roots_payload(said).startswith(b"gw-roots/1\n")
        leaves = dict(comparison.replaced)
        if number is not None:
            leaves[number] = leaf_hash(theirs.rows[number])
        comparison = replace(comparison, questions=comparison.questions + 1, leaves=leaves, roots=dict(asked.roots))
        read = read_answer(said)
        assert read is not None
        comparison = advanced(comparison, *read)
    held = extent(ours, "XB", direction, shown=max(shown, comparison.theirs or 0) if direction == "in" else shown)
    return differences(comparison, direction, held.holes, held.size), comparison


def one(number: int, fault: str, last: int | None = None) -> Difference:
    return Difference(first=number, last=last or number, fault=fault)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 2, 47, 48, 49, 481, 3000])
def test_two_histories_that_are_the_same_need_one_question(size: int) -> None:
    found, comparison = compare(link(size), link(size))
    assert (found, comparison.questions, comparison.low) == ([], 1, size)


@given(st.integers(1, 400), st.sets(st.integers(1, 400), max_size=4), st.sampled_from(["in", "out"]))
def test_every_altered_number_is_named_and_no_other(size: int, altered: set[int], direction: str) -> None:
    wanted = sorted(number for number in altered if number <= size)
    found, comparison = compare(link(size), link(size, altered=wanted), direction=direction)
    assert found == [one(number, "altered") for number in wanted]
    assert comparison.questions <= (len(wanted) + 1) * (1 + math.ceil(math.log(size + 1, SIZES - 1)))


@pytest.mark.parametrize(("ours", "theirs", "direction", "expected"), [
    (link(500), link(500, without=[123]), "out", [one(123, "missing there")]),
    (link(500), link(500, without=[123, 124, 300]), "out", [one(123, "missing there", 124), one(300, "missing there")]),
    (link(500), link(500, without=[123], altered=[77, 200]), "out", [one(77, "altered"), one(123, "missing there")]),
    (link(500), link(501), "out", [one(501, "added there")]),
    (link(500, without=[9]), link(500), "out", [one(9, "missing here")]),
    (link(500, without=[123]), link(500), "in", [one(123, "missing here")]),
    (link(490), link(500), "in", [one(491, "missing here", 500)]),
    (link(501), link(500), "in", [one(501, "added here")]),
    (link(500), link(500, without=[77]), "in", [one(77, "missing there")]),
], ids=["gone there", "three gone there", "one altered and one gone", "added there", "our own is gone",
        "not here", "the newest are not here", "added here", "the sender has lost its own"])
def test_what_is_missing_or_added_is_named_with_its_side(ours: Held, theirs: Held, direction: str,
                                                         expected: list[Difference]) -> None:
    assert compare(ours, theirs, direction=direction, shown=500)[0] == expected


def test_after_so_many_altered_numbers_it_ends() -> None:
    found, _ = compare(link(300), link(300, altered=range(100, 200)))
    assert found == [*(one(number, "altered") for number in range(100, 100 + MOST_ALTERED)),
                     one(100 + MOST_ALTERED, "not compared", 300)]


def test_a_partner_whose_answers_lead_nowhere_is_asked_no_more() -> None:
    comparison, rounds = begun(500), 0
    while not comparison.finished:
        comparison = advanced(replace(comparison, questions=comparison.questions + 1, roots={0: b"a"}), {0: b"b"}, 500)
        rounds += 1
    assert rounds == 100
    assert differences(comparison, "out", [], 500) == [one(1, "not compared", 500)]


def test_two_ledgers_on_disk_name_what_differs_within_the_bound_of_questions(tmp_path: Path) -> None:
    told = run(tmp_path, 300, random.Random(7))
    assert [one["name"] for one in told if not one["ok"]] == []
    assert max(int(str(one["questions"])) for one in told) <= math.log2(300)

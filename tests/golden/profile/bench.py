"""How fast do mappings run? Prints segments per second in both directions.

    python -m tests.golden.profile.bench
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from gateway.edifact import read_wire
from gateway.mapping import load_corridors
from tests.golden.profile.expected import TRANSIT_HARD
from tests.golden.profile.samples import MAPPINGS

TARGET = 75_000


def rate(segments: int, run: Callable[[], object], repeat: int = 5) -> float:
    """The best of some rounds, in segments per second."""
    best = 0.0
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        best = max(best, segments / (time.perf_counter() - start))
    return best


def main() -> None:
    """Measure the hard sample and a declaration of 100 items; the split of the wire counts into reading."""
    mapping = load_corridors([MAPPINGS]).named("tg-ml").cusdec
    long: Any = copy.deepcopy(TRANSIT_HARD)
    long["items"] = [{**copy.deepcopy(long["items"][0]), "number": number} for number in range(1, 101)]
    for name, record in (("hard sample", TRANSIT_HARD), ("100 items", long)):
        wire = mapping.to_message(record)
        rounds = 20_000 // wire.segments + 1
        messages = [read_wire(wire) for _ in range(rounds * 5)]
        written = rate(wire.segments * rounds, lambda: [mapping.to_message(record) for _ in range(rounds)])  # noqa: B023
        read = rate(wire.segments * rounds,
                    lambda: [mapping.to_record(messages.pop()) for _ in range(rounds)])  # noqa: B023
        print(f"{name}: {wire.segments} segments, write {written:,.0f}/s, read {read:,.0f}/s, target {TARGET:,}/s")


if __name__ == "__main__":
    main()

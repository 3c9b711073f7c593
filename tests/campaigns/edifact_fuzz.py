"""Altered interchanges and random bytes against reader, validator and CONTRL: what may happen, and what may not.

    python -m tests.campaigns.edifact_fuzz [--runs N] [--seed S] [--workers N] [--json]

An input is a published or golden interchange altered at one to eight places, two of them spliced, pieces of syntax in
any order, or plain random bytes, at most 8 KiB (`edifact_inputs`). What is asked of it stands in `edifact_examined`:
reader, validator, writing again and CONTRL of every input; reference reader, reading in blocks, tree and description of
every eighth. What holds for time, memory and workers stands in `workers`. An input that fails is shown in hexadecimal
and does not stop the campaign. THREATS: content of a partner.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from ctypes import c_longlong
from multiprocessing.connection import Connection

from gateway.edifact import core
from tests.campaigns import workers as workers_of
from tests.campaigns.edifact_examined import examine
from tests.campaigns.edifact_inputs import Samples, make, seeds
from tests.campaigns.workers import Drawn, Result, Work, examined, limit_memory, tell

COMPARED = 8
"""Every how many inputs the slow questions are asked, too."""


def drawn(seed: int, number: int, samples: Samples) -> tuple[bytes, random.Random]:
    """The input of a number, and the chance that goes on with it."""
    chance = random.Random(f"{seed}/{number}")
    return make(chance, samples), chance


def run(numbers: range, seed: int) -> Result:
    """The campaign in this process."""
    result = Result()
    for part in parts(numbers, seed):
        result.add(part)
    return result


def parts(numbers: range, seed: int, current: c_longlong | None = None) -> Iterator[Result]:
    """The same bit by bit (`workers.examined`)."""
    samples = Samples(seeds())

    def draw(number: int) -> Drawn:
        content, chance = drawn(seed, number, samples)
        return content, lambda: examine(content, chance, compared=number % COMPARED == 0)

    return examined(numbers, draw, current)


def work(numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    """What a worker does: tell one result after the other."""
    limit_memory()
    for part in parts(numbers, seed, current):
        told.send(part)


def run_workers(runs: int, seed: int, workers: int, report: Callable[[str], None], task: Work = work) -> Result:
    """The campaign in processes of their own."""
    return workers_of.run_workers(runs, seed, workers, report, task,
                                  lambda number: drawn(seed, number, Samples(seeds()))[0])


def main() -> int:
    """Run; exit 1 when an input failed or a worker did not come to its end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    result = run_workers(options.runs, options.seed, max(1, options.workers),
                         lambda line: print(line, file=sys.stderr, flush=True))
    told = result.figures(time.monotonic() - began)
    return tell("edifact_fuzz", result, told, seed=options.seed, workers=options.workers, as_json=options.json,
                core="plain" if core.active is core.PLAIN else "compiled")


if __name__ == "__main__":
    raise SystemExit(main())

"""Altered sealed files against the opener: what may come of them, and what may not.

    python -m tests.campaigns.envelope_fuzz [--runs N] [--seed S] [--workers N] [--json]

An input is a good sealed file with octets or elements altered outside the encryption; or a good signed object altered
and encrypted as it should be; or signed attributes or a header altered and signed by a signer whom we trust
(`envelope_inputs`). What is asked of each stands in `envelope_examined`: a code of GW-1 section 6 other than
E_INTERNAL, or acceptance of what a second reading of the profile finds authentic, too. What holds for time, memory and
workers stands in `workers`. The alterations come from seed and number alone; keys and nonces are those of the process.
Two million inputs take some minutes on two cores. THREATS rows 7 to 11 and 19.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from ctypes import c_longlong
from multiprocessing.connection import Connection

from tests.campaigns.envelope_examined import examine
from tests.campaigns.envelope_inputs import Stock, draw
from tests.campaigns.workers import Drawn, Result, examined, limit_memory, run_workers, tell
from tests.tools.security_world import NOW


def parts(numbers: range, seed: int, current: c_longlong | None = None) -> Iterator[Result]:
    """The campaign in this process, bit by bit (`workers.examined`)."""
    stock = Stock()
    keys, trust = stock.w.keys(), stock.w.trust(cbc_until=NOW)

    def drawn(number: int) -> Drawn:
        kind, content = draw(stock, seed, number)

        def outcomes() -> list[str]:
            outcome = examine(content, stock.w, keys, trust)
            return [outcome, f"{kind}: {'accepted' if outcome == 'accepted' else 'refused'}"]
        return content, outcomes

    return examined(numbers, drawn, current)


def run(numbers: range, seed: int) -> Result:
    """The campaign in this process."""
    result = Result()
    for part in parts(numbers, seed):
        result.add(part)
    return result


def work(numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    """What a worker does: tell one result after the other."""
    limit_memory()
    for part in parts(numbers, seed, current):
        told.send(part)


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
                         lambda line: print(line, file=sys.stderr, flush=True), work,
                         lambda number: draw(Stock(), options.seed, number)[1])
    told = result.figures(time.monotonic() - began)
    return tell("envelope_fuzz", result, told, seed=options.seed, workers=options.workers, as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())

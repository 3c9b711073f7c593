"""Campaigns over numbered inputs, in processes of their own: what came of them, and how their ends are known.

Each input is drawn from a seed and its number alone: whatever the number of workers, the same runs of the same seed are
the same inputs. Each worker is a process with a range of numbers of its own. One that dies or stands still fails the
campaign, and its last input is shown. No input takes more than SECONDS of processor time, no process takes MEMORY more
than it had at its start or has grown by GROWTH when it is done.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from ctypes import c_longlong
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path

SECONDS = 2.0
STILL = 120.0
"""Seconds on the clock after which a worker that still has the same input is ended."""
MEMORY = 1 << 30
"""Bytes of address space the process may take beyond what it has at the start: more is a failure of the input."""
WARM = 100_000
"""Inputs after which everything that is kept on purpose (directories, code lists) is there."""
GROWTH = 32 << 20
"""Bytes by which a process may have grown between then and its end."""
SHOWN = 1000
"""Failures that are kept in words; all are counted."""
TOLD = 1000
"""Inputs after which a worker tells what it has; of a failure it tells at once."""


@dataclass(slots=True)
class Result:
    """What came of a range of inputs.

    done       inputs that were examined
    slowest    seconds of processor time of the slowest input
    peak       most bytes that one process held
    grown      most bytes that one process grew by after its first WARM inputs
    """

    done: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    peak: int = 0
    grown: int = 0

    def fail(self, sentence: str) -> None:
        """Count a failure."""
        self.outcomes["failures"] += 1
        if len(self.failures) < SHOWN:
            self.failures.append(sentence)

    def add(self, other: Result) -> None:
        """Take in what another range came to."""
        self.done += other.done
        self.outcomes.update(other.outcomes)
        self.failures = [*self.failures, *other.failures][:SHOWN]
        self.slowest, self.peak = max(self.slowest, other.slowest), max(self.peak, other.peak)
        self.grown = max(self.grown, other.grown)

    def figures(self, seconds: float) -> dict[str, float]:
        """What a campaign tells of itself when it is done."""
        return {"runs": self.done, "seconds": round(seconds), "slowest_seconds": round(self.slowest, 3),
                "peak_bytes": self.peak, "grown_bytes": self.grown}


Drawn = tuple[bytes, Callable[[], Iterable[str]]]
"""The input of a number, and what examines it: names of outcomes to be counted; what it raises is a failure."""


def examined(numbers: range, draw: Callable[[int], Drawn], current: c_longlong | None = None) -> Iterator[Result]:
    """Examine a range of inputs: a result for every TOLD inputs, and after every failure.

    current   where others see which input is being examined
    """
    result, warm = Result(), 0
    for place, number in enumerate(numbers, 1):
        if current is not None:
            current.value = number
        content, examine = draw(number)
        wrong = ""
        began = time.process_time()
        try:
            result.outcomes.update(examine())
        except Exception as error:
            wrong = f"{type(error).__name__}: {str(error)[:300]}"
        took = time.process_time() - began
        result.slowest = max(result.slowest, took)
        result.done += 1
        if not wrong and took > SECONDS:
            wrong = f"{took:.1f} s"
        if wrong:
            result.fail(f"{number}: {wrong}: {content.hex()[:2000]}")
        if place == WARM:
            warm = _statm(1)
        if wrong or place % TOLD == 0:
            yield result
            result = Result()
    result.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result.grown = max(0, _statm(1) - warm) if warm else 0
    if result.grown > GROWTH:
        result.fail(f"the process of {numbers} has grown by {result.grown} bytes")
    yield result


def _statm(field_number: int) -> int:
    """Bytes of this process: 0 of address space, 1 resident."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[field_number]) * resource.getpagesize()


def limit_memory() -> None:
    """No input may make the process take a gibibyte more than it has: it would be a MemoryError, and a failure."""
    size = _statm(0) + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


Work = Callable[[range, int, c_longlong, Connection], None]
"""What a worker does: its numbers, the seed, where others see the number it is at, and where it tells its results."""


class _Worker:
    """A process with its range of numbers, as its parent sees it."""

    def __init__(self, numbers: range, seed: int, task: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.numbers = numbers
        self.result = Result()
        self._current = context.RawValue(c_longlong, -1)
        self._last, self._since = -1, time.monotonic()
        self.told, telling = context.Pipe(duplex=False)
        self._process = context.Process(target=task, args=(numbers, seed, self._current, telling), daemon=True)
        self._process.start()
        telling.close()

    def listen(self) -> Result | None:
        """The next thing it tells; None when it will tell no more, for it is done or dead."""
        try:
            part = self.told.recv()
        except (EOFError, OSError):
            return None
        assert isinstance(part, Result)
        self.result.add(part)
        return part

    def end_if_still(self) -> None:
        """End it when it has had the same input for too long."""
        now, current = time.monotonic(), self._current.value
        if current != self._last:
            self._last, self._since = current, now
        elif now - self._since > STILL:
            self._process.kill()

    def verdict(self, input_of: Callable[[int], bytes]) -> Result:
        """What it came to, with a failure for an end before its time."""
        self._process.join()
        self.told.close()
        if self._process.exitcode != 0 or self.result.done != len(self.numbers):
            number = self._current.value
            content = input_of(number) if number in self.numbers else b""
            self.result.fail(f"{number}: the process of {self.numbers} ended with {self._process.exitcode} after "
                             f"{self.result.done}: {content.hex()[:2000]}")
        return self.result


def run_workers(runs: int, seed: int, workers: int, report: Callable[[str], None], task: Work,
                input_of: Callable[[int], bytes]) -> Result:
    """The campaign in processes of their own, each with a range of numbers; failures are reported as they come.

    input_of  makes the input of a number once more, for the report of a worker that died over it
    """
    edges = [runs * number // workers for number in range(workers + 1)]
    each = [_Worker(range(first, end), seed, task) for first, end in pairwise(edges)]
    open_ends = {one.told: one for one in each}
    done = 0
    while open_ends:
        for ready in wait(list(open_ends), timeout=min(5.0, STILL)):
            assert isinstance(ready, Connection)
            part = open_ends[ready].listen()
            if part is None:
                del open_ends[ready]
                continue
            for failure in part.failures:
                report(failure)
            if (done + part.done) // 100_000 > done // 100_000:
                report(f"{done + part.done} of {runs}")
            done += part.done
        for one in open_ends.values():
            one.end_if_still()
    whole = Result()
    for one in each:
        whole.add(one.verdict(input_of))
    return whole


def tell(name: str, result: Result, told: Mapping[str, object], *, seed: int, workers: int, as_json: bool,
         **more: object) -> int:
    """Print what came of a campaign, one JSON object or lines for people; its exit status, 1 when an input failed.

    told  the figures; more  further members of the object
    """
    failed = result.outcomes["failures"] > 0
    if as_json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": name, **told, "seed": seed, "workers": workers,
                          **more, "outcomes": dict(sorted(result.outcomes.items())), "failures": result.failures,
                          "ok": not failed}))
    else:
        for outcome, count in sorted(result.outcomes.items()):
            print(f"{count:9d} {outcome}")
        print(", ".join(f"{figure} {value}" for figure, value in told.items()))
    return 1 if failed else 0

"""One run of a program as cron starts it, watched from inside: where its processor time goes, and its memory.

    python -m tests.bench.road_process RESULT edi-send --config settings.yaml

The program's own entry is called, nothing else. Every few milliseconds of processor time (not of the clock: the machine
may be busy with other things) the stack is noted. RESULT becomes a JSON object: ``exit``, ``out``, ``wall``,
``processor`` and ``processor_others`` (of its workers) in seconds, ``peak`` and ``peak_others`` (of the largest worker)
in octets, ``stacks`` of the run itself: a list of [samples, [[file, function], ... innermost first]].
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import resource
import signal
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

EVERY = 0.01
"""Seconds of processor time between two looks at the stack."""
_ROOT = f"{Path(__file__).parents[2]}/"

Stack = tuple[tuple[str, str], ...]


class Sampler:
    """Counts the stacks of this process; use as a context manager in the main thread.

    What it holds counts as memory of the program that it watches: so a place is held once, and a stack as the numbers
    of its places.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], int] = {}
        self._counted: Counter[bytes] = Counter()

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self.look)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def stacks(self) -> Iterator[tuple[int, Stack]]:
        """How often each stack was seen, and the stack."""
        places = list(self._places)
        for stack, count in self._counted.items():
            yield count, tuple(places[number] for number in array("I", stack))

    def look(self, number: int, frame: FrameType | None) -> None:
        """Count this stack, as a handler of signals is called."""
        found = array("I")
        while frame is not None:
            code = frame.f_code
            found.append(self._places.setdefault((code.co_filename, code.co_qualname), len(self._places)))
            frame = frame.f_back
        self._counted[found.tobytes()] += 1


def peak() -> int:
    """The most memory this process has held, in octets: of this program alone, not of what was there before it."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"), re.M)
    return int(found[1]) * 1024 if found is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(result: str, program: str, *words: str) -> int:
    """Run a program and write what was seen; its exit status."""
    out = io.StringIO()
    start = time.perf_counter()
    with contextlib.redirect_stdout(out), Sampler() as sampler:
        from gateway.cli.entry import run  # what it loads belongs to the run

        status = run(program, words)
    wall = time.perf_counter() - start
    most, others = peak(), resource.getrusage(resource.RUSAGE_CHILDREN)  # what is made of the stacks is none of it
    stacks = [(count, [(_short(file), function) for file, function in stack]) for count, stack in sampler.stacks()]
    Path(result).write_text(json.dumps({
        "exit": status, "out": out.getvalue(), "wall": wall, "processor": time.process_time(),
        "processor_others": others.ru_utime + others.ru_stime, "peak": most,
        "peak_others": others.ru_maxrss * 1024, "stacks": stacks}), "utf-8")
    return status


def _short(file: str) -> str:
    """A file as a reader knows it: from the checkout, or from its package."""
    for before in (_ROOT, "/site-packages/", f"/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        if before in file:
            return file.split(before, 1)[1]
    return file


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

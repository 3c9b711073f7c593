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
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.005
"""Seconds of processor time between two looks at the stack."""
_ROOT = f"{Path(__file__).parents[2]}/"

Stack = tuple[tuple[str, str], ...]


class Sampler:
    """Counts the stacks of this process; use as a context manager in the main thread."""

    def __init__(self) -> None:
        self.stacks: Counter[Stack] = Counter()

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _look(self, number: int, frame: FrameType | None) -> None:
        found = []
        while frame is not None:
            found.append((frame.f_code.co_filename, frame.f_code.co_qualname))
            frame = frame.f_back
        self.stacks[tuple(found)] += 1


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
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    stacks = [(count, [(_short(file), function) for file, function in stack])
              for stack, count in sampler.stacks.items()]
    Path(result).write_text(json.dumps({
        "exit": status, "out": out.getvalue(), "wall": wall, "processor": time.process_time(),
        "processor_others": others.ru_utime + others.ru_stime, "peak": peak(),
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

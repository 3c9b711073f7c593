"""What a command costs before it does anything: the help, the status, a run with nothing to do, a completion.

Medians of whole processes, byte-compiled beforehand, taken by turns with a bare ``python3 -c pass`` so that whatever
else the machine does falls on all of them alike. What may be imported is guarded by a test (`test_cli_startup`), for
a figure depends on the machine and an import does not.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench import Figure
from tests.bench.ledger_fill import fill
from tests.tools.offices import offices

ROOT = Path(__file__).parents[2]
MESSAGES = 10_000
TIMES = 15
"""Processes of each kind; with the bare Python beside them about a minute."""

_EDI = [sys.executable, "-c", "from gateway.cli import main; raise SystemExit(main())"]
_SEND = [sys.executable, "-c", "from gateway.cli import main_send; raise SystemExit(main_send())"]


def figures(scale: float) -> Iterator[Figure]:
    """The medians in milliseconds, each beside that of a bare Python, against what a person does not notice."""
    compileall.compile_dir(ROOT / "gateway", quiet=2)
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        office, other = offices(Path(folder))
        fill(office.home / "state" / "ledger.sqlite", max(1, round(MESSAGES * scale)))
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "EDI_CONFIG": str(office.settings)}
        lines = {
            "edi --help": (150, [*_EDI, "--help"]), "edi status": (600, [*_EDI, "status"]),
            "edi-send, nothing to do": (1000, [*_SEND, "--config", str(other.settings)]),
            "edi completion": (200, [*_EDI, "completion", "words", "--", "edi", "show", ""])}
        for name, (most, line) in lines.items():
            bare, found = _by_turns([[sys.executable, "-c", "pass"], line], environment, max(3, round(TIMES * scale)))
            yield Figure(name=name, value=found, unit="ms", against=f"python3 -c pass: {bare:.0f} ms",
                         ratio=found / bare, target=f"< {most} ms", met=found < most)


def _by_turns(lines: Sequence[Sequence[str]], environment: Mapping[str, str], times: int) -> list[float]:
    """The median milliseconds of each line. Raises CalledProcessError when one fails."""
    taken: list[list[float]] = [[] for _ in lines]
    for turn in range(times + 1):
        for line, found in zip(lines, taken, strict=True):
            begin = time.perf_counter()
            subprocess.run(line, cwd=ROOT, env=dict(environment), check=True, capture_output=True)
            if turn:  # the first of each only warms the disk
                found.append((time.perf_counter() - begin) * 1000)
    return [statistics.median(found) for found in taken]

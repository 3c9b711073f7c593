"""``test``: pytest on the checkout, and the line that closes it, whatever happened.

pytest runs as a child and loads this module as a plug-in, which writes its figures into a file; so the closing line
comes even when the run was killed, and nobody has to read pytest's words. Settings of a gateway that happens to
live on this computer (``EDI_...``) do not reach the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from gateway.launcher.folders import CHECKOUT
from gateway.launcher.words import Options, Stop

FIGURES = "EDI_TEST_FIGURES"
"""Names the file for the figures."""
KINDS = {"passed": ("passed", "xpassed"), "failed": ("failed", "error"), "skipped": ("skipped", "xfailed")}


def run(options: Options) -> int:
    """Run pytest with the rest of the command line: 0 when everything passed, 1 when not, 130 when interrupted."""
    if not (CHECKOUT / "tests").is_dir():
        raise Stop(3, "launcher.no_tests", folder=CHECKOUT)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures"
        command = [sys.executable, "-I" if sys.flags.isolated else "-sP", "-m", "pytest", "-p", __name__,
                   "-p", "no:cacheprovider", "--rootdir", str(CHECKOUT), "-c", str(CHECKOUT / "setup.cfg")]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("EDI_")}
        environ[FIGURES] = str(figures)
        with subprocess.Popen(command + options.rest, cwd=CHECKOUT, env=environ) as process:
            try:
                status = process.wait()
            except KeyboardInterrupt:
                process.wait()
                status = 130
        counted = figures.read_text("utf-8").split() if figures.is_file() else []
    seconds = round(time.monotonic() - started)
    if len(counted) == len(KINDS):
        words = {kind: options.count(f"launcher.{kind}", int(n)) for kind, n in zip(KINDS, counted, strict=True)}
        options.say(sys.stdout, "launcher.tests", seconds=seconds, **words)
    elif status:  # without figures and without a fault it was a question to pytest, such as --version
        options.say(sys.stdout, "launcher.tests_broken", seconds=seconds, status=status)
    return status if status in (0, 130) else 1


class Reporter(Protocol):
    """pytest's terminal reporter, as far as it is used here."""

    stats: dict[str, list[object]]


def pytest_terminal_summary(terminalreporter: Reporter) -> None:
    """pytest's hook: write how many tests passed, failed, were skipped."""
    path = os.environ.pop(FIGURES, None)
    if path:
        numbers = (sum(len(terminalreporter.stats.get(word, ())) for word in words) for words in KINDS.values())
        Path(path).write_text(" ".join(map(str, numbers)), "utf-8")

"""The command line: thin, in two languages, no decisions.

The language is decided first (option, environment, settings); only then are the commands imported, because their help
texts are made at import. Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """`edi`: the commands for people."""
    return process("edi", arguments)


def main_send(arguments: Sequence[str] | None = None) -> int:
    """`edi-send`: what cron runs to send."""
    return process("edi-send", arguments)


def main_receive(arguments: Sequence[str] | None = None) -> int:
    """`edi-receive`: what cron runs to receive and answer."""
    return process("edi-receive", arguments)


def main_sync(arguments: Sequence[str] | None = None) -> int:
    """`edi-sync`: receive, answer and send in one run."""
    return process("edi-sync", arguments)


def process(program: str, arguments: Sequence[str] | None) -> int:
    """Run one program as a process of its own, which ends with the exit status that this returns.

    What is loaded by then is left to the end of the process: the interpreter would else look for garbage among all of
    it once more, and that is a sixth of what a short question takes.
    """
    from gateway.cli.entry import run

    status = run(program, arguments)
    gc.freeze()
    return status

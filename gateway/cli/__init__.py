"""The command line: thin, in two languages, no decisions.

The language is decided first (option, environment, settings); only then are the commands imported, because their help
texts are made at import. Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """`edi`: the commands for people."""
    from gateway.cli.entry import run

    return run("edi", arguments)


def main_send(arguments: Sequence[str] | None = None) -> int:
    """`edi-send`: what cron runs to send."""
    from gateway.cli.entry import run

    return run("edi-send", arguments)


def main_receive(arguments: Sequence[str] | None = None) -> int:
    """`edi-receive`: what cron runs to receive and answer."""
    from gateway.cli.entry import run

    return run("edi-receive", arguments)


def main_sync(arguments: Sequence[str] | None = None) -> int:
    """`edi-sync`: receive, answer and send in one run."""
    from gateway.cli.entry import run

    return run("edi-sync", arguments)

"""`edi guarantee`: what is engaged on each guarantee, and what is free.

Each command is imported only when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"list": "guarantee_see", "show": "guarantee_see", "limit": "guarantee_limit"}
"""Name of a command -> the module of `gateway.cli` that has it."""
_READS = {"list", "show"}
"""Commands that change nothing."""

guarantee_command = Lazy("guarantee", _COMMANDS, "guarantee.")


def only_reads(words: Sequence[str]) -> bool:
    """Tell whether a line only reads. `words` is what follows ``edi guarantee``."""
    verb = next((word for word in words if word in _COMMANDS), None)
    return verb is None or verb in _READS

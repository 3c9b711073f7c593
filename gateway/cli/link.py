"""`edi link`: the two directed links with each partner.

Each command is imported only when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"status": "link_see", "checkpoint": "link_act", "withdraw": "link_act"}
"""Name of a command -> the module of `gateway.cli` that has it."""
_READS = {"status"}
"""Commands that change nothing."""

link_command = Lazy("link", _COMMANDS, "link.")


def only_reads(words: Sequence[str]) -> bool:
    """Tell whether a line only reads. `words` is what follows ``edi link``."""
    verb = next((word for word in words if word in _COMMANDS), None)
    return verb is None or verb in _READS

"""`edi reference`: what administrations publish of their offices, hours, holidays, downtimes and codes.

Each command is imported only when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"list": "reference_see", "show": "reference_see", "diff": "reference_see",
                             "publish": "reference_act", "accept": "reference_act", "refuse": "reference_act"}
"""Name of a command -> the module of `gateway.cli` that has it."""
_READS = {"list", "show", "diff"}
"""Commands that change nothing."""

reference_command = Lazy("reference", _COMMANDS, "reference.")


def only_reads(words: Sequence[str]) -> bool:
    """Tell whether a line only reads. `words` is what follows ``edi reference``."""
    verb = next((word for word in words if word in _COMMANDS), None)
    return verb is None or verb in _READS

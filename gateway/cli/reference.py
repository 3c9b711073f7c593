"""`edi reference`: what administrations publish of their offices, hours, holidays, downtimes and codes.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"list": "reference_see", "show": "reference_see", "diff": "reference_see",
                             "publish": "reference_act", "accept": "reference_act", "refuse": "reference_act"}
"""Name of a command -> the module of `gateway.cli` that has it."""

reference_command = Lazy("reference", _COMMANDS, "reference.", reads=("list", "show", "diff"))

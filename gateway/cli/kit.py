"""`edi kit`: what a partner without our software shows before the first real exchange."""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"make": "kit_act", "run": "kit_act"}
"""Name of a command -> the module of `gateway.cli` that has it."""

kit_command = Lazy("kit", _COMMANDS, "kit.")

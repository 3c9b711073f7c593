"""`edi guarantee`: what is engaged on each guarantee, and what is free.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"list": "guarantee_see", "show": "guarantee_see", "limit": "guarantee_limit"}
"""Name of a command -> the module of `gateway.cli` that has it."""

guarantee_command = Lazy("guarantee", _COMMANDS, "guarantee.", reads=("list", "show"))

"""`edi fallback`: movements that ran on paper, their share, and the months that call for a review.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"list": "fallback_see", "add": "fallback_add"}
"""Name of a command -> the module of `gateway.cli` that has it."""

fallback_command = Lazy("fallback", _COMMANDS, "fallback.", reads=("list",))

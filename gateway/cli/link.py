"""`edi link`: the two directed links with each partner.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"status": "link_see", "checkpoint": "link_act", "withdraw": "link_act"}
"""Name of a command -> the module of `gateway.cli` that has it."""

link_command = Lazy("link", _COMMANDS, "link.", reads=("status",))

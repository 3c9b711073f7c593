"""`edi ledger`: the file that everything is written in, and what a partner gets back of its own link.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {"copy": "ledger_copy", "objects": "ledger_copy", "contents": "ledger_contents"}
"""Name of a command -> the module of `gateway.cli` that has it."""

ledger_command = Lazy("ledger", _COMMANDS, "ledger.")

"""`edi partner`: who the partners are, how one is introduced, and whether everything is in place for it.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {
    "pack": "partner_pack", "import": "partner_import", "resume": "partner_resume", "test": "partner_test",
    "show": "partner_show", "annex": "partner_annex",
}
"""Name of a command -> the module of `gateway.cli` that has it."""

partner_command = Lazy("partner", _COMMANDS, "partner.", reads=("show", "test", "annex"))

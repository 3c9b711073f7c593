"""`edi keys`: the keys of this gateway and the certificates of its partners.

Each command is imported only when it is called.
"""

from __future__ import annotations

from gateway.cli.commands import Lazy

_COMMANDS: dict[str, str] = {
    "init": "keys_make", "request": "keys_make", "import": "keys_make", "check": "keys_check", "crl": "keys_crl",
    "rotate": "keys_change", "announce": "keys_change", "confirm": "keys_decide", "accept": "keys_decide",
    "refuse": "keys_decide", "revoke": "keys_decide", "list": "keys_list",
}
"""Name of a command -> the module of `gateway.cli` that has it."""

keys_command = Lazy("keys", _COMMANDS, "keys.", reads=("check", "list"))

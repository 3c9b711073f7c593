"""Which command lives in which module; each is imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from gateway.cli.context import t

_COMMANDS = {
    "status": "see", "overdue": "see", "show": "see", "trace": "ask", "explain": "ask",
    "resend": "act", "reprocess": "act", "quarantine": "act", "validate": "files",
    "inspect": "files", "seal": "envelope", "open": "envelope", "config": "setup", "keys": "keys", "init": "setup",
    "bench": "bench", "partner": "partner",
}
_PROGRAMS = {"edi-send": "send", "edi-receive": "receive", "edi-sync": "sync"}


class _Lazy(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load(cmd_name) if cmd_name in _COMMANDS else None


def load(name: str) -> click.Command:
    """The command of that name."""
    command = getattr(import_module(f"gateway.cli.{_COMMANDS.get(name, 'runs')}"), f"{name}_command")
    assert isinstance(command, click.Command)
    return command


def program_of(program: str) -> click.Command:
    """What one of the installed programs runs."""
    if program in _PROGRAMS:
        return load(_PROGRAMS[program])
    group = _Lazy(name="edi", help=t("cli.help"), no_args_is_help=True)
    return click.version_option(package_name="corridor-gateway", message="%(prog)s %(version)s")(group)

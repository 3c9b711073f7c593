"""Which command lives in which module; each is imported only when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from gateway.cli.context import t

_COMMANDS = {
    "status": "see", "overdue": "see", "show": "see", "trace": "ask", "explain": "ask",
    "resend": "act", "reprocess": "act", "quarantine": "act", "validate": "files",
    "inspect": "files", "seal": "envelope", "open": "envelope", "config": "setup", "keys": "keys", "init": "setup",
    "bench": "bench", "partner": "partner", "codes": "codes",
}
_PROGRAMS = {"edi-send": "send", "edi-receive": "receive", "edi-sync": "sync"}
_READS = {"status", "overdue", "show", "trace", "explain", "quarantine", "validate", "inspect", "config", "bench",
          "codes"}
"""Commands that change nothing: a reader who walks away (`| head`) takes nothing from anybody."""


class _Lazy(click.Group):
    """A group whose commands are imported by name; its own help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(t("cli.commands")):
            formatter.write_dl([(name, t(f"cli.{name}.help")) for name in self.list_commands(ctx)])


def load(name: str) -> click.Command:
    """The command of that name."""
    command = getattr(import_module(f"gateway.cli.{_COMMANDS.get(name, 'runs')}"), f"{name}_command")
    assert isinstance(command, click.Command)
    return command


def program_of(program: str) -> click.Command:
    """What one of the installed programs runs."""
    if program in _PROGRAMS:
        return load(_PROGRAMS[program])
    group = _Lazy(name="edi", help=t("cli.help"), no_args_is_help=True,
                  subcommand_metavar=t("cli.metavar.command"))
    return click.version_option(version(), message="%(prog)s %(version)s")(group)


def called(words: Sequence[str]) -> list[str]:
    """The command among the words of a line, without anything that follows it; empty when there is none."""
    return next(([word] for word in words if word in _COMMANDS), [])


def reads(program: str, words: Sequence[str]) -> bool:
    """Tell whether a line only reads: then nothing is lost when nobody reads its answer."""
    name = called(words)
    return program == "edi" and (not name or name[0] in _READS or "--help" in words)


def version() -> str:
    """The version of the installed package, or ``checkout``."""
    from importlib import metadata  # not needed by a run

    try:
        return metadata.version("corridor-gateway")
    except metadata.PackageNotFoundError:
        return "checkout"

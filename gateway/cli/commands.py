"""Which command lives in which module; each is imported only when it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from gateway.cli.context import t

_COMMANDS = {
    "status": "see", "overdue": "see", "show": "show", "trace": "ask", "explain": "ask",
    "resend": "act", "dead": "dead", "reprocess": "reprocess", "quarantine": "quarantine", "validate": "files",
    "inspect": "files", "seal": "envelope", "open": "envelope", "config": "setup", "keys": "keys", "init": "setup",
    "bench": "bench", "partner": "partner", "retention": "retention", "codes": "codes", "map": "map",
    "mirror": "mirror", "seals": "seals",
    "link": "link", "reference": "reference", "audit": "audit", "reconcile": "reconcile",
    "traffic": "traffic", "guarantee": "guarantee", "fallback": "fallback",
    "evidence": "evidence", "ledger": "ledger", "restore": "restore", "carry": "carry",
}
_PROGRAMS = {"edi-send": "send", "edi-receive": "receive", "edi-sync": "sync"}
_READS = {"status", "overdue", "show", "trace", "explain", "validate", "inspect", "config", "bench",
          "codes", "mirror", "seals", "traffic"}
"""Commands that change nothing: a reader who walks away (`| head`) takes nothing from anybody."""


class Lazy(click.Group):
    """A group whose commands are imported by name; its own help imports none of them.

    modules  name of a command -> the module of `gateway.cli` that has it as ``<name>_command``
    above    what stands before the name in the keys of sentences: "", ``map.`` or ``keys.``
    """

    def __init__(self, name: str, modules: Mapping[str, str], above: str = "") -> None:
        super().__init__(name=name, no_args_is_help=True, subcommand_metavar=t("cli.metavar.command"),
                         help=t("cli.help" if name == "edi" else f"cli.{name}.help"))
        self._modules, self._above = modules, above

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _imported(self._modules[cmd_name], cmd_name) if cmd_name in self._modules else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(name, t(f"cli.{self._above}{name}.help")) for name in self.list_commands(ctx)]
        if lines:
            with formatter.section(t("cli.commands")):
                formatter.write_dl(lines)


def load(name: str) -> click.Command:
    """The command of that name."""
    return _imported(_COMMANDS.get(name, "runs"), name)


def _imported(module: str, name: str) -> click.Command:
    command = getattr(import_module(f"gateway.cli.{module}"), f"{name}_command")
    assert isinstance(command, click.Command)
    return command


def program_of(program: str) -> click.Command:
    """What one of the installed programs runs."""
    if program in _PROGRAMS:
        return load(_PROGRAMS[program])
    return click.version_option(version(), message="%(prog)s %(version)s")(Lazy("edi", _COMMANDS))


def called(words: Sequence[str]) -> list[str]:
    """The command among the words of a line, without anything that follows it; empty when there is none."""
    return next(([word] for word in words if word in _COMMANDS), [])


def reads(program: str, words: Sequence[str]) -> bool:
    """Tell whether a line only reads: then nothing is lost when nobody reads its answer."""
    name = called(words)
    if program != "edi":
        return False
    if not name or name[0] in _READS or "--help" in words:
        return True
    if name[0] not in ("map", "keys", "partner", "quarantine", "dead", "link", "reference", "guarantee", "fallback",
                       "ledger", "audit"):
        return False
    module = import_module(f"gateway.cli.{name[0]}")  # imported by the run itself
    return bool(module.only_reads(words[words.index(name[0]) + 1:]))


def version() -> str:
    """The version of the installed package, or ``checkout``."""
    from importlib import metadata  # not needed by a run

    try:
        return metadata.version("corridor-gateway")
    except metadata.PackageNotFoundError:
        return "checkout"

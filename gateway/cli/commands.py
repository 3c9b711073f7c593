"""Which command lives in which module; each is imported only when it is called."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from gettext import gettext
from importlib import import_module

import click

from gateway.cli.context import language, note, t
from gateway.texts import known

_COMMANDS = {
    "status": "see", "overdue": "overdue", "show": "show", "trace": "ask", "explain": "ask",
    "resend": "act", "dead": "dead", "reprocess": "reprocess", "quarantine": "quarantine", "validate": "files",
    "inspect": "files", "seal": "envelope", "open": "envelope", "config": "setup", "keys": "keys", "init": "begin",
    "bench": "bench", "partner": "partner", "retention": "retention", "codes": "codes", "map": "map",
    "mirror": "mirror", "seals": "seals", "reader-check": "reader_check", "simulate": "simulate", "kit": "kit",
    "link": "link", "reference": "reference", "audit": "audit", "reconcile": "reconcile",
    "traffic": "traffic", "guarantee": "guarantee", "fallback": "fallback",
    "completion": "completion", "manual": "manual", "report": "report",
    "doctor": "doctor", "health": "health", "check": "check", "metrics": "metrics", "alerts": "alerts",
    "evidence": "evidence", "ledger": "ledger", "restore": "restore", "upgrade": "upgrade",
    "backup": "backup", "archive": "archive", "erase": "erase", "carry": "carry",
    "accounts": "accounts", "chase": "chase", "serve": "serve", "daemon": "daemon",
}
PROGRAMS = {"edi-send": "send", "edi-receive": "receive", "edi-sync": "sync"}
"""What cron runs -> the name of its command."""
_READS = {"status", "overdue", "show", "trace", "explain", "validate", "inspect", "config", "bench",
          "codes", "mirror", "seals", "traffic", "completion", "doctor", "health", "check", "metrics"}
"""Commands that change nothing: a reader who walks away (`| head`) takes nothing from anybody."""


_RENAMED: dict[str, str] = {}
"""Former name of a command -> its name now: it works for two minor versions more, unlisted, and says so."""


class Lazy(click.Group):
    """A group whose commands are imported by name; its own help imports none of them.

    modules   name of a command -> the module of `gateway.cli` that has it as ``<name>_command``
    above     what stands before the name in the keys of sentences: "", ``map.`` or ``keys.``
    reads     commands that change nothing, whatever their options
    changing  options with which even those change something
    default   the command that is meant where only options follow the group's name
    renamed   former name of a command -> its name now
    """

    def __init__(self, name: str, modules: Mapping[str, str], above: str = "", *, reads: Collection[str] = (),
                 changing: Collection[str] = (), default: str | None = None,
                 renamed: Mapping[str, str] | None = None) -> None:
        super().__init__(name=name, no_args_is_help=default is None, subcommand_metavar=t("cli.metavar.command"),
                         help=t("cli.help" if name == "edi" else f"cli.{name}.help"))
        self._modules, self._above, self._default = modules, above, default
        self._reads, self._changing, self._renamed = reads, changing, renamed or {}

    @property
    def above(self) -> str:
        """What stands before the names of its commands in the keys of sentences."""
        return self._above

    def only_reads(self, words: Sequence[str]) -> bool:
        """Tell whether a line changes nothing. `words` is what follows the name of the group."""
        verb = next((word for word in words if word in self._modules), self._default)
        return verb is None or (verb in self._reads and not any(
            word.partition("=")[0] in self._changing for word in words))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options alone are those of the default command, where there is one."""
        if self._default is not None and "--help" not in args and (not args or args[0].startswith("-")) \
                and not any(word in self._modules for word in args):
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context,
                        args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As the framework has it; a former name is told, and means what it is called now."""
        new = self._renamed.get(args[0])
        if new is not None:
            note(t("cli.renamed", old=f"{ctx.command_path} {args[0]}", new=f"{ctx.command_path} {new}"))
            args = [new, *args[1:]]
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        return _with_examples(_imported(self._modules[cmd_name], cmd_name), f"{self._above}{cmd_name}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(name, t(f"cli.{self._above}{name}.help")) for name in self.list_commands(ctx)]
        if lines:
            with formatter.section(t("cli.commands")):
                formatter.write_dl(lines)


def _tell_version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"{context.find_root().info_name} {version()}")
        context.exit()


def key_of(program: str) -> str:
    """What the keys of a program's sentences begin with, after ``cli.``; "" for `edi` itself."""
    return PROGRAMS.get(program, "")


def load(name: str) -> click.Command:
    """The command of that name."""
    return _imported(_COMMANDS.get(name, "runs"), name)


def _imported(module: str, name: str) -> click.Command:
    with _nothing_collected():
        command = getattr(import_module(f"gateway.cli.{module}"), f"{name.replace('-', '_')}_command")
    assert isinstance(command, click.Command)
    return command


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """While modules are loaded nothing becomes garbage: the collector would look at all of them again and again."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()


def _with_examples(command: click.Command, key: str) -> click.Command:
    """A command whose help ends in the examples that the catalogue has for it."""
    name = f"cli.{key}.examples"
    if known(name, language()):
        lines = "\n".join(f"  {line}" for line in t(name).splitlines())
        command.epilog = f"\b\n{t('cli.examples')}\n{lines}"  # \b: the framework leaves these lines as they are
    if isinstance(command, click.Group) and not isinstance(command, Lazy):
        for inner in command.commands.values():
            _with_examples(inner, f"{key}.{inner.name}")
    return command


def program_of(program: str) -> click.Command:
    """What one of the installed programs runs."""
    if program in PROGRAMS:
        return _with_examples(load(PROGRAMS[program]), key_of(program))
    # the framework's own option of that name looks the version up in every run, which costs more than the framework
    shown = click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_tell_version,
                         help=gettext("Show the version and exit."))
    return shown(Lazy("edi", _COMMANDS, renamed=_RENAMED))


def called(words: Sequence[str]) -> list[str]:
    """The command among the words of a line, without anything that follows it; empty when there is none."""
    return next(([_RENAMED.get(word, word)] for word in words if word in _COMMANDS or word in _RENAMED), [])


def reads(program: str, words: Sequence[str]) -> bool:
    """Tell whether a line only reads: then nothing is lost when nobody reads its answer."""
    name = called(words)
    if program != "edi":
        return False
    if not name or name[0] in _READS or "--help" in words:
        return True
    command = load(name[0])  # imported by the run itself
    at = next(place for place, word in enumerate(words) if [_RENAMED.get(word, word)] == name)
    return isinstance(command, Lazy) and command.only_reads(words[at + 1:])


def version() -> str:
    """The version of the installed package, or ``checkout``."""
    from importlib import metadata  # not needed by a run

    try:
        return metadata.version("corridor-gateway")
    except metadata.PackageNotFoundError:
        return "checkout"

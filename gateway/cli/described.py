"""What the commands are, as data: for the manual pages, the reference, and the table that completion reads.

The texts are those of the language in which the commands were imported: one process describes them in one language.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
from msgspec import Struct

from gateway.cli.commands import PROGRAMS, Lazy, key_of, program_of
from gateway.cli.context import language, t
from gateway.texts import known

_REFERENCES = {"reference", "references", "mrn"}
_PARTNERS = {"partner", "partners", "owner", "owners"}
_CORRIDORS = {"corridor", "corridors", "mappings"}


class Option(Struct, frozen=True, kw_only=True):
    """One option. names: all of them; value: what stands behind it, "" for a switch; default: "" when there is none."""

    names: tuple[str, ...]
    value: str
    text: str
    default: str
    required: bool
    multiple: bool
    kind: str


class Described(Struct, frozen=True, kw_only=True):
    """One command, program or group.

    line       as it is typed, ``edi map test``; usage: what follows it
    text       its help; arguments: name and kind of each (``reference``, ``partner``, ``corridor``, ``file``,
               ``=a,b`` for a choice, "" for anything else)
    inner      names of the commands of a group
    examples   whole lines
    """

    line: str
    usage: str
    text: str
    options: tuple[Option, ...]
    arguments: tuple[tuple[str, str], ...]
    inner: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def page(self) -> str:
        """The manual page that tells of it: of a command in a group, that of the group."""
        return "-".join(self.line.split()[:2])


def every() -> Iterator[Described]:
    """`edi`, each of its commands with those below it, then the programs of cron. Imports every command."""
    for program in ("edi", *PROGRAMS):
        yield from _below(program_of(program), program, key_of(program))


def _below(command: click.Command, line: str, key: str) -> Iterator[Described]:
    context = click.Context(command, info_name=line)
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    yield _described(command, context, line, key, names)
    for name in names:
        assert isinstance(command, click.Group)
        inner = command.get_command(context, name)
        assert inner is not None
        above = command.above if isinstance(command, Lazy) else f"{key}."
        yield from _below(inner, f"{line} {name}", f"{above}{name}")


def _described(command: click.Command, context: click.Context, line: str, key: str, names: list[str]) -> Described:
    options = [_option(parameter, context) for parameter in command.get_params(context)
               if isinstance(parameter, click.Option) and not parameter.hidden]
    return Described(
        line=line, usage=" ".join(command.collect_usage_pieces(context)), text=command.help or "",
        options=tuple(options), inner=tuple(names), examples=examples(key), arguments=tuple(
            (parameter.name or "", _kind(parameter)) for parameter in command.params
            if isinstance(parameter, click.Argument)))


def examples(key: str) -> tuple[str, ...]:
    """The examples of a command, by its key in the catalogues."""
    name = f"cli.{key}.examples"
    return tuple(t(name).splitlines()) if known(name, language()) else ()


def _option(option: click.Option, context: click.Context) -> Option:
    switch = option.is_flag or option.count
    shown = option.show_default and not switch and option.default is not None
    return Option(names=(*option.opts, *option.secondary_opts),
                  value="" if switch else option.make_metavar(context), text=option.help or "",
                  default=str(option.default) if shown else "", required=option.required, multiple=option.multiple,
                  kind="" if switch else _kind(option))


def _kind(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice):
        return "=" + ",".join(map(str, parameter.type.choices))
    if isinstance(parameter.type, click.Path | click.File):
        return "file"
    for kind, names in (("reference", _REFERENCES), ("partner", _PARTNERS), ("corridor", _CORRIDORS)):
        if parameter.name in names:
            return kind
    return ""

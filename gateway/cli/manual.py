"""`edi manual`: the manual pages, made from the commands themselves, in both languages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from gateway.cli import roff
from gateway.cli.commands import version
from gateway.cli.context import emit, emit_json, json_option, language, t, without_settings
from gateway.cli.described import Described, Option, every
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language

_ENVIRONMENT = ("EDI_CONFIG", "EDI_LANG", "EDI_MAPPINGS", "NO_COLOR")


@click.command(name="manual", help=t("cli.manual.help"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar=t("cli.metavar.folder"), help=t("cli.manual.out"))
@click.option("--alone", is_flag=True, hidden=True)
@json_option
@without_settings
def manual_command(out: Path, alone: bool, as_json: bool) -> int:
    """Write ``man1`` and ``fr/man1`` below a folder, as man(1) looks for them.

    The commands speak the one language in which they were imported: the other one is written by a process of its own.
    """
    try:
        pages = dict(write(out))
    except OSError as error:
        raise LocalError(Finding(code="C040", values={"file": str(error.filename or out),
                                                      "reason": error.strerror or str(error)})) from error
    if alone:
        return Exit.DONE
    other = next(one for one in Language if one is not language())
    done = subprocess.run(  # noqa: S603 - this program itself, its words are ours
        [sys.executable, "-m", "gateway.cli", "manual", "--alone", "--out", str(out), "--lang", other.value],
        check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        return done.returncode
    if as_json:
        emit_json("manual", {"folder": out, "pages": sorted(pages)})
    else:
        emit(t("manual.done", folder=out, n=len(pages)))
        emit(t("manual.next", folder=out.absolute()))
    return Exit.DONE


def write(out: Path) -> Iterator[tuple[str, Path]]:
    """Every page in the language of this process: its name, and its file."""
    folder = out / "man1" if language() is Language.ENGLISH else out / language().value / "man1"
    folder.mkdir(parents=True, exist_ok=True)
    for name, told in groupby(every(), key=lambda one: one.page):
        file = folder / f"{name}.1"
        file.write_text(page(name, list(told)), "utf-8")
        file.chmod(0o644)
        yield name, file


def page(name: str, told: Sequence[Described]) -> str:
    """One page: of a program or command, with the commands below it."""
    first, *below = told
    found = [roff.head(name, f"corridor-gateway {version()}", t("manual.title")),
             *roff.section(t("manual.name"), f"{roff.text(name)} \\- {roff.text(first.text.rstrip('.'))}"),
             *roff.section(t("manual.synopsis"), *(_usage(one) for one in (below or [first]))),
             *roff.section(t("manual.description"), roff.text(first.text))]
    if name == "edi":
        found += roff.section(t("manual.commands"), roff.text(t("manual.pages")))
        found += roff.terms((f"{roff.bold(f'edi-{inner}')}(1)", t(f"cli.{inner}.help")) for inner in first.inner)
    elif below:
        found += roff.section(t("manual.commands"))
        for one in below:
            found += [*roff.part(one.line, roff.text(one.text)), *_options(one), *_examples(one)]
    if not below:
        found += [*roff.section(t("manual.options")), *_options(first)]
    if first.examples:
        found += [*roff.section(t("manual.examples")), *_examples(first)]
    found += [*roff.section(t("manual.exits"), roff.text(t("manual.exits.text"))), *roff.terms(
        (roff.bold(str(int(status))), t(f"exit.{int(status)}")) for status in Exit)]
    found += [*roff.section(t("manual.environment")), *roff.terms(
        (roff.bold(variable), t(f"manual.{variable}")) for variable in _ENVIRONMENT)]
    found += roff.section(t("manual.also"), ", ".join(
        f"{roff.bold(one)}(1)" for one in ("edi", "edi-send", "edi-receive", "edi-sync", "edi-explain") if one != name))
    return "\n".join(found) + "\n"


def _usage(one: Described) -> str:
    return f"{roff.bold(one.line)} {roff.text(one.usage)}"


def _options(one: Described) -> list[str]:
    return roff.terms((_names(option), _told(option)) for option in one.options)


def _names(option: Option) -> str:
    value = f" \\fI{roff.text(option.value)}\\fR" if option.value else ""
    return ", ".join(map(roff.bold, option.names)) + value


def _told(option: Option) -> str:
    """What an option does, whether it has to be given, and what holds where it is not."""
    multiple = t("manual.multiple")
    further = [t("manual.required")] * option.required
    further += [multiple] * (option.multiple and multiple not in option.text)
    further += [t("manual.default", value=option.default)] if option.default else []
    return f"{option.text} ({', '.join(further)})" if further else option.text


def _examples(one: Described) -> list[str]:
    return roff.lines(one.examples) if one.examples else []

"""`edi map new`: the files of a corridor, made from the nearest one and a sample, and what is guessed or missing."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, language, rehearsing, t, tell
from gateway.cli.map import search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Severity, has_errors
from gateway.mapping.bench.proposals import Comments
from gateway.mapping.bench.start import Request, Started, start
from gateway.mapping.editor_schema import write_schemas
from gateway.spool import write_whole
from gateway.texts import Language, hint, say, sentence

_FOLDER = click.Path(path_type=Path, file_okay=False)
_MODE = 0o644


def _gateways(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """``BJ=BJDGD`` as country and name."""
    named = {}
    for value in values:
        country, mark, gateway = value.partition("=")
        if not mark or len(country) != 2 or not gateway:
            raise click.BadParameter(t("cli.map.new.gateway.wrong", value=value), context, parameter)
        named[country.upper()] = gateway
    return named


@click.command(name="new", help=t("cli.map.new.help"))
@click.argument("name", metavar="CC-CC")
@click.option("--from", "nearest", metavar=t("cli.metavar.corridor"), help=t("cli.map.new.from"))
@click.option("--sample", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.map.new.sample"))
@click.option("--into", type=_FOLDER, metavar=t("cli.metavar.folder"), help=t("cli.map.new.into"))
@click.option("--gateway", "gateways", multiple=True, metavar="CC=ID", callback=_gateways,
              help=t("cli.map.new.gateway"))
@click.option("--name-fr", metavar=t("cli.metavar.title"), help=t("cli.map.new.name_fr"))
@click.option("--name-en", metavar=t("cli.metavar.title"), help=t("cli.map.new.name_en"))
@acting
def new_command(name: str, nearest: str | None, sample: Path | None, into: Path | None, gateways: dict[str, str],
                name_fr: str | None, name_en: str | None, config: Path, as_json: bool) -> int:
    """Write corridor, mapping and dialect; never over a file that is there. Exit 3 when they cannot be loaded."""
    search = search_of(settings_at(config))
    folder = into or search[0]
    titles = (name_fr or name_en or "", name_en or name_fr or "") if name_fr or name_en else None
    comments = Comments(*(t(f"new.comment.{what}", name=name.upper()) for what in ("made", "guessed", "missing")))
    started = start(Request(
        name=name, nearest=nearest, sample=None if sample is None else (sample.name, sample.read_bytes()),
        gateways=gateways, titles=titles, comments=comments,
        subject=(say("new.subject", Language.FRENCH), say("new.subject", Language.ENGLISH))),
        list(dict.fromkeys([folder, *search])) if folder.is_dir() else search)
    _write(started, folder)
    if as_json:
        _as_json(started, folder)
    else:
        _for_people(started, folder, name, folder in search)
    return Exit.SETTINGS if has_errors(started.findings) else Exit.DONE


def _write(started: Started, folder: Path) -> None:
    there = [file for file in started.files if (folder / file).exists()]
    if there:
        raise LocalError(*(Finding(code="M461", values={"file": str(folder / file)}) for file in there))
    if rehearsing():
        return
    checkout = (folder.resolve().parent / "gateway" / "schema").is_dir()
    for file, text in started.files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        if not checkout:  # the schemas that editors look for go along
            text = text.replace("../gateway/schema/", "schema/", 1)
        write_whole(folder / file, text.encode("utf-8"), _MODE)
    if not checkout:
        write_schemas(folder / "schema")


def _as_json(started: Started, folder: Path) -> None:
    for file, text in started.files.items():
        emit_json("file", {"file": folder / file, "lines": text.count("\n")})
    for one in started.findings:
        emit_json("finding", {"code": one.code, "severity": one.severity, "text": sentence(one, language()),
                              "hint": hint(one, language())})
    emit_json("summary", {"from": started.nearest, "dialect": started.dialect, "lines": started.lines,
                          "records": started.records, "written": started.written})


def _for_people(started: Started, folder: Path, name: str, searched: bool) -> None:
    emit(t("new.from", corridor=started.nearest))
    for file, text in started.files.items():
        emit(f"{text.count(chr(10)):>4}  {folder / file}")
    emit(f"{started.lines:>4}  {t('new.total')}")
    if started.dialect is not None:
        emit(t("new.records", records=started.records, written=started.written))
    for severity, heading in ((Severity.ERROR, "new.faults"), (Severity.WARNING, "new.gaps"),
                              (Severity.NOTE, "new.guesses")):
        found = [one for one in started.findings if one.severity is severity]
        if found:
            emit("")
            emit(t(heading, count=len(found)))
            tell(found)
    emit("")
    emit(t("new.next"))
    if not searched:
        emit(f"  export EDI_MAPPINGS={shlex.quote(str(folder.resolve()))}")
    emit(f"  edi map lint {' '.join(filter(None, (name.lower(), started.dialect)))}")

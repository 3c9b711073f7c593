"""`edi map export` and `edi map import`: a mapping as a workbook, and an edited workbook as a mapping."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import acting, common, emit, emit_json, rehearsing, t, tell
from gateway.cli.map import search_of, settings_at
from gateway.cli.map_compare import tell_change
from gateway.cli.map_see import one_mapping
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, has_errors
from gateway.mapping.bench.beside import Beside
from gateway.mapping.bench.difference import difference
from gateway.mapping.bench.flatten import flat_of, flatten
from gateway.mapping.bench.paper import HEADINGS, from_sheets, to_sheets
from gateway.mapping.inherit import Folders, resolve
from gateway.mapping.loading import load_from
from gateway.records.sheets import read_sheets, write_sheets
from gateway.spool import write_whole

_WORKBOOK = click.Path(path_type=Path, dir_okay=False)
_MODE = 0o644


@click.command(name="export", help=t("cli.map.export.help"))
@click.argument("name", metavar=t("cli.metavar.mapping"))
@click.option("--xlsx", "file", required=True, type=_WORKBOOK, metavar=t("cli.metavar.file"),
              help=t("cli.map.export.xlsx"))
@common
def export_command(name: str, file: Path, config: Path) -> int:
    """Write the paper map: target, source, rule, note."""
    search = search_of(settings_at(config))
    flat = flatten(one_mapping(name, search).identifier, search)
    headings = {column: t(f"paper.{column}") for columns in HEADINGS.values() for column in columns}
    write_whole(file, write_sheets(to_sheets(flat, headings)), _MODE)
    emit(t("paper.written", file=file, lines=len(flat.lines), words=len(flat.words), rules=len(flat.rules)))
    return Exit.DONE


@click.command(name="import", help=t("cli.map.import.help"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar=t("cli.metavar.file"))
@click.option("--as", "identifier", metavar="ID", help=t("cli.map.import.as"))
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.map.new.into"))
@acting
def import_command(file: Path, identifier: str | None, into: Path | None, config: Path, as_json: bool) -> int:
    """Write what was edited as a new mapping that inherits from the exported one; show the difference."""
    search = search_of(settings_at(config))
    sheets = read_sheets(file.read_bytes(), str(file))
    about = {row[0]: row[1] for sheet in sheets if sheet.name == "about" for row in sheet.rows if len(row) > 1}
    if "id" not in about:
        raise LocalError(Finding(code="M493", values={"sheet": "about"}))
    flat = flatten(about["id"], search)
    new = identifier or f"{flat.identifier}-edited"
    imported = from_sheets(sheets, flat, new, str(file))
    tell(imported.findings)
    if has_errors(imported.findings):
        return Exit.PERSON
    if not imported.text:
        if as_json:
            emit_json("summary", {"file": None, "id": new, "lines": 0})
        else:
            emit(t("paper.same", mapping=flat.identifier))
        return Exit.DONE
    source = Beside(new, imported.text.encode("utf-8"), Folders(search))
    try:
        load_from(source, new)
    except LocalError as error:
        raise LocalError(*imported.at_cells(error.findings, f"{new}.yaml", str(file))) from None
    target = (into or search[0]) / f"{new}.yaml"
    if target.exists():
        raise LocalError(Finding(code="M461", values={"file": str(target)}))
    if not rehearsing():
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, imported.text.encode("utf-8"), _MODE)
    for change in difference(flat, flat_of(resolve(new, source)[0])):
        tell_change(change, as_json)
    if as_json:
        emit_json("summary", {"file": target, "id": new, "lines": imported.text.count("\n")})
    else:
        emit(t("paper.made", file=target, lines=imported.text.count("\n")))
    return Exit.DONE

"""`edi reader-check`: does a reader that somebody wrote keep the contract, on files and on damaged copies of them?"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from gateway.cli.context import emit, emit_json, json_option, plain, t, table, tell, without_settings
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language, hint, sentence


@click.command(name="reader-check", help=t("cli.reader-check.help"))
@click.argument("reader", metavar=t("cli.reader-check.reader"))
@click.argument("files", nargs=-1, required=True, metavar=t("cli.metavar.files"),
                type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dialect", metavar="ID", help=t("cli.reader-check.dialect"))
@click.option("--values-only", is_flag=True, help=t("cli.reader-check.values_only"))
@json_option
@without_settings
def reader_check_command(reader: str, files: tuple[Path, ...], dialect: str | None, values_only: bool,
                         as_json: bool) -> int:
    """One line per check; a name is that of an installed reader, ``package.module:Name`` one beside where we stand."""
    from gateway.mapping import search_path
    from gateway.mapping.bench.reader_check import check_reader, dialect_with, own_dialect
    from gateway.records.plugins import find_reader, load_reader

    if ":" in reader:
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 (an import path is a text)
        plugin = load_reader(reader)
    else:
        plugin = find_reader(reader)
    judge = None if values_only else \
        own_dialect(plugin, search_path()) if dialect is None else dialect_with(dialect, plugin, search_path())
    contents = {str(path): path.read_bytes() for path in files}
    bad = 0
    rows: list[list[str]] = []
    findings: list[Finding] = []
    for check in check_reader(plugin, contents, time.monotonic, judge):
        bad += not check.ok
        findings.extend(check.findings)
        if as_json:
            emit_json("check", {"reader": plugin.name, "source": plugin.source, "file": check.file,
                                "check": check.name, "ok": check.ok, "figures": plain(check.detail),
                                "findings": [{"code": one.code, "line": one.place.line, "column": one.place.column,
                                              "text": {spoken.value: sentence(one, spoken) for spoken in Language},
                                              "hint": {spoken.value: hint(one, spoken) for spoken in Language}}
                                             for one in check.findings]})
        rows.append(["✔" if check.ok else "✘", check.file, t(f"readercheck.{check.name}", **check.detail)])
    if as_json:
        emit_json("summary", {"checks": len(rows), "failed": bad})
    else:
        table(["", t("column.file"), t("readercheck.column")], rows)
        tell(findings)
        emit(t("readercheck.end", n=len(rows), bad=bad))
    return Exit.PERSON if bad else Exit.DONE

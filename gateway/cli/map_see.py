"""`edi map preview` and `edi map trace`: a record beside its message, and the way of one value through both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, t, table, tell
from gateway.cli.map import resolve_names, search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, has_errors
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.bench.corpus import Corpus, gather, read_mixed
from gateway.mapping.bench.preview import Preview, PreviewRow, preview
from gateway.mapping.bench.tracing import Trail, not_read, trace_from, trace_to
from gateway.pages import preview_page
from gateway.spool import write_whole
from gateway.texts import sentence, where

FILES = click.Path(path_type=Path, exists=True)


def one_mapping(word: str, search: Sequence[Path]) -> Mapping:
    """The mapping that a word names; of a corridor's several the declaration. Raises LocalError M006, M485."""
    names = resolve_names([word], search)
    chosen = names if len(names) == 1 else [name for name in names if name.endswith("/cusdec")]
    if len(chosen) != 1:
        raise LocalError(Finding(code="M485", values={"word": word, "names": ", ".join(names)}))
    return load_mapping(chosen[0], search)


def tell_refused(corpus: Corpus) -> None:
    """What keeps files from being read."""
    for _, findings in corpus.refused:
        tell(findings)


@click.command(name="preview", help=t("cli.map.preview.help"))
@click.argument("name", metavar=t("cli.metavar.mapping"))
@click.argument("files", nargs=-1, required=True, type=FILES, metavar=t("cli.metavar.files"))
@click.option("--dialect", metavar="ID", help=t("cli.map.dialect"))
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.map.preview.html"))
@json_option
@common
def preview_command(name: str, files: tuple[Path, ...], dialect: str | None, page: Path | None, config: Path,
                    as_json: bool) -> int:
    """Each record of the files, or all of them as a page. Exit 1 when one of them cannot be read or written."""
    search = search_of(settings_at(config))
    mapping = one_mapping(name, search)
    corpus = read_mixed(gather(files), mapping, dialect, search)
    faulty = bool(corpus.refused)
    pages: list[tuple[str, Preview]] = []
    for sample in corpus.samples:
        shown = preview(mapping, sample)
        faulty |= has_errors(shown.findings)
        if page is not None:
            pages.append((sample.name, shown))
        elif as_json:
            emit_json("preview", {"sample": sample.name, "mapping": shown.mapping, "message": shown.message,
                                  "record": dict(shown.record), "segments": shown.segments, "rows": shown.rows,
                                  "findings": [_finding(one) for one in shown.findings]})
        else:
            _show(sample.name, shown)
            tell(shown.findings)
    if page is not None and pages:
        write_whole(page, preview_page(pages, language()).encode(), 0o644)
        emit(str(page))
    tell_refused(corpus)
    return Exit.PERSON if faulty else Exit.DONE


def _finding(one: Finding) -> dict[str, object]:
    return {"code": one.code, "severity": one.severity, "path": one.place.path, "segment": one.place.segment,
            "text": sentence(one, language())}


def _show(name: str, shown: Preview) -> None:
    """Record on the left, message on the right, segment by segment."""
    emit(f"{name}  →  {shown.mapping}  {shown.message}")
    left = min(max((len(_left(row)) for row in shown.rows), default=0), 60)
    for (position, tag, title), rows in groupby(shown.rows, key=lambda row: (row.segment, row.tag, row.segment_name)):
        wire = shown.segments[position - 1] if 0 < position <= len(shown.segments) else tag
        emit(f"{position or '':>4} {wire}  {title}".rstrip())
        for row in rows:
            emit(f"     {_left(row):<{left}}  {_right(row)}".rstrip())
    emit()


def _left(row: PreviewRow) -> str:
    if row.status == "missing":
        return f"{row.path}  {t('preview.missing')}"
    return row.path or (t("preview.count") if row.status == "count" else "")


def _right(row: PreviewRow) -> str:
    meaning = f" ({row.meaning})" if row.meaning else ""
    value = f" = {row.value}{meaning}" if row.status != "missing" else ""
    optional = "" if row.mandatory else f" {t('preview.optional')}"
    return f"{row.element_id} {row.name}{value}{optional}  {row.line}".strip()


@click.command(name="trace", help=t("cli.map.trace.help"))
@click.argument("name", metavar=t("cli.metavar.mapping"))
@click.argument("files", nargs=-1, required=True, type=FILES, metavar=t("cli.metavar.files"))
@click.option("--to", "target", metavar="NAD+CN/3036", help=t("cli.map.trace.to"))
@click.option("--from", "source", metavar=t("cli.metavar.field"), help=t("cli.map.trace.from"))
@click.option("--dialect", metavar="ID", help=t("cli.map.dialect"))
@json_option
@common
def trace_command(name: str, files: tuple[Path, ...], target: str | None, source: str | None, dialect: str | None,
                  config: Path, as_json: bool) -> int:
    """The way of a value, from the message back or from the national field on. Exit 1 when it leads nowhere."""
    if (target is None) == (source is None):
        raise click.UsageError(t("cli.map.trace.one"))
    search = search_of(settings_at(config))
    mapping = one_mapping(name, search)
    contents = gather(files)
    corpus = read_mixed(contents, mapping, dialect, search)
    trails: list[Trail] = []
    lost: list[Finding] = []
    unknown: list[Finding] = []
    for sample in corpus.samples:
        try:
            found, why = (trace_to(mapping, sample, target), []) if target is not None else \
                trace_from(mapping, sample, source or "")
        except LocalError as error:
            unknown.extend(error.findings)
            continue
        trails.extend(found)
        lost.extend(why)
    for read_by in {sample.dialect.identifier: sample.dialect for sample in corpus.samples if sample.dialect}.values():
        lost.extend(not_read(read_by, contents, source) if source is not None else ())
    if as_json:
        for one in trails:
            emit_json("trail", {"field": one.field, "file": one.place and one.place.file,
                                "line": one.place and one.place.line, "path": one.path, "value": one.value,
                                "steps": one.steps, "segment": one.segment, "tag": one.tag, "element": one.element,
                                "component": one.component, "data_element": one.element_id, "name": one.name,
                                "written": one.written, "mapping": one.line})
        emit_json("summary", {"count": len(trails), "lost": [_finding(one) for one in lost]})
    elif trails:
        table([t("column.origin"), t("column.record"), t("column.value"), t("column.steps"), t("column.segment"),
               t("column.data_element"), t("column.mapping")], [_trail_row(one) for one in trails])
    tell([*lost, *(unknown if not trails and not lost else ())])
    tell_refused(corpus)
    return Exit.DONE if trails and not corpus.refused else Exit.PERSON


def _trail_row(one: Trail) -> list[str]:
    written = one.written if one.written != one.value else ""
    return [where(one.place, language()) if one.place is not None else t("trace.gateway"),
            one.path or t("preview.count"), one.value, " → ".join([*one.steps, *([written] if written else [])]),
            f"{one.tag} {one.segment}", f"{one.element_id} {one.name}".strip(), one.line]

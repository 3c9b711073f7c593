"""`edi map coverage` and `edi map diff`: what becomes of the fields of a corpus, what two mappings do differently."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, t, table, tell
from gateway.cli.map import search_of, settings_at
from gateway.cli.map_see import FILES, one_mapping
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping.bench.corpus import dialect_for, gather, read_mixed
from gateway.mapping.bench.coverage import Coverage, coverage
from gateway.mapping.bench.difference import Change, Effect, difference, effect
from gateway.mapping.bench.flatten import flatten
from gateway.texts import sentence


@click.command(name="coverage", help=t("cli.map.coverage.help"))
@click.argument("name", metavar=t("cli.metavar.mapping"))
@click.argument("files", nargs=-1, required=True, type=FILES, metavar=t("cli.metavar.files"))
@click.option("--dialect", metavar="ID", help=t("cli.map.dialect"))
@json_option
@common
def coverage_command(name: str, files: tuple[Path, ...], dialect: str | None, config: Path, as_json: bool) -> int:
    """Forgotten fields first. Exit 1 when there is one, or a file cannot be read."""
    search = search_of(settings_at(config))
    mapping = one_mapping(name, search)
    contents = gather(files)
    read_by = dialect_for(dialect, contents, mapping, search)
    if read_by is None:
        raise click.UsageError(t("cli.map.coverage.national"))
    found = coverage(read_by, mapping, contents)
    if as_json:
        for one in found.fields:
            emit_json("field", {"field": one.field, "state": one.state, "terms": one.terms,
                                "reason": one.reason or None, "files": one.files, "file": one.example.file,
                                "line": one.example.line})
        emit_json("summary", {"dialect": found.dialect, "mapping": found.mapping, "files": found.files,
                              "records": found.records, "refused": [file for file, _ in found.refused],
                              **_counts(found), "unused_extras": found.extras})
    else:
        table([t("column.state"), t("column.field"), t("column.files"), t("column.example"), t("column.terms")],
              [[t(f"coverage.{one.state}"), one.field, str(one.files), f"{one.example.file}:{one.example.line}",
                one.reason or ", ".join(one.terms)] for one in found.fields])
        emit()
        emit(t("coverage.summary", files=found.files, records=found.records, **_counts(found)))
        for key in found.extras:
            emit(t("coverage.extra", extra=key))
    for _, findings in found.refused:
        tell(findings)
    return Exit.PERSON if found.refused or _counts(found)["forgotten"] else Exit.DONE


def _counts(found: Coverage) -> dict[str, int]:
    return {state: sum(one.state == state for one in found.fields) for state in ("forgotten", "ignored", "mapped")}


@click.command(name="diff", help=t("cli.map.diff.help"))
@click.argument("first", metavar=t("cli.metavar.mapping"))
@click.argument("second", metavar=t("cli.metavar.mapping"))
@click.argument("files", nargs=-1, type=FILES, metavar=t("cli.metavar.maybe_files"))
@click.option("--dialect", metavar="ID", help=t("cli.map.dialect"))
@json_option
@common
def diff_command(first: str, second: str, files: tuple[Path, ...], dialect: str | None, config: Path,
                 as_json: bool) -> int:
    """Changes of the mappings, then of each message of the files. Exit 0 whatever they are."""
    search = search_of(settings_at(config))
    mappings = [one_mapping(word, search) for word in (first, second)]
    for change in difference(*(flatten(mapping.identifier, search) for mapping in mappings)):
        tell_change(change, as_json)
    contents = gather(files)
    corpus = read_mixed(contents, mappings[0], dialect, search) if files else None
    effects = [effect(mappings[0], mappings[1], sample) for sample in corpus.samples] if corpus is not None else []
    for one in effects:
        if not one.same:
            _tell_effect(one, as_json)
    changed = sum(not one.same for one in effects)
    if as_json:
        emit_json("summary", {"records": len(effects), "changed": changed})
    elif corpus is not None:
        emit(t("diff.summary", records=len(effects), changed=changed))
    for _, findings in corpus.refused if corpus is not None else ():
        tell(findings)
    return Exit.PERSON if corpus is not None and corpus.refused else Exit.DONE


def tell_change(change: Change, as_json: bool) -> None:
    """One change with both texts and where each was written."""
    if as_json:
        emit_json("change", {"kind": change.kind, "name": change.name, "before": change.before or None,
                             "after": change.after or None, "old": change.old and str(change.old),
                             "new": change.new and str(change.new)})
        return
    emit(f"{t(f'diff.{change.kind}')} {change.name}")
    for mark, text, origin in (("-", change.before, change.old), ("+", change.after, change.new)):
        if origin is not None:
            emit(f"  {mark} {text}  # {origin}")


def _tell_effect(one: Effect, as_json: bool) -> None:
    if as_json:
        emit_json("effect", {"sample": one.sample, "removed": one.removed, "added": one.added,
                             "refused": [[_told(finding) for finding in findings] for findings in one.refused],
                             "stricter": one.stricter, "milder": one.milder})
        return
    emit(t("diff.message", sample=one.sample))
    for mark, segments in (("-", one.removed), ("+", one.added)):
        for position, text in segments:
            emit(f"  {mark} {position:>3} {text}")
    for mark, findings in zip("-+", one.refused, strict=True):
        for finding in findings:
            emit(f"  {mark} {_told(finding)}")
    for mark, rules in (("-", one.milder), ("+", one.stricter)):
        for rule, path in rules:
            emit(f"  {mark} {rule} {path}")


def _told(finding: Finding) -> str:
    return sentence(finding, language())

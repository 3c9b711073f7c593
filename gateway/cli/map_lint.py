"""`edi map lint` and `edi map show`: what is wrong with files of mappings, and what a mapping is, all levels in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, t, tell
from gateway.cli.map import resolve_names, search_of, settings_at
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Severity, has_errors
from gateway.mapping.bench.faults import (
    Checked,
    check_dialect,
    check_lists,
    check_mapping,
    dialects_named,
    faults_in,
    schema_from,
)
from gateway.mapping.bench.fixes import Fix, fix
from gateway.mapping.bench.flatten import flatten
from gateway.mapping.bench.format import as_yaml, with_origins
from gateway.spool import write_whole
from gateway.texts import hint, sentence


@click.command(name="lint", help=t("cli.map.lint.help"))
@click.argument("names", nargs=-1, metavar=t("cli.metavar.mappings"))
@click.option("--fix", "repair", is_flag=True, help=t("cli.map.lint.fix"))
@json_option
@common
def lint_command(names: tuple[str, ...], repair: bool, config: Path, as_json: bool) -> int:
    """All faults of the files at once, each told once. Exit 3 when one of them is an error."""
    search = search_of(settings_at(config))
    if repair:
        for checked in list(_files(names, search)):
            _repair(checked, search, as_json)
    files = list(_files(names, search))
    findings = list({(one.code, one.place, tuple(one.values.items())): one
                     for checked in files for one in checked.findings}.values())
    errors = sum(one.severity is Severity.ERROR for one in findings)
    if as_json:
        for one in findings:
            emit_json("fault", _fault(one))
        emit_json("summary", {"files": len(files), "errors": errors, "warnings": len(findings) - errors})
    else:
        tell(findings)
        emit(t("lint.summary", files=len(files), errors=errors, warnings=len(findings) - errors))
    return Exit.SETTINGS if has_errors(findings) else Exit.DONE


def _files(words: Sequence[str], search: Sequence[Path]) -> Iterator[Checked]:
    """The files that words name; without words all of them, the lists too. Raises LocalError M006."""
    lists = list(check_lists(search))
    mappings: dict[str, None] = {}
    others: dict[str, Checked] = {}
    unknown: list[Finding] = []
    for word in words or ("",):
        dialects = dialects_named(word, search)
        named = [one for one in lists if not word or _means(word, one.name)]
        others.update((one, check_dialect(one, search)) for one in dialects if one not in others)
        others.update((one.name, one) for one in named)
        try:
            mappings.update(dict.fromkeys(resolve_names([word] if word else [], search)))
        except LocalError as error:
            if not dialects and not named:
                unknown.extend(error.findings)
    if unknown:
        raise LocalError(*unknown)
    yield from (check_mapping(name, search) for name in mappings)
    yield from others.values()


def _means(word: str, name: str) -> bool:
    """Tell whether a word names a list: by its name, or as the corridor it belongs to."""
    return any(name == full or name.startswith(f"{full}/") for full in (word, f"corridors/{word}"))


def _repair(checked: Checked, search: Sequence[Path], as_json: bool) -> None:
    content = checked.path.read_bytes()
    fixed = fix(content, lambda text: faults_in(checked, text, search), schema_from(checked.path, checked.kind))
    if not fixed.fixes:
        return
    write_whole(checked.path, fixed.content, checked.path.stat().st_mode & 0o777)
    for one in fixed.fixes:
        _tell_fix(checked.path, one, as_json)


def _tell_fix(path: Path, one: Fix, as_json: bool) -> None:
    if as_json:
        emit_json("fix", {"file": path, "line": one.line, "code": one.code or None, "before": one.before,
                          "after": one.after})
        return
    emit(f"{path}:{one.line}: {one.code}".rstrip(" :"))
    if one.before:
        emit(f"  - {one.before}")
    emit(f"  + {one.after}")


def _fault(one: Finding) -> dict[str, object]:
    return {"code": one.code, "severity": one.severity, "file": one.place.file, "line": one.place.line,
            "column": one.place.column, "text": sentence(one, language()), "hint": hint(one, language())}


@click.command(name="show", help=t("cli.map.show.help"))
@click.argument("names", nargs=-1, required=True, metavar=t("cli.metavar.mappings"))
@click.option("--yaml", "whole", is_flag=True, help=t("cli.map.show.yaml"))
@json_option
@common
def show_command(names: tuple[str, ...], whole: bool, config: Path, as_json: bool) -> int:
    """Each mapping flat, every line with its origin."""
    search = search_of(settings_at(config))
    for number, name in enumerate(resolve_names(names, search)):
        flat = flatten(name, search)
        if as_json:
            emit_json("mapping", {"id": flat.identifier, "version": flat.version, "sha256": flat.digest,
                                  "title": dict(zip(("fr", "en"), flat.title, strict=True)), "message": flat.message,
                                  "unmapped": flat.unmapped, "files": flat.files, "base": flat.base,
                                  "lines": flat.lines, "terms": flat.terms, "words": flat.words, "rules": flat.rules,
                                  "functions": flat.functions, "fixed": flat.fixed, "events": flat.events,
                                  "extras": flat.extras, "removed": flat.removed})
            continue
        if number:
            emit("---")
        emit(f"# {' < '.join(flat.files)}")
        emit(f"# sha256 {flat.digest}")
        for line in as_yaml(flat).splitlines() if whole else with_origins(flat):
            emit(line)
        for one in flat.removed:
            emit(f"# {t('map.removed', name=one.name, reason=one.text)}  # {one.origin}")
    return Exit.DONE

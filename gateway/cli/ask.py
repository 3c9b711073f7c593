"""`edi trace` and `edi explain`: where a value comes from, what a code means."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import (
    common,
    emit,
    emit_json,
    json_option,
    language,
    occasion,
    t,
    table,
)
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import Language, explanation, known, say, where


@click.command(name="trace", help=t("cli.trace.help"))
@click.argument("reference", metavar="REF")
@click.argument("path", metavar=f"[{t('cli.metavar.path')}]", required=False)
@click.option("--from", "field", metavar=t("cli.metavar.field"), help=t("cli.map.trace.from"))
@json_option
@common
def trace_command(config: Path, reference: str, path: str | None, field: str | None, as_json: bool) -> int:
    """Each value with its data element, its mapping line and its place in the national file."""
    if (path is None) == (field is None):
        raise click.UsageError(t("cli.trace.one"))
    from gateway.config import load_settings  # heavy: `explain` does without them
    from gateway.exchange.assembly import open_gateway
    from gateway.exchange.tracing import trace, trace_from

    with open_gateway(load_settings(config), occasion().now) as gateway:
        origins = trace_from(gateway, reference, field) if field is not None else trace(gateway, reference, path or "")
    rows = []
    for origin in origins:
        if as_json:
            emit_json("origin", {"segment": origin.segment, "tag": origin.tag, "element": origin.element,
                                 "component": origin.component, "data_element": origin.element_id,
                                 "name": origin.name, "value": origin.value, "mapping": origin.mapping,
                                 "path": origin.path, "file": origin.place and origin.place.file,
                                 "line": origin.place and origin.place.line,
                                 "column": origin.place and origin.place.column,
                                 "locator": origin.place and origin.place.locator})
            continue
        if origin.path is None:
            source = t("trace.constant")
        elif origin.place is None:
            source = t("trace.gateway")
        else:
            source = where(origin.place, language())
        rows.append([f"{origin.tag} {origin.segment}", f"{origin.element_id} {origin.name}".strip(), origin.value,
                     origin.path or "", source, origin.mapping])
    if as_json:
        emit_json("summary", {"count": len(origins)})
    else:
        table([t("column.segment"), t("column.data_element"), t("column.value"), t("column.record"),
               t("column.origin"), t("column.mapping")], rows)
    return Exit.DONE


@click.command(name="explain", help=t("cli.explain.help"))
@click.argument("code", metavar="CODE|REF")
@json_option
@common
def explain_command(config: Path, code: str, as_json: bool) -> int:
    """Of a code the sentence and what to do, in both languages; of a reference why partners refused it."""
    name = code.strip().upper()
    told = _catalogued(name) or _ruled(name)
    if not told and config.is_file():
        from gateway.cli.why import show_why  # only a reference needs the ledger

        return show_why(config, code.strip(), occasion().now, as_json=as_json)
    if not told:
        raise LocalError(Finding(code="C002", values={"code": code}))
    if as_json:
        emit_json("code", {"code": name, **told})
        return Exit.DONE
    emit(name)
    for one in (language(), *(other for other in Language if other is not language())):
        emit(f"\n{t('explain.french' if one is Language.FRENCH else 'explain.english')}")
        parts = told[one.value]
        emit(f"  {parts['sentence']}")
        if "hint" in parts:
            emit("  " + say("explain.todo", one, hint=parts["hint"]))
        emit(f"  {parts['explain']}")
    return Exit.DONE


_Told = dict[str, dict[str, str]]


def _catalogued(name: str) -> _Told:
    """What the catalogues say of a code, by language."""
    if not known(f"{name}.hint", Language.FRENCH):
        return {}
    return {one.value: {"sentence": say(name, one), "hint": say(f"{name}.hint", one), "explain": explanation(name, one)}
            for one in Language}


def _ruled(name: str) -> _Told:
    """What the corridors' mappings say of one of their rules, by language."""
    from gateway.mapping import load_corridors, search_path

    for corridor in load_corridors(search_path()).all:
        rule = corridor.cusdec.definition.require.get(name)
        if rule is not None:
            where_it_stands = f"{rule.origin.file}:{rule.origin.line}"
            return {one.value: {"sentence": sentence, "explain": say(
                "explain.rule", one, corridor=corridor.identifier, place=where_it_stands)}
                for one, sentence in ((Language.FRENCH, rule.french), (Language.ENGLISH, rule.english))}
    return {}

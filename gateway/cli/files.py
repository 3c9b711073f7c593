"""`edi validate` and `edi inspect`: any EDIFACT file, ours or not."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from gateway.cli.context import LANGUAGE, emit, emit_json, json_option, moment, t, without_settings
from gateway.edifact import (
    Interchange,
    InterchangeHeader,
    SegmentDescription,
    describe,
    make_contrl,
    read_interchanges,
    tree,
    validate,
    wants_contrl,
    write_interchange,
)
from gateway.errors import GatewayError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, has_errors
from gateway.texts import sentence

_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))


@click.command(name="validate", help=t("cli.validate.help"))
@_files
@click.option("--corridor", metavar="ID", help=t("cli.validate.corridor"))
@click.option("--contrl", type=click.Path(path_type=Path, dir_okay=False), help=t("cli.validate.contrl"))
@json_option
@without_settings
def validate_command(files: tuple[Path, ...], corridor: str | None, contrl: Path | None, as_json: bool) -> int:
    """Judge each file by itself: one that cannot be read does not stop the others."""
    clean = True
    answers: list[tuple[Interchange, Sequence[Finding]]] = []
    for path in files:
        findings: list[Finding] = []
        try:
            interchanges = list(read_interchanges(_content(path)))
        except OSError as error:
            findings.append(Finding(code="C001", values={"file": str(path), "reason": error.strerror or str(error)}))
            interchanges = []
        for interchange in interchanges:
            found = [*validate(interchange), *(_corridor_findings(interchange, corridor) if corridor else ())]
            findings.extend(found)
            answers.append((interchange, found))
        clean = clean and not has_errors(findings)
        _show(path, findings, as_json)
    if contrl is not None:
        _write_contrl(answers, contrl)
    return Exit.DONE if clean else Exit.PERSON


@click.command(name="inspect", help=t("cli.inspect.help"))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@without_settings
def inspect_command(file: Path, as_json: bool) -> int:
    """Show a file as a tree with names, or as JSON exactly as it stands there."""
    interchanges = list(read_interchanges(_content(file)))
    if as_json:
        emit(json.dumps({"schema": 1, "kind": "interchange-file",
                         "interchanges": [tree(interchange) for interchange in interchanges]}, ensure_ascii=False))
        return Exit.DONE
    for interchange in interchanges:
        for message in (None, *interchange.messages):
            segments = (interchange.segments[0],) if message is None else message.segments
            for segment in segments:
                _describe(describe(segment, message.identifier if message is not None else None))
    return Exit.DONE


def _describe(described: SegmentDescription) -> None:
    emit(f"{described.tag}  {described.name}")
    for part in described.components:
        place = f"{part.element}.{part.component}" if part.component is not None else str(part.element)
        meaning = f"  ({part.meaning})" if part.meaning else ""
        emit(f"    {place:<5} {part.id:<5} {part.name:<45} {part.value}{meaning}")


def _content(path: Path) -> bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def _show(path: Path, findings: Sequence[Finding], as_json: bool) -> None:
    ok = not has_errors(findings)
    if as_json:
        emit_json("validation", {"file": str(path), "ok": ok, "findings": [_plain(finding) for finding in findings]})
        return
    for finding in findings:
        emit(f"{path}: {sentence(finding, LANGUAGE)}" + (f" [0085={finding.fault}]" if finding.fault else ""))
    emit(t("validate.ok" if ok else "validate.not_ok", file=path, n=len(findings)))


def _plain(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {"severity": finding.severity.value, "code": finding.code, "fault": finding.fault,
            "interchange": place.interchange, "message": place.message, "segment": place.segment, "tag": place.tag,
            "element": place.element, "component": place.component, "text": sentence(finding, LANGUAGE)}


def _corridor_findings(interchange: Interchange, identifier: str) -> list[Finding]:
    """What a corridor's mapping and rules say of the messages; a CONTRL has no corridor."""
    from gateway.mapping import load_corridors, search_path

    corridor = load_corridors(search_path()).named(identifier)
    found: list[Finding] = []
    for message in interchange.messages:
        if message.identifier.type not in ("CUSDEC", "CUSRES"):
            continue
        try:
            for record in corridor.read(message):
                failures = corridor.cusdec.requirements(record) if message.identifier.type == "CUSDEC" else ()
                for failure in failures:
                    place = replace(Finding(code=failure.rule).place, message=message.reference, tag=failure.segment,
                                    path=failure.path, interchange=interchange.header.control_reference)
                    found.append(Finding(code=failure.rule, place=place,
                                         values={"text": failure.fr if LANGUAGE.value == "fr" else failure.en}))
        except GatewayError as error:
            found.extend(error.findings)
    return found


def _write_contrl(answers: Sequence[tuple[Interchange, Sequence[Finding]]], path: Path) -> None:
    """The CONTRL that the files deserve: one interchange per answered interchange, one after the other."""
    now = moment().now
    written = []
    for number, (interchange, findings) in enumerate(answers, 1):
        if not wants_contrl(interchange):
            continue
        subject = interchange.header
        header = InterchangeHeader(
            syntax_identifier=subject.syntax_identifier or "UNOC", syntax_version=subject.syntax_version or "3",
            sender=subject.recipient, sender_qualifier=subject.recipient_qualifier, recipient=subject.sender,
            recipient_qualifier=subject.sender_qualifier, prepared=now, control_reference=f"C{number:06d}",
            test=subject.test)
        written.append(write_interchange(header, [("1", make_contrl(interchange, findings))]))
    path.write_bytes(b"".join(written))

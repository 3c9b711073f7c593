"""`edi validate` and `edi inspect`: any EDIFACT file, ours or not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import (
    emit,
    emit_json,
    json_option,
    language,
    note,
    occasion,
    t,
    to_json,
    visible,
    without_settings,
)
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
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding, has_errors
from gateway.mapping import Corridor
from gateway.spool import write_whole
from gateway.texts import sentence, where

_PATH = click.Path(path_type=Path, allow_dash=True)


@click.command(name="validate", help=t("cli.validate.help"))
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar=t("cli.metavar.files"))
@click.option("--corridor", metavar="ID", help=t("cli.validate.corridor"))
@click.option("--contrl", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.validate.contrl"))
@json_option
@without_settings
def validate_command(files: tuple[Path, ...], corridor: str | None, contrl: Path | None, as_json: bool) -> int:
    """Judge each file by itself: one that cannot be read does not stop the others."""
    judge = None if corridor is None else _corridor(corridor)
    clean = True
    answers: list[tuple[Interchange, Sequence[Finding]]] = []
    for path in files:
        findings: list[Finding] = []
        try:
            interchanges = list(read_interchanges(_content(path)))
        except OSError as error:
            findings.append(_unreadable(path, error))
            interchanges = []
        for interchange in interchanges:
            syntax = validate(interchange)
            findings += [*syntax, *_judged(interchange, judge)]
            answers.append((interchange, syntax))
        clean = clean and not has_errors(findings)
        _show(path, findings, as_json)
    if contrl is not None:
        _write_contrl(answers, contrl)
    return Exit.DONE if clean else Exit.PERSON


@click.command(name="inspect", help=t("cli.inspect.help"))
@click.argument("file", type=_PATH, metavar=t("cli.metavar.file"))
@json_option
@without_settings
def inspect_command(file: Path, as_json: bool) -> int:
    """Show a file as a tree with names, or as JSON exactly as it stands there."""
    try:
        interchanges = list(read_interchanges(_content(file)))
    except OSError as error:
        raise LocalError(_unreadable(file, error))
    if as_json:
        emit(to_json({"schema": 1, "kind": "interchange-file",
                      "interchanges": [tree(interchange) for interchange in interchanges]}))
        return Exit.DONE
    for interchange in interchanges:
        _show_tree(interchange)
    faults = sum(len(interchange.findings) for interchange in interchanges)
    if faults:
        note(t("inspect.faults", n=faults, file=file))
    return Exit.DONE


def _show_tree(interchange: Interchange) -> None:
    """Every segment in its order, those outside of messages too; messages begin with a line of their own."""
    begins = {message.segments[0].span: message for message in interchange.messages}
    identifier = None
    for segment in interchange.segments:
        message = begins.get(segment.span)
        if message is not None:
            identifier = message.identifier
            emit()
            emit(t("inspect.message", reference=message.reference, type=visible(str(identifier))))
        elif segment.position == 0:
            identifier = None
        position = f"{segment.position:>4} " if segment.position else ""
        _describe(position, describe(segment, identifier, interchange.header.syntax_version or "3"))


def _describe(position: str, described: SegmentDescription) -> None:
    emit(visible(f"{position}{described.tag}  {described.name}").rstrip())
    for part in described.components:
        place = f"{part.element}.{part.component}" if part.component is not None else str(part.element)
        meaning = f"  ({part.meaning})" if part.meaning else ""
        emit(visible(f"       {place:<5} {part.id:<5} {part.name:<45} {part.value}{meaning}"))


def _content(path: Path) -> bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def _unreadable(path: Path, error: OSError) -> Finding:
    return Finding(code="C001", values={"file": str(path), "reason": error.strerror or str(error)})


def _show(path: Path, findings: Sequence[Finding], as_json: bool) -> None:
    ok = not has_errors(findings)
    if as_json:
        emit_json("validation", {"file": str(path), "ok": ok, "findings": [_plain(finding) for finding in findings]})
        return
    for finding in findings:
        emit(visible(f"{path}: {_sentence(finding)}" + (f" [0085={finding.fault}]" if finding.fault else "")))
    emit(visible(t("validate.ok" if ok else "validate.not_ok", file=path, n=len(findings))))


def _plain(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {"severity": finding.severity.value, "code": finding.code, "fault": finding.fault,
            "interchange": place.interchange, "message": place.message, "segment": place.segment, "tag": place.tag,
            "element": place.element, "component": place.component, "text": _sentence(finding)}


def _sentence(finding: Finding) -> str:
    """A rule of a corridor brings its own sentences; all others stand in the catalogue."""
    own = finding.values.get(language().value)
    if own is None or not finding.code.startswith("COR"):
        return sentence(finding, language())
    place = where(finding.place, language())
    return f"{place}: {finding.code}: {own}" if place else f"{finding.code}: {own}"


def _corridor(identifier: str) -> Corridor:
    from gateway.mapping import load_corridors, search_path

    return load_corridors(search_path()).named(identifier)


def _judged(interchange: Interchange, corridor: Corridor | None) -> Sequence[Finding]:
    if corridor is None:
        return ()
    from gateway.exchange.corridor_judgement import judge_by_corridor

    return list(judge_by_corridor(interchange, corridor))


def _write_contrl(answers: Sequence[tuple[Interchange, Sequence[Finding]]], path: Path) -> None:
    """The CONTRL that the files deserve: one interchange per answerable subject, one after the other."""
    now = occasion().now
    written: list[bytes] = []
    for interchange, findings in answers:
        if wants_contrl(interchange):
            written.append(_contrl(interchange, findings, now, len(written) + 1))
    if not written:
        note(t("validate.no_contrl", file=path))
        return
    write_whole(path, b"".join(written))


def _contrl(interchange: Interchange, findings: Sequence[Finding], now: datetime, number: int) -> bytes:
    """The answer in the character set of its subject, so that names and references can be repeated as they stand."""
    subject = interchange.header
    header = InterchangeHeader(
        syntax_identifier=subject.syntax_identifier, syntax_version="4" if subject.syntax_version == "4" else "3",
        sender=subject.recipient, sender_qualifier=subject.recipient_qualifier, recipient=subject.sender,
        recipient_qualifier=subject.sender_qualifier, prepared=now, test=subject.test,
        control_reference=f"{now:%y%j%H%M%S}{number:03d}")
    answer = [("1", make_contrl(interchange, findings))]
    try:
        return write_interchange(header, answer)
    except LocalError:  # a character set that nobody knows: ours then
        return write_interchange(replace(header, syntax_identifier="UNOC"), answer)

"""`edi validate` and `edi inspect`: any EDIFACT file, ours or not."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
from msgspec.structs import replace

from gateway.cli.context import (
    emit,
    json_option,
    note,
    occasion,
    t,
    to_json,
    visible,
    without_settings,
)
from gateway.cli.verdicts import JsonVerdict, Verdict
from gateway.edifact import (
    Interchange,
    InterchangeHeader,
    Message,
    SegmentDescription,
    describe,
    make_contrl,
    read_interchanges,
    stream_interchanges,
    tree,
    validate,
    wants_contrl,
    write_interchange,
)
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.mapping import Corridor
from gateway.spool import write_whole

_PATH = click.Path(path_type=Path, allow_dash=True)
LARGEST = 32 << 20
"""Bytes of one message, and of a file that is answered with a CONTRL: what one object of GW-1 may hold (ENVELOPE)."""

_Judge = Callable[[str, Message], Iterable[Finding]]
"""What somebody says of a message; the text is the reference of its interchange."""


@click.command(name="validate", help=t("cli.validate.help"))
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar=t("cli.metavar.files"))
@click.option("--corridor", metavar="ID", help=t("cli.validate.corridor"))
@click.option("--contrl", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.validate.contrl"))
@json_option
@without_settings
def validate_command(files: tuple[Path, ...], corridor: str | None, contrl: Path | None, as_json: bool) -> int:
    """Judge each file by itself: one that cannot be read does not stop the others."""
    judge = _judge(corridor)
    answers = None if contrl is None else _Answers(occasion().now)
    clean = True
    for path in files:
        show = (JsonVerdict if as_json else Verdict)(path)
        for finding in _findings(path, judge, answers):
            show.finding(finding)
        show.end()
        clean = clean and show.ok
    if answers is not None and contrl is not None:
        _write_contrl(answers.made, contrl)
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


def _findings(path: Path, judge: _Judge, answers: _Answers | None) -> Iterator[Finding]:
    """Everything wrong with a file, as it is found: with each message what is wrong with it, then what is wrong with
    its interchange. The same order whatever the size, for the same file must not read otherwise once it has grown.
    """
    try:
        with _opened(path) as stream:
            if answers is None:
                yield from _streamed(stream, judge)
                return
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            yield Finding(code="C011", values={"file": str(path), "limit": str(LARGEST >> 20)})
            return
        yield from _streamed(io.BytesIO(content), judge)
        answers.add(content)
    except OSError as error:
        yield _unreadable(path, error)


def _streamed(stream: BinaryIO, judge: _Judge) -> Iterator[Finding]:
    for interchange in stream_interchanges(stream, largest=LARGEST):
        for message, found in interchange.messages():
            yield from found
            yield from judge(interchange.header.control_reference, message)
        yield from interchange.findings


def _opened(path: Path) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb")


def _corridor(identifier: str) -> Corridor:
    from gateway.mapping import load_corridors, search_path

    return load_corridors(search_path()).named(identifier)


def _judge(identifier: str | None) -> _Judge:
    """What a corridor says of each message; nothing where none is named."""
    if identifier is None:
        return lambda reference, message: ()
    from gateway.exchange.corridor_judgement import judge_by_corridor

    corridor = _corridor(identifier)
    return lambda reference, message: judge_by_corridor(reference, message, corridor)


class _Answers:
    """The CONTRL that files deserve: one interchange per answerable subject, one after the other."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.made: list[bytes] = []

    def add(self, content: bytes) -> None:
        """Answer the interchanges of a file. A CONTRL tells about a whole interchange, so here it is held as a whole;
        it is judged as the receiver of a partner's file does."""
        for interchange in read_interchanges(content):
            if wants_contrl(interchange):
                self.made.append(_contrl(interchange, validate(interchange), self._now, len(self.made) + 1))


def _write_contrl(written: Sequence[bytes], path: Path) -> None:
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

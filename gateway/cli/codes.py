"""`edi codes`: what the directories say of a number, a tag, a message or a word.

The names are those of the directories, in English; the frame speaks the reader's language. Accents and case make no
difference to a search.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import click

from gateway.cli.context import emit, emit_json, json_option, shown_rows, t, tell, tell_rest, without_settings
from gateway.edifact import load_directory
from gateway.edifact.directory import RELEASES, Directory, Node, Use
from gateway.exchange.summary import Exit
from gateway.findings import Finding

Line = tuple[str, str, str, str]
"""One line of the answer: kind (message, segment, composite, element, code, use), identifier, note, name."""


@click.command(name="codes", help=t("cli.codes.help"))
@click.argument("words", nargs=-1, metavar=t("cli.codes.words"))
@click.option("--release", type=click.Choice(RELEASES), default="D.96B", show_default=True, help=t("cli.codes.release"))
@json_option
@without_settings
def codes_command(words: tuple[str, ...], release: str, as_json: bool) -> int:
    """A first word that names something shows it, the others choose among its codes; else all words are looked for."""
    directory = load_directory(release)
    lines = list(_answer(directory, words))
    if as_json:
        emit_json("codes", {"release": release, "words": list(words), "lines": [
            {"kind": kind, "id": identifier, "note": note, "name": name} for kind, identifier, note, name in lines]})
    else:
        width = max((len(identifier) for _, identifier, _, _ in lines), default=0)
        for kind, identifier, note, name in shown_rows(lines):
            shown = "" if kind == "use" else t(f"codes.{kind}")
            emit(f"{shown:<10} {identifier:<{width}}  {note:<10} {name}".rstrip())
        tell_rest(lines)
    if not lines:
        tell([Finding(code="F072", values={"words": " ".join(words), "release": release})])
        return Exit.PERSON
    return Exit.DONE


def _answer(directory: Directory, words: Sequence[str]) -> Iterator[Line]:
    if not words:
        yield from (("message", one, "", _message_name(directory, one)) for one in sorted(directory.messages))
        yield from _coded(directory)
        return
    named = list(_named(directory, words[0].upper(), words[1:]))
    yield from named or _search(directory, [folded(word) for word in words])


def _named(directory: Directory, identifier: str, words: Sequence[str]) -> Iterator[Line]:
    """What has exactly this identifier; `words` choose among the codes of an element."""
    message, segment = directory.message(identifier), directory.segment(identifier)
    composite, element = directory.composite(identifier), directory.element(identifier)
    if message is not None:
        yield "message", identifier, "", message.name
        yield from _tree(directory, message.structure, 0)
    elif segment is not None or composite is not None:
        compound = segment or composite
        assert compound is not None
        yield "segment" if segment is not None else "composite", identifier, "", compound.name
        for use in compound.parts:
            yield _use(directory, use, 0)
            inner = directory.composite(use.id)
            for part in inner.parts if inner is not None else ():
                yield _use(directory, part, 1)
    elif element is not None:
        yield "element", identifier, element.format, element.name
        wanted = [folded(word) for word in words]
        for value, name in directory.codes(identifier).items():
            if all(word in (folded(value), *folded(name).split()) or word in folded(name) for word in wanted):
                yield "code", value, "", name


def _use(directory: Directory, use: Use, depth: int) -> Line:
    composite, element = directory.composite(use.id), directory.element(use.id)
    name = composite.name if composite is not None else element.name if element is not None else ""
    form = f" {element.format}" if element is not None else ""
    status = f"{'M' if use.mandatory else 'C'}{use.maximum if use.maximum > 1 else ''}"
    return "use", "  " * depth + use.id, status + form, name


def _tree(directory: Directory, nodes: Sequence[Node], depth: int) -> Iterator[Line]:
    for node in nodes:
        segment = directory.segment(node.id) if not node.children else None
        note = f"{'M' if node.mandatory else 'C'}{node.maximum}"
        yield "use", "  " * depth + node.id, note, segment.name if segment is not None else ""
        yield from _tree(directory, node.children, depth + 1)


def _search(directory: Directory, words: Sequence[str]) -> Iterator[Line]:
    """Every message, segment, composite, element and code whose identifier or name has all the words."""
    for message in sorted(directory.messages):
        if _has(words, message, name := _message_name(directory, message)):
            yield "message", message, "", name
    for kind, identifier in directory.identifiers():
        if kind in ("segment", "composite"):
            compound = directory.segment(identifier) if kind == "segment" else directory.composite(identifier)
            if compound is not None and _has(words, identifier, compound.name):
                yield kind, identifier, "", compound.name
        elif kind == "element":
            element = directory.element(identifier)
            if element is None:
                continue
            if _has(words, identifier, element.name):
                yield "element", identifier, element.format, element.name
            for value, name in directory.codes(identifier).items():
                if _has(words, value, name):
                    yield "code", value, identifier, name


def _coded(directory: Directory) -> Iterator[Line]:
    """Every element with a code list, and how many codes it has."""
    for kind, identifier in directory.identifiers():
        element = directory.element(identifier) if kind == "element" else None
        if element is not None and (count := len(directory.codes(identifier))) > 0:
            yield "element", identifier, str(count), element.name


def _message_name(directory: Directory, message_type: str) -> str:
    message = directory.message(message_type)
    return message.name if message is not None else ""


def _has(words: Sequence[str], identifier: str, name: str) -> bool:
    text = f"{folded(identifier)} {folded(name)}"
    return all(word in text for word in words)


def folded(text: str) -> str:
    """A text without accents and case: ``Réponse`` and ``REPONSE`` are the same."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()

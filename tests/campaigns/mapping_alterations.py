"""Every way to spoil one line of a mapping file that an editor's slip could take: what the campaign of mutants tries.

One alteration changes one thing: a line, a word or an entry is deleted, two neighbours are swapped, a type, a code, a
constant, a limit or a mark of absence becomes another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_SECTION = re.compile(r"([a-z_]+):(.*)")
_WORD = re.compile(r"(?P<indent> +)(?P<word>[^\s:#{][^:{]*): *(?P<code>[^\s#{][^\s#]*)(?P<rest> *(?:#.*)?)")
_FLOW = re.compile(r"(?P<before>[^{]*)\{(?P<inside>[^{}]*)\}(?P<after>.*)")
_LIST = re.compile(r"(?P<before>.*)\[(?P<inside>[^\[\]]*)\](?P<after>.*)")
_LINE = re.compile(r"(?P<head> +[\w-]+: +)(?P<body>\S.*)")
_CONSTANT = re.compile(r"(?<=[+:])([A-Z0-9.]+)(?=[+:'])")
_TYPES = {"text": "an..70", "date": "datetime", "datetime": "date", "moment": "date", "boolean": "an..5"}
_OTHER = {"102": "203", "203": "102", "204": "203"}
_LAYOUTS = ("segments", "after", "override")


@dataclass(frozen=True, slots=True)
class Alteration:
    """One change of one file: `kind` says what was done, `line` counts from 1, `shown` is the line as it was."""

    file: str
    kind: str
    line: int
    shown: str
    content: bytes


def alterations(file: str, content: bytes) -> list[Alteration]:
    """Every alteration of a file, each content once."""
    found: dict[bytes, Alteration] = {}
    lines = content.decode().split("\n")
    section = ""
    for number, line in enumerate(lines):
        opened = _SECTION.match(line)
        if opened is not None:
            section = opened[1]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        for kind, changed in _of_line(section, lines, number):
            altered = "\n".join(changed).encode()
            if altered != content:
                found.setdefault(altered, Alteration(file, f"{section}:{kind}", number + 1, line.strip(), altered))
    return list(found.values())


def _of_line(section: str, lines: list[str], number: int) -> Iterator[tuple[str, list[str]]]:
    line = lines[number]
    nested = line.startswith(" ")
    if section == "record" and nested:
        yield "delete", _without(lines, number, 1)
        for kind, changed in _types(line):
            yield kind, _with(lines, number, changed)
    elif section == "codes":
        yield from _codes(lines, number)
    elif section in _LAYOUTS and nested:
        yield from _layout(section, lines, number)
    elif section == "require" and nested:
        yield from _rule(lines, number)
    elif section in ("functions", "fixed", "remove", "extras", "many_to_one", "events", "carries"):
        if nested:
            yield "delete", _without(lines, number, 1)
        for changed in _entries(line):
            yield "entry", _with(lines, number, changed)
        if section == "extras" and nested:
            for kind, changed in _types(line):
                yield kind, _with(lines, number, changed)


def _with(lines: list[str], number: int, changed: str) -> list[str]:
    return [*lines[:number], changed, *lines[number + 1:]]


def _without(lines: list[str], number: int, count: int) -> list[str]:
    return [*lines[:number], *lines[number + count:]]


def _types(line: str) -> Iterator[tuple[str, str]]:
    head, _, kind = line.rpartition(": ")
    if bounded := re.fullmatch(r"(an?|n)(\.\.)?(\d+)", kind):
        other = "an" if bounded[1] == "n" else "n"
        yield "retype", f"{head}: {other}..{bounded[3]}"
        length = int(bounded[3])
        if length > 1:
            yield "narrow", f"{head}: {bounded[1]}{bounded[2] or ''}{length - 1}"
        yield "widen", f"{head}: {bounded[1]}{bounded[2] or ''}{length + 1}"
    elif many := re.fullmatch(r"list\((\d+)\)", kind):
        yield "retype", f"{head}: group"
        if int(many[1]) > 1:
            yield "narrow", f"{head}: list({int(many[1]) - 1})"
        yield "widen", f"{head}: list({int(many[1]) + 1})"
    elif decimals := re.fullmatch(r"decimal\((\d)\)", kind):
        yield "retype", f"{head}: n..9"
        if int(decimals[1]):
            yield "narrow", f"{head}: decimal({int(decimals[1]) - 1})"
        yield "widen", f"{head}: decimal({int(decimals[1]) + 1})"
    elif kind.startswith("code("):
        yield "retype", f"{head}: an..35"
    elif kind in _TYPES:
        yield "retype", f"{head}: {_TYPES[kind]}"


def _codes(lines: list[str], number: int) -> Iterator[tuple[str, list[str]]]:
    line = lines[number]
    flow, word = _FLOW.fullmatch(line), _WORD.fullmatch(line)
    if flow is not None:
        entries = [entry.strip() for entry in flow["inside"].split(",")]
        for kind, changed in _flow(entries):
            yield kind, _with(lines, number, f"{flow['before']}{{{', '.join(changed)}}}{flow['after']}")
    elif word is not None and len(word["indent"]) > 2:
        yield "delete", _without(lines, number, 1)
        yield "recode", _with(lines, number, f"{word['indent']}{word['word']}: Q7{word['rest']}")
        other = _WORD.fullmatch(lines[number + 1]) if number + 1 < len(lines) else None
        if other is not None and len(other["indent"]) == len(word["indent"]):
            swapped = _with(lines, number, f"{word['indent']}{word['word']}: {other['code']}{word['rest']}")
            yield "swap", _with(swapped, number + 1,
                                f"{other['indent']}{other['word']}: {word['code']}{other['rest']}")


def _flow(entries: list[str]) -> Iterator[tuple[str, list[str]]]:
    for number, entry in enumerate(entries):
        name, _, code = entry.partition(": ")
        yield "delete", [*entries[:number], *entries[number + 1:]]
        yield "recode", [*entries[:number], f"{name}: Q7", *entries[number + 1:]]
        if number + 1 < len(entries):
            other, _, following = entries[number + 1].partition(": ")
            yield "swap", [*entries[:number], f"{name}: {following}", f"{other}: {code}", *entries[number + 2:]]


def _layout(section: str, lines: list[str], number: int) -> Iterator[tuple[str, list[str]]]:
    line = lines[number]
    yield "delete", _without(lines, number, 1)
    found = _LINE.fullmatch(line)
    if found is None:
        return
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if section != "override" and following.strip() and _indent(following) == _indent(line):
        yield "swap", [*lines[:number], following, line, *lines[number + 2:]]
    for kind, body in _body(found["body"]):
        yield kind, _with(lines, number, f"{found['head']}{body}")
    qualifier = re.search(r"\b([A-Z]{3})\+([A-Z0-9]+)(?=[+:'])", line)
    if qualifier is None:
        return
    for later in range(number + 1, len(lines)):
        other = re.search(rf"\b{qualifier[1]}\+([A-Z0-9]+)(?=[+:'])", lines[later])
        if other is not None:
            changed = _with(lines, number, line[:qualifier.start(2)] + other[1] + line[qualifier.end(2):])
            yield "swap-qualifiers", _with(changed, later, lines[later][:other.start(1)] + qualifier[2]
                                           + lines[later][other.end(1):])
            return


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _body(body: str) -> Iterator[tuple[str, str]]:
    """Changes of what stands behind a label."""
    if "? " in body:
        yield "must", body.replace("? ", "", 1)
    elif not re.match(r"\"?'?(each|with|when|rest) ", body):
        yield "may", f"? {body}"
    for hole in re.finditer(r"\{[^{}]*\}", body):
        text = hole[0]
        for kind, changed in _hole(text):
            yield kind, body[:hole.start()] + changed + body[hole.end():]
    holes = list(re.finditer(r"\{[^{}]*\}", body))
    for one, other in pairwise(holes):
        yield "swap-holes", body[:one.start()] + other[0] + body[one.end():other.start()] + one[0] + body[other.end():]
    for constant in _CONSTANT.finditer(re.sub(r"\{[^{}]*\}", lambda hole: "{" * len(hole[0]), body)):
        yield "constant", f"{body[:constant.start()]}Q7{body[constant.end():]}"


def _hole(text: str) -> Iterator[tuple[str, str]]:
    name = re.match(r"\{[a-z0-9_.]+", text)
    if name is None:
        return
    rest = text[name.end():]
    if rest.startswith("?"):
        yield "must-hole", name[0] + rest[1:]
    else:
        yield "may-hole", f"{name[0]}?{rest}"
    for old, new in _OTHER.items():
        if f"|{old}" in rest:
            yield "converter", name[0] + rest.replace(f"|{old}", f"|{new}")
    if chunks := re.search(r"chunks (\d+x)?(\d+)x(\d+)", rest):
        yield "chunk-size", text.replace(chunks[0], f"chunks {chunks[1] or ''}{chunks[2]}x{int(chunks[3]) - 1}")
        if int(chunks[2]) > 1:
            yield "chunk-count", text.replace(chunks[0], f"chunks {chunks[1] or ''}{int(chunks[2]) - 1}x{chunks[3]}")


def _rule(lines: list[str], number: int) -> Iterator[tuple[str, list[str]]]:
    line = lines[number]
    key = line.strip().partition(":")[0]
    if _indent(line) == 2:
        end = number + 1
        while end < len(lines) and lines[end].startswith("    "):
            end += 1
        yield "delete", _without(lines, number, end - number)
        return
    if key in ("when", "every"):
        yield "delete", _without(lines, number, 1)
    if key not in ("when", "need"):
        return
    for changed in _entries(line):
        yield "entry", _with(lines, number, changed)
    if values := re.search(r" in ([a-z,]+)", line):
        words = values[1].split(",")
        for place in range(len(words)):
            kept = ",".join([*words[:place], *words[place + 1:]])
            if kept:
                yield "value", _with(lines, number, line.replace(values[1], kept))
    if " or " in line:
        first, _, second = line.partition(" or ")
        yield "alternative", _with(lines, number, first)
        yield "alternative", _with(lines, number, f"{first[:first.rindex(' ') + 1]}{second}")
    if re.search(r"\bno [a-z]", line):
        yield "negation", _with(lines, number, re.sub(r"\bno ([a-z])", r"\1", line))


def _entries(line: str) -> Iterator[str]:
    """The line without one entry of its list or map."""
    found = _LIST.fullmatch(line) or _FLOW.fullmatch(line)
    if found is None:
        return
    marks = "[]" if "[" in line[len(found["before"]):len(found["before"]) + 1] else "{}"
    parts = re.findall(r'"[^"]*"|[^,]+', found["inside"])
    for number in range(len(parts)):
        kept = ", ".join(part.strip() for part in [*parts[:number], *parts[number + 1:]])
        yield f"{found['before']}{marks[0]}{kept}{marks[1]}{found['after']}"

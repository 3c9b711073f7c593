"""Manual pages as man(1) reads them: the few requests of man(7) that ours need. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def text(words: str) -> str:
    """Words with nothing in them that the formatter would take for its own."""
    plain = words.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in plain.split("\n"))


def bold(words: str) -> str:
    """Words in bold."""
    return f"\\fB{text(words)}\\fR"


def head(name: str, source: str, title: str) -> str:
    """The first line of a page of section 1. source: program and version; title: of the whole manual."""
    quoted = [part.replace('"', "\\(dq") for part in (name.upper(), "1", "", source, title)]
    return ".TH " + " ".join(f'"{part}"' for part in quoted)


def section(name: str, *paragraphs: str) -> list[str]:
    """A section with its paragraphs, each of them ready for the formatter."""
    lines = [f".SH {text(name.upper())}"]
    for number, paragraph in enumerate(paragraphs):
        lines += [".PP"] * (number > 0) + [paragraph]
    return lines


def part(name: str, *paragraphs: str) -> list[str]:
    """A part of a section."""
    lines = [f".SS {text(name)}"]
    for number, paragraph in enumerate(paragraphs):
        lines += [".PP"] * (number > 0) + [paragraph]
    return lines


def terms(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """A list of terms, each with what it means. The terms are ready for the formatter, the meanings are plain."""
    return [line for term, meaning in pairs for line in (".TP", term, text(meaning))]


def lines(rows: Iterable[str]) -> list[str]:
    """Rows that are not filled."""
    return [".PP", ".nf", ".RS 2", *(text(row) for row in rows), ".RE", ".fi"]

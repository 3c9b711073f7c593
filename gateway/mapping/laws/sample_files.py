"""The files of samples: what they are called, and how records, messages and verdicts are written in them.

    corridors/tg-ml/cusdec.yaml                       a mapping
    corridors/tg-ml/samples/cusdec/NAME.json          records in its own terms, one object or an array of them
    corridors/tg-ml/samples/cusdec/NAME.edi           their messages, one segment a line
    corridors/tg-ml/samples/cusdec/NAME.rules         which rules under ``require`` they break; none without the file
    corridors/tg-ml/samples/cusdec/NAME.refused       what cannot be written of them; nothing without the file

All are UTF-8. Line breaks after segments are for people and do not travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from gateway.edifact import MessageIdentifier, WireMessage
from gateway.errors import LocalError
from gateway.mapping.dialect_canonical import read_canonical, write_canonical
from gateway.mapping.dialect_level import Reading
from gateway.mapping.inherit import locate
from gateway.mapping.mapping import Mapping
from gateway.records.json import Json, read_json, write_json
from gateway.records.nodes import Kind
from gateway.references import Tree

FOLDER = "samples"
KINDS = (".edi", ".rules", ".refused")
"""The expected files of a sample."""

Files: TypeAlias = "dict[str, str]"
"""Suffix -> content, of those that are there."""

_RECORD_KINDS = {"n": "count", "decimal": "decimal", "boolean": "boolean", "date": "date", "datetime": "datetime",
                 "moment": "moment", "group": "group", "list": "list"}


def sample_folder(identifier: str, search: Sequence[Path]) -> Path | None:
    """The folder of a mapping's samples, whether it is there or not; None when the mapping is not there."""
    found = locate(identifier, search)
    return None if found is None else found[0].parent / FOLDER / found[0].stem


def samples_behind(identifier: str, search: Sequence[Path]) -> Path | None:
    """The folder with samples of the mapping whose place this one takes: the first in a later folder; None without."""
    own = sample_folder(identifier, search)
    files = [folder / f"{identifier}.yaml" for folder in search]
    folders = [path.parent / FOLDER / path.stem for path in files if path.is_file()]
    return next((one for one in folders if one != own and samples_in(one)), None)


def samples_in(folder: Path) -> list[Path]:
    """The samples of a folder, in the order of their names."""
    return sorted(folder.glob("*.json"))


def expected(sample: Path) -> Files:
    """The expected files that stand beside a sample."""
    beside = {suffix: sample.with_suffix(suffix) for suffix in KINDS}
    return {suffix: path.read_text("utf-8") for suffix, path in beside.items() if path.is_file()}


def read_records(content: bytes, file: str, mapping: Mapping) -> list[Tree]:
    """The records of a sample. Raises LocalError (R0.., D101, D110, D111), each finding at its line and column."""
    root = read_json(content, file)
    roots = root.children.get("", []) if root.kind is Kind.ARRAY else [root]
    kinds = {term: "boolean" if _flags(mapping, term) else _RECORD_KINDS.get(kind.name, "text")
             for term, kind in mapping.terms.items()}
    kinds.update({term: "text" for term in mapping.definition.fixed if term not in kinds})
    reading = Reading(files={"sample": file})
    records = [read_canonical(one, "sample", kinds, {}, frozenset(), reading) for one in roots]
    if reading.findings:
        raise LocalError(*reading.findings)
    return records


def _flags(mapping: Mapping, term: str) -> bool:
    """Tell whether a term with a code table stands for a flag."""
    kind = mapping.terms[term]
    return kind.name == "code" and set(mapping.tables.words(kind.table or "")) <= {"true", "false"}


def write_records(records: Sequence[Tree]) -> bytes:
    """The sample of some records; one alone is not put into an array."""
    made: list[Json] = [write_canonical(record, {}) for record in records]
    return write_json(made if len(made) != 1 else made[0])


def write_messages(wires: Iterable[WireMessage]) -> str:
    """Messages one after the other, numbered, each segment on its line."""
    lines: list[str] = []
    for number, wire in enumerate(wires, 1):
        text = f"UNH+{number}+{wire.identifier}'{wire.body}UNT+{wire.segments + 2}+{number}'"
        lines.extend(f"{segment}\n" for segment in segments(text))
    return "".join(lines)


def read_messages(text: str, identifier: MessageIdentifier) -> Iterator[tuple[int, WireMessage]]:
    """The messages of an expected file, each with the line of its UNH, from 1."""
    body: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("UNH+"):
            body, start = [], number
        elif line.startswith("UNT+"):
            yield start, WireMessage(identifier, "".join(body), len(body))
        elif line:
            body.append(line)


def segments(text: str) -> list[str]:
    """The segments of a text on the wire, each with its terminator; a released apostrophe ends nothing."""
    found: list[str] = []
    start = place = 0
    while place < len(text):
        if text[place] == "?":
            place += 2
            continue
        place += 1
        if text[place - 1] == "'":
            found.append(text[start:place])
            start = place
    return found

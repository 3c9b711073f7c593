"""A text that is not YAML: one fault in our words at the parser's place.

The parser's English sentence is only looked at to choose a code; it goes no further.
"""

from __future__ import annotations

import yaml

from gateway.config.characters import Source, invisible_in
from gateway.config.faults import Faults

_SYNTAX = (  # words of the parser's English sentence -> our code; the first that fits
    ("unknown escape character", "S027"),
    ("mapping values are not allowed", "S021"),
    ("while scanning a quoted scalar", "S022"),
    ("while parsing a flow", "S023"),
    ("cannot start any token", "S024"),
    ("expected <block end>", "S025"),
    ("could not find expected ':'", "S026"),
    ("did not find expected", "S025"),
)


def syntax_fault(error: yaml.YAMLError, source: Source, faults: Faults) -> None:
    """One fault for a text that is not YAML: our sentence, the parser's place."""
    if not isinstance(error, yaml.MarkedYAMLError):
        faults.add("S020", 1, 1)
        return
    words = f"{error.context or ''} {error.problem or ''}"
    code = next((code for part, code in _SYNTAX if part in words), "S020")
    mark = error.problem_mark or error.context_mark
    if code in ("S022", "S023", "S026") and error.context_mark is not None:
        mark = error.context_mark
    if mark is None:
        faults.add(code, 1, 1)
        return
    for number in (mark.line, mark.line - 1):
        line = source.lines[number] if 0 <= number < len(source.lines) else ""
        for offset in invisible_in(line):
            faults.add("S010", number + 1, offset + 1, character=f"U+{ord(line[offset]):04X}")
            return
    faults.add(code, mark.line + 1, mark.column + 1)

"""What may stand at the end of a line that somebody is typing. Answered from a table, without any command imported.

The table (`command_table.json`) is made from the commands by ``python -m tests.tools.command_reference``. What belongs
to one gateway comes from its files: partners and corridors from folders, references from the ledger. The settings are
not judged here, only looked at: a file that is written in an unusual way gives fewer words, never a message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

_PACKAGE = Path(__file__).parents[1]
_TABLE = Path(__file__).with_name("command_table.json")


class Row(TypedDict):
    """One command: its commands, its options with what stands behind each, what its arguments are.

    Kinds: ``reference``, ``partner``, ``corridor``, ``file``, ``=a,b`` for a choice, ``-`` for a switch, "" else.
    """

    inner: list[str]
    options: dict[str, str]
    arguments: list[str]


Sources = Mapping[str, Callable[[], Iterable[str]]]
"""Words of a kind, asked for when they are needed."""


def table() -> dict[str, Row]:
    """Line of a command (``edi map test``) -> what may follow it."""
    found: dict[str, Row] = json.loads(_TABLE.read_text("utf-8"))
    return found


def candidates(rows: Mapping[str, Row], words: Sequence[str], sources: Sources) -> list[str]:
    """The words that the last one of `words` may become; none where the shell is to complete file names.

    words  the line from the program on; the last one is being typed, "" when nothing of it stands there yet
    """
    line, row, place = words[0], rows.get(words[0]), 1
    while row is not None and place < len(words) - 1 and words[place] in row["inner"]:
        line = f"{line} {words[place]}"
        row, place = rows.get(line), place + 1
    if row is None:
        return []
    current, before = words[-1], words[place:-1]
    if before and row["options"].get(before[-1], "-") != "-":
        return _fitting(row["options"][before[-1]], current, sources)
    if current.startswith("-"):
        return [option for option in row["options"] if option.startswith(current)]
    if row["inner"]:
        return [] if before else [name for name in row["inner"] if name.startswith(current)]
    kinds = row["arguments"]
    given = _given(row, before)
    return _fitting(kinds[min(given, len(kinds) - 1)], current, sources) if kinds else []


def _given(row: Row, before: Sequence[str]) -> int:
    """How many arguments stand there already."""
    count, value = 0, False
    for word in before:
        if value:
            value = False
        elif word.startswith("-"):
            value = row["options"].get(word, "-") != "-"
        else:
            count += 1
    return count


def _fitting(kind: str, current: str, sources: Sources) -> list[str]:
    words = kind[1:].split(",") if kind.startswith("=") else sources[kind]() if kind in sources else ()
    return [word for word in words if word.startswith(current)]


def sources_of(settings: Path) -> Sources:
    """The words of one gateway."""
    peeked = _Peeked(settings)
    return {"reference": peeked.references, "partner": peeked.partners, "corridor": peeked.corridors}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


class _Peeked:
    """Settings as far as completion needs them: ``ledger:`` and the block ``paths:``, as `edi init` writes them."""

    def __init__(self, settings: Path) -> None:
        self._folder = settings.absolute().parent
        self._values: dict[str, list[str]] = {}
        block = key = ""
        for raw in _text(settings).splitlines():
            line = raw.partition(" #")[0].rstrip()
            name, colon, value = line.strip().partition(":")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if line.lstrip().startswith("- "):
                self._add(key, line.lstrip()[2:])
            elif not line.startswith(" "):
                block = key = name
                self._add(key, value if colon else "")
            elif block == "paths":
                key = f"paths.{name}"
                self._add(key, value)

    def _add(self, key: str, value: str) -> None:
        self._values.setdefault(key, []).extend(
            part for part in (one.strip(" \"'") for one in value.strip().strip("[]").split(",")) if part)

    def _path(self, key: str, usual: str) -> Path:
        return self._folder / next(iter(self._values.get(f"paths.{key}", [usual])))

    def references(self) -> list[str]:
        from gateway.ledger.latest import latest_references  # SQLite is loaded where it is asked

        named = next(iter(self._values.get("ledger", [])), "").removeprefix("sqlite:///")
        if named.startswith("postgresql"):  # to ask a server takes longer than to type
            return []
        return latest_references(self._folder / named if named else self._path("state", "state") / "ledger.sqlite")

    def partners(self) -> list[str]:
        return sorted(path.stem for path in self._path("partners", "partners").glob("*.yaml"))

    def corridors(self) -> list[str]:
        folders = [self._folder / name for name in self._values.get("paths.mappings", [])]
        folders += [Path(part) for part in os.environ.get("EDI_MAPPINGS", "").split(os.pathsep) if part]
        folders += [_PACKAGE.parent / "mappings", _PACKAGE / "_mappings"]
        return sorted({path.parent.name for folder in folders for path in folder.glob("corridors/*/corridor.yaml")})

"""Make gateway/edifact/directories from the facts of the UN/EDIFACT directories, or check that they are those.

    python -m tests.tools.directories FACTS [--check]

FACTS is a folder with one folder per release (``D.96B/messages.json``, ``segments.json``, ``composites.json``,
``elements.json``, ``codes.json``) and ``service/v1.json`` to ``v4.json``. The form of what is written is told in
gateway/edifact/directories/README.md. Facts are written as they are; where they contradict themselves nothing is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.edifact import directory
from gateway.edifact.directory import RELEASES

FOLDER = Path(directory.__file__).parent / "directories"
NOTICE = "# Facts from the UN/EDIFACT directories, (c) United Nations; not the UN/EDIFACT directory itself."


class Contradiction(Exception):
    """The facts do not agree with themselves."""


def _read(file: Path) -> dict[str, Any]:
    return {key: value for key, value in json.loads(file.read_text("utf-8")).items() if not key.startswith("_")}


def _item(identifier: str, status: str, maximum: int) -> str:
    mark = {"M": "", "C": "?"}[status] if maximum == 1 else {"M": "!", "C": "?"}[status] + str(maximum)
    return identifier + mark


def _structure(nodes: Iterable[Sequence[Any]], skip: int) -> str:
    """`skip`: fields before the tag; releases have the position there."""
    found = []
    for node in nodes:
        tag, status, maximum, *children = node[skip:]
        inner = f"({_structure(children[0], skip)})" if children else ""
        found.append(_item(tag, status, maximum) + inner)
    return " ".join(found)


def _notes(notes: Sequence[str] | None) -> str:
    return "|" + " ".join(notes) if notes else ""


def _name(text: str) -> str:
    name = " ".join(str(text).split())
    if "|" in name:
        raise Contradiction(f"a name with a bar: {name}")
    return name


def _in_order(identifier: str, uses: Sequence[Sequence[Any]]) -> None:
    """Positions are 010, 020, 030 …: dependency notes count on it."""
    if [int(use[0]) for use in uses] != list(range(10, 10 * len(uses) + 1, 10)):
        raise Contradiction(f"positions of {identifier}")


def release_text(facts: Path, release: str) -> str:
    """The file of one release, without its code lists."""
    folder = facts / release
    elements = _read(folder / "elements.json")
    lines = [NOTICE]
    for tag, one in _read(folder / "messages.json").items():
        head = f"{one['version']} {one['release']} {one['agency']}"
        lines.append(f"M {tag}|{_name(one['name'])}|{head}|{_structure(one['structure'], 1)}")
    for tag, one in _read(folder / "segments.json").items():
        _in_order(tag, one["elements"])
        for use in one["elements"]:
            if len(use) > 4 and use[4] is not None and use[4] != elements[use[1]]["repr"]:
                raise Contradiction(f"{tag} has {use[1]} as {use[4]}")
        parts = " ".join(_item(*use[1:4]) for use in one["elements"])
        lines.append(f"S {tag}|{_name(one['name'])}|{parts}{_notes(one.get('deps'))}")
    for tag, one in _read(folder / "composites.json").items():
        _in_order(tag, one["components"])
        lines.append(f"C {tag}|{_name(one['name'])}|{' '.join(_item(use[1], use[2], 1) for use in one['components'])}")
    for tag, one in elements.items():
        lines.append(f"E {tag}|{_name(one['name'])}|{one['repr']}")
    return "\n".join(lines) + "\n"


def codes_text(facts: Path) -> str:
    """The code lists of all releases together: value, releases as a bit mask (empty: all), name."""
    lists: dict[str, dict[tuple[str, str], int]] = {}
    for number, release in enumerate(RELEASES):
        for element, codes in _read(facts / release / "codes.json").items():
            known = lists.setdefault(element, {})
            for value, name in codes.items():
                key = (value, _name(name))
                known[key] = known.get(key, 0) | 1 << number
    lines = [NOTICE, f"# releases {' '.join(RELEASES)}"]
    everywhere = (1 << len(RELEASES)) - 1
    for element in sorted(lists):
        lines.append(f"={element}")
        for (value, name), mask in lists[element].items():
            lines.append(f"{value}|{'' if mask == everywhere else f'{mask:02x}'}|{name}")
    return "\n".join(lines) + "\n"


def service_text(facts: Path, version: str) -> str:
    """The service segments and messages of one syntax version."""
    one = json.loads((facts / "service" / f"v{version}.json").read_text("utf-8"))
    lines = [f"{NOTICE} Service segments of syntax version {version}."]
    for tag, message in one["messages"].items():
        head = " ".join(message["S009"][1:])
        lines.append(f"M {tag}||{head}|{_structure(message['structure'], 0)}{_notes(message.get('deps'))}")
    for tag, segment in one["segments"].items():
        uses, notes = (segment, None) if isinstance(segment, list) else (segment["elements"], segment.get("deps"))
        lines.append(f"S {tag}||{' '.join(_item(*use[1:4]) for use in uses)}{_notes(notes)}")
    for tag, uses in one["composites"].items():
        lines.append(f"C {tag}||{' '.join(_item(use[1], use[2], 1) for use in uses)}")
    for tag, element in one["elements"].items():
        lines.append(f"E {tag}||{element if isinstance(element, str) else element['repr']}")
    for tag, codes in one["codes"].items():
        lines.append(f"={tag}")
        for value, (name, *marked) in codes.items():
            lines.append(f"{value}|{'x' if marked else ''}|{_name(name)}")
    return "\n".join(lines) + "\n"


def build(facts: Path) -> Mapping[str, str]:
    """Every file by its name. Raises Contradiction, and KeyError or OSError where facts lack."""
    files = {f"{release}.txt": release_text(facts, release) for release in RELEASES}
    files["codes.txt"] = codes_text(facts)
    files.update({f"service.{version}.txt": service_text(facts, version) for version in "1234"})
    return files


def main() -> int:
    """Write the files; with --check compare, and exit 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    files = build(options.facts)
    if not options.check:
        for name, text in files.items():
            (FOLDER / name).write_text(text, "utf-8")
        return 0
    stray = {file.name for file in FOLDER.glob("*.txt")} - files.keys()
    wrong = sorted(
        stray | {name for name, text in files.items() if (FOLDER / name).read_text("utf-8") != text}
    )
    for name in wrong:
        print(f"{name} differs from the facts")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

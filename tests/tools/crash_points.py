"""The pages of the crash points, made of the failpoints in the code, of what is said of each, and of the tests.

    python -m tests.tools.crash_points          write gateway/docs/crash-points.md and its French twin
    python -m tests.tools.crash_points --check  exit 1 when a page is stale, or a failpoint lacks words or a test

What is left where a run ends stands beside each failpoint (`gateway.failpoints.declare`), in English; what the next run
finds and does, and everything in French, stands in tests/tools/crash_texts. A test of tests/crash or tests/pair cuts a
failpoint when its name is among the test's parameters; every such test sees that the process was killed there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polib

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES

ROOT = Path(__file__).parents[2]
TEXTS = Path(__file__).parent / "crash_texts"
DOCS = ROOT / "gateway" / "docs"
PAGES = {"en": DOCS / "crash-points.md", "fr": DOCS / "fr" / "points-d-arret.md"}

GROUPS: Mapping[str, Sequence[str]] = {
    "sending": ("views.", "send.", "attempts.", "seal.", "dispatch.before", "objects.", "dispatch.opened",
                "dispatch.written", "mailbox.", "dispatch.published", "dispatch.noted", "dispatch.after"),
    "sessions": ("session.",),
    "receiving": ("arriving.", "receive.", "quarantine.kept", "process.", "deliver."),
    "links": ("link.",),
    "sticks": ("carry.",),
    "lists": ("lists.", "authority."),
    "keys": ("files.", "keys."),
    "partners": ("partner.",),
    "others": ("ledger.", "map.", "quarantine.before", "quarantine.after", "retention.", "upgrade.", "keep.",
               "alerts.", "contents.")}
"""Heading -> beginnings of the names below it, in the order of the page."""

ROWS: Mapping[str, Sequence[str]] = {
    "S0": ("send.claimed", "send.filing.noted", "seal.before"),
    "S1": ("seal.after", "dispatch.before", "objects.renewed"),
    "S2": ("dispatch.opened",),
    "S3": ("dispatch.written", "mailbox.unmarked"),
    "S4": ("dispatch.published",),
    "S5": ("dispatch.published",),
    "S6": (),
    "S7": ("receive.fetched",),
    "S8": ("receive.stored",),
    "R1": ("arriving.kept",),
    "R2": ("receive.fetched", "quarantine.kept"),
    "R3": ("receive.stored",),
    "R4": ("receive.removed", "process.before", "process.after"),
    "R5": ("dispatch.published",),
    "R6": (), "X1": ()}
"""Row of the mailbox protocol -> failpoints that stand there; none where the cut is on the line or on a disk."""

SHOWN: Mapping[str, Sequence[str]] = {
    "S6": ("tests/hostile/test_directed_links.py", "tests/pair/test_dead_letters.py"),
    "R6": ("tests/campaigns/power.py", "tests/hostile/test_durable.py"),
    "X1": ("tests/hostile/test_forks_and_ledgers.py",)}
"""Row without a failpoint -> what shows it."""

_CASE = re.compile(r"(?m)^(tests/\S+\.py)::\w+\[(.+)\]$")


def texts(language: str) -> dict[str, str]:
    """What is said in a language, by key."""
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(TEXTS / f"{language}.po"))}


def wanted(language: str) -> set[str]:
    """The keys that a language must have, and no others."""
    keys = {*NAMES, *(f"row.{row}" for row in ROWS), *(f"group.{group}" for group in GROUPS), "page", "head", "rows",
            "rows.head", "none"}
    return keys | ({f"{name}.left" for name in NAMES} if language == "fr" else set())


def cutting(root: Path = ROOT) -> dict[str, list[str]]:
    """Failpoint -> files of the tests that cut it."""
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
                           "tests/crash", "tests/pair"], cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, None]] = {}
    for path, parameters in _CASE.findall(done.stdout):
        for name in parameters.split("-"):
            found.setdefault(name, {})[path] = None
    return {name: list(found.get(name, ())) for name in NAMES}


def page(language: str, tests: Mapping[str, Sequence[str]]) -> str:
    """A page as Markdown."""
    said = texts(language)
    return "\n".join(_lines(language, said, tests)) + "\n"


def _lines(language: str, said: Mapping[str, str], tests: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield said["page"].strip()
    row_of = {name: [row for row, names in ROWS.items() if name in names] for name in NAMES}
    for group, beginnings in GROUPS.items():
        title, _, words = said[f"group.{group}"].partition("\n")
        yield from ("", f"## {title}", "")
        if words.strip():
            yield from (words.strip(), "")
        yield from _head(said["head"])
        for beginning in beginnings:
            for name in (name for name in NAMES if name.startswith(beginning)):
                left = said[f"{name}.left"] if language == "fr" else NAMES[name]
                yield _row(f"`{name}`", left, said[name], " ".join(row_of[name]), _links(language, tests[name]))
    title, _, words = said["rows"].partition("\n")
    yield from ("", f"## {title}", "", words.strip(), "", *_head(said["rows.head"]))
    for row, names in ROWS.items():
        where = ", ".join(f"`{name}`" for name in names) or f"{said['none']} {_links(language, SHOWN[row])}"
        yield _row(row, said[f"row.{row}"], where)


def _head(titles: str) -> list[str]:
    parts = [part.strip() for part in titles.split("|")]
    return [_row(*parts), f"|{'---|' * len(parts)}"]


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def _links(language: str, paths: Sequence[str]) -> str:
    up = "../../" if language == "en" else "../../../"
    return ", ".join(f"[{Path(path).name}]({up}{path})" for path in paths)


def faults(tests: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong: words that lack or are too many, points that no test cuts or no heading holds, stale pages."""
    found = [f"{name} stands under {held} headings" for name in NAMES
             if (held := sum(name.startswith(tuple(beginnings)) for beginnings in GROUPS.values())) != 1]
    found += [f"{name} is cut by no test" for name in NAMES if not tests[name]]
    found += [f"row {row} names {name}, which is no failpoint" for row, names in ROWS.items() for name in names
              if name not in NAMES]
    found += [f"{path} shows row {row} and is not there" for row, paths in SHOWN.items() for path in paths
              if not (ROOT / path).is_file()]
    for language, path in PAGES.items():
        said = texts(language)
        found += [f"{language}.po lacks {key}" for key in sorted(wanted(language) - {
            key for key, words in said.items() if words.strip()})]
        found += [f"{language}.po says {key}, and nobody asks" for key in sorted(said.keys() - wanted(language))]
        if not found and (not path.is_file() or path.read_text("utf-8") != page(language, tests)):
            found.append(f"{path.name} is stale: python -m tests.tools.crash_points")
    return found


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them with --check."""
    tests = cutting()
    if "--check" not in arguments:
        for language, path in PAGES.items():
            path.write_text(page(language, tests), "utf-8")
    found = faults(tests)
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

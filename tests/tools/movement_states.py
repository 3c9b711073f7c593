"""The pages of the states and timers of a movement, drawn from the tables that derive them.

    python -m tests.tools.movement_states          write gateway/docs/en/movement-states.md and its French twin
    python -m tests.tools.movement_states --check  exit 1 when a page is stale, or a state or timer lacks words
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import polib

from gateway.config.scalars import render_duration
from gateway.transit.states import TABLES
from gateway.transit.timers import LIMIT, NAMES, Timers

ROOT = Path(__file__).parents[2]
TEXTS = Path(__file__).parent / "movement_texts"
PAGES = {"en": ROOT / "gateway" / "docs" / "en" / "movement-states.md",
         "fr": ROOT / "gateway" / "docs" / "fr" / "etats-des-mouvements.md"}


TWINS = {"en": "[En français](../fr/etats-des-mouvements.md)", "fr": "[In English](../en/movement-states.md)"}


def texts(language: str) -> dict[str, str]:
    """What is said in a language, by key."""
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(TEXTS / f"{language}.po"))}


def wanted() -> set[str]:
    """The keys that each language must have, and no others."""
    return {"page", "head", "timers", "timers.head", "none", *(f"role.{role}" for role in TABLES),
            *(f"{role}.{state}" for role, lines in TABLES.items() for state, _ in lines),
            *(f"timer.{name}" for name in NAMES)}


def page(language: str) -> str:
    """A page as Markdown."""
    return "\n".join((TWINS[language], "", *_lines(texts(language)))) + "\n"


def _lines(said: Mapping[str, str]) -> Iterator[str]:
    yield said["page"]
    for role, lines in TABLES.items():
        yield from ("", f"## {said[f'role.{role}']}", "", said["head"], "|---|---|")
        for state, _ in lines:
            yield f"| {state} | {said[f'{role}.{state}']} |"
    yield from ("", f"## {said['timers']}", "", said["timers.head"], "|---|---|---|")
    first = Timers()
    for name in NAMES:
        rule = None if name == LIMIT else getattr(first, name)
        lasting = said["none"] if rule is None else render_duration(rule.lasting)
        yield f"| `{name}` | {said[f'timer.{name}']} | {lasting} |"


def main() -> int:
    """Write, or check with --check."""
    faults = [language for language in PAGES if set(texts(language)) != wanted()]
    for language, path in PAGES.items():
        if language in faults:
            print(language, sorted(set(texts(language)) ^ wanted()))
        elif "--check" not in sys.argv:
            path.write_text(page(language), "utf-8")
        elif path.read_text("utf-8") != page(language):
            faults.append(language)
    if faults:
        print("stale:", ", ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())

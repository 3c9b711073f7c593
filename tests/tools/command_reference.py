"""Make the reference of commands, in both languages, and the table that completion answers from.

    python -m tests.tools.command_reference

All of it comes from the commands themselves. A process speaks one language: each is described by one of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_DOCS = ROOT / "gateway" / "docs"
PAGES = {"en": _DOCS / "en" / "commands.md", "fr": _DOCS / "fr" / "commandes.md"}
TABLE = ROOT / "gateway" / "cli" / "command_table.json"
_ACROSS = {"en": "[En français](../fr/commandes.md)", "fr": "[In English](../en/commands.md)"}
_EVERYWHERE = ("--config", "--lang", "--no-color", "--no-input", "--verbose", "--help")

_DESCRIBE = """
import json, sys
from msgspec import to_builtins
from gateway.cli import context
from gateway.cli.entry import _language
context.start(_language(["--lang", sys.argv[1]]))
from gateway.cli.described import every
from gateway.cli.context import t
words = {key: t(f"reference.commands.{key}") for key in (
    "title", "text", "everywhere", "everywhere.text", "option", "meaning")}
words |= {key: t(f"manual.{key}") for key in ("required", "multiple", "exits", "exits.text", "examples")}
words |= {"default": t("manual.default", value="{value}"), "code": t("column.code")}
from gateway.exchange.summary import Exit
exits = {int(status): t(f"exit.{int(status)}") for status in Exit}
print(json.dumps({"commands": to_builtins([*every()]), "words": words, "exits": exits}))
"""


@cache
def described(language: str) -> Any:
    """The commands, and the words around them, in a language."""
    done = subprocess.run([sys.executable, "-c", _DESCRIBE, language], cwd=ROOT, check=True, capture_output=True,
                          env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)})
    return json.loads(done.stdout)


def page(language: str) -> str:
    """The reference in a language."""
    told = described(language)
    words = told["words"]
    common = {option["names"][-1]: option for one in told["commands"] for option in one["options"]
              if option["names"][-1] in _EVERYWHERE}
    lines = [_ACROSS[language], "", f"# {words['title']}", "", words["text"], "", f"## {words['everywhere']}", "",
             words["everywhere.text"], "", *_options([common[name] for name in _EVERYWHERE], words), "",
             f"## {words['exits']}", "", words["exits.text"], "", f"| {words['code']} | {words['meaning']} |",
             "|---|---|", *(f"| {code} | {_cell(text)} |" for code, text in told["exits"].items())]
    for one in told["commands"]:
        depth = "###" if one["line"].count(" ") > 1 else "##"
        lines += ["", f"{depth} {one['line']}", "", one["text"]]
        lines += [] if one["inner"] else ["", f"`{one['line']} {one['usage']}`"]
        own = [option for option in one["options"] if option["names"][-1] not in _EVERYWHERE]
        if own:
            lines += ["", *_options(own, words)]
        if one["examples"]:
            lines += ["", *(f"- `{example}`" for example in one["examples"])]
    return "\n".join(lines) + "\n"


def _options(options: Sequence[Any], words: Any) -> list[str]:
    rows = [f"| {words['option']} | {words['meaning']} |", "|---|---|"]
    for option in options:
        names = ", ".join(f"`{name}`" for name in option["names"])
        further = [words["required"]] * option["required"]
        further += [words["multiple"]] * (option["multiple"] and words["multiple"] not in option["text"])
        further += [words["default"].format(value=option["default"])] if option["default"] else []
        text = f"{option['text']} ({', '.join(further)})" if further else option["text"]
        rows.append(f"| {names}{' ' + _cell(option['value']) if option['value'] else ''} | {_cell(text)} |")
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def table() -> str:
    """What completion knows of each command."""
    rows = {}
    for one in described("en")["commands"]:
        rows[one["line"]] = {
            "inner": one["inner"], "arguments": [kind for name, kind in one["arguments"]],
            "options": {name: option["kind"] if option["value"] else "-" for option in one["options"]
                        for name in option["names"]}}
    return json.dumps(rows, indent=0, ensure_ascii=False) + "\n"


def main() -> None:
    """Write everything."""
    for language, path in PAGES.items():
        path.write_text(page(language), "utf-8")
    TABLE.write_text(table(), "utf-8")


if __name__ == "__main__":
    main()

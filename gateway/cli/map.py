"""`edi map`: the commands for people who write mappings, and how they name one.

Each command is imported only when it is called; what it works out is computed by `gateway.mapping`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.commands import Lazy

if TYPE_CHECKING:
    from gateway.config import Settings

_COMMANDS: dict[str, str] = {
    "test": "map_test", "rehearse": "map_rehearse", "list": "map_life", "activate": "map_life",
    "lint": "map_lint", "show": "map_lint", "new": "map_start",
    "preview": "map_see", "trace": "map_see", "coverage": "map_compare", "diff": "map_compare",
    "export": "map_paper", "import": "map_paper", "guide": "map_guide",
}
"""Name of a command -> the module of `gateway.cli` that has it."""

map_command = Lazy("map", _COMMANDS, "map.", changing=("--accept", "--propose", "--fix"), reads=(
    "test", "rehearse", "list", "lint", "show", "preview", "trace", "coverage", "diff"))


def settings_at(config: Path) -> Settings | None:
    """The settings without the partners; None where there are none, for mappings are written without a gateway, too.

    Raises LocalError for settings that are not valid.
    """
    from gateway.config import load_settings  # after the language is decided, and not wanted by --help

    return load_settings(config, partners=False) if config.exists() else None


def search_of(settings: Settings | None) -> list[Path]:
    """The folders of mappings, as the gateway of these settings searches them: whoever writes a mapping judges the file
    that its runs take."""
    from gateway.mapping import search_path

    return search_path(() if settings is None else settings.paths.mappings)


def resolve_names(words: Sequence[str], search: Sequence[Path]) -> list[str]:
    """The identifiers of the mappings that words name, each once, in the order of the words.

    words   ``tg-ml`` (every mapping in the folder of that corridor), ``tg-ml/cusdec``, the identifier in full
            (``corridors/tg-ml/cusdec``, ``base/cusres-d96b/accepted``) or any folder of identifiers
            (``base/cusres-d96b``); no words: every mapping that is there
    search  the folders of mappings, see `gateway.mapping.search_path`

    A mapping that only others build upon (``base: true``) is named like any other: what it is shows when it is loaded.
    Raises LocalError M006 for every word that names nothing.
    """
    from gateway.errors import LocalError  # after the language is decided, and not wanted by --help
    from gateway.findings import Finding
    from gateway.mapping.document import nearest
    from gateway.mapping.inherit import known_mappings

    known = known_mappings(search)
    if not words:
        return known
    named: dict[str, None] = {}
    findings = []
    for word in words:
        found = [one for one in known if _means(word, one)]
        named.update(dict.fromkeys(found))
        if not found:
            short = [*known, *(one.removeprefix("corridors/") for one in known), *{one.split("/")[1] for one in known}]
            findings.append(Finding(code="M006", values={"mapping": word, "nearest": nearest(word, short),
                                                         "folders": ", ".join(map(str, search))}))
    if findings:
        raise LocalError(*findings)
    return list(named)


def _means(word: str, identifier: str) -> bool:
    """Tell whether a word names a mapping: by itself, or as the folder it lies in; ``corridors/`` may be left out."""
    return any(identifier == full or identifier.startswith(f"{full}/") for full in (word, f"corridors/{word}"))

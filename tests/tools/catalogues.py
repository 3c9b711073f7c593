"""Compile the catalogues: every gateway/locale/<language>/*.po into one gateway.mo per language.

    python -m tests.tools.catalogues          compile
    python -m tests.tools.catalogues --check  exit 1 when a compiled catalogue is not what its sources give
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).parents[2] / "gateway" / "locale"


def merged(language: str) -> polib.POFile:
    """All sources of a language as one catalogue. Raises ValueError when two sources hold the same message id."""
    whole = polib.POFile()
    forms = "nplurals=2; plural=(n > 1);" if language == "fr" else "nplurals=2; plural=(n != 1);"
    whole.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": language, "Plural-Forms": forms}
    owner: dict[str, str] = {}
    for source in sorted((LOCALE / language).glob("*.po")):
        for entry in polib.pofile(str(source)):
            if entry.msgid in owner:
                raise ValueError(f"{entry.msgid} stands in {owner[entry.msgid]} and in {source.name}")
            owner[entry.msgid] = source.name
            whole.append(entry)
    whole.sort(key=lambda entry: entry.msgid)
    return whole


def compiled(language: str) -> bytes:
    """The bytes of the compiled catalogue."""
    return bytes(merged(language).to_binary())


def target(language: str) -> Path:
    """Where the compiled catalogue of a language lies."""
    return LOCALE / language / "LC_MESSAGES" / "gateway.mo"


def main() -> int:
    """Compile, or check with --check."""
    stale = []
    for language in ("fr", "en"):
        content = compiled(language)
        if "--check" in sys.argv:
            if target(language).read_bytes() != content:
                stale.append(language)
        else:
            target(language).parent.mkdir(parents=True, exist_ok=True)
            target(language).write_bytes(content)
    if stale:
        print("stale catalogues:", ", ".join(stale))
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

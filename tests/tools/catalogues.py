"""Compile the catalogues: every gateway/locale/<language>/*.po into gateway.mo and explanations.mo of the language.

    python -m tests.tools.catalogues          compile
    python -m tests.tools.catalogues --check  exit 1 when a compiled catalogue is not what its sources give
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).parents[2] / "gateway" / "locale"
DOMAINS = ("gateway", "explanations")
"""The compiled catalogues of a language: sentences, which every command reads, and the long texts of codes."""


def merged(language: str) -> polib.POFile:
    """All sources of a language as one catalogue. Raises ValueError when two sources hold the same message id."""
    whole = _empty(language)
    owner: dict[str, str] = {}
    for source in sorted((LOCALE / language).glob("*.po")):
        for entry in polib.pofile(str(source)):
            if entry.msgid in owner:
                raise ValueError(f"{entry.msgid} stands in {owner[entry.msgid]} and in {source.name}")
            owner[entry.msgid] = source.name
            whole.append(entry)
    whole.sort(key=lambda entry: entry.msgid)
    return whole


def _empty(language: str) -> polib.POFile:
    forms = "nplurals=2; plural=(n > 1);" if language == "fr" else "nplurals=2; plural=(n != 1);"
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": language, "Plural-Forms": forms}
    return catalogue


def compiled(language: str) -> dict[str, bytes]:
    """The bytes of each compiled catalogue, by domain."""
    parts = {domain: _empty(language) for domain in DOMAINS}
    for entry in merged(language):
        parts["explanations" if entry.msgid.endswith(".explain") else "gateway"].append(entry)
    return {domain: bytes(part.to_binary()) for domain, part in parts.items()}


def target(language: str, domain: str) -> Path:
    """Where a compiled catalogue of a language lies."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.mo"


def main() -> int:
    """Compile, or check with --check."""
    stale = []
    for language in ("fr", "en"):
        for domain, content in compiled(language).items():
            path = target(language, domain)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            elif not path.is_file() or path.read_bytes() != content:
                stale.append(f"{language}/{domain}")
    if stale:
        print("stale catalogues:", ", ".join(stale))
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

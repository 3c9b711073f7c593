"""The pages that explain every code, made from the catalogues: what `edi explain CODE` says, to read and to search.

    python -m tests.tools.code_reference          write gateway/docs/en/codes.md and gateway/docs/fr/codes.md
    python -m tests.tools.code_reference --check  exit 1 when a page is not what the catalogues give
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.texts import Language
from tests.tools.catalogues import merged
from tests.tools.reference_pages import DOCS, head, run

PAGES = {Language.ENGLISH: DOCS / "en" / "codes.md", Language.FRENCH: DOCS / "fr" / "codes.md"}
CODE = re.compile(r"[A-Z]\d{3}|E_[A-Z_]+")

FAMILIES: Mapping[str, tuple[str, str]] = {
    "S": ("settings", "réglages"), "C": ("command line", "ligne de commande"), "K": ("keys and certificates",
                                                                                 "clés et certificats"),
    "E": ("sealed files of partners (GW-1)", "fichiers scellés des partenaires (GW-1)"),
    "B": ("mailboxes, files, machine", "boîtes d'échange, fichiers, machine"), "X": ("exchange", "échange"),
    "R": ("transit records", "données de transit"), "F": ("EDIFACT", "EDIFACT"), "M": ("mappings", "correspondances"),
    "D": ("dialects: national files", "dialectes : fichiers nationaux"), "L": ("ledger", "registre"),
    "T": ("transit", "transit"),
}
"""First letter of a code -> what it is about, in the order of the page."""
WORDS = {
    Language.ENGLISH: ("Codes", "To do", """\
Made by `python -m tests.tools.code_reference` from the catalogues. `edi explain CODE` says the same where it is
needed. Names in braces stand for what the program fills in: a file, a number, a partner."""),
    Language.FRENCH: ("Codes", "À faire", """\
Faite par `python -m tests.tools.code_reference` à partir des catalogues. `edi explain CODE` dit la même chose là où
il le faut. Les noms entre accolades tiennent pour ce que le programme met à leur place : un fichier, un numéro, un
partenaire."""),
}


def codes(language: Language) -> dict[str, dict[str, str]]:
    """Every code with its parts: "" for the sentence, hint, explain; with the braces that a person sees."""
    found: dict[str, dict[str, str]] = {}
    for entry in merged(language.value):
        code, _, part = entry.msgid.partition(".")
        if CODE.fullmatch(code) and part in ("", "hint", "explain"):
            text = entry.msgstr or entry.msgstr_plural[1]
            found.setdefault(code, {})[part] = text if part == "explain" else re.sub(r"([{}])\1", r"\1", text)
    return dict(sorted(found.items()))


def page(language: Language) -> str:
    """The whole page. Raises KeyError for a code of a family that is not named here, or without sentence or hint."""
    told = codes(language)
    assert {code[0] for code in told} <= set(FAMILIES)
    title, todo, intro = WORDS[language]
    other = "../fr/codes.md" if language is Language.ENGLISH else "../en/codes.md"
    lines = [*head(language, other, title), intro, ""]
    for letter, names in FAMILIES.items():
        lines += [f"## {letter}: {names[0]}" if language is Language.ENGLISH else f"## {letter} : {names[1]}", ""]
        for code, parts in told.items():
            if code[0] == letter:
                lines += [f"### {code}", "", f"**{_plain(parts[''])}**", "", f"*{todo}{_colon(language)}* "
                          f"{_plain(parts['hint'])}", ""]
                lines += [line for text in parts.get("explain", "").split("\n\n") if text
                          for line in (_plain(text), "")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _colon(language: Language) -> str:
    return ":" if language is Language.ENGLISH else " :"


def _plain(text: str) -> str:
    """A sentence as one paragraph: what would be a mark there is written as itself."""
    return re.sub(r"([*_<\\\[\]`#])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    raise SystemExit(run(PAGES, page))

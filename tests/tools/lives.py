"""The pages of the lives of envelopes, interchanges and messages, drawn from the tables of `gateway.ledger.states`.

    python -m tests.tools.lives          write gateway/docs/en/lives.md and gateway/docs/fr/vies.md
    python -m tests.tools.lives --check  exit 1 when a page is not what the tables give
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.ledger import states
from gateway.ledger.states import Step

DOCS = Path(__file__).parents[2] / "gateway" / "docs"
PAGES = {"en": DOCS / "en" / "lives.md", "fr": DOCS / "fr" / "vies.md"}

TABLES: Mapping[str, tuple[Mapping[Any, Mapping[Step, Any]], str, str]] = {
    "object": (states.OBJECT_OUT, "A sealed envelope of ours", "Une enveloppe scellée à nous"),
    "interchange-out": (states.INTERCHANGE_OUT, "An interchange of ours", "Un interchange à nous"),
    "message-out": (states.MESSAGE_OUT, "A message of ours", "Un message à nous"),
    "interchange-in": (states.INTERCHANGE_IN, "An interchange of a partner", "Un interchange d'un partenaire"),
    "message-in": (states.MESSAGE_IN, "A message of a partner", "Un message d'un partenaire"),
}

STEPS: Mapping[Step, tuple[str, str]] = {
    Step.PREPARE: ("it is sealed", "il est scellé"),
    Step.DISPATCH: ("it stands in the partner's mailbox", "il est dans la boîte du partenaire"),
    Step.RECEIPT: ("the signed receipt came", "l'accusé de réception signé est arrivé"),
    Step.REFUSAL: ("the partner refuses the envelope", "le partenaire refuse l'enveloppe"),
    Step.WITHDRAW: ("its number was taken back", "son numéro a été retiré"),
    Step.CONTRL_4: ("CONTRL: rejected", "CONTRL : rejeté"),
    Step.CONTRL_7: ("CONTRL: acknowledged", "CONTRL : accepté"),
    Step.CONTRL_8: ("CONTRL: received", "CONTRL : reçu"),
    Step.ANSWER_ACCEPTED: ("CUSRES: accepted", "CUSRES : acceptée"),
    Step.ANSWER_REJECTED: ("CUSRES: rejected", "CUSRES : rejetée"),
    Step.ACKNOWLEDGE: ("its syntax is right", "sa syntaxe est juste"),
    Step.REJECT: ("it is rejected", "il est rejeté"),
    Step.TAKE: ("it is taken", "il est pris"),
    Step.ACCEPT: ("it is accepted", "il est accepté"),
    Step.HOLD: ("judged again by the next run", "jugé de nouveau par le passage suivant"),
    Step.MISREAD: ("it says nothing that the corridor has words for", "il ne dit rien que le corridor connaisse"),
    Step.BURY: ("repeated, or tried, for as long as agreed", "répété, ou essayé, aussi longtemps que convenu"),
    Step.REVIVE: ("a person has it judged again", "une personne le fait juger de nouveau"),
}

HEADS: Mapping[str, tuple[str, str, str]] = {
    "en": ("# Lives of envelopes, interchanges and messages",
           """What moves each from one state to the next. The tables are written by `python -m tests.tools.lives`
from those that the program obeys; nothing else moves a row, and every step stands in the history. A
state with no step after it is an end. **Sent** is said by none of them before the file stands in
the partner's mailbox, and **received** by none before his signed receipt is here. A dead letter is
no end: an answer that comes late moves it on all the same. **Overdue** is no state but a question
with a deadline (`edi overdue`), and **asked again** is kept beside (`chase`, in the history): a
late answer needs no way back.""",
           "| state | what happens | state after it |"),
    "fr": ("# Vies des enveloppes, interchanges et messages",
           """Ce qui fait passer chacun d'un état au suivant. Les tableaux sont écrits par `python -m
tests.tools.lives` d'après ceux auxquels le programme obéit ; rien d'autre ne change un état, et
chaque pas figure dans l'historique. Un état sans suite est une fin. Aucun ne dit **envoyé** avant
que le fichier soit dans la boîte du partenaire, ni **reçu** avant son accusé de réception signé.
Une lettre morte n'est pas une fin : une réponse tardive la fait avancer tout de même. **En retard**
n'est pas un état mais une question avec un délai (`edi overdue`), et la **relance** est tenue à
côté (`chase`, dans l'historique) : une réponse tardive n'a besoin d'aucun retour.""",
           "| état | ce qui arrive | état suivant |"),
}


_TWINS = {"en": "[En français](../fr/vies.md)", "fr": "[In English](../en/lives.md)"}


def page(language: str) -> str:
    """One page, as it has to stand."""
    title, text, columns = HEADS[language]
    parts = [_TWINS[language], "", title, "", text, ""]
    for table, *titles in TABLES.values():
        parts += [f"## {titles[language == 'fr']}", "", columns, "|---|---|---|"]
        parts += [line for state, steps in table.items() for line in _lines(state, steps, language)]
        parts.append("")
    return "\n".join(parts)


def _lines(state: StrEnum, steps: Mapping[Step, StrEnum], language: str) -> list[str]:
    if not steps:
        return [f"| {state.value} | — | — |"]
    return [f"| {state.value} | {STEPS[step][language == 'fr']} | {after.value} |" for step, after in steps.items()]


def main(words: list[str]) -> int:
    """Write the pages, or tell which is stale."""
    if "--check" in words:
        stale = [str(path) for language, path in PAGES.items()
                 if not path.exists() or path.read_text("utf-8") != page(language)]
        print("\n".join(stale), end="\n" if stale else "")
        return 1 if stale else 0
    for language, path in PAGES.items():
        path.write_text(page(language), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

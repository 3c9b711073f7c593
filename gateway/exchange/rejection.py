"""From what is wrong with a record to the REJECTED event that says so, and the sentences it carries.

Source: corridor profile COR10, CUSRES 963 / 27: ERP (section, item, segment, position), ERC (rule), FTX+AAO in English
and in French.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.findings import Finding
from gateway.mapping import Failure, Traced
from gateway.references import Path
from gateway.texts import Language, say, sentence
from gateway.transit.checks import RuleFailure
from gateway.transit.event import ErrorText, Event, EventOffice, FunctionalError, Word

UNREADABLE_RULE = "COR0001"
"""The message is sound EDIFACT but does not follow the corridor's mapping."""

_TEXT = 350
"""Characters of one sentence in FTX: C108 holds five times 70 (D.96B)."""

_ERRORS = 99
"""ERP groups of one CUSRES (D.96B, SG4)."""


class Refusal(Struct, frozen=True, kw_only=True):
    """One reason to reject: rule code, goods item or None for the heading, segment tag and position, both sentences."""

    rule: str
    item: int | None = None
    tag: str | None = None
    position: int | None = None
    french: str
    english: str


def refusals(failures: Iterable[Failure | RuleFailure], traced: Sequence[Traced]) -> list[Refusal]:
    """The failed rules of a message, each at the segment it speaks of.

    traced  every value of the message and the record path it went to
    """
    found = []
    for failure in failures:
        french, english = _sentences(failure)
        found.append(Refusal(rule=failure.rule, item=failure.item, tag=failure.segment,
                             position=position(traced, failure.path), french=french, english=english))
    return found


def unreadable(findings: Sequence[Finding]) -> list[Refusal]:
    """Findings of the mapping itself: the message has something that the corridor has no place for."""
    return [Refusal(rule=UNREADABLE_RULE, tag=finding.place.tag, position=finding.place.segment,
                    french=sentence(finding, Language.FRENCH), english=sentence(finding, Language.ENGLISH))
            for finding in findings]


def rule_refusal(rule: str, **values: object) -> Refusal:
    """A refusal by a rule of the exchange itself; its sentences stand in the catalogue."""
    return Refusal(rule=rule, french=say(rule, Language.FRENCH, **values),
                   english=say(rule, Language.ENGLISH, **values))


def event_of_rejection(reasons: Sequence[Refusal], *, mrn: str | None, reference: str, administration: str,
                       office: EventOffice | None, answered: str, local_reference: str | None,
                       now: datetime) -> Event:
    """The REJECTED event for the reasons given."""
    return Event(
        word=Word.REJECTED, reference=reference, administration=administration, mrn=mrn, happened=now,
        answered_message=answered,
        errors=tuple(FunctionalError(
            section="heading" if reason.item is None else "item", item=reason.item,
            sub_item=None if reason.item is None else 0, segment=reason.tag, position=reason.position,
            rule=reason.rule,
            texts=(ErrorText(language="EN", text=_short(reason.english)),
                   ErrorText(language="FR", text=_short(reason.french))))
            for reason in reasons[:_ERRORS]))


def position(traced: Sequence[Traced], path: Path) -> int | None:
    """Position of the segment that carries a value; where the value is missing, of the segment that opens the nearest
    group around it; None when the heading as a whole lacks it."""
    exact = next((one.segment for one in traced if one.path == path), None)
    while exact is None and path:
        path = path.rpartition(".")[0]
        exact = next((one.segment for one in traced if path and one.path is not None
                      and one.path.startswith(f"{path}.")), None)
    return exact


def _sentences(failure: Failure | RuleFailure) -> tuple[str, str]:
    if isinstance(failure, Failure):  # a mapping's sentence does not know which item it is said of
        return _of_item(failure.fr, failure.item, Language.FRENCH), _of_item(failure.en, failure.item, Language.ENGLISH)
    values = {"path": failure.path, "item": failure.item, **dict(failure.values)}
    return say(failure.rule, Language.FRENCH, **values), say(failure.rule, Language.ENGLISH, **values)


def _of_item(text: str, item: int | None, language: Language) -> str:
    return text if item is None else say("rejection.item", language, item=item, text=text)


def _short(text: str) -> str:
    """The sentence in one line of the width that FTX has; what is longer ends in three dots, for it is prose of ours,
    not data of theirs. Signs that UNOC lacks (a dash, a foreign value quoted) are written as question marks."""
    line = " ".join(text.split()).encode("iso8859-1", "replace").decode("iso8859-1")
    return line if len(line) <= _TEXT else line[:_TEXT - 3].rstrip() + "..."

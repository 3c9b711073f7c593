"""From what is wrong with a record to the REJECTED event that says so, and the sentences it carries.

Source: corridor profile COR10, CUSRES 963 / 27: ERP (section, item, segment, position), ERC (rule), FTX+AAO in English
and in French.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.edifact import Message
from gateway.findings import Finding
from gateway.mapping import Failure
from gateway.texts import Language, say, sentence
from gateway.transit.checks import RuleFailure
from gateway.transit.event import ErrorText, Event, EventOffice, FunctionalError, Word

UNREADABLE_RULE = "COR0001"
"""The message is sound EDIFACT but does not follow the corridor's mapping."""

_TEXT = 350
"""Characters of one sentence in FTX: C108 holds five times 70 (D.96B)."""

_ERRORS = 99
"""ERP groups of one CUSRES (D.96B, SG4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason to reject: rule code, goods item or None for the heading, segment tag and position, both sentences."""

    rule: str
    item: int | None = None
    tag: str | None = None
    position: int | None = None
    french: str
    english: str


def refusals(message: Message, failures: Iterable[Failure | RuleFailure]) -> list[Refusal]:
    """The failed rules of a message, each at the segment it speaks of."""
    found = []
    for failure in failures:
        french, english = _sentences(failure)
        found.append(Refusal(rule=failure.rule, item=failure.item, tag=failure.segment,
                             position=position(message, failure.item, failure.segment),
                             french=french, english=english))
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


def position(message: Message, item: int | None, tag: str | None) -> int | None:
    """Position of the first segment with that tag inside a goods item (or heading); where it is missing, of the
    segment that opens the item."""
    opening: int | None = None
    for segment in message.segments:
        if segment.tag == "CST" and segment.elements and segment.elements[0]:
            number = segment.elements[0][0] if isinstance(segment.elements[0], tuple) else ""
            if opening is not None:
                break
            if item is not None and number == str(item):
                opening = segment.position
        elif segment.tag == "UNS" and opening is not None:
            break
        if (item is None or opening is not None) and segment.tag == tag:
            return segment.position
    return opening


def _sentences(failure: Failure | RuleFailure) -> tuple[str, str]:
    if isinstance(failure, Failure):
        return failure.fr, failure.en
    values = {"path": failure.path, "item": failure.item, **dict(failure.values)}
    return say(failure.rule, Language.FRENCH, **values), say(failure.rule, Language.ENGLISH, **values)


def _short(text: str) -> str:
    """The sentence in one line of the width that FTX has; what is longer ends in three dots, for it is prose of ours,
    not data of theirs."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else line[:_TEXT - 3].rstrip() + "..."

"""States, flags, next actions and events in the words of the pages, and the few kinds of tag that a state may wear."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.pages.engine import printed
from gateway.texts import Language, known, say

Tone = Literal["waiting", "way", "late", "error", "quarantine", "plain"]
"""Of the palette; plain: no tag at all, so that the eye goes to what waits."""

_ENDED = ("CLOSED", "DISCHARGED", "CANCELLED", "ELSEWHERE", "EXITED")
_ON_THE_WAY = ("CONFIRMED", "EN-ROUTE", "ARRIVED", "CONTROLLED", "PART-DISCHARGED", "ENTERED")
_LIVES: dict[str, Tone] = {
    "REJECTED": "error", "REFUSED": "error", "DEAD": "error", "DEAD-LETTER": "error", "ANSWERED-REJECTED": "error",
    "SYNTAX-REJECTED": "error", "UNREADABLE": "error", "HELD": "waiting", "WAITING": "waiting", "PREPARED": "waiting",
    "DISPATCHED": "way", "RECEIVED": "way", "STORED": "waiting"}


class Tag(Struct, frozen=True):
    """What a state shows: its word, its tone, and what it stands on top of (late, *en route*)."""

    text: str
    tone: Tone
    beside: str = ""


def movement_tag(state: str, flags: str, language: Language, *, late: bool = False) -> Tag:
    """A movement's state: a rejection, a contradiction or a delay comes before how far it got."""
    shown = say(f"state.{state}", language)
    held = {flag.partition(":")[0] for flag in flags.split()}
    if state in _ENDED:
        return Tag(shown, "plain")
    if "REJECTED-BY" in held:
        return Tag(say("state.REJECTED-BY", language), "error", shown)
    if "CONFLICT" in held:
        return Tag(say("site.flag.CONFLICT", language), "error", shown)
    if late or "OVERDUE" in held:
        return Tag(say("state.OVERDUE", language), "late", shown)
    if state in ("DISPUTED", "RECOVERY"):
        return Tag(shown, "error")
    if state == "ENQUIRY":
        return Tag(shown, "late")
    return Tag(shown, "way" if state in _ON_THE_WAY else "waiting")


def life_tag(state: str, language: Language) -> Tag:
    """A message's state."""
    return Tag(say(f"life.{state}", language), _LIVES.get(state, "plain"))


def flag_words(flags: str, language: Language) -> list[str]:
    """The flags beside a state in words, without those that the tag tells already; who is concerned by one, once."""
    found: dict[str, list[str]] = {}
    for flag in flags.split():
        name, _, who = flag.partition(":")
        if name not in ("OVERDUE", "CONFLICT"):
            found.setdefault(name, []).extend([who] if who else [])
    return [_flag(name, ", ".join(who), language) for name, who in found.items()]


def _flag(name: str, who: str, language: Language) -> str:
    key = f"site.flag.{name}"
    words = say(key, language) if known(key, language) else name
    return printed(say("site.flag_of", language, flag=words, who=who), language) if who else words


def step_words(code: str, who: str, language: Language) -> str:
    """The next action, as an infinitive in French, with whose answer or move it is about."""
    words = say(f"site.next.{code or 'wait'}", language)
    return f"{words} ({who})" if who and code not in ("none", "") else words


def word(code: str, language: Language) -> str:
    """An event word or message function, or several joined by a plus; what has no words stays as it is."""
    return " + ".join(say(f"word.{part}", language) if known(f"word.{part}", language) else
                      say(f"site.word.{part}", language) if known(f"site.word.{part}", language) else part
                      for part in code.split("+"))

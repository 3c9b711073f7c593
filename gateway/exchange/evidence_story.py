"""The page in plain words of an evidence bundle: each step with its time, who signed it, and what proves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.exchange.evidence import Evidence, Exhibit
from gateway.security.stored import read_stored
from gateway.texts import Language, known, say


def story(evidence: Evidence, language: Language, gateway: str, now: datetime) -> str:
    """For a judge or a surety: what was said about the movement, and how far it is proven."""
    return "".join(f"{line}\n" for line in _lines(evidence, language, gateway, now))


def _lines(evidence: Evidence, language: Language, gateway: str, now: datetime) -> Iterator[str]:
    movement = evidence.movement
    yield say("evidence.story.title", language, mrn=movement.mrn)
    yield ""
    yield say("evidence.story.made", language, gateway=gateway, time=f"{now:%Y-%m-%d %H:%M}", key=movement.key,
              corridor=movement.corridor, departure=movement.departure, destination=movement.destination)
    yield ""
    for number, one in enumerate(evidence.exhibits, 1):
        yield say("evidence.story.step", language, number=number, time=f"{one.signed_at:%Y-%m-%d %H:%M}",
                  sender=one.sender, recipient=one.recipient, what=_what(one, language), reference=one.reference,
                  sequence=one.sequence)
        yield "    " + _receipt(one, language)
        if one.agreed is None:
            yield "    " + say("evidence.story.open", language)
        else:
            yield "    " + say("evidence.story.agreed", language, size=one.agreed.size)
    yield ""
    state = "complete" if evidence.complete else "incomplete"
    yield say(f"evidence.story.{state}", language, objects=len(evidence.exhibits), receipted=evidence.receipted,
              agreed=evidence.agreed)
    yield ""
    yield from say("evidence.story.check", language).split("\n")


def _what(one: Exhibit, language: Language) -> str:
    if one.type == "CONTRL":
        return say("evidence.story.contrl", language)
    words = [say(f"word.{word}", language) if known(f"word.{word}", language) else word for word in one.words]
    return f"{one.type}, {', '.join(words)}"


def _receipt(one: Exhibit, language: Language) -> str:
    if one.receipt is None:
        return say("evidence.story.no_receipt", language, recipient=one.recipient)
    key = "receipt" if one.disposition == "processed" else "refused"
    signed = read_stored(one.receipt.inner).signing_time
    return say(f"evidence.story.{key}", language, recipient=one.recipient, time=f"{signed:%Y-%m-%d %H:%M}",
               disposition=one.disposition)

"""An alert in words and as JSON: what is wrong, since when, which messages, and the next command to type. Pure.

References of messages and movements stand in it; the name of a trader, a value or a content never does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.exchange.alert_causes import Cause
from gateway.ledger.alert_rows import Alert
from gateway.reports.sight import Sight
from gateway.texts import Language, hint, known, say, sentence


class Told(Struct, frozen=True, kw_only=True):
    """One thing that is told.

    event       ``begun`` (or another level), ``over``, ``digest``, ``test``
    level       what the cause has reached; it is told once
    identifier  the same whenever the same is told, 32 hex digits
    cause       None for what is over
    """

    row: Alert
    event: str
    level: str
    identifier: str
    cause: Cause | None = None


class Digest(Struct, frozen=True, kw_only=True):
    """What the summary of a day is made of: one sight, and what stands."""

    sight: Sight
    standing: tuple[Cause, ...]


def title(told: Told, digest: Digest, language: Language) -> str:
    """One line."""
    if told.event == "digest":
        return _summary(digest, language)
    if told.event == "test":
        return say("alert.test", language)
    if told.cause is None:
        kind, _, subject = told.row.cause.partition("/")
        key = f"alert.over.{kind}"
        return say(key if known(key, language) else "alert.over", language, subject=subject or "-",
                   since=f"{told.row.began:%Y-%m-%d %H:%M}")
    return sentence(told.cause.finding, language)


def body(told: Told, digest: Digest, language: Language) -> list[str]:
    """The lines below the title: the messages that it is about, and what to do."""
    if told.event == "digest":
        return list(_digest(digest, language))
    if told.cause is None:
        return []
    lines = [f"  {say(key, language, **values)}" for key, values in told.cause.lines]
    more = int(told.cause.finding.values.get("count", len(lines))) - len(lines)
    if lines and more > 0:
        lines.append(f"  {say('alert.more', language, n=more)}")
    advice = hint(told.cause.finding, language)
    contact = told.cause.finding.values.get("contact", "-")
    return [*lines, *([f"  → {advice}"] if advice else []),
            *([f"  {say('alert.contact', language, contact=contact)}"] if contact != "-" else [])]


def subject(told: Sequence[Told], digest: Digest, language: Language) -> str:
    """The subject of one mail: the one thing that it tells, or how many."""
    sight = digest.sight
    what = title(told[0], digest, language) if len(told) == 1 else say("alert.several", language, n=len(told))
    return f"[edi {sight.gateway}] {what}"[:200]


def text(told: Sequence[Told], digest: Digest, language: Language) -> str:
    """The text of one mail."""
    sight = digest.sight
    lines = [say("alert.head", language, gateway=sight.gateway, environment=sight.environment,
                 time=f"{sight.now:%Y-%m-%d %H:%M}")]
    for one in told:
        lines += ["", title(one, digest, language), *body(one, digest, language)]
    return "\n".join([*lines, "", say("alert.foot", language)]) + "\n"


def as_json(told: Told, digest: Digest, language: Language, at: datetime) -> bytes:
    """One alert for a program: keys are only added within a schema number."""
    cause = told.cause
    values = {
        "schema": 1, "kind": "alert", "id": told.identifier, "event": told.event, "gateway": digest.sight.gateway,
        "environment": digest.sight.environment, "cause": told.row.cause, "level": told.level,
        "code": None if cause is None else cause.finding.code,
        "values": {} if cause is None else dict(cause.finding.values),
        "references": [] if cause is None else [values["reference"] for _, values in cause.lines],
        "began": _instant(told.row.began), "at": _instant(at), "title": title(told, digest, language),
        "text": "\n".join(body(told, digest, language))}
    return json.dumps(values, ensure_ascii=False).encode("utf-8")


def _summary(digest: Digest, language: Language) -> str:
    """The one line on top: everything that can be counted."""
    sight = digest.sight
    return say("alert.digest", language, day=f"{sight.now:%Y-%m-%d}", causes=len(digest.standing),
               late=sum(len(one.late) for one in sight.partners),
               overdue=sum(one.overdue.count for one in sight.corridors),
               quarantined=sum(one.quarantined.count for one in sight.partners),
               dead=sum(one.dead.count for one in sight.partners))


def _digest(digest: Digest, language: Language) -> Iterator[str]:
    for cause in digest.standing:
        yield f"- {sentence(cause.finding, language)}"
        if (advice := hint(cause.finding, language)) is not None:
            yield f"  → {advice}"
    for partner in digest.sight.partners:
        heard = "-" if partner.heard is None else f"{partner.heard:%Y-%m-%d %H:%M}"
        yield say("alert.digest.partner", language, partner=partner.partner, heard=heard,
                  unanswered=partner.unanswered.count)


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"

"""When trust ends, for other programs: a calendar that reminds people, and measurements for a monitoring.

The calendar is RFC 5545: one entry a day of ending, with an alarm at every warning of GW-1 section 10 (K8). Its UIDs
are the same each time, so that a newer file replaces the entries of an older one. The measurements are the text format
that the node exporter of Prometheus reads from files (exposition format 0.0.4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from gateway.security.expiry import LEVELS, LIST, Term, term_level
from gateway.texts import Language, say

_LINE = 75
"""Octets of a calendar line at most, its end not counted (RFC 5545 section 3.1)."""

_RANK = {"ok": 0, "notice": 1, "warning": 2, "urgent": 3, "early": 4, "expired": 4}


def calendar(terms: Iterable[Term], now: datetime, language: Language) -> bytes:
    """The ends of all terms that have one, as an iCalendar file; of a list, the next one replaces the last."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//corridor gateway//edi keys check//EN", "CALSCALE:GREGORIAN"]
    for term in terms:
        if term.ends is not None:
            lines += _event(term, term.ends, now, language)
    lines.append("END:VCALENDAR")
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line.encode("utf-8")))


def _event(term: Term, ends: datetime, now: datetime, language: Language) -> list[str]:
    values = {"owner": term.owner, "use": say(f"keys.use.{term.use}", language), "shown": term.shown,
              "end": f"{ends:%Y-%m-%d %H:%M}"}
    summary = _escaped(say("keys.calendar.summary", language, **values))
    # a list is renewed all the time: its entry moves; every certificate has an entry of its own
    identity = f"{term.owner}/{term.use}/{'' if term.use == LIST else term.identity}"
    lines = ["BEGIN:VEVENT", f"UID:{hashlib.sha256(identity.encode()).hexdigest()[:32]}@{term.owner}.gw1",
             f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}", f"DTSTART;VALUE=DATE:{ends:%Y%m%d}", f"SUMMARY:{summary}",
             f"DESCRIPTION:{_escaped(say('keys.calendar.description', language, **values))}", "TRANSP:TRANSPARENT"]
    for days in sorted(LEVELS, reverse=True):
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-P{days}D", f"DESCRIPTION:{summary}", "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _escaped(text: str) -> str:
    """A TEXT value (RFC 5545 section 3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: bytes) -> Iterator[bytes]:
    """A content line in parts of at most 75 octets, the later ones behind a space; no character is cut."""
    start = b""
    while len(start) + len(line) > _LINE:
        cut = _LINE - len(start)
        while line[cut] & 0xC0 == 0x80:  # inside a character
            cut -= 1
        yield start + line[:cut]
        start, line = b" ", line[cut:]
    yield start + line


def metrics(terms: Iterable[Term], now: datetime, gateway: str, language: Language) -> bytes:
    """Ends and levels as gauges, and when this was written: a check that no longer runs shows, too."""
    found = list(terms)
    lines = [*_head("end_timestamp_seconds", language)]
    lines += [f"edi_trust_end_timestamp_seconds{_labels(gateway, term)} {term.ends.timestamp():.0f}"
              for term in found if term.ends is not None]
    lines += _head("level", language)
    lines += [f"edi_trust_level{_labels(gateway, term)} {_RANK[term_level(term, now).word]}" for term in found]
    lines += _head("check_timestamp_seconds", language)
    lines.append(f'edi_trust_check_timestamp_seconds{{gateway="{gateway}"}} {now.timestamp():.0f}')
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _head(name: str, language: Language) -> tuple[str, str]:
    help_text = say(f"keys.metric.{name}", language).replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP edi_trust_{name} {help_text}", f"# TYPE edi_trust_{name} gauge"


def _labels(gateway: str, term: Term) -> str:
    """Labels of one term. A list is one series whatever its number; certificates are told apart by theirs."""
    identity = "" if term.use == LIST else term.identity
    return f'{{gateway="{gateway}",owner="{term.owner}",use="{term.use}",identity="{identity}"}}'

"""When certificates and revocation lists end, and which warning that gives (GW-1 section 10, K8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from gateway.security.certificates import Certificate

LEVELS = (1, 7, 14, 30, 60)
"""Days before the end at which a warning is due, the most urgent first."""

Word = Literal["ok", "notice", "warning", "urgent", "expired", "early"]
"""For people, by the warning reached: notice from 60 days on, warning from 30, urgent from 7; then expired. Early is
what is not valid yet."""

_WORDS: dict[int, Word] = {1: "urgent", 7: "urgent", 14: "warning", 30: "warning", 60: "notice"}

AUTHORITY, LIST, HOST_KEY = "authority", "list", "host-key"


class Term(Struct, frozen=True, kw_only=True):
    """Something that trust rests on for a while.

    owner, use   whose it is; authority, signing, encryption, list or host-key
    identity     what tells it from others: SHA-256 in hex; of a list, the number; of a host key, as ssh-keygen shows it
    shown        the form for people: the short fingerprint, or the identity itself
    begins, ends aware; None for what has no dates (a pinned host key)
    until        last instant at which it counts, later than `ends` where there is a grace
    usable       False for a list of which none can be used
    """

    owner: str
    use: str
    identity: str
    shown: str
    begins: datetime | None = None
    ends: datetime | None = None
    until: datetime | None = None
    usable: bool = True


class Level(Struct, frozen=True):
    """How urgent it is.

    threshold  the warning reached, one of LEVELS; 0 once it ended, None when no warning is due
    days       whole days left, negative once it ended; None for what does not end
    """

    word: Word
    threshold: int | None
    days: int | None


def term_level(term: Term, now: datetime) -> Level:
    """The level of one term at an instant.

    A list lives days or weeks and is renewed all the time: of its thresholds only those count that lie in the second
    half of its life; the others would warn of what is in order.
    """
    if not term.usable:
        return Level("expired", 0, None)
    if term.ends is None:
        return Level("ok", None, None)
    left = term.ends - now
    if term.begins is not None and now < term.begins:
        return Level("early", None, left.days)
    if (term.until or term.ends) < now:
        return Level("expired", 0, left.days)
    if left < timedelta():
        return Level("urgent", 0, left.days)
    life = term.ends - term.begins if term.use == LIST and term.begins is not None else None
    for days in LEVELS:
        if left <= timedelta(days=days) and (life is None or timedelta(days=2 * days) <= life):
            return Level(_WORDS[days], days, left.days)
    return Level("ok", None, left.days)


def certificate_term(owner: str, use: str, certificate: Certificate, shown: str,
                     until: datetime | None = None) -> Term:
    """The term of a certificate; `until` is when the owner's list ends its use, where that is earlier."""
    ends = certificate.not_after if until is None else min(until, certificate.not_after)
    return Term(owner=owner, use=use, identity=certificate.sha256, shown=shown, begins=certificate.not_before,
                ends=ends)


def certificate_level(certificate: Certificate, now: datetime) -> Word:
    """One word for people: early, expired, urgent (7 days), warning (30), notice (60), ok."""
    return term_level(certificate_term("", "", certificate, ""), now).word

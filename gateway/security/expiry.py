"""When certificates end, and which warning that gives (GW-1 section 10, K8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.security.certificates import Certificate

LEVELS = (1, 7, 14, 30, 60)
"""Days before the end at which a warning is due, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate near its end.

    days   whole days left, negative once it has ended
    level  the warning reached, one of LEVELS; 0 once it has ended
    """

    certificate: Certificate
    days: int
    level: int


def certificate_level(certificate: Certificate, now: datetime) -> str:
    """One word for people: early, expired, urgent (7 days), warning (30), notice (60), ok."""
    if now < certificate.not_before:
        return "early"
    left = certificate.not_after - now
    for days, word in ((0, "expired"), (7, "urgent"), (30, "warning"), (60, "notice")):
        if left < timedelta() if days == 0 else left <= timedelta(days=days):
            return word
    return "ok"


def certificate_levels(certificates: Iterable[Certificate], now: datetime) -> list[Expiry]:
    """The certificates that a warning is due for, the most urgent first; those with more than 60 days are left out."""
    due = []
    for certificate in certificates:
        left = certificate.not_after - now
        level = 0 if left < timedelta() else next((days for days in LEVELS if left <= timedelta(days=days)), None)
        if level is not None:
            due.append(Expiry(certificate, left.days, level))
    return sorted(due, key=lambda expiry: expiry.certificate.not_after)
